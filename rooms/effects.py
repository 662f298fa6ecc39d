"""What a room asks of the outside. The server runs effects and brings the outcome as a command.

Every effect that somebody waits for names the avatar and request to answer.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Effect:
    """Base of all effects."""


@dataclass(frozen=True, slots=True)
class PersonEffect(Effect):
    """Asked for a person; the outcome is answered to `avatar_id` under `request_id`."""

    avatar_id: int
    request_id: int
    person_id: str
    party_id: str


@dataclass(frozen=True, slots=True)
class OpenParty(PersonEffect):
    """Make a party with a code and put the person into it."""


@dataclass(frozen=True, slots=True)
class EnterParty(PersonEffect):
    """Put the person into the party with this code."""

    code: str


@dataclass(frozen=True, slots=True)
class QuitParty(PersonEffect):
    """Give the person a party of their own again."""


@dataclass(frozen=True, slots=True)
class AddLine(PersonEffect):
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ChangeLine(PersonEffect):
    """Quantity 0 removes the line."""

    line_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class OpenCheckout(PersonEffect):
    expected_total_minor: int


@dataclass(frozen=True, slots=True)
class ReleaseCheckout(PersonEffect):
    checkout_id: str


@dataclass(frozen=True, slots=True)
class StartPayment(PersonEffect):
    checkout_id: str
    expected_total_minor: int
    idempotency_key: str
    payment_method: str = field(metadata={"private": True})
    amount_minor: int = 0


@dataclass(frozen=True, slots=True)
class AnswerChallenge(PersonEffect):
    checkout_id: str
    challenge_id: str
    response: str = field(metadata={"private": True})


# --- paid together ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DivideCheckout(PersonEffect):
    """`person_ids` empty: all who share the cart; `amounts_minor` are theirs, for "custom"."""

    checkout_id: str
    plan: str
    person_ids: tuple[str, ...]
    amounts_minor: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ChangeCover(PersonEffect):
    """Pay the share of `for_person_id` too, or not any more."""

    checkout_id: str
    for_person_id: str
    covers: bool


@dataclass(frozen=True, slots=True)
class CallOffPayment(PersonEffect):
    """Give all parts back that wait for others."""

    checkout_id: str


@dataclass(frozen=True, slots=True)
class MakeHandOff(PersonEffect):
    """A code for the person's phone."""

    checkout_id: str


@dataclass(frozen=True, slots=True)
class GiveLine(PersonEffect):
    """Offer a line as a gift; nobody (empty): take the offer back."""

    line_id: str
    to_person_id: str


@dataclass(frozen=True, slots=True)
class AcceptGift(PersonEffect):
    """Answer a gift, one way or the other."""

    line_id: str
    accept: bool


@dataclass(frozen=True, slots=True)
class PassLine(PersonEffect):
    """Make somebody else of the party the owner of a line and its hold."""

    line_id: str
    to_person_id: str


# --- waiting lines ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EnterLine(PersonEffect):
    """Take a place in the waiting line of a SKU."""

    sku: str


@dataclass(frozen=True, slots=True)
class QuitLine(PersonEffect):
    """Give the place up."""

    sku: str


@dataclass(frozen=True, slots=True)
class LookAtLine(Effect):
    """Where do these people stand now? Nobody waits for it; the outcome is a PlaceUpdated each."""

    sku: str
    person_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordInteraction(Effect):
    """Something a person did, for the recommender. Emitted only within the given consent.

    `signal` is a word of the recommender's list ("dwell", "pick_up", "hand_over", "vote_up",
    "vote_down", "add", "remove", "hold_expired", "buy", "approach", "inspect", "try_on"); `value`
    is seconds for "dwell", close looks for "inspect" (at most three, by time in the hand and
    turns), else 1.
    """

    person_id: str
    session_id: str
    party_id: str
    product_id: str
    slot_id: int
    signal: str
    value: float
    occurred_ms: int
    consent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordShowing(Effect):
    """Somebody is shown a list from now on, until the next of its scope; within their consent.

    `scope` is "you", "party" or "display"; `items` are (product, reason code) from the first place
    down. An empty list only ends the one before.
    """

    person_id: str
    session_id: str
    party_id: str
    scope: str
    items: tuple[tuple[str, str], ...]
    occurred_ms: int
    consent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recommend(Effect):
    """Rank anew for one person (`avatar_id` > 0), or for a party with these members, whose shelf is
    filled anew at the same time."""

    avatar_id: int
    person_id: str
    party_id: str
    member_person_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RememberBlock(Effect):
    """A person has blocked another one, who goes by `other_name`, or has taken it back: to be kept
    between visits. Nobody waits for it: in this room it holds already."""

    person_id: str
    other_person_id: str
    other_name: str
    blocked: bool


@dataclass(frozen=True, slots=True)
class ReleaseSeat(Effect):
    """The avatar is gone for good: "left", "grace_over", "moved", or "refused" at the door."""

    avatar_id: int
    person_id: str
    session_id: str
    reason: str
