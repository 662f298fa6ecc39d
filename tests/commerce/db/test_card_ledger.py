"""The ledger of the test cards."""

from pathlib import Path

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
