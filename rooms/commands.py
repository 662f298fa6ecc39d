"""What can be asked of a room.

A command is a plain value: the host hands commands to `Room.step` together with the time, and the
pair (tick, command) is what the journal stores. Commands of shoppers carry the avatar that asks and
the request to answer (`request_id` 0 means nobody waits for an answer). Commands that end in
`Completed`, `Failed` or `Updated` bring back what the outside answered to an effect.

A field marked private is left out of the journal, because a room file must not hold secrets.
"""

from dataclasses import dataclass, field
from typing import Any

from rooms.basket import Cart, Checkout, Gift, OwnCheckout
from rooms.types import BlockedPerson, Item, OwnDisplay, Position


@dataclass(frozen=True, slots=True)
class Command:
    """Base of all commands."""


@dataclass(frozen=True, slots=True)
class AvatarCommand(Command):
    """Asked by the shopper behind `avatar_id`; answered under `request_id`."""

    avatar_id: int
    request_id: int


# --- presence -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Enter(AvatarCommand):
    """A person takes their reserved seat. Ids are handed in: a room draws no lots."""

    person_id: str
    session_id: str
    name: str
    kind: str  # "vr" | "desktop" | "phone" | "companion" | "bot"
    role: str  # "shopper" | "host"
    party_id: str
    party_code: str
    consent: tuple[str, ...]
    blocked: tuple[BlockedPerson, ...] = ()


@dataclass(frozen=True, slots=True)
class Leave(AvatarCommand):
    """A clean goodbye: props go back to their slots at once."""


@dataclass(frozen=True, slots=True)
class Detach(AvatarCommand):
    """The connection is gone; seat, props, cart and party wait for the grace period."""

    reason: str


@dataclass(frozen=True, slots=True)
class Resume(AvatarCommand):
    """The same session is back within its grace period."""


@dataclass(frozen=True, slots=True)
class SetConsent(AvatarCommand):
    """Which consent classes hold from now on: "session", "personal", "aggregate"."""

    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Teleport(AvatarCommand):
    """Jump to a free point of the floor, metres and degrees."""

    position: Position
    yaw_degrees: float


# --- safety -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block(AvatarCommand):
    """Never see or hear of a person again, nor be seen by them."""

    other_avatar_id: int


@dataclass(frozen=True, slots=True)
class Unblock(AvatarCommand):
    person_id: str


@dataclass(frozen=True, slots=True)
class Mute(AvatarCommand):
    """Do not hear somebody's voice and captions."""

    other_avatar_id: int


@dataclass(frozen=True, slots=True)
class Unmute(AvatarCommand):
    other_avatar_id: int


@dataclass(frozen=True, slots=True)
class SetPersonalSpace(AvatarCommand):
    """The radius of one's bubble, metres; 0: none."""

    radius_m: float


@dataclass(frozen=True, slots=True)
class Retreat(AvatarCommand):
    """Be at a free place away from people, at once."""


# --- party --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CreateParty(AvatarCommand):
    """Open a party with a code that friends can type."""


@dataclass(frozen=True, slots=True)
class JoinParty(AvatarCommand):
    code: str


@dataclass(frozen=True, slots=True)
class LeaveParty(AvatarCommand):
    """Go on alone, taking one's own cart lines along."""


@dataclass(frozen=True, slots=True)
class PartyCompleted(AvatarCommand):
    """The registry has put the person into this party."""

    party_id: str
    party_code: str


# --- products and props -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Look(AvatarCommand):
    """The gaze rests on a product, or on nothing (empty)."""

    product_id: str


@dataclass(frozen=True, slots=True)
class Grab(AvatarCommand):
    prop_id: int
    hand: str  # "left" | "right"


@dataclass(frozen=True, slots=True)
class PutBack(AvatarCommand):
    prop_id: int
    epoch: int


@dataclass(frozen=True, slots=True)
class OfferProp(AvatarCommand):
    """Hold a prop out to another avatar, who accepts, declines or lets it time out."""

    prop_id: int
    epoch: int
    to_avatar_id: int


@dataclass(frozen=True, slots=True)
class AcceptOffer(AvatarCommand):
    offer_id: int


