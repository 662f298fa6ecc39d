"""Holds and locks run out; payments do not."""

from pathlib import Path

from commerce import CheckoutState, Commerce, HoldExpired, HoldState
from commerce.payments.test_cards import ASKS
from commerce.service.expiry import Swept
from tests.commerce.shops import (
    BLUE,
    BOWL,
    LAST,
    SHOP_FILE,
    TurnedClock,
    add,
    available,
    bought,
    events_of,
    locked,
    open_shop,
    pay,
    rows_of,
)

MINUTE_MS = 60_000


async def test_a_light_hold_runs_out(shop: Commerce, clock: TurnedClock) -> None:
    before = await add(shop, "ada", BLUE, 2)
    await events_of(shop)
    clock.turn(8 * MINUTE_MS - 1)
    assert await shop.sweep() == Swept(0, 0)
    clock.turn(1)
    assert await shop.sweep() == Swept(1, 0)
    assert await shop.sweep() == Swept(0, 0)
    cart = await shop.cart_of("ada")
    (line,) = cart.lines
    assert (line.hold_state, line.hold_expires_ms) == (HoldState.EXPIRED, None)
    assert cart.version > before.version
    assert await available(shop) == 20
    told = await events_of(shop)
    assert [type(event).__name__ for event in told] == [
        "StockChanged",
        "CartChanged",
        "HoldExpired",
    ]
    expired = told[-1]
    assert isinstance(expired, HoldExpired)
    assert (expired.cart_id, expired.line_id, expired.quantity) == (cart.id, line.line_id, 2)
    assert expired.product_id == "stoneware-mug"


async def test_what_one_does_keeps_the_hold(shop: Commerce, clock: TurnedClock) -> None:
    await add(shop, "ada", BLUE)
    clock.turn(5 * MINUTE_MS)
    await add(shop, "ada", BOWL)
    clock.turn(5 * MINUTE_MS)
    await shop.sweep()
    states = {line.hold_state for line in (await shop.cart_of("ada")).lines}
    assert states == {HoldState.HELD}


async def test_a_lock_runs_out(shop: Commerce, clock: TurnedClock) -> None:
    view = await locked(shop, "ada", LAST)
    clock.turn(2 * MINUTE_MS)
    assert await shop.sweep() == Swept(0, 1)
    released = await shop.checkout("ada", view.id)
    assert (released.state, released.released_reason) == (CheckoutState.RELEASED, "expired")
    cart = await shop.cart_of("ada")
    assert (cart.checkout_id, cart.lines[0].hold_state) == (None, HoldState.EXPIRED)
    assert await available(shop, LAST) == 1
    assert {type(event).__name__ for event in await events_of(shop)} >= {
        "CheckoutChanged",
        "HoldExpired",
        "StockChanged",
        "CartChanged",
    }


async def test_a_payment_under_way_is_left_alone(shop: Commerce, clock: TurnedClock) -> None:
    await pay(shop, "ada", await locked(shop, "ada", LAST), ASKS)
    clock.turn(60 * MINUTE_MS)
    assert await shop.sweep() == Swept(0, 0)
    assert await available(shop, LAST) == 0


async def test_many_run_out_in_bounded_steps(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock, sweep_batch_max=3) as shop:
        for number in range(8):
            await add(shop, f"person-{number}", BLUE)
        clock.turn(9 * MINUTE_MS)
        assert await shop.sweep() == Swept(8, 0)
        assert await available(shop) == 20


async def test_holds_that_ran_out_while_closed(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock) as shop:
        await add(shop, "ada", BLUE)
        await locked(shop, "bert", LAST)
    clock.turn(9 * MINUTE_MS)
    async with open_shop(tmp_path, clock) as shop:
        assert (await available(shop), await available(shop, LAST)) == (20, 1)


async def test_prune(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock) as shop:
        await bought(shop, "ada")
        await shop.prune()
        clock.turn(2 * 60 * MINUTE_MS)
        await shop.prune()
        waiting = "SELECT count(*) FROM outbox"
        assert rows_of(tmp_path / SHOP_FILE, waiting) != [(0,)], "nobody was told yet"
        await events_of(shop)
        await shop.prune()
        assert rows_of(tmp_path / SHOP_FILE, waiting) == [(0,)]
        assert rows_of(tmp_path / SHOP_FILE, "SELECT count(*) FROM idempotency") == [(3,)]
        clock.turn(25 * 60 * MINUTE_MS)
        await shop.prune()
        assert rows_of(tmp_path / SHOP_FILE, "SELECT count(*) FROM idempotency") == [(0,)]
        await add(shop, "bert")
        assert (await events_of(shop))[0].event_id > 1, "numbers are never used twice"


async def test_a_shop_at_rest_is_not_swept_in_vain(shop: Commerce, clock: TurnedClock) -> None:
    expiry = shop._expiry
    assert await expiry.quiet_ms() == 5_000
    await add(shop, "ada", BLUE)
    await locked(shop, "bob", LAST)
    assert await expiry.quiet_ms() == 5_000
    clock.turn(2 * MINUTE_MS - 1_200)
    assert await expiry.quiet_ms() == 1_200
    clock.turn(1_200)
    assert await expiry.quiet_ms() == 500
    assert await shop.sweep() == Swept(0, 1)
    assert await expiry.quiet_ms() == 5_000
