"""The way in, seen from outside: showings, wishes, erasure, reasons that keep secrets, floods."""

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from recommender import ConsentClass, RecommenderService, Signal
from recommender.impressions import Showing, Surface
from recommender.interactions import PARTY_VISIBLE_SIGNALS
from recommender.preferences import Preferences
from recommender.settings import ExposureSettings, PolicySettings
from tests.recommender.services import PRODUCTS, opened
from tests.recommender.shop import NOW_MS, PERSONAL, SESSION, HandClock, did, settings

NAMES = {product.name: product.product_id for product in PRODUCTS}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[RecommenderService]:
    made = await opened(settings(tmp_path))
    yield made
    await made.close()


def shown(
    person_id: str,
    *product_ids: str,
    at_ms: int = NOW_MS,
    consent: frozenset[ConsentClass] = PERSONAL,
    surface: Surface = Surface.YOU,
) -> Showing:
    return Showing(person_id, surface, product_ids, at_ms, consent, "party", "session-1")


def rows(folder: Path, table: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(folder / "recommender.sqlite3")
    found = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - our own names
    connection.close()
    return found


def clear(folder: Path) -> None:
    for leftover in folder.glob("*.sqlite3*"):
        leftover.unlink()


async def test_showings_are_stored_counted_and_followed(tmp_path: Path) -> None:
    clock = HandClock()
    service = await opened(settings(tmp_path), clock)
    first = [each.product_id for each in service.for_person("ann", 4, NOW_MS)]
    assert service.show(shown("ann", *first))
    clock.now_ms += 240_000
    assert service.observe(did("ann", first[1], Signal.ADD, at_ms=clock.now_ms))
    assert service.show(shown("ann", at_ms=clock.now_ms))
    # Passed over for minutes: the others make room for what was not shown yet.
    after = [each.product_id for each in service.for_person("ann", 4, clock.now_ms)]
    assert not set(after) & {first[0], first[2], first[3]}
    await service.flush()
    stored = rows(tmp_path, "recommender_impression")
    assert [(row[1], row[2], row[4], row[6], bool(row[8])) for row in stored] == [
        ("ann", product_id, place, 240_000, place == 1) for place, product_id in enumerate(first)
    ]
    numbers = service.numbers()
    assert (numbers["slot_02_shown"], numbers["slot_02_add"], numbers["slot_01_add"]) == (1, 1, 0)
    assert numbers["stored_impressions"] == 4
    # What is shown is no news to learn from.
    assert numbers["news"] == 1
    await service.close()
    assert not service.show(shown("ann", "p0"))


async def test_leaving_ends_showings(service: RecommenderService, tmp_path: Path) -> None:
    service.show(shown("ann", "p0", at_ms=NOW_MS - 5_000))
    service.end_session("ann")
    await service.flush()
    assert len(rows(tmp_path, "recommender_impression")) == 1


async def test_a_showing_from_the_future_is_from_now(
    service: RecommenderService, tmp_path: Path
) -> None:
    assert service.show(shown("ann", "p0", at_ms=NOW_MS + 10**9))
    service.end_session("ann")
    await service.flush()
    assert rows(tmp_path, "recommender_impression") == []


@examples(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    events=st.lists(
        st.tuples(
            st.sampled_from(["ann", "bob"]),
            st.frozensets(st.sampled_from(ConsentClass)),
            st.sampled_from(["p0", "p1"]),
            st.sampled_from(Surface),
        ),
        max_size=10,
    )
)
async def test_the_consent_law_for_showings_and_erasure(
    tmp_path: Path, events: list[tuple[str, frozenset[ConsentClass], str, Surface]]
) -> None:
    clear(tmp_path)
    clock = HandClock()
    service = await opened(settings(tmp_path), clock)
    before = service.for_party("party", ["ann", "bob"], 6, NOW_MS)
    allowed: set[str] = set()
    for person_id, consent, product_id, surface in events:
        service.show(
            shown(person_id, product_id, at_ms=clock.now_ms, consent=consent, surface=surface)
        )
        if ConsentClass.PERSONAL in consent:
            allowed.add(person_id)
        clock.now_ms += 60_000
    for person_id in ("ann", "bob"):
        service.end_session(person_id)
        await service.set_preferences(person_id, Preferences(tags=("lamp",)))
    await service.flush()
    stored = rows(tmp_path, "recommender_impression")
    assert {row[1] for row in stored} - {None} <= allowed
    for row in stored:
        assert row[1] is not None or (row[10], row[11]) == (None, None)
    for person_id in ("ann", "bob"):
        await service.erase(person_id)
    for table in ("recommender_impression", "recommender_preference", "recommender_interaction"):
        assert not {"ann", "bob"} & {cell for row in rows(tmp_path, table) for cell in row}
    assert service.for_party("party", ["ann", "bob"], 6, NOW_MS) == before
    assert service.numbers()["viewers"] == 0
    await service.close()


async def test_wishes_are_kept_named_to_their_owner_only_and_taken_back(tmp_path: Path) -> None:
    service = await opened(settings(tmp_path))
    wishes = Preferences(departments=("hats",), price_limit_minor=1_015)
    await service.set_preferences("ann", wishes)
    await service.close()
    service = await opened(settings(tmp_path))
    assert await service.preferences("ann") == wishes
    assert all(each.reason_code != "wish" for each in service.for_person("ann", 4, NOW_MS))
    await service.load_person("ann")
    mine = service.for_person("ann", 2, NOW_MS)
    assert {each.product_id for each in mine} < {"p3", "p9", "p15"}
    assert mine[0].reason == "You told us that you like hats."
    ours = service.for_party("party", ["ann", "bob"], 8, NOW_MS)
    assert ours[0].product_id in {"p3", "p9", "p15"}
    assert {each.reason_code for each in ours} == {"suits_party"}
    await service.set_preferences("ann", Preferences())
    assert rows(tmp_path, "recommender_preference") == []
    assert all(each.reason_code != "wish" for each in service.for_person("ann", 4, NOW_MS))
    await service.close()


deeds = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob", "cat"]),
        st.sampled_from(Signal),
        st.sampled_from([product.product_id for product in PRODUCTS]),
        st.sampled_from([SESSION, PERSONAL]),
    ),
    max_size=15,
)


