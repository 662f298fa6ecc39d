"""Which room somebody is sent to, and which worker gets the next room.

Pure: a few facts in, an order of preference out. What is chosen is then asked of the worker that
owns the room, and only its answer counts; so facts that are half a second old can cost a question
more, and never a seat too many.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from server.registry import RoomSummary

LOAD_STEP = 0.2


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """What a worker tells of itself: its rooms, and the share of its time that is taken, 0 to 1.

    A worker that is `closing` lets nobody in any more.
    """

    rooms: tuple[RoomSummary, ...] = ()
    load: float = 0.0
    closing: bool = False


@dataclass(frozen=True, slots=True)
class PlacementLimits:
    """Rooms of a worker, and the load from which it gets no further rooms, and people only into
    rooms it has and when there is no better place. With a fraction of 1 loads do not count."""

    rooms_max: int = 40
    busy_fraction: float = 0.75

    def load_of(self, report: WorkerReport) -> float:
        """The load as far as it counts."""
        return report.load if self.busy_fraction < 1 else 0.0


@dataclass(frozen=True, slots=True)
class Place:
    """A room and the worker it is in."""

    worker: int
    room: RoomSummary


def places(reports: Mapping[int, WorkerReport], layout_id: str = "") -> list[Place]:
    """Rooms that people may be sent to; with `layout_id` only that room and its copies."""
    return [
        Place(worker, room)
        for worker, report in reports.items()
        if not report.closing
        for room in report.rooms
        if layout_id in ("", room.layout_id)
    ]


def wanted_places(found: Iterable[Place], room_id: str, whereabouts: Iterable[str]) -> list[Place]:
    """The room that was asked for, else the rooms where companions are, the most of them first.

    Fullness does not matter here: whoever wants to be with somebody is worth a question.
    """
    by_id = {place.room.room_id: place for place in found}
    if room_id:
        return [by_id[room_id]] if room_id in by_id else []
    company = Counter(room for room in whereabouts if room in by_id)
    return [by_id[room] for room, _ in company.most_common()]


def open_places(
    found: Sequence[Place],
    reports: Mapping[int, WorkerReport],
    seats: int,
    limits: PlacementLimits,
) -> tuple[list[Place], list[Place]]:
    """Rooms with so many seats: those to fill first, and those of busy workers as a last resort.

    The room opened first is filled first, so that people meet, and copies empty and end.
    """
    free = sorted((p for p in found if p.room.free >= seats), key=_age)
    busy = {w for w, report in reports.items() if limits.load_of(report) >= limits.busy_fraction}
    return [p for p in free if p.worker not in busy], [p for p in free if p.worker in busy]


def worker_for_room(reports: Mapping[int, WorkerReport], limits: PlacementLimits) -> int | None:
    """The least loaded worker that can take a room; None: no worker can.

    Loads that differ little count as the same, and then the one with fewer people gets the room:
    a room just opened has no load yet, and the last digits of a measurement are chance.
    """
    able = [
        (int(limits.load_of(report) / LOAD_STEP), _people(report), len(report.rooms), worker)
        for worker, report in reports.items()
        if not report.closing
        and limits.load_of(report) < limits.busy_fraction
        and len(report.rooms) < limits.rooms_max
    ]
    return min(able)[-1] if able else None


def copy_of(layout_id: str, name: str, taken_ids: Collection[str]) -> tuple[str, str]:
    """Id and name of the next room with this layout: "Grand Hall", "Grand Hall 2", ..."""
    if layout_id not in taken_ids:
        return layout_id, name
    number = next(n for n in range(2, len(taken_ids) + 3) if f"{layout_id}-{n}" not in taken_ids)
    return f"{layout_id}-{number}", f"{name} {number}"


def _people(report: WorkerReport) -> int:
    return sum(room.population + room.reserved for room in report.rooms)


def _age(place: Place) -> int:
    """Rooms by their number: the first, then copy 2, 3, ..."""
    suffix = place.room.room_id.removeprefix(place.room.layout_id).removeprefix("-")
    return int(suffix) if suffix else 1
