"""A copy of a room in a real shop: people and props of its own, and the same true stock."""

from pathlib import Path

import pytest

from server.workers.directory import Directory
from tests.server.running_shop import LAST, MUG, running_shop


async def test_a_copy_opens_shows_the_same_stock_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALLERIA_ROOM__CAPACITY", "1")
    monkeypatch.setenv("GALLERIA_WORKERS__ROOM_LINGER_MS", "0")
    # Whatever else runs on this machine.
    monkeypatch.setenv("GALLERIA_WORKERS__PLACEMENT_BUSY_FRACTION", "1")
    async with running_shop(tmp_path) as shop:
        directory = shop.app.services.directory
        ann = await shop.enter("Ann")
        await ann.add_to_cart(MUG, 2)
        bob = await shop.enter("Bob")
        assert (ann.room.room_id, bob.room.room_id) == ("corner-shop", "corner-shop-2")
        assert set(bob.room.avatars) == {bob.avatar_id}
        await bob.until(lambda: bob.room.stock[MUG] == ann.room.stock[MUG])
        await ann.add_to_cart(LAST)
        await bob.until(lambda: bob.room.stock[LAST]["available"] == 0)
        await ann.grab(1, "left")
        await bob.grab(1, "left")
        await bob.leave()
        assert isinstance(directory, Directory)
        await directory.sweep()
        assert [room.room_id for room in await directory.rooms()] == ["corner-shop"]
        assert set(shop.app.host.rooms) == {"corner-shop"}
        await bob.join()
        assert bob.room.room_id == "corner-shop-2"