@dataclass(frozen=True, slots=True)
class DeclineOffer(AvatarCommand):
    """Said by the receiver; by the giver it takes the offer back."""

    offer_id: int


@dataclass(frozen=True, slots=True)
class Vote(AvatarCommand):
    """The party's opinion of a product: -1, 0 (take back) or 1."""

    product_id: str
    choice: int


# --- cart and checkout --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AddToCart(AvatarCommand):
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class SetQuantity(AvatarCommand):
    line_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class RemoveFromCart(AvatarCommand):
    line_id: str


@dataclass(frozen=True, slots=True)
class LockCheckout(AvatarCommand):
    """Freeze the party's cart at this total (-1: whatever it is)."""

    expected_total_minor: int


@dataclass(frozen=True, slots=True)
class UnlockCheckout(AvatarCommand):
    checkout_id: str


@dataclass(frozen=True, slots=True)
class Pay(AvatarCommand):
    checkout_id: str
    expected_total_minor: int
    idempotency_key: str
    payment_method: str = field(metadata={"private": True})
    amount_minor: int = 0


@dataclass(frozen=True, slots=True)
class ConfirmPayment(AvatarCommand):
    """Answer to a payment challenge (3-D Secure style)."""

    checkout_id: str
    challenge_id: str
    response: str = field(metadata={"private": True})


# --- staff --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spotlight(AvatarCommand):
    """Pin a product for everybody (empty: unpin). Hosts only."""

    product_id: str


@dataclass(frozen=True, slots=True)
class Gather(AvatarCommand):
    """Invite everybody around the host, each to a free spot. Hosts only."""


# --- what the outside answers -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RequestCompleted(AvatarCommand):
    """An effect of this request succeeded; `body` is the answer, in the fields of the protocol."""

    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RequestFailed(AvatarCommand):
    """An effect of this request was refused or failed."""

    code: str
    message: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CartUpdated(Command):
    """Newest projection of a party's cart; an older version than the known one is ignored."""

    party_id: str
    cart: Cart


@dataclass(frozen=True, slots=True)
class CheckoutUpdated(Command):
    """Newest projection of a party's checkout: as everybody may see it, and as those may for whom
    there is more to see. `gifts` are the accepted ones in it."""

    party_id: str
    checkout: Checkout
    own: tuple[OwnCheckout, ...] = ()
    gifts: tuple[Gift, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderPaid(Command):
    """Commerce has an order; told to the party."""

    party_id: str
    order_id: str
    checkout_id: str
    payer_person_id: str
    total_minor: int
    currency: str
    items: tuple[str, ...]  # names, for people
    product_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StockUpdated(Command):
    """How many of a SKU can still be bought; an older version than the known one is ignored."""

    sku: str
    product_id: str
    available: int
    version: int


@dataclass(frozen=True, slots=True)
class HoldExpired(Command):
    """A light hold ran out; the line stays in the cart without stock."""

    party_id: str
    line_id: str
    product_id: str


@dataclass(frozen=True, slots=True)
class RecommendationsReady(Command):
    """A ranked list for one avatar (`avatar_id` > 0), or for a party (`party_id` not empty) with
    the shelf that its members see, each in their own way."""

    avatar_id: int
    party_id: str
    items: tuple[Item, ...]
    displays: tuple[OwnDisplay, ...] = ()


COMMANDS: dict[str, type[Command]] = {
    command.__name__: command
    for command in (
        Enter, Leave, Detach, Resume, SetConsent, Teleport, Block, Unblock, Mute, Unmute,
        SetPersonalSpace, Retreat, CreateParty, JoinParty, LeaveParty, PartyCompleted, Look, Grab,
        PutBack, OfferProp, AcceptOffer, DeclineOffer, Vote, AddToCart, SetQuantity, RemoveFromCart,
        LockCheckout, UnlockCheckout, Pay, ConfirmPayment, Spotlight, Gather, RequestCompleted,
        RequestFailed, CartUpdated, CheckoutUpdated, OrderPaid, StockUpdated, HoldExpired,
        RecommendationsReady,
    )
}  # fmt: skip
"""Every command by its name, as the journal writes it; `rooms.commands_together` adds its own."""
