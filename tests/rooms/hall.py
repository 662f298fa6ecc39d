"""A small store and its visitors, for the tests of the rooms."""

from collections.abc import Sequence
from typing import Any, TypeVar

from rooms.avatars import PoseTable
from rooms.basket import Cart, CartLine, Checkout
from rooms.commands import Command, Enter, Grab, Teleport
from rooms.effects import Effect, RecordInteraction
from rooms.events import Answer, Error, Event, Outgoing, PartyChanged
from rooms.room import Room, Step
from rooms.settings import RoomSettings
from rooms.space import Layout, Placement, layout_from
from rooms.types import PartyMember

NOW_MS = 1_790_000_000_000
EventType = TypeVar("EventType", bound=Event)
EffectType = TypeVar("EffectType", bound=Effect)

MUG, LAMP, SHOE, HAT = "mug", "lamp", "shoe", "hat"
PLACEMENTS = (
    Placement(1, MUG, ("MUG-RED", "MUG-BLUE")),
    Placement(2, LAMP, ("LAMP",)),
    Placement(3, SHOE, ("SHOE-42", "SHOE-43")),
    Placement(4, HAT, ("HAT",)),
)


def layout_mapping() -> dict[str, Any]:
    """A hall of 12 by 10 metres: a long table before the spawns, a turned plinth, a far shelf."""
    return {
        "id": "corner-shop",
        "name": "Corner shop",
        "size_m": [12.0, 4.0, 10.0],
        "capacity": 8,
        "zones": [
            {"id": "front", "name": "Front", "minimum": [-6.0, -2.0], "maximum": [6.0, 5.0]},
            {"id": "back", "name": "Back", "minimum": [-6.0, -5.0], "maximum": [6.0, -2.0]},
        ],
        "fixtures": [
            _fixture("table", [0.0, 0.0, 0.0], [3.0, 0.9, 1.0], 0.0),
            _fixture("plinth", [3.5, 0.0, 0.0], [0.8, 0.9, 0.8], 45.0),
            _fixture("shelf", [0.0, 0.0, -4.6], [4.0, 1.2, 0.5], 0.0),
        ],
        "slots": [
            _slot(1, "front", "table", [-1.0, 0.9, 0.0]),
            _slot(2, "front", "table", [0.0, 0.9, 0.0]),
            _slot(3, "front", "table", [1, 0.9, 0]),
            _slot(4, "back", "shelf", [0.0, 1.2, -4.6]),
            _slot(5, "front", "plinth", [3.5, 0.9, 0.0]),
        ],
        "spawns": [{"position": [x, 0.0, 1.8], "yaw_degrees": 0.0} for x in (-1.2, 0.0, 1.2)],
        "waypoints": [
            {"id": "back", "name": "Back", "position": [0.0, 0.0, -3.0], "yaw_degrees": 0.0}
        ],
    }


def _fixture(name: str, position: list[float], size_m: list[float], yaw: float) -> dict[str, Any]:
    kind = {"position": position, "size_m": size_m, "yaw_degrees": yaw, "colour": "#aabbcc"}
    return {"id": name, "kind": "table", **kind}


def _slot(number: int, zone: str, fixture: str, position: list[float]) -> dict[str, Any]:
    return {
        "id": number, "zone": zone, "fixture": fixture, "position": position, "yaw_degrees": 0.0
    }  # fmt: skip


def layout() -> Layout:
    return layout_from(layout_mapping())


class Hall:
    """A room and its clock. Avatars are numbers, person and session are called after them."""

    def __init__(self, settings: RoomSettings | None = None, capacity: int = 64) -> None:
        self.poses = PoseTable(capacity)
        self.settings = settings or RoomSettings()
        self.room = Room("corner-shop", layout(), PLACEMENTS, self.poses, self.settings, NOW_MS)
        self.now_ms = NOW_MS
        self._request_id = 100

    def request_id(self) -> int:
        self._request_id += 1
        return self._request_id

    def step(self, *commands: Command, after_ms: int = 0) -> Step:
        self.now_ms += after_ms
        return self.room.step(commands, self.now_ms)

    def enter(self, avatar_id: int, **fields: Any) -> Step:
        return self.step(entering(avatar_id, self.request_id(), **fields))

    def ask(self, kind: type[Command], avatar_id: int, *values: Any) -> Event:
        """The one event that answers this request at once."""
        request_id = self.request_id()
        step = self.step(kind(avatar_id, request_id, *values))  # type: ignore[call-arg]
        return answer_to(step, avatar_id, request_id)

    def body(self, kind: type[Command], avatar_id: int, *values: Any) -> dict[str, Any]:
        """The body of the good answer."""
        answer = self.ask(kind, avatar_id, *values)
        assert isinstance(answer, Answer), answer
        return answer.body

    def code(self, kind: type[Command], avatar_id: int, *values: Any) -> str:
        """The code of the bad answer; the room must be as it was."""
        before = self.room.state_hash()
        answer = self.ask(kind, avatar_id, *values)
        assert isinstance(answer, Error), answer
        assert answer.message
        assert self.room.state_hash() == before
        return answer.code

    def grab(self, avatar_id: int, prop_id: int, hand: str = "right") -> int:
        """Grab, from wherever it is near; the epoch."""
        epoch = self.body(Grab, avatar_id, prop_id, hand)["epoch"]
        assert isinstance(epoch, int)
        return epoch

    def teleport(self, avatar_id: int, x: float, z: float, yaw_degrees: float = 0.0) -> None:
        self.body(Teleport, avatar_id, (x, 0.0, z), yaw_degrees)


