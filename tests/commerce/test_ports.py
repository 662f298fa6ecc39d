"""The embedded provider fits the port; ids cannot be guessed."""

from pathlib import Path

from commerce.payments.test_cards import TestCards
from commerce.ports import PaymentGateway, random_id


async def test_test_cards_are_a_gateway(tmp_path: Path) -> None:
    gateway: PaymentGateway = await TestCards.open(tmp_path / "ledger.sqlite3")
    assert not gateway.accepts("")
    await gateway.close()


def test_ids() -> None:
    ids = {random_id() for _ in range(1_000)}
    assert len(ids) == 1_000
    assert all(len(id_) == 32 and int(id_, 16) >= 0 for id_ in ids)
