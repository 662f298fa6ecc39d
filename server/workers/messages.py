"""What the processes of one machine say to one another, and the type of each answer.

A message is a dataclass; on the channel it is its name and its fields. What stands in `ANSWERS` is
a question and gets one answer or one error; everything else is told and not answered.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from server.registry import RoomSummary, SeatReservation
from server.workers.asks import SeatAsk, SeatsGranted
from server.workers.invites import Invite
from server.workers.placement import WorkerReport

# --- a worker asks the directory ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ready:
    """I can take rooms now."""


@dataclass(frozen=True, slots=True)
class ListRooms:
    """Which rooms are open anywhere?"""


@dataclass(frozen=True, slots=True)
class ShowRoom:
    """How full is this room?"""

    room_id: str


@dataclass(frozen=True, slots=True)
class CreateInvite:
    """Make a code that opens this room."""

    room_id: str


@dataclass(frozen=True, slots=True)
class OpenParty:
    """Make a party."""


@dataclass(frozen=True, slots=True)
class ShowPartyCode:
    """What is the code of this party?"""

    party_id: str


@dataclass(frozen=True, slots=True)
class FindParty:
    """Which party has this code?"""

    code: str


@dataclass(frozen=True, slots=True)
class CodeKept:
    """A party had this code before its worker was started anew."""

    party_id: str
    code: str


@dataclass(frozen=True, slots=True)
class Exposition:
    """The metrics of a worker, in the text format of Prometheus."""

    worker: int
    text: bytes


@dataclass(frozen=True, slots=True)
class ShowAllMetrics:
    """What do all workers count?"""


# --- the directory asks a worker ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenRoom:
    """Run this room from now on."""

    room_id: str
    name: str
    layout_id: str


@dataclass(frozen=True, slots=True)
class CloseRoom:
    """End this room, unless somebody has a seat in it."""

    room_id: str


@dataclass(frozen=True, slots=True)
class ReserveSeats:
    """Keep seats for all of these people, or for none."""

    room_id: str
    people: tuple[str, ...]
    asker_id: str


@dataclass(frozen=True, slots=True)
class SeatsReserved:
    """They are kept; and how full the room is now."""

    seats: tuple[SeatReservation, ...]
    room: RoomSummary


@dataclass(frozen=True, slots=True)
class ShowMetrics:
    """What do you count?"""


# --- told, and not answered -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reported:
    """How I am, from time to time."""

    report: WorkerReport


@dataclass(frozen=True, slots=True)
class Seated:
    """Somebody has taken a seat in a room of mine."""

    person_id: str
    room_id: str


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody's seat in a room of mine is free again."""

    person_id: str
    room_id: str


@dataclass(frozen=True, slots=True)
class ForgetSeats:
    """This person has reserved elsewhere: give up what you promised."""

    person_id: str


@dataclass(frozen=True, slots=True)
class Named:
    """What these people are called: pairs of person id and name."""

    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ShopNews:
    """The shop's outbox has an event of this number."""

    event_id: int


@dataclass(frozen=True, slots=True)
class TasteChanged:
    """Somebody said what they like. What may be stored is; what they like in this session only is
    `liked_id`, else empty."""

    person_id: str
    liked_id: str


@dataclass(frozen=True, slots=True)
class AtWork:
    """Which workers run just now, which will be back in a moment, and how often one was started
    again."""

    workers: tuple[int, ...]
    awaited: tuple[int, ...]
    restarts: int


ANSWERS: dict[type, Any] = {
    Ready: None,
    ListRooms: tuple[RoomSummary, ...],
    ShowRoom: RoomSummary,
    SeatAsk: SeatsGranted,
    CreateInvite: Invite,
    OpenParty: tuple[str, str],
    ShowPartyCode: str,
    FindParty: str,
    ShowAllMetrics: tuple[Exposition, ...],
    OpenRoom: RoomSummary,
    CloseRoom: bool,
    ReserveSeats: SeatsReserved,
    ShowMetrics: bytes,
}
TOLD = (CodeKept, Reported, Seated, Left, ForgetSeats, Named, ShopNews, TasteChanged, AtWork)

BY_NAME: dict[str, TypeAdapter[Any]] = {
    kind.__name__: TypeAdapter(kind) for kind in (*ANSWERS, *TOLD)
}
ANSWER_BY_NAME: dict[str, TypeAdapter[Any]] = {
    kind.__name__: TypeAdapter(answer) for kind, answer in ANSWERS.items()
}
