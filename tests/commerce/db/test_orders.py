"""Orders as rows: one for a checkout, one payment for an order."""

from pathlib import Path

import pytest

from commerce.db import orders, payments
from commerce.db.unit import Unit
from commerce.events import OrderPaid
from commerce.ports import Charge, ChargeState
from tests.commerce.db.stores import BROKEN, open_store
from tests.commerce.db.test_checkouts import loaded, made
from tests.commerce.db.test_payments import prepared
from tests.commerce.shops import STARTED_MS

CHARGE = Charge("a-1", ChargeState.CAPTURED, 2_980, "EUR", "r-1")


async def test_one_order_and_one_payment(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await made(store, "c-1")
        attempt = await prepared(store)
        checkout = await loaded(store, "c-1")

        def place(unit: Unit) -> list[OrderPaid]:
            orders.create(unit, "order-1", checkout, "ada", ["ada", "bert"])
            payments.record_captured(unit, attempt, CHARGE)
            payments.assign_order(unit, ["a-1"], "order-1")
            return [event for event in unit.events if isinstance(event, OrderPaid)]

        (event,) = await store.write(place)
        assert (event.total_minor, event.member_ids) == (2_980, ("ada", "bert"))
        with pytest.raises(BROKEN):
            await store.write(lambda unit: orders.create(unit, "order-2", checkout, "ada", []))
        for person in ("ada", "bert"):
            (order,) = await store.read(
                lambda c, person=person: orders.of_person(c, person, 9)  # type: ignore[misc]
            )
            assert (order.id, order.placed_ms) == ("order-1", STARTED_MS)
        assert await store.read(lambda c: orders.of_person(c, "cleo", 9)) == []
        assert await store.read(lambda c: orders.of_person(c, "ada", 9, "order-2")) == []
        tracked = await store.read(lambda c: orders.track(c, "order-1"))
        assert tracked is not None
        assert tracked.status == "paid"
        assert await store.read(lambda c: orders.track(c, "order-2")) is None
        assert (await loaded(store, "c-1")).order_id == "order-1"