@examples(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(deeds, st.sampled_from([1.0, 3.0, 10.0]))
async def test_no_reason_tells_what_another_did_in_private(
    service: RecommenderService,
    events: list[tuple[str, Signal, str, frozenset[ConsentClass]]],
    scale: float,
) -> None:
    for person_id in ("ann", "bob", "cat"):
        service.end_session(person_id)
        await service.erase(person_id)
    await service.set_preferences("bob", Preferences(departments=("mugs",)))
    own: dict[str, set[str]] = {}
    public: set[str] = set()
    for person_id, signal, product_id, consent in events:
        service.observe(did(person_id, product_id, signal, consent, party_id="duo", value=scale))
        own.setdefault(person_id, set()).add(product_id)
        if signal in PARTY_VISIBLE_SIGNALS:
            public.add(product_id)
    members = ["ann", "bob", "cat"]

    def named(reason: str) -> set[str]:
        return {product_id for name, product_id in NAMES.items() if name in reason}

    for entry in service.for_party("duo", members, 8, NOW_MS):
        assert named(entry.reason) <= public
        assert "mugs" not in entry.reason or entry.reason_code == "department"
    for person_id in members:
        mine = own.get(person_id, set())
        for entry in service.for_person(person_id, 8, NOW_MS):
            assert named(entry.reason) <= mine
        for cell in service.for_display("duo", members, [1.0] * 6, NOW_MS)[person_id]:
            assert named(cell.recommendation.reason) <= mine
            assert cell.recommendation.reason_code != "wish"


async def test_a_display_shares_and_differs_and_says_with_whom(
    service: RecommenderService,
) -> None:
    for person_id, own in (("ann", "p1"), ("bob", "p2")):
        service.observe(did(person_id, own, Signal.TRY_ON, party_id="duo"))
        service.observe(did(person_id, "p0", Signal.TRY_ON, party_id="duo"))
    cells = service.for_display("duo", ["ann", "bob", "ann"], [1.0] * 6, NOW_MS)
    assert set(cells) == {"ann", "bob"}
    for person_id, friend in (("ann", "bob"), ("bob", "ann")):
        mine = cells[person_id]
        assert [cell.place for cell in mine] == list(range(6))
        assert len({cell.recommendation.product_id for cell in mine}) == 6
        for cell in mine:
            shared = cell.recommendation.reason_code == "together"
            assert cell.shared_with == ((friend,) if shared else ())
    with_bob = [cell.shared_with != () for cell in cells["ann"]]
    assert any(with_bob)
    assert not all(with_bob)
    assert service.for_display("duo", ["ann"], [], NOW_MS) == {"ann": []}
    assert service.for_display("duo", [], [1.0], NOW_MS) == {}
    alone = service.for_display("solo", ["stranger"], [1.0, float("nan")], NOW_MS)
    assert len(alone["stranger"]) == 2


async def test_a_display_leaves_out_what_the_party_rejected(service: RecommenderService) -> None:
    members = ["ann", "bob"]
    for person_id in members:
        service.observe(did(person_id, "p0", Signal.TRY_ON, party_id="duo"))

    def on_display() -> dict[str, set[str]]:
        cells = service.for_display("duo", members, 6, NOW_MS)
        return {who: {c.recommendation.product_id for c in mine} for who, mine in cells.items()}

    before = on_display()
    rejected = min(before["ann"] & before["bob"])
    service.observe(did("bob", rejected, Signal.VOTE_DOWN, party_id="duo"))
    after = on_display()
    assert rejected not in after["ann"] | after["bob"]
    assert [len(products) for products in after.values()] == [6, 6]


async def test_a_display_follows_the_arm_of_its_party(tmp_path: Path) -> None:
    policy = PolicySettings(
        experiment_name="calm", experiment_setting="diversity", experiment_value=0.0
    )
    service = await opened(replace(settings(tmp_path), policy=policy))
    for number in range(10):
        service.observe(did("ann", f"p{number}", Signal.PICK_UP))
    shelves = set()
    for number in range(40):
        cells = service.for_display(f"party-{number}", ["ann", "bob"], 6, NOW_MS)
        shelves.add(tuple(cell.recommendation.product_id for cell in cells["ann"]))
    assert len(shelves) == 2
    await service.close()


async def test_places_count_as_much_as_those_of_lists(service: RecommenderService) -> None:
    cells = service.for_display("solo", ["ann"], 6, NOW_MS)["ann"]
    weights = [(place + 1) ** -ExposureSettings().propensity_exponent for place in range(6)]
    assert cells == service.for_display("solo", ["ann"], weights, NOW_MS)["ann"]
    assert service.for_display("solo", ["ann"], 0, NOW_MS) == {"ann": []}
    assert len(service.for_display("solo", ["ann"], 10**9, NOW_MS)["ann"]) <= len(PRODUCTS) + 100


async def test_a_display_of_nothing_and_of_one_thing(tmp_path: Path) -> None:
    service = await RecommenderService.open(settings(tmp_path), HandClock())
    assert service.for_display("duo", ["ann", "bob"], [1.0] * 3, NOW_MS) == {"ann": [], "bob": []}
    await service.set_catalogue(PRODUCTS[:1])
    for cells in service.for_display("duo", ["ann", "bob"], [1.0] * 3, NOW_MS).values():
        assert {cell.recommendation.product_id for cell in cells} <= {"p0"}
    service.set_available("p0", available=False)
    assert service.for_display("duo", ["ann", "bob"], [1.0], NOW_MS) == {"ann": [], "bob": []}
    await service.close()


async def test_margins_move_only_what_is_alike(service: RecommenderService) -> None:
    service.set_margins({"p23": 0.9, "p0": 0.1})
    assert service.for_person("stranger", 1, NOW_MS)[0].product_id == "p23"
    service.observe(did("ann", "p1", Signal.TRY_ON))
    assert service.for_person("ann", 1, NOW_MS)[0].product_id != "p23"


async def test_a_party_is_told_apart_and_its_choices_counted(tmp_path: Path) -> None:
    policy = PolicySettings(
        experiment_name="calm", experiment_setting="diversity", experiment_value=1.0
    )
    service = await opened(replace(settings(tmp_path), policy=policy))
    for number in range(40):
        person_id, party_id = f"u{number}", f"party-{number}"
        showing = replace(shown(person_id, "p0", at_ms=NOW_MS - 9_000), party_id=party_id)
        service.show(showing)
        if number % 2:
            service.observe(did(person_id, "p0", Signal.ADD, party_id=party_id))
        service.observe(did(person_id, "p5", Signal.ADD, party_id=party_id))
    numbers = service.numbers()
    arms = ("control", "treated")
    assert sum(numbers[f"experiment_{arm}_parties"] for arm in arms) == 40
    assert sum(numbers[f"experiment_{arm}_converted"] for arm in arms) == 20
    assert min(numbers[f"experiment_{arm}_parties"] for arm in arms) > 5
    assert 0 < numbers["experiment_p_value"] <= 1
    for number in range(10):
        service.observe(did("ann", f"p{number}", Signal.PICK_UP))
    lists = {
        tuple(e.product_id for e in service.for_person("ann", 8, NOW_MS, party_id=f"other-{n}"))
        for n in range(40)
    }
    assert len(lists) == 2
    await service.close()


async def test_the_neglected_member_is_served_next(tmp_path: Path) -> None:
    """The party's list follows ann at first; shown again and again, it turns to bob."""
    clock = HandClock()
    chosen = settings(tmp_path)
    fair = replace(chosen, policy=PolicySettings(fairness_strength=20.0, exploration_share=0.0))
    service = await opened(fair, clock)
    for _ in range(3):
        service.observe(did("ann", "p0", Signal.LIKE))
    service.observe(did("bob", "p1", Signal.LIKE))

    def lamps() -> int:
        found = service.for_party("duo", ["ann", "bob"], 3, clock.now_ms)
        return sum(int(entry.product_id[1:]) % 6 == 0 for entry in found)

    before = lamps()
    only_lamps = ("p6", "p12", "p18")
    for person_id in ("ann", "bob"):
        showing = shown(person_id, *only_lamps, at_ms=clock.now_ms, surface=Surface.PARTY)
        service.show(replace(showing, party_id="duo"))
    assert lamps() < before
    await service.close()
