"""What was learned and judged offline is what the room is served, from the log to a list."""

from dataclasses import replace
from pathlib import Path

from recommender import FitSettings, LiveSettings, RecommenderService, Signal
from recommender.artefacts import artefact_path, load_model
from recommender.evaluate import Case, ranked_positions
from recommender.live import History
from recommender.settings import PolicySettings
from tests.recommender.services import PRODUCTS, opened
from tests.recommender.shop import NOW_MS, HandClock, did, settings

LIVE = LiveSettings(diversity=0.0)
PEOPLE = 130
DEAR = {"p21", "p22", "p23"}


def live_through(service: RecommenderService, clock: HandClock) -> None:
    """People know the cheap half of the shop and then come for what is dear, new to everybody."""
    for person in range(PEOPLE):
        for step in range(4):
            product_id, at_ms = f"p{(person + 5 * step) % 12}", NOW_MS - 10**9 + person
            service.observe(did(f"u{person}", product_id, Signal.PICK_UP, at_ms=at_ms))
    for person in range(PEOPLE):
        product_id, at_ms = f"p{21 + person % 3}", NOW_MS - 10**6 + person
        service.observe(did(f"u{person}", product_id, Signal.ADD, at_ms=at_ms))
    clock.now_ms = NOW_MS


async def test_the_room_is_served_by_the_trained_second_stage(tmp_path: Path) -> None:
    clock = HandClock()
    chosen = replace(
        settings(tmp_path, LIVE, FitSettings(second_stage_cases_minimum=60)),
        policy=PolicySettings(exploration_share=0.0),
    )
    service = await opened(chosen, clock)
    live_through(service, clock)
    report = await service.refit()
    assert report.accepted
    assert report.second_stage
    numbers = service.numbers()
    assert numbers["model_trees"] + numbers["model_line"] >= 1
    service.observe(did("newcomer", "p1", Signal.PICK_UP))
    found = [each.product_id for each in service.for_person("newcomer", 6, NOW_MS)]
    assert DEAR & set(found)
    # The list of the judge, from the file, is the list of the room.
    model = load_model(artefact_path(tmp_path / "models", report.version), 1 << 30)
    assert model.second is not None
    history = History(LIVE)
    history.add("p1", "newcomer", Signal.PICK_UP, 0.6, NOW_MS, kept=True)
    judged = ranked_positions(model, Case(history, NOW_MS, frozenset()), LIVE, 6)
    assert [PRODUCTS[place].product_id for place in judged] == found
    # One event changes the list without a refit.
    service.observe(did("newcomer", "p21", Signal.ADD))
    assert "p21" not in [each.product_id for each in service.for_person("newcomer", 6, NOW_MS)]
    await service.close()
