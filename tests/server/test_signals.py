"""What people do in a room is stored as the recommender's signals, the whole way round."""

import math
import sqlite3
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest

from recommender.interactions import PARTY_VISIBLE_SIGNALS, Product, Signal
from recommender.service import RecommenderService
from rooms.avatars import MM_PER_M, POSE_DTYPE, UNTRACKED
from rooms.commands import (
    AcceptOffer,
    CartUpdated,
    Grab,
    HoldExpired,
    Look,
    OfferProp,
    OrderPaid,
    PutBack,
    Vote,
)
from rooms.room import Step
from rooms.rotations import NO_ROTATION, pack_rotation
from server.blocks import Blocks
from server.config import Settings
from server.effects import EffectLimits, EffectRunner
from server.observe.metrics import Metrics
from server.parties import Parties
from tests.commerce.shops import TurnedClock, open_shop
from tests.rooms.hall import LAMP, MUG, NOW_MS, Hall, cart, line

AT_HEAD, NOWHERE = (80, 60, -90), (UNTRACKED, 0, 0)
OTHER_SIDE = pack_rotation(0, math.sin(1), 0, math.cos(1))
MUG_PROP = 1


def pose_of(hall: Hall, rotation: int) -> None:
    head = [round(metres * MM_PER_M) for metres in hall.poses.position(1)]
    record = (1, head, NOWHERE, AT_HEAD, (NO_ROTATION, NO_ROTATION, rotation))
    hall.poses.accept(np.array([record], dtype=POSE_DTYPE), hall.now_ms)


def visit(consent: tuple[str, ...]) -> list[Step]:
    """Two friends: one looks, votes, picks a mug up, tries it on, turns it, hands it over; the
    other keeps it for long, lets a hold run out and buys it."""
    hall = Hall()
    hall.enter(1, party_id="duo", consent=consent)
    hall.enter(2, party_id="duo", consent=consent)
    steps = [hall.step(Look(1, 0, LAMP)), hall.step(Look(1, 0, ""), after_ms=3_000)]
    steps.append(hall.step(Vote(1, 50, LAMP, 1)))
    steps.append(hall.step(Vote(1, 51, LAMP, -1)))
    hall.teleport(1, -1.0, 4.0)
    steps.append(hall.step(Look(1, 0, MUG)))
    hall.teleport(1, -1.0, 1.5)
    hall.teleport(2, -1.0, 1.2)
    steps.append(hall.step(Look(1, 0, ""), after_ms=3_000))
    steps.append(hall.step(Grab(1, 52, MUG_PROP, "right")))
    epoch = 1
    for rotation in (NO_ROTATION, OTHER_SIDE, OTHER_SIDE):
        pose_of(hall, rotation)
        steps.append(hall.step(after_ms=1_100))
    offer_id = hall.body(OfferProp, 1, MUG_PROP, epoch, 2)["offer_id"]
    steps.append(hall.step(AcceptOffer(2, 60, offer_id)))
    steps.append(hall.step(PutBack(2, 61, MUG_PROP, epoch + 1), after_ms=9_000))
    steps.append(hall.step(CartUpdated("duo", cart(lines=(line(owner="p2"),), cart_id="duo"))))
    steps.append(hall.step(HoldExpired("duo", "line-1", MUG)))
    paid = OrderPaid("duo", "order", "checkout", "p2", 100, "EUR", (), (MUG,))
    steps.append(hall.step(paid))
    return steps


async def stored_after(folder: Path, steps: list[Step]) -> list[tuple[str, str, str, float]]:
    """(person, signal, product, value) of what is in the recommender's database."""
    settings = Settings.load(data_dir=folder).recommender_settings()
    async with AsyncExitStack() as stack:
        clock = TurnedClock(NOW_MS + 60_000)
        shop = await stack.enter_async_context(open_shop(folder, clock))
        recommender = await RecommenderService.open(settings, clock)
        stack.push_async_callback(recommender.close)
        products = [Product(each, each, "", "", "", (), 100) for each in (MUG, LAMP)]
        await recommender.set_catalogue(products)
        blocks = await stack.enter_async_context(Blocks(folder / "blocks", clock))
        runner = EffectRunner(
            shop, recommender, Parties(clock), clock, lambda *_: None, EffectLimits(), Metrics(),
            blocks,
        )  # fmt: skip
        for step in steps:
            for effect in step.effects:
                runner.run("room", effect)
        await runner.drain()
    connection = sqlite3.connect(settings.database_url.partition("///")[2])
    found = connection.execute(
        "SELECT person_id, signal, product_id, value FROM recommender_interaction ORDER BY id"
    ).fetchall()
    connection.close()
    return found


async def test_everything_done_in_a_room_is_stored_under_its_name(tmp_path: Path) -> None:
    found = await stored_after(tmp_path, visit(("session", "personal")))
    assert found == [
        ("p1", "dwell", LAMP, 3.0),
        ("p1", "vote_up", LAMP, 1.0),
        ("p1", "vote_down", LAMP, 1.0),
        ("p1", "dwell", MUG, 3.0),
        ("p1", "approach", MUG, 1.0),
        ("p1", "pick_up", MUG, 1.0),
        ("p1", "try_on", MUG, 1.0),
        ("p1", "inspect", MUG, 2.0),
        ("p1", "hand_over", MUG, 1.0),
        ("p2", "hand_over", MUG, 1.0),
        ("p2", "inspect", MUG, 1.0),
        ("p2", "hold_expired", MUG, 1.0),
        ("p2", "buy", MUG, 1.0),
    ]
    # Friends are told of nothing that they did not see.
    assert Signal.TRY_ON not in PARTY_VISIBLE_SIGNALS


@pytest.mark.parametrize("consent", [(), ("session",)])
async def test_without_consent_to_keep_it_nothing_is_stored(
    tmp_path: Path, consent: tuple[str, ...]
) -> None:
    assert await stored_after(tmp_path, visit(consent)) == []
