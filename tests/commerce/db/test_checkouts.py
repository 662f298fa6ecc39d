"""Checkouts, attempts and orders as rows: each step once, each end once."""

from pathlib import Path

import pytest

from commerce.checkout import CheckoutState, Quote, QuoteLine, ReleaseReason, Trigger, quote
from commerce.db import checkouts
from commerce.db.checkout_views import view_of
from commerce.db.checkouts import Checkout
from commerce.db.engine import Store
from commerce.errors import ConflictError, StoreBusyError
from tests.commerce.db.stores import BROKEN, cart_with, open_store
from tests.commerce.shops import BLUE, STARTED_MS


async def quoted(store: Store, person: str) -> Quote:
    cart = await store.write(lambda unit: cart_with(unit, person, (BLUE, 2)))
    line = QuoteLine("l", BLUE, "stoneware-mug", "Mug", {"colour": "Blue"}, 2, 1_490, person)
    return quote(cart.cart_id, "EUR", [line], STARTED_MS + 1_000)


async def made(store: Store, checkout_id: str, person: str = "ada") -> Checkout:
    frozen = await quoted(store, person)
    await store.write(lambda unit: checkouts.create(unit, checkout_id, frozen, person))
    return await loaded(store, checkout_id)


async def loaded(store: Store, checkout_id: str) -> Checkout:
    checkout = await store.read(lambda c: checkouts.load(c, checkout_id))
    assert checkout is not None
    return checkout


async def test_there_and_back(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        checkout = await made(store, "c-1")
        assert (checkout.state, checkout.version, checkout.total_minor) == (
            CheckoutState.LOCKED,
            1,
            2_980,
        )
        assert checkout.lines[0].options == {"colour": "Blue"}
        view = view_of(checkout)
        assert (view.payer_id, view.challenge, view.in_doubt, view.last_failure) == (
            None,
            None,
            False,
            None,
        )
        assert await store.read(lambda c: checkouts.load(c, "nothing")) is None


async def test_a_cart_has_one_live_checkout(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        frozen = await quoted(store, "ada")
        await store.write(lambda unit: checkouts.create(unit, "c-1", frozen, "ada"))
        with pytest.raises(BROKEN):
            await store.write(lambda unit: checkouts.create(unit, "c-2", frozen, "ada"))
        first = await loaded(store, "c-1")
        await store.write(
            lambda unit: checkouts.step(unit, first, Trigger.UNLOCK, ReleaseReason.UNLOCKED)
        )
        await store.write(lambda unit: checkouts.create(unit, "c-2", frozen, "ada"))


async def test_a_step_is_taken_once(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        checkout = await made(store, "c-1")
        state = await store.write(lambda unit: checkouts.step(unit, checkout, Trigger.PAY))
        assert state is CheckoutState.PAYING
        with pytest.raises(StoreBusyError):
            await store.write(lambda unit: checkouts.step(unit, checkout, Trigger.UNLOCK))
        with pytest.raises(ConflictError):
            await store.write(lambda unit: checkouts.step(unit, checkout, Trigger.CAPTURE))
        after = await loaded(store, "c-1")
        assert (after.state, after.version) == (CheckoutState.PAYING, 2)
        await store.write(lambda unit: checkouts.touch(unit, after))
        assert (await loaded(store, "c-1")).version == 3


async def test_overdue(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await made(store, "c-1")
        other = await made(store, "c-2", "bert")
        await store.write(lambda unit: checkouts.step(unit, other, Trigger.PAY))
        assert await store.read(lambda c: checkouts.overdue(c, STARTED_MS + 999, 9)) == []
        assert await store.read(lambda c: checkouts.overdue(c, STARTED_MS + 1_000, 9)) == ["c-1"]


async def test_never_more_is_asked_than_the_total(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        checkout = await made(store, "c-1")
        await store.write(lambda unit: checkouts.ask(unit, checkout, 1_980))
        with pytest.raises(StoreBusyError):
            await store.write(lambda unit: checkouts.ask(unit, checkout, 1_000))
        again = await loaded(store, "c-1")
        assert again.asked_minor == 1_980
        with pytest.raises(BROKEN):
            await store.write(lambda unit: checkouts.ask(unit, again, 1_001))
        await store.write(lambda unit: checkouts.ask(unit, again, 1_000))
        await store.write(lambda unit: checkouts.take_back(unit, "c-1", 2_980))
        assert (await loaded(store, "c-1")).asked_minor == 0
        with pytest.raises(BROKEN):
            await store.write(lambda unit: checkouts.take_back(unit, "c-1", 1))
