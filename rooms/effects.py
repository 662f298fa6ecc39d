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


@dataclass(frozen=True, slots=True)
class AnswerChallenge(PersonEffect):
    checkout_id: str
    challenge_id: str
    response: str = field(metadata={"private": True})


@dataclass(frozen=True, slots=True)
class RecordInteraction(Effect):
    """Something a person did, for the recommender. Emitted only within the given consent.

    `signal` is a word of the recommender's list ("dwell", "pick_up", "hand_over", "vote_up",
    "vote_down", "add", "remove", "hold_expired", "buy"); `value` is seconds for "dwell", else 1.
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
class Recommend(Effect):
    """Rank anew for one person (`avatar_id` > 0) or for a party with these members."""

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
