"""Whatever is done to a cart gives it another version, so that a kept one is never out of date."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commerce import Commerce, CommerceError
from commerce.db import carts as rows
from commerce.errors import ConflictError, InvalidRequestError, NotAllowedError, NotFoundError
from commerce.promotions import Coupon, CouponKind
from tests.commerce.shops import (
    BLUE,
    BOWL,
    LAST,
    SHOP_FILE,
    TurnedClock,
    add,
    bought,
    lock,
    locked,
    open_shop,
    pay,
    rows_of,
)

PEOPLE = ("ada", "bert", "cleo")
DEEDS = (
    *("add", "add", "add", "set", "remove", "join", "leave", "pass", "gift"),
    *("coupon", "no coupon", "lock", "unlock", "pay", "wait"),
)

deeds = st.lists(
    st.tuples(st.sampled_from(DEEDS), st.sampled_from(PEOPLE), st.integers(0, 5)), max_size=24
)


@pytest.mark.only("sqlite")
@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(deeds)
def test_kept_carts_are_those_of_the_database(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[str, str, int]]
) -> None:
    asyncio.run(_live(tmp_path_factory.mktemp("carts"), asked))


async def _live(folder: Path, asked: list[tuple[str, str, int]]) -> None:
    clock = TurnedClock()
    async with open_shop(folder, clock) as shop:
        await shop.coupons.create(Coupon("TENTH", CouponKind.PERCENT, 1_000, "EUR"))
        for number, (what, person, pick) in enumerate(asked):
            with suppress(ConflictError, InvalidRequestError, NotFoundError, NotAllowedError):
                await _do(shop, clock, what, person, pick, str(number))
            await check_kept(shop)


async def check_kept(shop: Commerce) -> int:
    """How many carts are kept and up to date; none of these may be wrong."""
    kept = shop._combiner._kept._carts
    there = await shop._context.store.read(lambda c: rows.load(c, sorted(kept)))
    current = {name: cart for name, cart in there.items() if cart.version == kept[name].version}
    assert current == {name: kept[name] for name in current}
    for name, cart in current.items():
        assert list(cart.lines) == list(kept[name].lines)
    return len(current)


async def _do(
    shop: Commerce, clock: TurnedClock, what: str, person: str, pick: int, key: str
) -> None:
    cart = await shop.cart_of(person)
    lines = [line.line_id for line in cart.lines]
    line_id = lines[pick % len(lines)] if lines else "none"
    checkout_id, other = cart.checkout_id or "none", PEOPLE[pick % 3]
    deeds: dict[str, Callable[[], Awaitable[object]]] = {
        "add": lambda: add(shop, person, (BLUE, BOWL, LAST)[pick % 3], 1 + pick % 2),
        "set": lambda: shop.set_quantity(person, line_id, 1 + pick, idempotency_key=key),
        "remove": lambda: shop.remove_line(person, line_id),
        "join": lambda: shop.join_cart("party", person),
        "leave": lambda: shop.leave_cart(person),
        "pass": lambda: shop.pass_line(person, line_id, other),
        "gift": lambda: shop.offer_gift(person, line_id, receiver_id=other),
        "coupon": lambda: shop.coupons.apply(person, "TENTH"),
        "no coupon": lambda: shop.coupons.remove(person),
        "lock": lambda: lock(shop, person),
        "unlock": lambda: shop.unlock(person, checkout_id),
    }
    if what == "wait":
        clock.turn(pick * 100_000)
        await shop.sweep()
    elif what == "pay":
        await pay(shop, person, await shop.checkout(person, checkout_id), key=key)
    else:
        await deeds[what]()


async def test_what_others_do_is_seen(shop: Commerce, tmp_path: Path) -> None:
    """Each of these comes between two requests for stock, past the carts that are kept."""
    (line,) = (await add(shop, "ada")).lines
    assert await check_kept(shop) == 1
    checkout = await lock(shop, "ada")
    assert await check_kept(shop) == 0
    with pytest.raises(CommerceError, match="at the till"):
        await add(shop, "ada")
    await shop.unlock("ada", checkout.id)
    await shop.remove_line("ada", line.line_id)
    assert [line.sku for line in (await add(shop, "ada", BOWL)).lines] == [BOWL]
    assert await check_kept(shop) == 1
    await shop.join_cart("party", "ada")
    await shop.join_cart("party", "bert")
    view = await add(shop, "bert", BOWL)
    assert [(line.owner_id, line.quantity) for line in view.lines] == [("ada", 1), ("bert", 1)]
    assert view.members == ("ada", "bert")
    await shop.leave_cart("ada")
    assert (await add(shop, "bert", BOWL)).members == ("bert",)
    bought_by_cleo = await bought(shop, "cleo")
    assert bought_by_cleo.order_id is not None
    assert [line.quantity for line in (await add(shop, "cleo")).lines] == [1]
    assert rows_of(tmp_path / SHOP_FILE, "SELECT count(*) FROM holds") == [(3,)]


async def test_a_hold_that_ran_out_is_not_in_a_kept_cart(
    shop: Commerce, clock: TurnedClock
) -> None:
    await add(shop, "ada", LAST)
    clock.turn(3_600_000)
    await shop.sweep()
    await locked(shop, "bert", LAST)
    with pytest.raises(CommerceError) as refused:
        await add(shop, "ada", LAST)
    assert refused.value.code == "SOLD_OUT"


async def test_only_so_many_are_kept(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock, carts_kept_max=2) as shop:
        await asyncio.gather(*(add(shop, f"p{n}") for n in range(5)))
        assert await check_kept(shop) == 2
        views = await asyncio.gather(*(add(shop, f"p{n}") for n in range(5)))
        assert [view.lines[0].quantity for view in views] == [2] * 5
