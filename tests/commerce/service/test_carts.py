"""Carts as people use them: alone, shared, with twins and limits."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from commerce import CartView, Commerce, CommerceError, HoldState, SoldOutError
from tests.commerce.shops import (
    BLUE,
    BOWL,
    LAMP,
    LAST,
    TurnedClock,
    add,
    available,
    lock,
    locked,
    open_shop,
    product,
    sku_seed,
)


async def refused(awaitable: Any) -> CommerceError:
    with pytest.raises(CommerceError) as raised:
        await awaitable
    return raised.value


async def test_everybody_has_one_cart(shop: Commerce) -> None:
    carts = await asyncio.gather(*(shop.cart_of("ada") for _ in range(5)))
    assert len({cart.id for cart in carts}) == 1
    assert not carts[0].id.startswith("party-")
    assert carts[0].members == ("ada",)
    assert (carts[0].lines, carts[0].total_minor, carts[0].currency) == ((), 0, "EUR")
    assert await shop.cart(carts[0].id) == carts[0]
    assert (await shop.cart_of("bert")).id != carts[0].id


async def test_add_change_remove(shop: Commerce, clock: TurnedClock) -> None:
    cart = await add(shop, "ada", BLUE, 2)
    (line,) = cart.lines
    assert (line.quantity, line.unit_price_minor, cart.total_minor) == (2, 1_490, 2_980)
    assert line.hold_state is HoldState.HELD
    assert line.hold_expires_ms == clock.now_ms + 8 * 60_000
    assert await available(shop) == 18

    changed = await shop.set_quantity("ada", line.line_id, 5, idempotency_key="set-1")
    assert (changed.lines[0].quantity, await available(shop)) == (5, 15)
    assert changed.version > cart.version
    fewer = await shop.set_quantity("ada", line.line_id, 1, idempotency_key="set-2")
    assert (fewer.lines[0].quantity, await available(shop)) == (1, 19)

    removed = await shop.remove_line("ada", line.line_id)
    assert (removed.lines, await available(shop)) == ((), 20)
    assert (await refused(shop.remove_line("ada", line.line_id))).code == "LINE_NOT_FOUND"


async def test_what_one_takes_out_at_once_is_free_at_once(shop: Commerce) -> None:
    await shop.join_cart("party-1", "ada")
    await shop.join_cart("party-1", "bert")
    await add(shop, "ada", BLUE, 2)
    await add(shop, "bert", BLUE, 3)
    await add(shop, "ada", BOWL)
    left = await shop.clear_cart("ada")
    assert [(line.owner_id, line.quantity) for line in left.lines] == [("bert", 3)]
    assert await available(shop) == 17
    assert await shop.clear_cart("ada") == await shop.cart_of("ada")
    await lock(shop, "bert")
    assert (await refused(shop.clear_cart("bert"))).code == "CART_LOCKED"
    assert await available(shop) == 17


async def test_twins_get_one_answer(shop: Commerce) -> None:
    answers = await asyncio.gather(
        *(shop.add_line("ada", BLUE, 1, idempotency_key="click") for _ in range(20))
    )
    assert len({(a.version, a.total_minor) for a in answers}) == 1
    assert await shop.add_line("ada", BLUE, 1, idempotency_key="click") == answers[0]
    assert await available(shop) == 19
    for quantity in (2, 3):
        error = await refused(shop.add_line("ada", BLUE, quantity, idempotency_key="click"))
        assert error.code == "IDEMPOTENCY_KEY_REUSED"
    # The key of somebody else is another key.
    await shop.add_line("bert", BLUE, 1, idempotency_key="click")
    assert await available(shop) == 18


async def test_twins_with_different_wishes(shop: Commerce) -> None:
    outcomes = await asyncio.gather(
        *(shop.add_line("ada", BLUE, n, idempotency_key="k") for n in (1, 2, 1)),
        return_exceptions=True,
    )
    assert [isinstance(outcome, CartView) for outcome in outcomes] == [True, False, True]
    assert await available(shop) == 19


async def test_sold_out(shop: Commerce) -> None:
    await add(shop, "ada", LAST)
    error = await refused(add(shop, "bert", LAST))
    assert isinstance(error, SoldOutError)
    assert error.data == {"sku": LAST, "available": 0, "alternatives": [BLUE, BOWL]}
    error = await refused(add(shop, "bert", BOWL, 6))
    assert (error.code, error.data["available"]) == ("SOLD_OUT", 5)
    assert (await shop.cart_of("bert")).lines == ()


async def test_three_hundred_want_twenty(shop: Commerce) -> None:
    """Nobody gets what is not there, and everybody gets an answer."""
    outcomes = await asyncio.gather(
        *(add(shop, f"person-{n}", BLUE) for n in range(300)), return_exceptions=True
    )
    won = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, CartView)]
    assert won == list(range(20)), "first come, first served"
    assert all(isinstance(o, SoldOutError) for o in outcomes if not isinstance(o, CartView))
    assert await available(shop) == 0


async def test_party_shares_a_cart(shop: Commerce) -> None:
    own = await add(shop, "ada", BLUE, 2)
    shared = await shop.join_cart("party-1", "ada")
    assert (shared.id, shared.members) == ("party-1", ("ada",))
    assert [line.line_id for line in shared.lines] == [own.lines[0].line_id]
    assert (await shop.cart(own.id)).lines == ()

    await add(shop, "bert", BOWL)
    shared = await shop.join_cart("party-1", "bert")
    assert shared.members == ("ada", "bert")
    assert [line.owner_id for line in shared.lines] == ["ada", "bert"]
    assert await shop.cart_of("ada") == await shop.cart_of("bert") == shared
    assert await shop.join_cart("party-1", "bert") == shared, "joining twice changes nothing"
    assert (await available(shop), await available(shop, BOWL)) == (18, 4), "holds came along"

    left, mine = await shop.leave_cart("ada")
    assert ([line.sku for line in left.lines], left.members) == ([BOWL], ("bert",))
    assert ([line.sku for line in mine.lines], mine.id) == ([BLUE], own.id)
    assert mine.lines[0].hold_state is HoldState.HELD
    assert (await available(shop), await available(shop, BOWL)) == (18, 4)


async def test_party_changes_each_others_lines(shop: Commerce) -> None:
    for person in ("ada", "bert"):
        await shop.join_cart("party-1", person)
    (line,) = (await add(shop, "ada", BLUE)).lines
    cart = await shop.set_quantity("bert", line.line_id, 3, idempotency_key="b")
    assert (cart.lines[0].owner_id, cart.lines[0].contributor_ids) == ("ada", ("bert",))
    assert (await shop.remove_line("bert", line.line_id)).lines == ()
    assert await available(shop) == 20


async def test_changing_parties(shop: Commerce) -> None:
    await shop.join_cart("party-1", "bert")
    await shop.join_cart("party-1", "ada")
    await add(shop, "ada", BLUE)
    await add(shop, "bert", BOWL)
    moved = await shop.join_cart("party-2", "ada")
    assert [line.sku for line in moved.lines] == [BLUE]
    rest = await shop.cart("party-1")
    assert ([line.sku for line in rest.lines], rest.members) == ([BOWL], ("bert",))


async def test_a_locked_cart_is_closed(shop: Commerce) -> None:
    await shop.join_cart("party-1", "ada")
    await shop.join_cart("party-1", "bert")
    checkout = await locked(shop, "ada")
    line_id = checkout.lines[0].line_id
    for attempt in (
        add(shop, "bert", BOWL),
        shop.set_quantity("bert", line_id, 2, idempotency_key="s"),
        shop.remove_line("ada", line_id),
        shop.leave_cart("bert"),
        shop.join_cart("party-1", "cleo"),
        shop.join_cart("party-2", "ada"),
    ):
        error = await refused(attempt)
        assert error.code == "CART_LOCKED"
        assert error.data["checkout_id"] == checkout.id
    cart = await shop.cart("party-1")
    assert (cart.checkout_id, cart.members) == (checkout.id, ("ada", "bert"))
    assert [line.hold_state for line in cart.lines] == [HoldState.FIRM]


async def test_joining_with_a_locked_cart(shop: Commerce) -> None:
    await locked(shop, "ada")
    assert (await refused(shop.join_cart("party-1", "ada"))).code == "CART_LOCKED"
    assert (await refused(shop.cart("party-1"))).code == "CART_NOT_FOUND"


async def test_carts_of_others(shop: Commerce) -> None:
    (line,) = (cart := await add(shop, "ada", BLUE)).lines
    for attempt in (
        shop.set_quantity("bert", line.line_id, 2, idempotency_key="s"),
        shop.remove_line("bert", line.line_id),
    ):
        assert (await refused(attempt)).code == "LINE_NOT_FOUND"
    assert (await refused(shop.join_cart(cart.id, "bert"))).code == "NOT_ALLOWED"
    assert (await refused(shop.leave_cart("ada"))).code == "NOT_IN_SHARED_CART"
    assert (await refused(shop.cart("nothing"))).code == "CART_NOT_FOUND"


async def test_limits(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(
        tmp_path, clock, quantity_per_line_max=3, lines_per_cart_max=2, members_per_cart_max=2
    ) as shop:
        assert (await refused(add(shop, "ada", BLUE, 4))).data["limit"] == "quantity_per_line_max"
        for person, sku in (("ada", BLUE), ("ada", BOWL), ("bert", LAMP)):
            await add(shop, person, sku)
        await shop.join_cart("party-1", "ada")
        error = await refused(shop.join_cart("party-1", "bert"))
        assert error.data == {"limit": "lines_per_cart_max", "maximum": 2}
        await shop.join_cart("party-1", "cleo")
        error = await refused(shop.join_cart("party-1", "dora"))
        assert error.data == {"limit": "members_per_cart_max", "maximum": 2}
        assert (await shop.cart_of("bert")).lines[0].sku == LAMP


async def test_currencies_do_not_mix(shop: Commerce) -> None:
    dollar = product("map", "Map", "books", "MAP", currency="USD", skus=(sku_seed("MAP"),))
    await shop.seed([dollar])
    await add(shop, "ada", "MAP")
    assert (await shop.cart_of("ada")).currency == "USD"
    assert (await refused(add(shop, "ada", BLUE))).code == "CURRENCY_MISMATCH"
    await add(shop, "bert", BLUE)
    await shop.join_cart("party-1", "bert")
    assert (await refused(shop.join_cart("party-1", "ada"))).code == "CURRENCY_MISMATCH"


async def test_wrong_quantities(shop: Commerce) -> None:
    (line,) = (await add(shop, "ada")).lines
    wrong: list[Any] = [0, -1, 1.5, True, "1", None, 10**9]
    for quantity in wrong:
        for attempt in (
            shop.add_line("ada", BLUE, quantity, idempotency_key="k"),
            shop.set_quantity("ada", line.line_id, quantity, idempotency_key="k"),
        ):
            assert (await refused(attempt)).code == "INVALID_QUANTITY"
    assert await available(shop) == 19


async def test_wrong_ids(shop: Commerce) -> None:
    for attempt, code in (
        (shop.add_line("", BLUE, 1, idempotency_key="k"), "INVALID_ID"),
        (shop.add_line("ada", "x\n", 1, idempotency_key="k"), "INVALID_ID"),
        (shop.add_line("ada", "NOTHING", 1, idempotency_key="k"), "SKU_NOT_FOUND"),
        (shop.add_line("ada", BLUE, 1, idempotency_key=""), "INVALID_IDEMPOTENCY_KEY"),
        (shop.join_cart("party 1", "ada"), "INVALID_ID"),
        (shop.join_cart("x" * 65, "ada"), "INVALID_ID"),
        (shop.cart_of(" "), "INVALID_ID"),
    ):
        assert (await refused(attempt)).code == code


async def test_a_cart_outlives_the_process(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock) as shop:
        await shop.join_cart("party-1", "ada")
        before = await add(shop, "ada", BLUE, 2)
    async with open_shop(tmp_path, clock) as shop:
        assert await shop.cart_of("ada") == before
        assert await lock(shop, "ada")


async def party(shop: Commerce, *people: str) -> None:
    for person in people:
        await shop.join_cart("party-1", person)


async def test_a_hold_passes_to_another_member(shop: Commerce, clock: TurnedClock) -> None:
    await party(shop, "ada", "bert")
    (line,) = (await add(shop, "ada", LAST)).lines
    clock.turn(60_000)
    (passed,) = (await shop.pass_line("ada", line.line_id, "bert")).lines
    assert (passed.line_id, passed.owner_id) == (line.line_id, "bert")
    assert passed.contributor_ids == ("ada",)
    assert passed.hold_expires_ms == line.hold_expires_ms, "passing on gains no time"
    assert await available(shop, LAST) == 0
    _, own = await shop.leave_cart("bert")
    assert [entry.sku for entry in own.lines] == [LAST], "it is his now"


async def test_two_lines_become_one(shop: Commerce, clock: TurnedClock) -> None:
    await party(shop, "ada", "bert")
    await add(shop, "bert", BLUE, 3)
    clock.turn(60_000)
    cart = await add(shop, "ada", BLUE, 2)
    hers = next(line for line in cart.lines if line.owner_id == "ada")
    his = next(line for line in cart.lines if line.owner_id == "bert")
    (line,) = (await shop.pass_line("ada", hers.line_id, "bert")).lines
    assert (line.line_id, line.quantity, line.owner_id) == (his.line_id, 5, "bert")
    assert line.contributor_ids == ("ada",)
    assert line.hold_expires_ms == his.hold_expires_ms, "as long as the shorter of the two"
    assert await available(shop) == 15


async def test_a_line_that_ran_out_is_held_again_with_the_other(
    shop: Commerce, clock: TurnedClock
) -> None:
    await party(shop, "ada", "bert")
    await add(shop, "ada", BLUE, 2)
    clock.turn(9 * 60_000)
    await shop.sweep()
    cart = await add(shop, "bert", BLUE, 3)
    hers = next(line for line in cart.lines if line.owner_id == "ada")
    (line,) = (await shop.pass_line("bert", hers.line_id, "bert")).lines
    assert (line.quantity, line.hold_state, await available(shop)) == (5, HoldState.HELD, 15)


async def test_what_cannot_be_passed_on(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock, quantity_per_person_max=4) as shop:
        await party(shop, "ada", "bert")
        await add(shop, "bert", BOWL, 3)
        (_, line) = (await add(shop, "ada", BLUE, 2)).lines
        before = await shop.cart_of("ada")
        for person, line_id, to, code in (
            ("ada", line.line_id, "cleo", "MEMBER_NOT_FOUND"),
            ("ada", "nothing", "bert", "LINE_NOT_FOUND"),
            ("cleo", line.line_id, "ada", "LINE_NOT_FOUND"),
            ("ada", line.line_id, "bert", "LIMIT_REACHED"),
        ):
            assert (await refused(shop.pass_line(person, line_id, to))).code == code
        assert await shop.pass_line("ada", line.line_id, "ada") == before
        await shop.stock_room.limit_purchases(BLUE, 1)
        await shop.set_quantity("ada", line.line_id, 1, idempotency_key="one")
        await shop.pass_line("ada", line.line_id, "bert")
        await add(shop, "ada", BLUE, 1)
        hers = next(e for e in (await shop.cart_of("ada")).lines if e.owner_id == "ada")
        asked = shop.pass_line("ada", hers.line_id, "bert")
        assert (await refused(asked)).code == "LIMIT_REACHED"
        await lock(shop, "ada")
        assert (await refused(shop.pass_line("ada", hers.line_id, "bert"))).code == "CART_LOCKED"


async def test_a_party_has_a_limit_together(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock, quantity_per_cart_max=6) as shop:
        await party(shop, "ada", "bert")
        await add(shop, "ada", BLUE, 4)
        error = await refused(add(shop, "bert", BLUE, 3))
        assert (error.code, error.data["limit"]) == ("LIMIT_REACHED", "quantity_per_cart_max")
        await add(shop, "bert", BLUE, 2)
