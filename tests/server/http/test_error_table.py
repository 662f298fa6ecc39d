"""The list of error codes against the code that raises them."""

import re
from pathlib import Path

import commerce
from commerce import errors as commerce_errors
from commerce.errors import CommerceError
from server.http.error_table import ERRORS

RAISED = re.compile(r'\b(\w+Error)\(\s*"([A-Z][A-Z_]+)"')
NOT_FOUND = re.compile(r'\bnot_found\("(\w+)"')
OWN_CODE = re.compile(
    r'class (\w+Error)\((?:(?!\nclass ).)*?super\(\).__init__\(\s*"([A-Z][A-Z_]+)"', re.DOTALL
)

NOT_OVER_HTTP = {"SETTINGS_INVALID", "SEED_INVALID"}
"""Of starting and seeding."""


def commerce_codes() -> dict[str, int]:
    """Every code in the source of commerce with the status of its class."""
    found: dict[str, int] = {}
    for path in Path(commerce.__file__).parent.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        for name, code in [*RAISED.findall(source), *OWN_CODE.findall(source)]:
            kind = getattr(commerce_errors, name, None)
            if isinstance(kind, type) and issubclass(kind, CommerceError):
                found.setdefault(code, kind.http_status)
        found.update({f"{name.upper()}_NOT_FOUND": 404 for name in NOT_FOUND.findall(source)})
    return found


def test_codes_of_commerce_are_listed_with_their_status() -> None:
    codes = commerce_codes()
    assert len(codes) > 15
    for code, status in codes.items():
        if code not in NOT_OVER_HTTP:
            assert code in ERRORS, code
            if code != "CURRENCY_MISMATCH":  # a 422 in arithmetic, a 409 for a cart
                assert ERRORS[code].status == status, code


def test_rows_are_sentences_and_statuses_are_errors() -> None:
    for code, row in ERRORS.items():
        assert row.code == code
        assert re.fullmatch(r"[A-Z][A-Z_]+", code)
        assert 400 <= row.status < 600
        assert row.meaning.endswith(".")
