"""Giving money back: once, never more than was taken, and the books say so."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from commerce import Commerce, CommerceError
from commerce.db.schema import payments
from commerce.db.unit import Unit
from commerce.events import OrderRefunded
from commerce.payments.test_cards import TestCards
from commerce.ports import GatewayUnavailableError, Refund, RefundState
from tests.commerce.service.parties import party, pay_part
from tests.commerce.shops import (
    LEDGER_FILE,
    TurnedClock,
    bought,
    events_of,
    open_shop,
)


async def refund(shop: Commerce, order_id: str, key: str, **asked: Any) -> Any:
    return await shop.refund("staff-1", order_id, idempotency_key=key, **asked)


async def test_partly_then_wholly(shop: Commerce) -> None:
    order_id = (await bought(shop, "ada")).order_id or ""
    await events_of(shop)
    (first,) = await refund(shop, order_id, "a", amount_minor=490, reason="A crack.")
    assert (first.state, first.amount_minor, first.reason) == ("succeeded", 490, "A crack.")
    assert await refund(shop, order_id, "a", amount_minor=490, reason="A crack.") == (first,)
    (order,) = await shop.orders("ada")
    assert (order.status, order.refunded_minor) == ("partly_refunded", 490)
    assert len(await refund(shop, order_id, "b")) == 2
    (order,) = await shop.orders("ada")
    assert (order.status, order.refunded_minor) == ("refunded", 1_490)
    assert [step.status for step in order.timeline] == ["paid", "partly_refunded", "refunded"]
    figures = (await shop.audit()).figures
    assert figures["refunded_minor"] == figures["refunded_at_gateway_minor"] == 1_490
    told = [event for event in await events_of(shop) if isinstance(event, OrderRefunded)]
    assert [(event.amount_minor, event.state) for event in told] == [
        (490, "succeeded"),
        (1_000, "succeeded"),
    ]


async def test_refused(shop: Commerce) -> None:
    order_id = (await bought(shop, "ada")).order_id or ""
    for asked, code in (
        ({"amount_minor": 1_491}, "REFUND_TOO_LARGE"),
        ({"amount_minor": 0}, "INVALID_AMOUNT"),
        ({"amount_minor": -1}, "INVALID_AMOUNT"),
        ({"amount_minor": 1.5}, "INVALID_AMOUNT"),
        ({"payment_id": "attempt-0"}, "PAYMENT_NOT_FOUND"),
        ({"reason": "x" * 501}, "INVALID_REASON"),
    ):
        with pytest.raises(CommerceError) as raised:
            await refund(shop, order_id, f"k-{code}", **asked)
        assert raised.value.code == code
    with pytest.raises(CommerceError) as raised:
        await refund(shop, "order-0", "k")
    assert raised.value.code == "ORDER_NOT_FOUND"
    await refund(shop, order_id, "k", amount_minor=1)
    with pytest.raises(CommerceError) as raised:
        await refund(shop, order_id, "k", amount_minor=2)
    assert raised.value.code == "IDEMPOTENCY_KEY_REUSED"
    assert len(await shop.refunds(order_id)) == 1


async def test_many_at_once_never_exceed_what_was_taken(shop: Commerce) -> None:
    order_id = (await bought(shop, "ada")).order_id or ""
    outcomes = await asyncio.gather(
        *(refund(shop, order_id, f"k-{n}", amount_minor=400) for n in range(6)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, tuple) for outcome in outcomes) == 3
    codes = {o.code for o in outcomes if isinstance(o, CommerceError)}
    assert codes == {"REFUND_TOO_LARGE"}
    (order,) = await shop.orders("ada")
    assert order.refunded_minor == 1_200


async def test_several_payments_the_newest_first(shop: Commerce) -> None:
    view = await party(shop, "ada", "bert")
    await pay_part(shop, "ada", view.id)
    order_id = (await pay_part(shop, "bert", view.id)).order_id or ""
    back = await refund(shop, order_id, "k", amount_minor=3_500)
    assert sorted(entry.amount_minor for entry in back) == [500, 3_000]
    (order,) = await shop.orders("ada")
    mine = next(payment for payment in order.payments if payment.payer_id == "ada")
    rest = await refund(shop, order_id, "k2", payment_id=mine.id)
    assert len(rest) == 3
    (order,) = await shop.orders("bert")
    assert order.status == "refunded"


async def test_the_database_refuses_more(shop: Commerce) -> None:
    await bought(shop, "ada")

    def too_much(unit: Unit) -> None:
        unit.connection.execute(update(payments).values(refunded_minor=1_491))

    with pytest.raises(IntegrityError):
        await shop._context.store.write(too_much)


class SlowBank(TestCards):
    """Refunds that are not answered, or not made yet, at first."""

    trouble = "silent"

    async def refund(self, key: str, refund_key: str, amount_minor: int) -> Refund:
        if self.trouble == "silent":
            raise GatewayUnavailableError
        if self.trouble == "pending":
            return Refund(refund_key, RefundState.PENDING, amount_minor, "")
        if self.trouble == "failed":
            return Refund(refund_key, RefundState.FAILED, amount_minor, "", "ACCOUNT_CLOSED")
        return await super().refund(key, refund_key, amount_minor)


async def test_a_bank_that_takes_its_time(tmp_path: Path, clock: TurnedClock) -> None:
    gateway = await SlowBank.open(tmp_path / LEDGER_FILE)
    async with open_shop(tmp_path, clock, gateway=gateway) as shop:
        order_id = (await bought(shop, "ada")).order_id or ""
        for trouble in ("silent", "pending", "none"):
            gateway.trouble = trouble
            found = await refund(shop, order_id, "k", amount_minor=490)
            assert [entry.state for entry in found] == ["pending"]
            clock.turn(30_000)
            await shop.reconcile()
        (made,) = await shop.refunds(order_id)
        assert made.state == "succeeded"
        assert await gateway.refunded() == {made.id: 490}


async def test_a_refund_that_fails_can_be_tried_again(tmp_path: Path, clock: TurnedClock) -> None:
    gateway = await SlowBank.open(tmp_path / LEDGER_FILE)
    async with open_shop(tmp_path, clock, gateway=gateway) as shop:
        order_id = (await bought(shop, "ada")).order_id or ""
        gateway.trouble = "failed"
        (failed,) = await refund(shop, order_id, "k")
        assert failed.state == "failed"
        (order,) = await shop.orders("ada")
        assert (order.status, order.refunded_minor) == ("paid", 0)
        gateway.trouble = "none"
        states = sorted(entry.state for entry in await refund(shop, order_id, "k2"))
        assert states == ["failed", "succeeded"]
