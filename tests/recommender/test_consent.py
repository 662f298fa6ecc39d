"""The consent law, seen from outside: what is taken, what is kept, what moves whose lists."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from recommender import ConsentClass, RecommenderService, Signal
from tests.recommender.services import opened, stored_rows
from tests.recommender.shop import AGGREGATE, NOW_MS, PERSONAL, SESSION, HandClock, did, settings


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[RecommenderService]:
    made = await opened(settings(tmp_path))
    yield made
    await made.close()


def clear(folder: Path) -> None:
    for leftover in folder.glob("*.sqlite3*"):
        leftover.unlink()


@pytest.mark.parametrize("consent", [frozenset[ConsentClass](), frozenset({ConsentClass.NONE})])
async def test_without_consent_nothing_is_taken(
    service: RecommenderService, tmp_path: Path, consent: frozenset[ConsentClass]
) -> None:
    before = service.for_person("ann", 5, NOW_MS)
    for signal in Signal:
        assert not service.observe(did("ann", "p0", signal, consent, party_id="party"))
    await service.flush()
    assert service.for_person("ann", 5, NOW_MS) == before
    assert stored_rows(tmp_path) == []
    numbers = service.numbers()
    assert (numbers["live_people"], numbers["live_parties"], numbers["queued"]) == (0, 0, 0)


async def test_session_steers_live_and_is_not_kept(
    service: RecommenderService, tmp_path: Path
) -> None:
    before = service.for_person("ann", 5, NOW_MS)
    assert service.observe(did("ann", "p0", Signal.TRY_ON, SESSION))
    await service.flush()
    after = service.for_person("ann", 5, NOW_MS)
    assert after != before
    assert after[0].reason == "Similar to red lamp, which you tried on."
    assert stored_rows(tmp_path) == []
    service.end_session("ann")
    assert service.for_person("ann", 5, NOW_MS) == before


async def test_aggregate_is_kept_without_a_trace_and_steers_nothing(
    service: RecommenderService, tmp_path: Path
) -> None:
    before = service.for_person("ann", 5, NOW_MS)
    for _ in range(10):
        service.observe(did("ann", "p0", Signal.BUY, AGGREGATE, party_id="party"))
    await service.flush()
    hour_ms = NOW_MS // 3_600_000 * 3_600_000
    assert stored_rows(tmp_path) == [(None, "p0", "buy", "aggregate", None, None, hour_ms)] * 3
    assert service.for_person("ann", 5, NOW_MS) == before
    assert service.numbers()["live_people"] == 0
    assert service.numbers()["refused_anonymous"] == 7


async def test_personal_is_kept_and_comes_back_after_a_restart(tmp_path: Path) -> None:
    service = await opened(settings(tmp_path))
    service.observe(did("ann", "p0", Signal.TRY_ON, PERSONAL, party_id="party"))
    after = service.for_person("ann", 5, NOW_MS)
    await service.close()
    assert stored_rows(tmp_path) == [
        ("ann", "p0", "try_on", "personal", "party", "session-1", NOW_MS)
    ]
    again = await RecommenderService.open(settings(tmp_path), HandClock())
    assert again.for_person("ann", 5, NOW_MS) == after
    await again.close()


@examples(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    events=st.lists(
        st.tuples(
            st.sampled_from(["ann", "bob"]),
            st.sampled_from(Signal),
            st.frozensets(st.sampled_from(ConsentClass)),
        ),
        max_size=12,
    )
)
async def test_the_consent_law(
    tmp_path: Path, events: list[tuple[str, Signal, frozenset[ConsentClass]]]
) -> None:
    clear(tmp_path)
    service = await opened(settings(tmp_path))
    stranger = service.for_person("stranger", 5, NOW_MS)
    for person_id, signal, consent in events:
        taken = service.observe(did(person_id, "p0", signal, consent))
        if consent <= {ConsentClass.NONE}:
            assert not taken
    assert service.for_person("stranger", 5, NOW_MS) == stranger
    await service.flush()
    stored = stored_rows(tmp_path)
    personal = [event for event in events if ConsentClass.PERSONAL in event[2]]
    assert [row[0] for row in stored if row[0] is not None] == [event[0] for event in personal]
    for row in stored:
        assert row[0] is not None or row[4:6] == (None, None)
    removed = await service.erase("ann")
    assert removed == sum(event[0] == "ann" for event in personal)
    assert "ann" not in {row[0] for row in stored_rows(tmp_path)}
    assert service.for_person("ann", 5, NOW_MS) == stranger
    await service.close()
