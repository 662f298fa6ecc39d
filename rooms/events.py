"""What clients are told. Every event class has the message of the same name in the wire table,
with the same fields, so that the shell translates by rule and not by hand.

Events are reliable: each goes to its audience exactly once and in order. Poses are not events; they
are packed from the pose table (see `rooms.avatars`).
"""

from dataclasses import dataclass
from typing import Any

from rooms.basket import Cart, Checkout, Gift, Place
from rooms.types import (
    AvatarView,
    BlockedPerson,
    DisplayPlace,
    Item,
    PartyMember,
    Position,
    PropView,
    StockView,
    TallyView,
)


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who hears an event: one avatar, one party, or everybody but one (0: but nobody)."""

    avatar_id: int = 0
    party_id: str = ""
    except_avatar_id: int = 0


EVERYONE = Audience()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event, whom it is meant for, and the avatars that hear it.

    `avatar_ids` was decided when the event happened: who enters later in the same step has it in
    their RoomState, and who leaves still hears what came before. An answer to one avatar names it
    even when it was refused at the door or has just gone.
    """

    audience: Audience
    event: Event
    avatar_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answer(Event):
    """The one good answer to a request."""

    request_id: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Error(Event):
    """The one bad answer to a request, or (0) a warning that belongs to none."""

    request_id: int
    code: str
    message: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RoomState(Event):
    """Everything a late joiner needs. `poses` are 32-byte records of all avatars they may see.

    `blocked` and `muted_avatar_ids` are those the joiner has blocked and muted; `personal_space_m`
    is the radius of their bubble.
    """

    room_id: str
    avatar_id: int
    avatars: tuple[AvatarView, ...]
    poses: bytes
    props: tuple[PropView, ...]
    stock: tuple[StockView, ...]
    party_id: str
    party_code: str
    cart: Cart | None
    checkout: Checkout | None
    votes: tuple[TallyView, ...]
    spotlight_product_id: str
    offers: tuple["OfferMade", ...]
    blocked: tuple[BlockedPerson, ...]
    muted_avatar_ids: tuple[int, ...]
    personal_space_m: float
    members: tuple[PartyMember, ...]
    gifts: tuple[Gift, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class AvatarEntered(Event):
    """Somebody came in, or can be seen again; where they are follows when `pose` is empty."""

    avatar: AvatarView
    pose: bytes


@dataclass(frozen=True, slots=True)
class AvatarChanged(Event):
    """Presence ("here", "reconnecting") or party of an avatar is another now."""

    avatar: AvatarView


@dataclass(frozen=True, slots=True)
class AvatarLeft(Event):
    """`reason` is "left", "grace_over", "moved", or "hidden" when one of you blocked the other."""

    avatar_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class PoseRefused(Event):
    """Your pose was not taken; stand where the record says. Codes as in `rooms.avatars`."""

    code: str
    pose: bytes


@dataclass(frozen=True, slots=True)
class PropChanged(Event):
    prop: PropView


@dataclass(frozen=True, slots=True)
class OfferMade(Event):
    """Told to giver and receiver. `expires_ms` is server time."""

    offer_id: int
    prop_id: int
    from_avatar_id: int
    to_avatar_id: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class OfferEnded(Event):
    """`outcome` is "accepted", "declined", "withdrawn", "expired" or "void"."""

    offer_id: int
    outcome: str


@dataclass(frozen=True, slots=True)
class VotesChanged(Event):
    tally: TallyView


@dataclass(frozen=True, slots=True)
class PartyChanged(Event):
    """Your party, after you or somebody else came or went. `code` lets friends in."""

    party_id: str
    party_code: str
    member_avatar_ids: tuple[int, ...]
    members: tuple[PartyMember, ...]


@dataclass(frozen=True, slots=True)
class CartChanged(Event):
    cart: Cart


@dataclass(frozen=True, slots=True)
class CheckoutChanged(Event):
    checkout: Checkout


@dataclass(frozen=True, slots=True)
class OrderConfirmed(Event):
    order_id: str
    checkout_id: str
    payer_person_id: str
    payer_name: str
    total_minor: int
    currency: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChallengeUrl(Event):
    """The payer's bank asks on a page of its own; told to nobody else."""

    checkout_id: str
    challenge_id: str
    url: str
    text: str
    expires_ms: int


@dataclass(frozen=True, slots=True)
class GiftOffered(Event):
    """Told to giver and receiver."""

    gift: Gift


@dataclass(frozen=True, slots=True)
class GiftAnswered(Event):
    """`outcome` is "accepted", "declined", "withdrawn" or "over". Told to giver and receiver."""

    line_id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class LinePosition(Event):
    """Where you stand in the waiting line of a drop."""

    place: Place


@dataclass(frozen=True, slots=True)
class StockChanged(Event):
    stock: StockView


@dataclass(frozen=True, slots=True)
class HoldEnded(Event):
    """A line of your party's cart lost its stock; it stays in the cart."""

    line_id: str
    product_id: str


@dataclass(frozen=True, slots=True)
class Recommendations(Event):
    """`scope` is "you", "party", or "display": the shelf of your party as you see it, with a place
    for each of the items."""

    scope: str
    items: tuple[Item, ...]
    places: tuple[DisplayPlace, ...] = ()


@dataclass(frozen=True, slots=True)
class SpotlightChanged(Event):
    product_id: str
    by_avatar_id: int


@dataclass(frozen=True, slots=True)
class GatherInvited(Event):
    """A host calls; `position` (metres) and `yaw_degrees` are a spot kept free for you."""

    by_avatar_id: int
    position: Position
    yaw_degrees: float


EVENTS: tuple[type[Event], ...] = (
    Answer, Error, RoomState, AvatarEntered, AvatarChanged, AvatarLeft, PoseRefused, PropChanged,
    OfferMade, OfferEnded, VotesChanged, PartyChanged, CartChanged, CheckoutChanged, OrderConfirmed,
    ChallengeUrl, GiftOffered, GiftAnswered, LinePosition, StockChanged, HoldEnded,
    Recommendations, SpotlightChanged, GatherInvited,
)  # fmt: skip
