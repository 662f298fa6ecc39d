"""The ledger of the test cards."""

import sqlite3
from pathlib import Path

import pytest

from commerce.db.card_ledger import CardLedger
from commerce.ports import Charge, ChargeState


def test_a_charge_is_written_once(tmp_path: Path) -> None:
    ledger = CardLedger(tmp_path / "ledger.sqlite3")
    charge = Charge("k", ChargeState.AUTHORISED, 100, "EUR", "r1")
    assert ledger.get("k") is None
    assert ledger.put(charge) == charge
    other = Charge("k", ChargeState.AUTHORISED, 999, "EUR", "r2")
    assert ledger.put(other) == charge == ledger.get("k")
    ledger.close()


def test_a_charge_moves_only_from_where_it_is(tmp_path: Path) -> None:
    ledger = CardLedger(tmp_path / "ledger.sqlite3")
    ledger.put(Charge("k", ChargeState.AUTHORISED, 100, "EUR", "r1"))
    wrong = ledger.move("k", (ChargeState.CHALLENGE,), ChargeState.DECLINED)
    assert wrong is not None
    assert wrong.state is ChargeState.AUTHORISED
    right = ledger.move("k", (ChargeState.AUTHORISED,), ChargeState.CAPTURED)
    assert right is not None
    assert right.state is ChargeState.CAPTURED
    assert ledger.move("nothing", (ChargeState.AUTHORISED,), ChargeState.CAPTURED) is None
    assert ledger.captured() == {"k": (100, "EUR")}
    ledger.close()


def test_all_or_none_of_what_is_asked_together(tmp_path: Path) -> None:
    ledger = CardLedger(tmp_path / "ledger.sqlite3")
    first = Charge("k", ChargeState.AUTHORISED, 100, "EUR", "r1")
    same_reference = Charge("other", ChargeState.AUTHORISED, 100, "EUR", "r1")
    with pytest.raises(sqlite3.IntegrityError):
        ledger.together([lambda: ledger.put(first), lambda: ledger.put(same_reference)])
    assert ledger.get("k") is None
    assert ledger.together([lambda: ledger.put(first), lambda: 2]) == [first, 2]
    assert ledger.begin(first, arrives=True) == (first, None)
    assert ledger.begin(same_reference, arrives=False) == (None, None)
    known, captured = ledger.capture("k", 60)
    assert known == first
    assert captured is not None
    assert (captured.state, captured.amount_minor) == (ChargeState.CAPTURED, 60)
    assert ledger.capture("nothing", None) == (None, None)
    ledger.close()
