"""Locking and unlocking."""

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from commerce import CheckoutState, CheckoutView, Commerce, CommerceError, HoldState
from tests.commerce.shops import (
    BLUE,
    BOWL,
    LAST,
    TurnedClock,
    add,
    available,
    lock,
    locked,
    open_shop,
    pay,
    seeds,
    sku_seed,
)

MINUTE_MS = 60_000


async def problems_of(shop: Commerce, person: str, **options: Any) -> list[dict[str, Any]]:
    with pytest.raises(CommerceError) as raised:
        await shop.lock(person, idempotency_key="problems", **options)
    assert raised.value.code == "CHECKOUT_PROBLEMS"
    found: Any = raised.value.data["problems"]
    assert all(problem["message"].endswith(".") for problem in found)
    return list(found)


async def test_lock(shop: Commerce, clock: TurnedClock) -> None:
    await add(shop, "ada", BLUE, 2)
    await add(shop, "ada", BOWL)
    view = await shop.lock("ada", idempotency_key="l", expected_total_minor=5_980)
    assert (view.state, view.total_minor, view.currency) == (CheckoutState.LOCKED, 5_980, "EUR")
    assert [(line.sku, line.quantity, line.unit_price_minor) for line in view.lines] == [
        (BLUE, 2, 1_490),
        (BOWL, 1, 3_000),
    ]
    assert view.expires_ms == clock.now_ms + 2 * MINUTE_MS
    assert (view.locked_by, view.payer_id, view.order_id, view.in_doubt) == (
        "ada",
        None,
        None,
        False,
    )
    cart = await shop.cart_of("ada")
    assert cart.checkout_id == view.id
    assert {line.hold_expires_ms for line in cart.lines} == {view.expires_ms}
    assert await shop.checkout("ada", view.id) == view


async def test_twins_lock_once(shop: Commerce) -> None:
    await add(shop, "ada")
    views = await asyncio.gather(*(shop.lock("ada", idempotency_key="l") for _ in range(6)))
    assert {view.id for view in views} == {views[0].id}
    assert (await shop.lock("ada", idempotency_key="l")).id == views[0].id
    with pytest.raises(CommerceError) as raised:
        await shop.lock("ada", idempotency_key="l", expected_total_minor=1)
    assert raised.value.code == "IDEMPOTENCY_KEY_REUSED"


async def test_two_members_lock_at_once(shop: Commerce) -> None:
    for person in ("ada", "bert"):
        await shop.join_cart("party-1", person)
    await add(shop, "ada")
    outcomes = await asyncio.gather(lock(shop, "ada"), lock(shop, "bert"), return_exceptions=True)
    won = [outcome for outcome in outcomes if isinstance(outcome, CheckoutView)]
    lost = [outcome for outcome in outcomes if isinstance(outcome, CommerceError)]
    assert len(won) == len(lost) == 1
    assert (lost[0].code, lost[0].data["checkout_id"]) == ("CART_LOCKED", won[0].id)


async def test_the_quote_does_not_change(shop: Commerce) -> None:
    view = await locked(shop, "ada", BLUE, 2)
    mug = seeds()[0]
    await shop.seed([dataclasses.replace(mug, skus=(sku_seed(BLUE, price_minor=9_999),))])
    assert await shop.checkout("ada", view.id) == view
    paid = await pay(shop, "ada", view)
    assert (await shop.order("ada", paid.order_id or "")).total_minor == 2_980


async def test_all_problems_at_once(shop: Commerce, clock: TurnedClock) -> None:
    await add(shop, "ada", BLUE)
    await add(shop, "ada", BOWL, 5)
    await add(shop, "ada", LAST)
    before = await shop.cart_of("ada")
    clock.turn(9 * MINUTE_MS)
    await shop.sweep()
    await add(shop, "bert", BOWL, 2)
    mug = seeds()[0]
    await shop.seed([dataclasses.replace(mug, skus=(sku_seed(BLUE, price_minor=1_500),))])
    problems = await problems_of(shop, "ada", expected_total_minor=before.total_minor)
    assert [(problem["code"], problem["sku"]) for problem in problems] == [
        ("SOLD_OUT", BOWL),
        ("DISCONTINUED", LAST),
        ("TOTAL_CHANGED", None),
        ("PRICE_CHANGED", BLUE),
    ]
    sold_out, _, changed, price = problems
    assert (sold_out["available"], sold_out["quantity"]) == (3, 5)
    assert sold_out["alternatives"] == [BLUE]
    assert (changed["expected_total_minor"], changed["total_minor"]) == (18_480, 18_490)
    assert (price["price_at_add_minor"], price["unit_price_minor"]) == (1_490, 1_500)
    cart = await shop.cart_of("ada")
    assert len(cart.lines) == 3, "the cart is never lost"
    assert cart.checkout_id is None
    assert {line.hold_state for line in cart.lines} == {HoldState.EXPIRED}
    assert await available(shop, BLUE) == 20, "and nothing is held for a lock that failed"


