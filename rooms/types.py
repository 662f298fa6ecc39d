"""Small values that commands, events and effects share. Positions are metres, +Y up, floor 0."""

from dataclasses import dataclass

Position = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Item:
    """One recommended product and the reason that people read."""

    product_id: str
    score: float
    reason_code: str
    reason: str


@dataclass(frozen=True, slots=True)
class DisplayPlace:
    """On which place (from 0) of the party's shelf somebody sees a product, and which friends see
    the same there."""

    place: int
    shared_with_avatar_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OwnPlace:
    """A product on one place (from 0) of a shelf, and who else sees the same there."""

    place: int
    item: Item
    shared_with_person_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnDisplay:
    """The shelf that fills itself for a party, as one person sees it."""

    person_id: str
    places: tuple[OwnPlace, ...]


@dataclass(frozen=True, slots=True)
class AvatarView:
    """What every client needs to draw somebody. `presence` is "here" or "reconnecting"."""

    avatar_id: int
    name: str
    kind: str
    role: str
    party_id: str
    presence: str


@dataclass(frozen=True, slots=True)
class PartyMember:
    """Somebody of a party who is in the room, by avatar and by person."""

    person_id: str
    name: str
    avatar_id: int


@dataclass(frozen=True, slots=True)
class PropView:
    """A product object. `owner_avatar_id` 0: it stands on its slot, or, when it is `away`, somebody
    has it whom this client does not see; `hand` is then empty."""

    prop_id: int
    product_id: str
    slot_id: int
    owner_avatar_id: int
    hand: str
    epoch: int
    away: bool = False


@dataclass(frozen=True, slots=True)
class BlockedPerson:
    """Somebody one has blocked, with the name they went by then."""

    person_id: str
    name: str


@dataclass(frozen=True, slots=True)
class StockView:
    sku: str
    product_id: str
    available: int
    version: int


@dataclass(frozen=True, slots=True)
class TallyView:
    """Votes of one party on one product."""

    product_id: str
    up: int
    down: int
