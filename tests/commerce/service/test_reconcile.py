"""What was begun is finished, by whoever comes next."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from commerce import CheckoutState, Commerce
from commerce.payments.test_cards import ASKS, PAYS, PROMISES_SILENTLY
from commerce.service.faults import FaultPoint
from tests.commerce.shops import (
    LAST,
    SHOP_FILE,
    TurnedClock,
    available,
    charges_in,
    locked,
    open_shop,
    pay,
    settings_in,
)


class LockedAt:
    """Takes the database's write lock from outside when the shop comes to a point."""

    def __init__(self, folder: Path, point: FaultPoint) -> None:
        self._path = folder / SHOP_FILE
        self._point = point
        self._other: sqlite3.Connection | None = None

    def __call__(self, point: FaultPoint) -> None:
        if point is self._point and self._other is None:
            self._other = sqlite3.connect(self._path, isolation_level=None)
            self._other.execute("BEGIN IMMEDIATE")

    def release(self) -> None:
        assert self._other is not None
        self._other.execute("ROLLBACK")
        self._other.close()


@pytest.mark.parametrize(
    "point",
    [
        FaultPoint.PAYMENT_PREPARED,
        FaultPoint.AUTHORISE_ANSWERED,
        FaultPoint.AUTHORISED_RECORDED,
        FaultPoint.CAPTURE_ANSWERED,
    ],
)
async def test_a_database_that_cannot_take_it_down(
    tmp_path: Path, clock: TurnedClock, point: FaultPoint
) -> None:
    """The money moved and our disk said no: nothing is lost, and nobody is told it failed."""
    fault = LockedAt(tmp_path, point)
    async with open_shop(tmp_path, clock, faults=fault, busy_timeout_ms=20) as shop:
        checkout = await locked(shop, "ada", LAST)
        view = await pay(shop, "ada", checkout)
        assert (view.state, view.in_doubt) == (CheckoutState.PAYING, True)
        fault.release()
        assert (await shop.audit()).ok
        assert await shop.reconcile() == 1
        settled = await shop.checkout("ada", checkout.id)
        assert (settled.state, settled.in_doubt) == (CheckoutState.PAID, False)
        assert await pay(shop, "ada", checkout) == settled
    assert charges_in(tmp_path) == [("captured", 1_990)]


async def test_opening_finishes_what_was_left(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock) as shop:
        checkout = await locked(shop, "ada", LAST)
        assert (await pay(shop, "ada", checkout, PROMISES_SILENTLY)).in_doubt
    async with open_shop(tmp_path, clock) as shop:
        assert (await shop.checkout("ada", checkout.id)).state is CheckoutState.PAID


async def test_who_only_looks_finishes_nothing(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock) as shop:
        checkout = await locked(shop, "ada", LAST)
        await pay(shop, "ada", checkout, PROMISES_SILENTLY)
        looking = await Commerce.open(settings_in(tmp_path), clock, settle=False)
        assert (await looking.audit()).ok
        assert (await looking.checkout("ada", checkout.id)).state is CheckoutState.PAYING
        await looking.close()


async def test_an_open_question_waits_for_its_time(shop: Commerce, clock: TurnedClock) -> None:
    view = await pay(shop, "ada", await locked(shop, "ada", LAST), ASKS)
    assert await shop.reconcile() == 0
    clock.turn(181_000)
    assert await shop.reconcile() == 1
    ended = await shop.checkout("ada", view.id)
    assert ended.state is CheckoutState.RELEASED
    assert ended.last_failure is not None
    assert ended.last_failure.code == "CHALLENGE_EXPIRED"
    assert await available(shop, LAST) == 1


async def test_a_question_outlives_a_restart(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock) as shop:
        asked = await pay(shop, "ada", await locked(shop, "ada"), ASKS)
    async with open_shop(tmp_path, clock) as shop:
        again = await shop.checkout("ada", asked.id)
        assert again.challenge == asked.challenge
        assert again.challenge is not None
        paid = await shop.confirm(
            "ada", asked.id, challenge_id=again.challenge.challenge_id, response="approve"
        )
        assert paid.state is CheckoutState.PAID


async def test_who_is_paying_just_now_is_left_alone(tmp_path: Path, clock: TurnedClock) -> None:
    entered, go = asyncio.Event(), asyncio.Event()
    async with open_shop(tmp_path, clock) as shop:
        checkout = await locked(shop, "ada")
        gateway: Any = shop._context.gateway_of("test")  # the real one, made slow
        authorise = gateway.authorise

        async def slow(*arguments: Any) -> Any:
            entered.set()
            await go.wait()
            return await authorise(*arguments)

        gateway.authorise = slow
        paying = asyncio.create_task(pay(shop, "ada", checkout, PAYS))
        await entered.wait()
        assert await shop.reconcile() == 0
        go.set()
        assert (await paying).state is CheckoutState.PAID
