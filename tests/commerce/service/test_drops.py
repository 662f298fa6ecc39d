"""Drops as people meet them: a line, an admission that ends, a restart in between."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

from commerce import Commerce, CommerceError
from commerce.db.statement import Statement
from commerce.drop_events import LineMoved
from tests.commerce.shops import (
    BLUE,
    LAST,
    TurnedClock,
    add,
    available,
    bought,
    events_of,
    lock,
    open_shop,
    pay,
)

TTL_MS = 3 * 60_000
HOLD_MS = 8 * 60_000


async def code_of(asked: Awaitable[object]) -> str:
    with pytest.raises(CommerceError) as raised:
        await asked
    return raised.value.code


async def problems_of(asked: Awaitable[object]) -> list[tuple[str, str]]:
    with pytest.raises(CommerceError) as raised:
        await asked
    assert raised.value.code == "CHECKOUT_PROBLEMS"
    found: Any = raised.value.data["problems"]
    return [(problem["code"], problem["sku"]) for problem in found]


async def test_who_was_let_in_can_buy(shop: Commerce, clock: TurnedClock) -> None:
    await shop.drops.open(BLUE, 1)
    assert await code_of(add(shop, "ada", BLUE)) == "WAIT_IN_LINE"
    first = await shop.drops.join("ada", BLUE)
    assert (first.ahead, first.admitted_until_ms) == (0, clock.now_ms + TTL_MS)
    second = await shop.drops.join("bert", BLUE)
    assert (second.ahead, second.waiting, second.admitted_until_ms) == (0, 1, None)
    third = await shop.drops.join("cleo", BLUE)
    assert (third.ahead, third.waiting) == (1, 2)
    assert await shop.drops.join("bert", BLUE) == await shop.drops.standing("bert", BLUE)
    both = await shop.drops.standings(BLUE, ["cleo", "mallory", "bert"])
    assert both == {"bert": await shop.drops.standing("bert", BLUE), "cleo": third}
    assert await code_of(shop.drops.standings("not a drop", ["ada"])) == "DROP_NOT_FOUND"
    assert await code_of(add(shop, "bert", BLUE)) == "WAIT_IN_LINE"
    assert (await bought(shop, "ada", BLUE)).order_id
    clock.turn(TTL_MS)
    await shop.sweep()
    assert await code_of(shop.drops.standing("ada", BLUE)) == "PLACE_NOT_FOUND"
    assert await code_of(add(shop, "ada", BLUE)) == "WAIT_IN_LINE"
    assert (await shop.drops.standing("bert", BLUE)).admitted_until_ms == clock.now_ms + TTL_MS
    estimate_ms = (await shop.drops.standing("cleo", BLUE)).estimate_ms
    assert estimate_ms == TTL_MS // 2, "two were let in so far"
    await add(shop, "bert", BLUE)
    moved = [event for event in await events_of(shop) if isinstance(event, LineMoved)]
    assert [event.person_ids for event in moved] == [("ada",), ("bert",)]
    assert moved[-1].waiting == 1


async def test_a_party_stays_together(shop: Commerce) -> None:
    await shop.drops.open(BLUE, 3)
    for person in ("ada", "bert"):
        await shop.join_cart("party-1", person)
    await shop.drops.join("ada", BLUE)
    await shop.drops.join("cleo", BLUE)
    await shop.drops.join("bert", BLUE)
    assert (await shop.drops.standing("bert", BLUE)).admitted_until_ms is not None
    for person in ("ada", "bert", "cleo"):
        await add(shop, person, BLUE)


async def test_the_line_survives_a_restart(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock) as shop:
        await shop.drops.open(BLUE, 1)
        for person in ("ada", "bert", "cleo"):
            await shop.drops.join(person, BLUE)
        before = await shop.drops.standing("cleo", BLUE)
    async with open_shop(tmp_path, clock) as shop:
        assert await shop.drops.standing("cleo", BLUE) == before
        await shop.drops.leave("ada", BLUE)
        assert (await shop.drops.standing("bert", BLUE)).admitted_until_ms is not None
        assert await code_of(add(shop, "cleo", BLUE)) == "WAIT_IN_LINE"
        await shop.drops.close(BLUE)
        await add(shop, "cleo", BLUE)


async def test_a_purchase_ends_an_admission(shop: Commerce, clock: TurnedClock) -> None:
    await shop.drops.open(BLUE, 2)
    for person in ("ada", "bert", "cleo"):
        await shop.drops.join(person, BLUE)
    await bought(shop, "ada", LAST)
    assert (await shop.drops.standing("ada", BLUE)).admitted_until_ms, "something else"
    await bought(shop, "ada", BLUE)
    assert await code_of(shop.drops.standing("ada", BLUE)) == "PLACE_NOT_FOUND"
    assert (await shop.drops.standing("bert", BLUE)).admitted_until_ms, "somebody else"
    await shop.sweep()
    assert (await shop.drops.standing("cleo", BLUE)).admitted_until_ms == clock.now_ms + TTL_MS
    assert await code_of(add(shop, "ada", BLUE)) == "WAIT_IN_LINE"
    moved = [event for event in await events_of(shop) if isinstance(event, LineMoved)]
    assert [event.person_ids for event in moved] == [("ada",), ("bert",), ("cleo",)]


async def test_a_line_is_as_long_as_the_shop_allows(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock, line_places_max=3) as shop:
        await shop.drops.open(BLUE, 1)
        for person in ("ada", "bert", "cleo"):
            await shop.drops.join(person, BLUE)
        with pytest.raises(CommerceError) as raised:
            await shop.drops.join("dora", BLUE)
        assert raised.value.code == "LIMIT_REACHED"
        assert raised.value.data == {"limit": "line_places_max", "maximum": 3}
        assert (await shop.drops.join("cleo", BLUE)).ahead == 1, "who has a place keeps it"
        await shop.drops.leave("ada", BLUE)
        assert (await shop.drops.join("dora", BLUE)).ahead == 1


async def test_nobody_reads_the_whole_line(shop: Commerce, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work is counted, not time."""
    read = 0
    rows = Statement.rows

    def counted(self: Statement, *arguments: Any) -> list[tuple[Any, ...]]:
        nonlocal read
        found = rows(self, *arguments)
        read += len(found)
        return found

    await shop.drops.open(BLUE, 2)
    for number in range(3):
        await shop.drops.join(f"first-{number}", BLUE)
    monkeypatch.setattr(Statement, "rows", counted)

    async def work(person: str) -> int:
        nonlocal read
        read = 0
        await shop.drops.join(person, BLUE)
        await shop.drops.standing(person, BLUE)
        await shop.drops.advance()
        return read

    short = await work("ada")
    for number in range(60):
        await shop.drops.join(f"more-{number}", BLUE)
    assert await work("bert") == short


