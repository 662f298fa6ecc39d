"""A room with what the shell keeps around it, and the limits of those who run rooms."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from rooms.commands import Command
from rooms.room import Room
from server.pose_intake import PoseIntake
from server.recorder import Journal
from server.session import Session


@dataclass(frozen=True, slots=True)
class HostLimits:
    """`beat_ms` between beats, places in the rooms that share one beat (full: they begin another,
    while there is one), pose ticks a second of a room that does not say otherwise, commands an
    inbox holds (full: the newcomer is refused with BUSY) and avatar ids of the process."""

    beat_ms: int = 10
    beat_places: int = 200
    tick_rate_hz: int = 20
    inbox_max: int = 4_096
    avatars_max: int = 4_096


@dataclass(slots=True)
class HostedRoom:
    """A room with what the shell keeps around it. `tick_rate_hz` 0: that of the host.

    `behind` are avatars whose clients did not take the last poses; `busy_s` is the time its steps
    and sends have taken so far.
    """

    room: Room
    product_ids: frozenset[str]
    join_answer: dict[str, str]
    journal: Journal | None
    tick_rate_hz: int = 0
    inbox: deque[Command] = field(default_factory=deque)
    sessions: dict[int, Session] = field(default_factory=dict)
    intake: PoseIntake = field(default_factory=PoseIntake)
    behind: set[int] = field(default_factory=set)
    offered: bytes = b""
    tick_ms: float = 0.0
    phase: int = 0
    next_tick_ms: float = 0.0
    ticks: int = 0
    busy_s: float = 0.0


def phase_for(newcomer: HostedRoom, rooms: Iterable[HostedRoom], limits: HostLimits) -> int:
    """In which beat of its tick a room beats; `newcomer.tick_ms` is set.

    Rooms share a beat as long as it is a short one, because each beat costs a wake-up, which is as
    dear as a small room. Then they are spread, so that forty rooms do not do their work at once.
    """
    places = [0] * max(1, int(newcomer.tick_ms // limits.beat_ms))
    for hosted in rooms:
        places[hosted.phase % len(places)] += hosted.room.settings.capacity
    # Beats that follow each other at once are taken last.
    order = sorted(range(len(places)), key=lambda phase: (phase % 2, phase))
    capacity = newcomer.room.settings.capacity
    for phase in order:
        if not places[phase] or places[phase] + capacity <= limits.beat_places:
            return phase
    return min(order, key=lambda phase: places[phase])
