"""What can be asked of a room by a party at the till, and in the waiting line of a drop.

As in `rooms.commands`: requests of shoppers first, then what the outside answers.
"""

from dataclasses import dataclass, field

from rooms.basket import Gift, Place
from rooms.commands import COMMANDS, AvatarCommand, Command

# --- paid together ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SplitCheckout(AvatarCommand):
    """Divide the locked total: "own_lines", "equal" or "custom" (`amounts_minor` of `person_ids`,
    in their order). Nobody in `person_ids`: all who share the cart."""

    checkout_id: str
    plan: str
    person_ids: tuple[str, ...]
    amounts_minor: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CoverShare(AvatarCommand):
    """Pay somebody else's share too, or not any more."""

    checkout_id: str
    person_id: str
    covers: bool


@dataclass(frozen=True, slots=True)
class GiveUpPayment(AvatarCommand):
    """Call a payment off that waits for the parts of others."""

    checkout_id: str


@dataclass(frozen=True, slots=True)
class RequestHandOff(AvatarCommand):
    """Ask for a code with which one's phone pays."""

    checkout_id: str


@dataclass(frozen=True, slots=True)
class OfferGift(AvatarCommand):
    """Offer a line of one's own to another member; to nobody (empty): take the offer back."""

    line_id: str
    to_person_id: str


@dataclass(frozen=True, slots=True)
class AnswerGift(AvatarCommand):
    line_id: str
    accept: bool


@dataclass(frozen=True, slots=True)
class PassHold(AvatarCommand):
    """Give a line, with its hold, to another member."""

    line_id: str
    to_person_id: str


# --- waiting lines ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JoinLine(AvatarCommand):
    """Take a place in the waiting line of a drop."""

    sku: str


@dataclass(frozen=True, slots=True)
class LeaveLine(AvatarCommand):
    sku: str


# --- what the outside answers -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HandOffReady(AvatarCommand):
    """The code for the phone: the answer to a RequestHandOff."""

    code: str = field(metadata={"private": True})
    path: str = field(metadata={"private": True})
    qr_path: str = field(metadata={"private": True})
    amount_minor: int
    currency: str
    expires_ms: int


@dataclass(frozen=True, slots=True)
class ChallengeReady(Command):
    """A person's bank asks on a page of its own."""

    person_id: str
    checkout_id: str
    challenge_id: str
    url: str = field(metadata={"private": True})
    text: str
    expires_ms: int


@dataclass(frozen=True, slots=True)
class GiftsUpdated(Command):
    """All gifts among the lines of a cart, offered and accepted, when it had this version. News of
    an older cart than the known one is ignored."""

    party_id: str
    cart_version: int
    gifts: tuple[Gift, ...]


@dataclass(frozen=True, slots=True)
class GiftEnded(Command):
    """How a gift went: "accepted", "declined", "withdrawn" or "over"."""

    party_id: str
    line_id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class PlaceUpdated(Command):
    """Where a person stands in a waiting line."""

    person_id: str
    place: Place


@dataclass(frozen=True, slots=True)
class LineMoved(Command):
    """The waiting line of a SKU moved on: these were let in until then, so many wait now."""

    sku: str
    admitted_person_ids: tuple[str, ...]
    admitted_until_ms: int
    waiting: int


TOGETHER_COMMANDS: dict[str, type[Command]] = {
    command.__name__: command
    for command in (
        SplitCheckout, CoverShare, GiveUpPayment, RequestHandOff, OfferGift, AnswerGift, PassHold,
        JoinLine, LeaveLine, HandOffReady, ChallengeReady, GiftsUpdated, GiftEnded, PlaceUpdated,
        LineMoved,
    )
}  # fmt: skip
COMMANDS.update(TOGETHER_COMMANDS)