def entering(avatar_id: int, request_id: int = 1, **fields: Any) -> Enter:
    """Enter of person pN alone in party party-of-N, with full consent unless said otherwise."""
    values: dict[str, Any] = {
        "person_id": f"p{avatar_id}",
        "session_id": f"s{avatar_id}",
        "name": f"Person {avatar_id}",
        "kind": "vr",
        "role": "shopper",
        "party_id": f"party-of-{avatar_id}",
        "party_code": "",
        "consent": ("session", "personal"),
    }
    return Enter(avatar_id=avatar_id, request_id=request_id, **{**values, **fields})


def answer_to(step: Step, avatar_id: int, request_id: int) -> Event:
    answers = [
        out.event
        for out in step.events
        if isinstance(out.event, Answer | Error) and out.event.request_id == request_id
    ]
    assert len(answers) == 1, (answers, step)
    assert all(o.avatar_ids == (avatar_id,) for o in step.events if o.event is answers[0])
    return answers[0]


def heard(
    step: Step | Sequence[Outgoing], avatar_id: int, kind: type[EventType]
) -> list[EventType]:
    """What an avatar hears of this kind, in order."""
    events = step.events if isinstance(step, Step) else step
    return [o.event for o in events if isinstance(o.event, kind) and avatar_id in o.avatar_ids]


def told(step: Step, kind: type[EventType]) -> list[EventType]:
    """All events of a kind, whoever hears them."""
    return [out.event for out in step.events if isinstance(out.event, kind)]


def effects(step: Step, kind: type[EffectType]) -> list[EffectType]:
    return [effect for effect in step.effects if isinstance(effect, kind)]


def signals(step: Step) -> list[tuple[str, str, str, float]]:
    """(person, signal, product, value) of all recorded interactions."""
    return [
        (effect.person_id, effect.signal, effect.product_id, effect.value)
        for effect in effects(step, RecordInteraction)
    ]


def party_changed(party_id: str, party_code: str, *avatar_ids: int) -> PartyChanged:
    """The party of these avatars."""
    members = tuple(PartyMember(f"p{i}", f"Person {i}", i) for i in avatar_ids)
    return PartyChanged(party_id, party_code, avatar_ids, members)


def cart(
    version: int = 1, lines: tuple[CartLine, ...] = (), *, cart_id: str = "", checkout_id: str = ""
) -> Cart:
    total_minor = sum(line.quantity * line.unit_price_minor for line in lines)
    return Cart(cart_id, version, "EUR", total_minor, lines, checkout_id)


def line(line_id: str = "line-1", product_id: str = MUG, owner: str = "p1") -> CartLine:
    return CartLine(
        line_id=line_id,
        sku=product_id.upper(),
        product_id=product_id,
        name=product_id.title(),
        options="",
        quantity=1,
        unit_price_minor=1_000,
        owner_person_id=owner,
        owner_name=f"Name of {owner}",
        hold_state="held",
        hold_expires_ms=NOW_MS + 480_000,
    )


def checkout(checkout_id: str = "checkout-1", state: str = "locked", version: int = 1) -> Checkout:
    return Checkout(
        checkout_id=checkout_id,
        version=version,
        state=state,
        locked_by_person_id="p9",
        locked_by_name="Nine",
        total_minor=1_000,
        currency="EUR",
        expires_ms=NOW_MS + 120_000,
        payer_person_id="",
        challenge_id="",
        challenge_text="",
        in_doubt=False,
        failure_code="",
        failure_message="",
        order_id="",
    )
