"""Histories and wishes come back whole: from the database, the queue, and other processes."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender import LiveSettings, RecommenderService, Signal, remembering
from recommender.impressions import Showing, Surface
from recommender.interactions import KeptInteraction, keep
from recommender.preferences import Preferences
from recommender.profiles import Profiles
from recommender.settings import ExposureSettings
from recommender.slots import SlotStatistics
from tests.recommender.services import PRODUCTS, opened
from tests.recommender.shop import AGGREGATE, NOW_MS, PERSONAL, SESSION, HandClock, did, settings

Event = tuple[int, Signal, bool]
EVENTS = st.lists(
    st.tuples(
        st.integers(0, 5), st.sampled_from([Signal.PICK_UP, Signal.LIKE, Signal.ADD]), st.booleans()
    ),
    max_size=12,
)


def listed(service: RecommenderService, person_id: str) -> list[str]:
    return [found.product_id for found in service.for_person(person_id, 24, NOW_MS)]


async def test_what_is_done_at_one_process_is_known_at_the_other(tmp_path: Path) -> None:
    shared = replace(settings(tmp_path), shared=True)
    here, there = await opened(shared), await opened(replace(shared, fits=False))
    here.observe(did("ann", "p0", Signal.TRY_ON))
    await here.flush()
    await there.load_person("ann")
    assert listed(there, "ann") == listed(here, "ann")
    before = listed(there, "ann")
    here.observe(did("ann", "p10", Signal.BUY))
    await here.set_preferences("ann", Preferences(departments=("mugs",)))
    await here.flush()
    assert listed(there, "ann") == before
    await there.load_person("ann")
    assert listed(there, "ann") == listed(here, "ann") != before
    assert "p10" not in listed(there, "ann")
    await here.set_preferences("ann", Preferences())
    await there.load_person("ann")
    assert listed(there, "ann") == listed(here, "ann")
    await here.close()
    await there.close()


@pytest.mark.parametrize("reads", [remembering.READS_LIMIT, 0])
async def test_what_is_in_the_queue_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: int
) -> None:
    """Also when batches are written all the time, and the next one must wait."""
    monkeypatch.setattr(remembering, "READS_LIMIT", reads)
    service = await opened(replace(settings(tmp_path), shared=True))
    for number in range(3):
        service.observe(did("ann", f"p{number}", Signal.ADD, at_ms=NOW_MS - 3 + number))
        before = service.for_person("ann", 24, NOW_MS)
        await service.load_person("ann")
        assert service.for_person("ann", 24, NOW_MS) == before
        if number == 1:
            await service.flush()
            await service.load_person("ann")
            assert service.for_person("ann", 24, NOW_MS) == before
    await service.close()


async def test_what_is_just_being_written_counts_once(tmp_path: Path) -> None:
    service = await opened(replace(settings(tmp_path), shared=True))
    service.observe(did("ann", "p0", Signal.ADD))
    before = service.for_person("ann", 24, NOW_MS)
    with closing(sqlite3.connect(tmp_path / "recommender.sqlite3")) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(service.flush())
        async with asyncio.timeout(5):
            while service.numbers()["queued"]:  # noqa: ASYNC110 - the queue sets no event
                await asyncio.sleep(0)
        await service.load_person("ann")
        assert service.numbers()["stored"] == 0
        assert service.for_person("ann", 24, NOW_MS) == before
    await writing
    await service.load_person("ann")
    assert service.for_person("ann", 24, NOW_MS) == before
    await service.close()


async def test_a_like_for_the_session_does_not_stand_for_a_history(tmp_path: Path) -> None:
    """Somebody whose rows are too old to be read at the start likes something before they sit."""
    chosen = replace(settings(tmp_path), warm_interactions_limit=1)
    first = await opened(chosen)
    first.observe(did("ann", "p10", Signal.BUY, PERSONAL))
    first.observe(did("zed", "p1", Signal.PICK_UP, PERSONAL))
    await first.close()
    service = await RecommenderService.open(chosen, HandClock())
    service.observe(did("ann", "p1", Signal.LIKE, SESSION))
    liked = listed(service, "ann")
    assert "p10" in liked
    await service.load_person("ann")
    assert "p10" not in listed(service, "ann")
    assert listed(service, "ann") != listed(service, "stranger")
    service.end_session("ann")
    assert "p10" not in listed(service, "ann")
    await service.close()


async def test_wishes_that_had_to_go_are_read_again(tmp_path: Path) -> None:
    service = await opened(settings(tmp_path, LiveSettings(people_limit=2)))
    service.observe(did("ann", "p0"))
    await service.set_preferences("ann", Preferences(departments=("mugs",)))
    await service.load_person("ann")
    wished = listed(service, "ann")
    for name in ("bob", "cat"):
        await service.set_preferences(name, Preferences(departments=("hats",)))
    assert listed(service, "ann") != wished
    await service.load_person("ann")
    assert listed(service, "ann") == wished
    await service.close()


async def test_damaged_rows_keep_nobody_out(tmp_path: Path) -> None:
    service = await opened(settings(tmp_path))
    service.observe(did("ann", "p10", Signal.BUY))
    await service.set_preferences("ann", Preferences(departments=("mugs",)))
    await service.close()
    connection = sqlite3.connect(tmp_path / "recommender.sqlite3")
    connection.execute("UPDATE recommender_product SET tags = '{' WHERE product_id = 'p3'")
    connection.execute("UPDATE recommender_preference SET wishes = '{'")
    connection.commit()
    connection.close()
    again = await RecommenderService.open(settings(tmp_path), HandClock())
    assert listed(again, "ann") == []
    await again.set_catalogue(PRODUCTS)
    await again.load_person("ann")
    assert not await again.preferences("ann")
    assert set(listed(again, "ann")) == {each.product_id for each in PRODUCTS} - {"p10"}
    await again.close()
    last = await RecommenderService.open(settings(tmp_path), HandClock())
    assert len(listed(last, "ann")) == len(PRODUCTS) - 1
    await last.close()


async def test_what_was_learned_of_places_and_new_products_outlives_a_restart(
    tmp_path: Path,
) -> None:
    clock = HandClock()
    service = await opened(settings(tmp_path), clock)
    for number in range(60):
        person_id, consent = f"u{number % 3}", PERSONAL if number % 3 else AGGREGATE
        shown = ("p1", "p2", f"p{number % 20 + 3}")
        showing = Showing(
            person_id, Surface.YOU, shown, clock(), consent, explored=frozenset(shown[2:])
        )
        service.show(showing)
        clock.now_ms += 1_000
        if number % 4 == 0:
            service.observe(did(person_id, shown[2], Signal.ADD, consent, at_ms=clock()))
        service.end_session(person_id)
    learned = service._serving.exposure.slots
    places = [learned.propensity(place) for place in range(4)]
    assert places != [SlotStatistics(ExposureSettings(), 1).propensity(n) for n in range(4)]
    await service.close()
    again = await RecommenderService.open(settings(tmp_path), clock)
    found = again._serving.exposure.slots
    assert [found.propensity(place) for place in range(4)] == places
    for product_id in ("p5", "p7", "p23"):
        assert found.product(product_id) == pytest.approx(learned.product(product_id), rel=0.2)
    assert found.numbers() == {}
    # One person counts so often for a product, also when they come back again and again.
    looks, _ = found.product("p1")
    assert looks <= 3 * ExposureSettings().counted_product_limit
    await again.close()


def kept_rows(happened: list[Event]) -> list[KeptInteraction]:
    rows = [
        keep(did("ann", f"p{product}", signal, at_ms=NOW_MS + number), 1)
        for number, (product, signal, kept) in enumerate(happened)
        if kept
    ]
    return [row for row in rows if row is not None]


def weights(profiles: Profiles, kept: bool) -> dict[str, float]:
    profile = profiles.person("ann", NOW_MS)
    entries = [] if profile is None else list(profile.history.entries.values())
    return {
        entry.product_id: profile.history.weight_now(entry)
        for entry in entries
        if profile is not None and entry.kept is kept
    }


@given(EVENTS, EVENTS)
def test_a_history_made_anew_loses_and_doubles_nothing(
    here: list[Event], elsewhere: list[Event]
) -> None:
    """Without fading, each part weighs what it would have weighed alone, however often."""
    still = LiveSettings(event_decay=1.0, half_life_ms=10**13)
    profiles, kept, session = Profiles(still), Profiles(still), Profiles(still)
    for number, (product, signal, is_kept) in enumerate(here):
        for target in (profiles, kept if is_kept else session):
            target.steer("ann", None, f"p{product}", signal, 1.0, NOW_MS + number, is_kept)
    profiles.reload("ann", kept_rows(elsewhere) + kept_rows(here))
    profiles.reload("ann", kept_rows(elsewhere) + kept_rows(here))
    expected = Profiles(still)
    expected.load(kept_rows(elsewhere) + kept_rows(here))
    for name, found in weights(profiles, kept=True).items():
        assert abs(found - weights(expected, kept=True)[name]) < 1e-6
    assert weights(profiles, kept=True).keys() == weights(expected, kept=True).keys()
    assert weights(profiles, kept=False).keys() == weights(session, kept=False).keys()
    for name, found in weights(profiles, kept=False).items():
        assert abs(found - weights(session, kept=False)[name]) < 1e-6
