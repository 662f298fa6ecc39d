"""Where people and rooms go: in company, where there is room, and not where it is busy."""

from server.registry import RoomSummary
from server.workers.placement import (
    PlacementLimits,
    WorkerReport,
    copy_of,
    open_places,
    places,
    wanted_places,
    worker_for_room,
)

LIMITS = PlacementLimits(rooms_max=2, busy_fraction=0.75)


def room(room_id: str, population: int = 0, capacity: int = 10) -> RoomSummary:
    return RoomSummary(room_id, room_id.title(), "hall", population, 0, capacity)


REPORTS = {
    1: WorkerReport((room("hall-10"), room("hall", 9)), 0.1),
    2: WorkerReport((room("hall-2", 3), room("hall-3", 10)), 0.9),
    3: WorkerReport((room("hall-4"),), 0.0, closing=True),
}


def test_rooms_of_workers_that_close_are_left_out() -> None:
    found = {place.room.room_id: place.worker for place in places(REPORTS, "hall")}
    assert found == {"hall-10": 1, "hall": 1, "hall-2": 2, "hall-3": 2}
    assert places(REPORTS, "attic") == []


def test_the_first_room_is_filled_first_and_busy_workers_come_last() -> None:
    calm, busy = open_places(places(REPORTS), REPORTS, 1, LIMITS)
    assert [place.room.room_id for place in calm] == ["hall", "hall-10"]
    assert [place.room.room_id for place in busy] == ["hall-2"]
    calm, _ = open_places(places(REPORTS), REPORTS, 2, LIMITS)
    assert [place.room.room_id for place in calm] == ["hall-10"]


def test_company_is_wanted_where_the_most_of_it_is() -> None:
    found = places(REPORTS)
    wanted = wanted_places(found, "", ["hall-3", "hall", "hall-3", "elsewhere"])
    assert [place.room.room_id for place in wanted] == ["hall-3", "hall"]
    (asked,) = wanted_places(found, "hall", ["hall-3", "hall-3"])
    assert asked.room.room_id == "hall"
    assert wanted_places(found, "hall-99", ["hall"]) == []


def test_the_least_loaded_worker_gets_the_next_room() -> None:
    def chosen(*reports: WorkerReport) -> int | None:
        return worker_for_room(dict(enumerate(reports, 1)), LIMITS)

    assert chosen(WorkerReport((), 0.5), WorkerReport((), 0.1)) == 2
    # About equally loaded: where fewer people are, who will load it yet.
    assert chosen(WorkerReport((room("hall", 5),), 0.01), WorkerReport((), 0.15)) == 2
    assert chosen(WorkerReport((), 0.75), WorkerReport((), 0.0, closing=True)) is None
    full = WorkerReport((room("hall"), room("hall-2")), 0.0)
    assert chosen(full) is None
    assert chosen(full, WorkerReport((), 0.7)) == 2
    assert chosen() is None
    blind = PlacementLimits(busy_fraction=1)
    assert worker_for_room({1: full, 2: WorkerReport((), 1.0)}, blind) == 2


def test_copies_have_the_lowest_free_number() -> None:
    assert copy_of("hall", "Hall", []) == ("hall", "Hall")
    assert copy_of("hall", "Hall", ["hall"]) == ("hall-2", "Hall 2")
    assert copy_of("hall", "Hall", ["hall", "hall-3"]) == ("hall-2", "Hall 2")
    assert copy_of("hall", "Hall", ["hall", "hall-2", "hall-3"]) == ("hall-4", "Hall 4")
