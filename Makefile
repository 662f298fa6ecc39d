# Galleria: what a newcomer needs is `make demo` and `make test`; `make help` lists the rest.
#
# Every path below is relative, so the folder may be called anything, spaces included. Stamps in
# .venv make a second run cost nothing; a changed lock, source or setting makes anew what hangs on it.

PORT ?= 8080
BOTS ?= 12
SEEDS ?= 20000
PYTEST_ARGS ?=
# Set PYTHON to insist on an interpreter; otherwise the first that runs and is new enough is taken.
PYTHON ?=

VENV := .venv
RUN := $(VENV)/bin/python
WEB := unity-client-protocol/web
PAGE := server/static/index.html
MODULES := $(WEB)/node_modules/.stamp
WEB_SOURCES := $(shell find $(WEB) -name node_modules -prune -o -type f -print 2>/dev/null)
PACKAGES := server rooms commerce recommender assets
CHECKED := $(PACKAGES) tests
LOCK_TOOL := uv==0.13.8

MAKEFLAGS += --no-print-directory --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help setup demo test nightly soak check format docs lock clean

# Finds Node 20 or newer with npm; where there is none, a wheel brings it into the venv.
# The wheel's lock is only read there. After this line, node and npm are on PATH.
define with_node
PATH="$(CURDIR)/$(VENV)/bin:$$PATH"; export PATH; \
if ! { command -v npm && node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)'; } >/dev/null 2>&1; then \
	echo "  node      none of version 20 or newer here: adding it to $(VENV)"; \
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/node.lock || exit 1; \
fi
endef

help:  ## This list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

setup: $(VENV)/.stamp-installed $(PAGE)  ## Everything that the other commands need (venv, packages, web page)
	@:

# Ctrl-C reaches Python as it reaches make; Python closes the store and its own exit status counts.
demo: setup  ## A living store with bots at http://127.0.0.1:8080 (another port: PORT=)
	@trap : INT; $(RUN) -m server demo --port $(PORT) --bots $(BOTS); status=$$?; \
	if [ $$status -eq 130 ]; then exit 0; else exit $$status; fi

test: setup  ## Every test: the web SDK's, then the server's (PYTEST_ARGS= for options)
	@echo "  test      web SDK"
	@$(with_node); cd $(WEB) && npm test --silent
	@echo "  test      server"
	@$(RUN) -m pytest $(PYTEST_ARGS)

nightly: setup  ## Many more seeds than every run has time for, and a kill at every step of every flow
	@GALLERIA_TEST_RESUME_SEEDS=10000 $(RUN) -m pytest -q tests/sim
	@GALLERIA_TEST_SERVER_SEEDS=300 $(RUN) -m pytest -q tests/sim/commerce/test_stories_at_a_server.py
	@GALLERIA_TEST_KILLS=steps $(RUN) -m pytest -q tests/commerce/test_killing.py

soak: setup  ## Simulate the shop with very many seeds; prints the steps of one that fails (SEEDS=)
	@GALLERIA_TEST_COMMERCE_SEEDS=$(SEEDS) $(RUN) -m pytest -q -x -p no:cacheprovider \
		tests/sim/commerce/test_stories.py

check: setup  ## Format, lint, types, import contracts, generated files, tidy tests
	@echo "  check     format";   $(RUN) -m ruff format --quiet --check $(CHECKED)
	@echo "  check     lint";     $(RUN) -m ruff check --quiet $(CHECKED)
	@echo "  check     types";    $(RUN) -m mypy
	@echo "  check     imports";  $(VENV)/bin/lint-imports --no-cache >.import-contracts.log 2>&1 \
		|| { cat .import-contracts.log; rm -f .import-contracts.log; exit 1; }; rm -f .import-contracts.log
	@echo "  check     generated files"
	@$(RUN) -m server.wire.docgen --check
	@$(RUN) -m server.config_reference --check
	@echo "  check     web types"
	@$(with_node); cd $(WEB) && npm run --silent typecheck
	@echo "  check     tidiness"
	@$(RUN) -m pytest -q tests/tidy tests/contracts

format: setup  ## Put sources into the house's format and mend what lint can mend
	@$(RUN) -m ruff check --quiet --fix-only $(CHECKED)
	@$(RUN) -m ruff format $(CHECKED)

docs: $(VENV)/.stamp-installed  ## Write the generated files anew (protocol, vectors, settings)
	@$(RUN) -m server.wire.docgen
	@$(RUN) -m server.config_reference

# Versions with hashes for every platform and Python, from pyproject.toml; no host is named in them.
lock: $(VENV)/.stamp-python  ## Choose package versions anew and lock them with hashes
	@echo "  lock      requirements"
	@tool=$$(mktemp -d) && trap 'rm -rf "$$tool"' EXIT && \
	$(RUN) -m venv "$$tool" && \
	"$$tool/bin/python" -m pip install --quiet --disable-pip-version-check $(LOCK_TOOL) && \
	compile() { UV_CUSTOM_COMPILE_COMMAND="make lock" "$$tool/bin/uv" pip compile --quiet --universal \
		--generate-hashes --python-version 3.11 "$$@"; } && \
	compile pyproject.toml -o requirements/runtime.lock && \
	compile pyproject.toml --extra development -o requirements/development.lock && \
	compile requirements/node.in -o requirements/node.lock

clean:  ## Remove what setup made (the demo store's data in var/ stays)
	@rm -rf $(VENV) $(WEB)/node_modules server/static .mypy_cache .ruff_cache .pytest_cache \
		.hypothesis .import_linter_cache
	@find $(CHECKED) -name __pycache__ -prune -exec rm -rf {} +

# --- what setup is made of -----------------------------------------------------------------------

$(VENV)/.stamp-python:
	@for candidate in $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python); do \
		if "$$candidate" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
			found="$$candidate"; break; \
		fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "Galleria needs Python 3.11 or newer with its venv module; none was found." >&2; \
		echo "Install one (on Debian: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi; \
	echo "  python    $$("$$found" --version 2>&1) -> $(VENV)"; \
	if ! "$$found" -m venv $(VENV); then \
		echo "This Python cannot make a virtual environment (on Debian: apt-get install python3-venv)." >&2; \
		exit 1; \
	fi
	@touch $@

$(VENV)/.stamp-packages: requirements/development.lock | $(VENV)/.stamp-python
	@echo "  packages  from requirements/development.lock (a minute or two)"
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/development.lock
	@touch $@

# No build isolation: the build backend is in the lock with its hash, like everything else.
$(VENV)/.stamp-installed: pyproject.toml $(VENV)/.stamp-packages
	@echo "  galleria  into $(VENV)"
	@$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(MODULES): $(WEB)/package.json $(WEB)/package-lock.json | $(VENV)/.stamp-python
	@echo "  modules   from $(WEB)/package-lock.json"
	@$(with_node); cd $(WEB) && npm ci --silent --no-audit --no-fund
	@touch $@

$(PAGE): $(MODULES) $(WEB_SOURCES)
	@echo "  page      $(WEB) -> server/static"
	@$(with_node); cd $(WEB) && npm run --silent build -- --logLevel warn
	@touch $@
