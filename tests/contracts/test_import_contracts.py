"""The import contracts of pyproject.toml hold: who may know whom, and that rooms are pure."""

from click.testing import CliRunner
from importlinter.cli import lint_imports_command

from tests.tidy.sources import ROOT


def test_import_contracts_are_kept() -> None:
    outcome = CliRunner().invoke(
        lint_imports_command, ["--no-cache", "--config", str(ROOT / "pyproject.toml")]
    )
    assert outcome.exit_code == 0, outcome.output
    assert "0 broken" in outcome.output
