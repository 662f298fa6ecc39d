"""A server that is stopped and started again: everybody goes on where they were."""

from pathlib import Path
from urllib.parse import urlsplit

import msgpack
import pytest

from server.client.client import GalleriaClient
from tests.server.running_shop import MUG, Shop, running_shop
from tests.server.test_journey import party

PROP_ID = 1


def let_go(shop: Shop) -> int:
    """Let the clients outlive the server; the port where they will look for it."""
    shop.clients.clear()
    return urlsplit(shop.url).port or 0


async def back(client: GalleriaClient) -> None:
    await client.until(lambda: client.statistics.resumed == 1)


async def test_seat_props_cart_and_party_survive(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        ann, bob = await party(shop)
        await ann.add_to_cart(MUG)
        await ann.grab(PROP_ID, "left")
        await bob.until(lambda: len((bob.room.cart or {}).get("lines", ())) == 1)
        avatar_id, party_id, code = ann.avatar_id, ann.room.party_id, ann.room.party_code
        port = let_go(shop)
    assert list((tmp_path / "var" / "parked").glob("*.msgpack"))
    async with running_shop(tmp_path, port) as shop:
        shop.clients += [ann, bob]
        assert not list((tmp_path / "var" / "parked").glob("*.msgpack"))
        await back(ann)
        await back(bob)
        assert ann.avatar_id == avatar_id
        assert ann.room.party_id == bob.room.party_id == party_id
        # Bob hears that Ann has put it back: she still had it, and events went on in order.
        assert bob.room.props[PROP_ID]["owner_avatar_id"] == ann.avatar_id
        await ann.put_back(PROP_ID)
        await bob.until(lambda: bob.room.props[PROP_ID]["owner_avatar_id"] == 0)
        await bob.add_to_cart(MUG)
        await ann.until(lambda: len((ann.room.cart or {}).get("lines", ())) == 2)
        carl = await shop.enter("Carl")
        # The code that a friend has on paper still leads to the party.
        assert await carl.join_party(code) == party_id
        assert {ann.avatar_id, bob.avatar_id, carl.avatar_id} == set(carl.room.avatars)


async def test_who_does_not_come_back_is_gone_after_the_grace_period(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_shop(tmp_path) as shop:
        await shop.enter("Ann")
    monkeypatch.setenv("GALLERIA_ROOM__GRACE_PERIOD_MS", "200")
    async with running_shop(tmp_path) as shop:
        bob = await shop.enter("Bob")
        await bob.until(lambda: set(bob.room.avatars) == {bob.avatar_id})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xc1",
        msgpack.packb({"file_version": 99, "parked_ms": 2**50, "rooms": [], "sessions": []}),
        msgpack.packb({"file_version": 1, "parked_ms": 0, "rooms": [], "sessions": []}),
        msgpack.packb({"file_version": 1, "parked_ms": 2**50, "rooms": [{}], "sessions": [{}]}),
        msgpack.packb({"file_version": 1, "parked_ms": 2**50, "rooms": [1], "sessions": [1]}),
    ],
)
async def test_what_cannot_be_taken_up_is_left_out(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "var" / "parked"
    folder.mkdir(parents=True)
    (folder / "worker-0.msgpack").write_bytes(content)
    async with running_shop(tmp_path) as shop:
        ann = await shop.enter("Ann")
        assert set(ann.room.avatars) == {ann.avatar_id}
    assert not (folder / "worker-0.new").exists()