async def test_an_empty_cart(shop: Commerce) -> None:
    (problem,) = await problems_of(shop, "ada")
    assert (problem["code"], problem["line_id"]) == ("CART_EMPTY", None)


async def test_lock_holds_again_what_ran_out(shop: Commerce, clock: TurnedClock) -> None:
    await add(shop, "ada", LAST)
    clock.turn(9 * MINUTE_MS)
    await shop.sweep()
    assert (await shop.cart_of("ada")).lines[0].hold_state is HoldState.EXPIRED
    await lock(shop, "ada")
    assert await available(shop, LAST) == 0
    assert (await shop.cart_of("ada")).lines[0].hold_state is HoldState.FIRM


async def test_friends_want_more_than_there_is(shop: Commerce, clock: TurnedClock) -> None:
    """Two lines of one SKU are summed before they are promised."""
    for person in ("ada", "bert"):
        await shop.join_cart("party-1", person)
        await add(shop, person, BOWL, 2)
    clock.turn(9 * MINUTE_MS)
    await shop.sweep()
    await add(shop, "cleo", BOWL, 2)
    (problem,) = await problems_of(shop, "ada")
    assert (problem["sku"], problem["available"], problem["quantity"]) == (BOWL, 1, 2)


async def test_unlock(shop: Commerce, clock: TurnedClock) -> None:
    await shop.join_cart("party-1", "ada")
    await shop.join_cart("party-1", "bert")
    view = await locked(shop, "ada", BLUE, 2)
    with pytest.raises(CommerceError) as raised:
        await shop.unlock("bert", view.id)
    assert (raised.value.code, raised.value.data) == ("NOT_ALLOWED", {"locked_by": "ada"})
    clock.turn(MINUTE_MS)
    released = await shop.unlock("ada", view.id)
    assert (released.state, released.released_reason) == (CheckoutState.RELEASED, "unlocked")
    assert await shop.unlock("ada", view.id) == released, "twice is once"
    cart = await shop.cart_of("ada")
    assert (cart.checkout_id, cart.lines[0].hold_state) == (None, HoldState.HELD)
    assert cart.lines[0].hold_expires_ms == clock.now_ms + 8 * MINUTE_MS
    assert await available(shop) == 18
    await add(shop, "bert", BOWL)
    again = await lock(shop, "bert")
    assert again.id != view.id


async def test_locking_again_and_again_does_not_hoard(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock, light_hold_cap_ms=10 * MINUTE_MS) as shop:
        await add(shop, "ada", LAST)
        for _ in range(12):
            view = await lock(shop, "ada")
            clock.turn(MINUTE_MS)
            await shop.unlock("ada", view.id)
            if (await shop.cart_of("ada")).lines[0].hold_state is HoldState.EXPIRED:
                break
        else:
            pytest.fail("the hold never came to its cap")
        assert await available(shop, LAST) == 1


async def test_checkouts_of_others(shop: Commerce) -> None:
    view = await locked(shop, "ada")
    for attempt in (
        shop.checkout("mallory", view.id),
        shop.unlock("mallory", view.id),
        pay(shop, "mallory", view),
        shop.checkout("ada", "nothing"),
    ):
        with pytest.raises(CommerceError) as raised:
            await attempt
        assert raised.value.code == "CHECKOUT_NOT_FOUND"


async def test_unlock_what_is_paid(shop: Commerce) -> None:
    view = await locked(shop, "ada")
    await pay(shop, "ada", view)
    with pytest.raises(CommerceError) as raised:
        await shop.unlock("ada", view.id)
    assert raised.value.code == "CHECKOUT_STATE"
    assert raised.value.data == {"state": "paid", "action": "unlock"}


async def test_wrong_totals(shop: Commerce) -> None:
    wrong: list[Any] = [-1, 1.5, "1", True]
    for total in wrong:
        with pytest.raises(CommerceError) as raised:
            await shop.lock("ada", idempotency_key="l", expected_total_minor=total)
        assert raised.value.code == "INVALID_AMOUNT"
