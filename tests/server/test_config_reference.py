"""The reference of settings: everything in it is true, nothing is missing, no machine shows."""

import os
import re
from pathlib import Path

import pytest

from commerce.payments.base58 import base58
from server.config import Settings
from server.config_reference import NEEDED, main, setting_rows, settings_reference

ACCOUNTS = {
    "STRIPE__SECRET_KEY": "sk_test",
    "STRIPE__WEBHOOK_SECRET": "whsec_test",
    "STRIPE__RETURN_URL": "https://shop.example",
    "SOLANA__RECIPIENT": base58(bytes(range(1, 33))),
    "SOLANA__RPC_URL": "https://node.example",
}
"""What has no default: without it, the rest of a group cannot be set."""


def test_every_variable_of_the_reference_exists(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Set each to its own default: no name is unknown, and nothing changes by it."""
    monkeypatch.chdir(tmp_path)
    for name, value in ACCOUNTS.items():
        monkeypatch.setenv(f"GALLERIA_PAYMENT__{name}", value)
    usual = Settings.load()
    shown = 0
    for row in setting_rows():
        value = re.sub(r" \(.*\)$", "", row.default)
        if re.fullmatch(r"-?[\d.]+|true|false", value):
            monkeypatch.setenv(row.variable, value)
            shown += 1
    assert shown > 80
    assert Settings.load() == usual


def test_rows_are_told_apart_and_explained() -> None:
    rows = list(setting_rows())
    assert len({row.variable for row in rows}) == len(rows)
    assert all(row.meaning.endswith((".", ")", "`")) for row in rows), [
        row.variable for row in rows if not row.meaning.endswith((".", ")", "`"))
    ]
    assert all("\n" not in row.meaning + row.default for row in rows)


def test_groups_that_may_be_left_out_say_what_they_need() -> None:
    needed = {row.variable for row in setting_rows() if row.default == NEEDED}
    assert needed == {f"GALLERIA_PAYMENT__{name}" for name in ACCOUNTS}


def test_no_machine_in_it() -> None:
    text = settings_reference()
    assert os.getcwd() not in text  # noqa: PTH109
    assert str(Path.home()) not in text
    assert "GALLERIA_LISTEN__PORT" in text
    assert "galleria_tick_seconds" in text


def test_write_and_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "SETTINGS.md"
    assert main(["--check", "--file", str(path)]) == 1
    assert "SETTINGS.md is not current" in capsys.readouterr().err
    assert main(["--file", str(path)]) == 0
    assert main(["--check", "--file", str(path)]) == 0
    path.write_text(path.read_text() + "edited\n")
    assert main(["--check", "--file", str(path)]) == 1
