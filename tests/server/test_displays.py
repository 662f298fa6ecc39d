"""The shelf that fills itself for friends, over a real port: shared, told to each, and recorded."""

import sqlite3
from pathlib import Path

import pytest

from server.client.client import GalleriaClient
from server.config import INTERACTIONS_FILE
from tests.server.running_shop import Shop, running_shop

KEPT, NOTHING = ("session", "personal"), ()


async def friends(shop: Shop, consent: tuple[str, ...]) -> tuple[GalleriaClient, GalleriaClient]:
    """Ann, who lets the shop keep what she does, and Bob; each sees the shelf of their party."""
    ann, bob = await shop.enter("Ann", consent=KEPT), await shop.enter("Bob", consent=consent)
    await bob.join_party(await ann.create_party())
    await ann.until(lambda: bool(ann.room.display))
    await bob.until(lambda: bool(bob.room.display))
    return ann, bob


def products(client: GalleriaClient) -> set[str]:
    return {cell["product_id"] for cell in client.room.display}


def recorded(folder: Path) -> list[tuple[str, int]]:
    """(person, place) of all that was recorded as shown on a shelf."""
    connection = sqlite3.connect(folder / "var" / INTERACTIONS_FILE)
    found = connection.execute(
        "SELECT person_id, place FROM recommender_impression WHERE surface = 'display'"
    ).fetchall()
    connection.close()
    return found


@pytest.mark.parametrize("consent", [KEPT, NOTHING])
async def test_friends_share_places_and_what_they_saw_is_kept_as_far_as_they_allow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, consent: tuple[str, ...]
) -> None:
    monkeypatch.setenv("GALLERIA_RECOMMENDER__EXPOSURE__IMPRESSION_MINIMUM_MS", "0")
    async with running_shop(tmp_path) as shop:
        ann, bob = await friends(shop, consent)
        mine = {cell["place"]: cell for cell in ann.room.display}
        theirs = {cell["place"]: cell for cell in bob.room.display}
        shared = [place for place, cell in mine.items() if cell["shared_with_avatar_ids"]]
        assert shared
        for place in shared:
            assert mine[place]["product_id"] == theirs[place]["product_id"]
            assert mine[place]["shared_with_avatar_ids"] == [bob.avatar_id]
            assert theirs[place]["shared_with_avatar_ids"] == [ann.avatar_id]
            assert mine[place]["reason_code"] == "together"
        people = {ann.person_id, bob.person_id} if consent else {ann.person_id}
        # What one of them rejects makes room on the shelves of all.
        rejected = mine[shared[0]]["product_id"]
        await ann.vote(rejected, -1)
        await ann.until(lambda: rejected not in products(ann))
        await bob.until(lambda: rejected not in products(bob))
        await ann.leave()
        await bob.leave()
    found = recorded(tmp_path)
    assert {person_id for person_id, _ in found} == people
    assert {(person_id, 0) for person_id in people} <= set(found)


async def test_an_event_of_a_party_fills_its_shelf_once_and_who_is_alone_has_none(
    tmp_path: Path,
) -> None:
    async with running_shop(tmp_path) as shop:
        numbers = shop.app.services.recommender.numbers
        cleo = await shop.enter("Cleo", consent=KEPT)
        await cleo.until(lambda: bool(cleo.room.recommendations["you"]))
        assert numbers()["displays"] == 0.0
        ann, _bob = await friends(shop, NOTHING)
        assert numbers()["displays"] == 1.0
        before = products(ann)
        rejected = min(before)
        await ann.vote(rejected, -1)
        await ann.until(lambda: rejected not in products(ann))
        assert numbers()["displays"] == 2.0
        assert cleo.room.display == []


async def test_a_store_may_do_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLERIA_REALTIME__DISPLAY_PLACES", "0")
    async with running_shop(tmp_path) as shop:
        ann, bob = await shop.enter("Ann", consent=KEPT), await shop.enter("Bob", consent=KEPT)
        await bob.join_party(await ann.create_party())
        await ann.until(lambda: bool(ann.room.recommendations["party"]))
        assert ann.room.display == bob.room.display == []
        assert shop.app.services.recommender.numbers()["displays"] == 0.0
