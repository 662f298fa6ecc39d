"""The shop as a whole: random days whose books always balance."""

import asyncio
import random
from pathlib import Path

import pytest

from commerce import Commerce, CommerceError, CommerceEvent, OrderPaid, StoreFailedError
from commerce.payments.test_cards import ASKS, DECLINES, NEVER_ARRIVES, PAYS, PROMISES_SILENTLY
from tests.commerce.shops import (
    BLUE,
    BOWL,
    LAMP,
    LAST,
    TurnedClock,
    add,
    bought,
    lock,
    open_shop,
    pay,
    seeds,
    settings_in,
    write_new,
)

PEOPLE = ("ada", "bert", "cleo", "dora", "emil")
METHODS = (PAYS, PAYS, PAYS, DECLINES, ASKS, PROMISES_SILENTLY, NEVER_ARRIVES)


async def wander(shop: Commerce, clock: TurnedClock, person: str, chance: random.Random) -> None:
    """One person does something a person could do."""
    cart = await shop.cart_of(person)
    line_id = chance.choice(cart.lines).line_id if cart.lines else "nothing"
    match chance.randrange(10):
        case 0 | 1 | 2:
            await add(shop, person, chance.choice((BLUE, LAST, BOWL, LAMP)), chance.randint(1, 3))
        case 3:
            await shop.set_quantity(
                person, line_id, chance.randint(1, 4), idempotency_key=str(chance.random())
            )
        case 4:
            await shop.remove_line(person, line_id)
        case 5:
            await shop.join_cart(f"party-{chance.randint(1, 2)}", person)
        case 6:
            await shop.leave_cart(person)
        case 7:
            clock.turn(chance.choice((1_000, 60_000, 600_000)))
            await shop.sweep()
        case _:
            await go_to_the_till(shop, person, chance)


async def go_to_the_till(shop: Commerce, person: str, chance: random.Random) -> None:
    cart = await shop.cart_of(person)
    if cart.checkout_id is None:
        view = await lock(shop, person)
    else:
        view = await shop.checkout(person, cart.checkout_id)
    if chance.random() < 0.2:
        await shop.unlock(person, view.id)
        return
    view = await pay(shop, person, view, chance.choice(METHODS), str(chance.random()))
    if view.challenge is not None and chance.random() < 0.7:
        await shop.confirm(
            person,
            view.id,
            challenge_id=view.challenge.challenge_id,
            response=chance.choice(("approve", "reject")),
        )


@pytest.mark.parametrize("seed", range(3))
async def test_a_random_day(tmp_path: Path, clock: TurnedClock, seed: int) -> None:
    chance = random.Random(seed)
    told: list[CommerceEvent] = []
    async with open_shop(tmp_path, clock) as shop:
        shop.subscribe(told.append)
        for _ in range(16):
            outcomes = await asyncio.gather(
                *(wander(shop, clock, person, chance) for person in PEOPLE), return_exceptions=True
            )
            for outcome in outcomes:
                assert outcome is None or isinstance(outcome, CommerceError), repr(outcome)
            # The shoppers turn the clock, so holds may have run out since the last sweep.
            await shop.sweep()
            report = await shop.audit()
            assert report.ok, report.problems
            await shop.dispatch()
        clock.turn(3_600_000)
        await shop.reconcile()
        await shop.sweep()
        await shop.dispatch()
        figures = (await shop.audit()).figures
        assert (figures["held"], figures["checkouts_locked"], figures["checkouts_paying"]) == (
            0,
            0,
            0,
        )
        paid = [event for event in told if isinstance(event, OrderPaid)]
        assert len({event.order_id for event in paid}) == len(paid) == figures["paid_orders"]
        assert sum(event.total_minor for event in paid) == figures["captured_at_gateway_minor"]


async def test_first_start(tmp_path: Path, clock: TurnedClock) -> None:
    folder = tmp_path / "new" / "folder"
    shop = await Commerce.open(settings_in(folder), clock)
    assert (await shop.products()).total == 0
    assert (await shop.audit()).ok
    await shop.seed(seeds())
    assert (await bought(shop, "ada")).order_id
    await shop.close()


async def test_a_ledger_that_cannot_be_opened(tmp_path: Path, clock: TurnedClock) -> None:
    (tmp_path / "ledger").mkdir()
    settings = settings_in(
        tmp_path, gateway_database_url=f"sqlite+aiosqlite:///{tmp_path / 'ledger'}"
    )
    with pytest.raises(StoreFailedError):
        await Commerce.open(settings, clock)


async def test_a_folder_that_cannot_be_made(tmp_path: Path, clock: TurnedClock) -> None:
    write_new(tmp_path / "file", b"")
    with pytest.raises(StoreFailedError):
        await Commerce.open(settings_in(tmp_path / "file" / "folder"), clock)


async def test_two_processes_share_a_shop(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock) as one:
        other = await Commerce.open(settings_in(tmp_path), clock, settle=False)
        outcomes = await asyncio.gather(
            *(
                add(shop, f"p{n}-{k}", BLUE)
                for n in range(15)
                for k, shop in enumerate((one, other))
            ),
            return_exceptions=True,
        )
        assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 20
        await other.close()