async def test_all_at_once(shop: Commerce) -> None:
    await shop.drops.open(LAST, 2)
    people = [f"person-{number}" for number in range(30)]
    await asyncio.gather(*(shop.drops.join(person, LAST) for person in people))
    standings = await asyncio.gather(*(shop.drops.standing(person, LAST) for person in people))
    inside = [person for person, s in zip(people, standings, strict=True) if s.admitted_until_ms]
    assert len(inside) == 1, "one piece, one party"
    assert sorted(s.ahead for s in standings if not s.admitted_until_ms) == list(range(29))
    await bought(shop, inside[0], LAST)
    other = next(person for person in people if person not in inside)
    assert await code_of(add(shop, other, LAST)) == "SOLD_OUT"


async def test_there_is_no_way_around_the_line(shop: Commerce, clock: TurnedClock) -> None:
    await add(shop, "early", BLUE)
    await add(shop, "late", BLUE)
    clock.turn(HOLD_MS)
    await shop.sweep()
    await add(shop, "held", BLUE)
    await shop.drops.open(BLUE, 1)
    assert await problems_of(shop.buy_now("bert", BLUE, 1, idempotency_key="now")) == [
        ("WAIT_IN_LINE", BLUE)
    ]
    assert await problems_of(lock(shop, "late")) == [("WAIT_IN_LINE", BLUE)]
    assert await available(shop) == 19, "nothing was held for them"
    # What was held before the drop may be bought; who is let in can hold again.
    assert (await pay(shop, "held", await lock(shop, "held"))).order_id
    await shop.drops.join("early", BLUE)
    assert (await pay(shop, "early", await lock(shop, "early"), key="second")).order_id


async def test_a_hold_is_passed_on_but_an_admission_is_not(
    shop: Commerce, clock: TurnedClock
) -> None:
    for person in ("ada", "bert"):
        await shop.join_cart("party-1", person)
    await add(shop, "bert", BLUE, 5)
    clock.turn(HOLD_MS)
    await shop.sweep()
    await shop.drops.open(BLUE, 1)
    await shop.drops.join("ada", BLUE)
    cart = await add(shop, "ada", BLUE)
    mine = next(line for line in cart.lines if line.owner_id == "ada")
    # One line of both would hold five more for somebody who was not let in.
    assert await code_of(shop.pass_line("ada", mine.line_id, "bert")) == "WAIT_IN_LINE"
    theirs = next(line for line in cart.lines if line.owner_id == "bert")
    await shop.remove_line("bert", theirs.line_id)
    (line,) = (await shop.pass_line("ada", mine.line_id, "bert")).lines
    assert (line.owner_id, line.quantity) == ("bert", 1)
    asked = shop.set_quantity("bert", line.line_id, 2, idempotency_key="more")
    assert await code_of(asked) == "WAIT_IN_LINE"


async def test_a_place_at_the_front_is_not_handed_around(
    tmp_path: Path, clock: TurnedClock
) -> None:
    async with open_shop(tmp_path, clock, members_per_cart_max=2) as shop:
        await shop.drops.open(BLUE, 1)
        for person in ("ada", "bert"):
            await shop.join_cart("party-1", person)
            await shop.drops.join(person, BLUE)
        await shop.leave_cart("bert")
        await shop.join_cart("party-1", "cleo")
        standing = await shop.drops.join("cleo", BLUE)
        assert (standing.admitted_until_ms, standing.waiting) == (None, 1)


async def test_bad_requests(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock, line_places_per_network_max=2) as shop:
        for asked, code in (
            (shop.drops.open("NOTHING", 1), "SKU_NOT_FOUND"),
            (shop.drops.open(BLUE, 0), "INVALID_QUANTITY"),
            (shop.drops.close(BLUE), "DROP_NOT_FOUND"),
            (shop.drops.join("ada", BLUE), "DROP_NOT_FOUND"),
            (shop.drops.leave("ada", BLUE), "DROP_NOT_FOUND"),
            (shop.drops.standing("ada", BLUE), "DROP_NOT_FOUND"),
            (shop.drops.join("ada", BLUE, "n" * 65), "INVALID_NETWORK"),
        ):
            assert await code_of(asked) == code
        await shop.drops.open(BLUE, 1)
        for person in ("bot-1", "bot-2"):
            await shop.drops.join(person, BLUE, "net")
        assert await code_of(shop.drops.join("bot-3", BLUE, "net")) == "LIMIT_REACHED"
        assert (await shop.drops.join("ada", BLUE, "other")).ahead == 1
