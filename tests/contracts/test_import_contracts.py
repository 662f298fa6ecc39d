"""The import contracts of pyproject.toml hold: who may know whom, and that rooms are pure."""

import subprocess
import sys

from tests.tidy.sources import ROOT

# A process of its own: the linter configures logging, and silences loggers that are there already.
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def test_import_contracts_are_kept() -> None:
    outcome = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", "--config", str(ROOT / "pyproject.toml")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "0 broken" in outcome.stdout
