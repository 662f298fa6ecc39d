"""Every module can be the first of ours that a program imports.

A circular import hides as long as something else happens to be imported first. So each module is
imported in a process of its own. What comes from other projects is imported once, before the
processes are forked: it cannot depend on us, and it is most of the time.
"""

import os
import subprocess
import sys

from tests.tidy.sources import PACKAGES, ROOT, python_modules

TIME_LIMIT_S = 100

PROGRAM = """
import importlib, os, sys, traceback

ours = tuple(sys.argv[1].split(","))
modules = sys.argv[2:]


def is_ours(name):
    return name.partition(".")[0] in ours


def in_a_child(name, work):
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            print(name, "fails alone:", traceback.format_exc(limit=-2), file=sys.stderr)
        sys.stderr.flush()
        os._exit(status)
    return child


def list_what_others_bring(write_to):
    before = set(sys.modules)
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception:
            pass  # its own process will say why
    brought = [name for name in sys.modules if name not in before and not is_ours(name)]
    os.write(write_to, ",".join(brought).encode())


reader, writer = os.pipe()
child = in_a_child("list", lambda: list_what_others_bring(writer))
os.close(writer)
with os.fdopen(reader) as listing:
    brought = listing.read().split(",")
os.waitpid(child, 0)
for name in brought:
    try:
        importlib.import_module(name)
    except Exception:
        pass  # an optional part of a package

running, failed = {}, []
waiting = list(modules)
while waiting or running:
    while waiting and len(running) < (os.cpu_count() or 1):
        name = waiting.pop()
        sys.stderr.flush()
        running[in_a_child(name, lambda: importlib.import_module(name))] = name
    finished, status = os.wait()
    if status:
        failed.append(running[finished])
    del running[finished]
print("\\n".join(sorted(failed)))
"""


def test_every_module_imports_alone() -> None:
    modules = [name for name in python_modules() if not name.endswith(".__main__")]
    # One thread for numerics: forked children cannot inherit a pool.
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    outcome = subprocess.run(
        [sys.executable, "-c", PROGRAM, ",".join(PACKAGES), *modules],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    assert not outcome.stdout.split(), outcome.stderr
