"""Somebody who asks to be forgotten is gone everywhere, also when the server dies in between."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from commerce import Commerce
from recommender.interactions import ConsentClass, Interaction, Signal
from server.client.client import GalleriaClient
from server.client.errors import ClientError, ConnectionLost, HttpProblem
from server.client.http import ShopHttp
from server.clock import SystemClock
from server.config import Settings
from server.erasing import Erasing
from server.errors import GalleriaError
from tests.commerce.shops import TurnedClock, add, open_shop
from tests.server.running_shop import MUG, Shop, running_shop
from tests.server.test_journey import party

SETTLE = "GALLERIA_COMMERCE__ERASURE_SETTLE_MS"
PATIENCE_S = 20
PERSONAL = frozenset({ConsentClass.PERSONAL})


def found_in(folder: Path, word: str) -> set[str]:
    """Every table of every database of a folder, and every recording, with this word in it."""
    found = {path.name for path in folder.rglob("*.journal") if word.encode() in path.read_bytes()}
    for path in folder.rglob("*.sqlite3"):
        with closing(sqlite3.connect(path)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (table,) in tables.fetchall():
                rows = connection.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608
                if any(word in str(value) for row in rows for value in row):
                    found.add(f"{path.name} {table}")
    return found


async def until(holds: Callable[[], bool]) -> None:
    """Wait for something that no client is told of."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - files tell nobody
            await asyncio.sleep(0.02)


async def leave_traces(shop: Shop, ann: GalleriaClient) -> str:
    """Ann puts something in her cart, is blocked, and is learned from; her token."""
    await ann.add_to_cart(MUG)
    carl = await shop.enter("Carl")
    await carl.block(ann.avatar_id)
    app = shop.app
    now_ms = app.services.clock()
    app.services.recommender.observe(
        Interaction(ann.person_id, "stoneware-mug", Signal.LIKE, now_ms, PERSONAL)
    )
    await app.services.recommender.flush()
    await app.recorder.flush()
    return ann.token


async def test_gone_from_the_room_and_from_every_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTLE, "300")
    async with running_shop(tmp_path) as shop:
        ann, bob = await party(shop)
        token, person_id = await leave_traces(shop, ann), ann.person_id
        assert len(found_in(tmp_path, person_id)) > 5
        async with ShopHttp(shop.url) as http:
            erased = await http.erase_me(token)
            assert erased["lines_removed"] == 1
            await bob.until(lambda: ann.avatar_id not in bob.room.avatars)
            await bob.until(lambda: not (bob.room.cart or {"lines": [1]})["lines"])
            await bob.until(lambda: bob.room.available(MUG) == 20)
            with pytest.raises(ConnectionLost):
                await ann.add_to_cart(MUG)
            with pytest.raises(HttpProblem, match="forgotten"):
                await http.cart(token)
            await until(lambda: not found_in(tmp_path, person_id))
            assert await http.erase_me(token) == erased
        assert (await shop.app.services.commerce.audit()).ok
    async with running_shop(tmp_path) as shop, ShopHttp(shop.url) as http:
        # The secret is the same, and so is the answer.
        with pytest.raises(HttpProblem, match="forgotten"):
            await http.cart(token)
        assert await http.erase_me(token) == erased


async def test_what_a_crash_left_undone_is_done_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shop has forgotten, and nobody else has heard of it."""
    async with running_shop(tmp_path) as shop:
        ann, _bob = await party(shop)
        token, person_id = await leave_traces(shop, ann), ann.person_id
    settings = Settings.load(data_dir=tmp_path / "var")
    commerce = await Commerce.open(settings.commerce_settings(), SystemClock())
    await commerce.erasures.erase(person_id)
    await commerce.close()
    assert {"blocks.sqlite3 block"} < found_in(tmp_path, person_id)
    monkeypatch.setenv(SETTLE, "300")
    async with running_shop(tmp_path) as shop, ShopHttp(shop.url) as http:
        with pytest.raises(HttpProblem, match="forgotten"):
            await http.cart(token)
        await until(lambda: not found_in(tmp_path, person_id))


async def test_what_fails_is_done_again_until_it_works(tmp_path: Path) -> None:
    clock, failures = TurnedClock(), [GalleriaError("BLOCKS_UNAVAILABLE", "The disk is away.")]
    at_once, later = list[str](), list[str]()

    async def forget(person_id: str) -> None:
        if failures:
            raise failures.pop()
        later.append(person_id)

    async with open_shop(tmp_path, clock) as shop:
        erasing = Erasing(shop, clock, 60_000, (at_once.append,), (forget,))
        await add(shop, "ada")
        await shop.erasures.erase("ada")
        stop = shop.subscribe(erasing.consume)
        await shop.dispatch()
        stop()
        assert at_once == ["ada"]
        assert not await erasing.carry_out("ada", is_settled=False)
        assert later == []
        for _ in range(2):
            assert not await erasing.carry_out("ada", is_settled=False)
        assert later == ["ada"]
        # Once more at the end, and then nobody knows who it was.
        assert await erasing.carry_out("ada", is_settled=True)
        assert later == ["ada", "ada"]
        assert await shop.erasures.opened() == ()


async def test_sockets_that_open_meanwhile_are_refused(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        ann = await shop.connect("Ann")
        async with ShopHttp(shop.url) as http:
            await http.erase_me(ann.token)
        with pytest.raises(ClientError):
            await shop.connect("Ann", ann.token)
