"""Payment attempts: what we know of one try to pay a part, and how the gateway's word moves it on.

An attempt is written down before the gateway is asked, so that a crash at any moment leaves a row
that `reconcile` can ask the gateway about. Its id is the key that the gateway does its work once
for. A checkout is paid by one attempt or by several: by several people, or by store credit and a
card. What belongs together is decided together, in one transaction, and written as the state of
each attempt; then every attempt is carried to its end by itself.

    prepared    written; the gateway may or may not have heard of it
    challenge   the bank asks the payer something
    authorised  the money is promised; other parts of the checkout are still missing
    capturing   every part is promised, so this one is to be captured
    voiding     a part failed or the time ran out, so this one is to be given back
    captured    the money moved                                     (end)
    failed      no money moved and none will                        (end)

Money that moved in spite of `voiding` (or before another part failed at its capture) is returned by
a refund of the whole part.
"""

from dataclasses import dataclass
from enum import StrEnum


class AttemptState(StrEnum):
    """Where an attempt is."""

    PREPARED = "prepared"
    CHALLENGE = "challenge"
    AUTHORISED = "authorised"
    CAPTURING = "capturing"
    VOIDING = "voiding"
    CAPTURED = "captured"
    FAILED = "failed"


LIVE_ATTEMPTS = (
    AttemptState.PREPARED,
    AttemptState.CHALLENGE,
    AttemptState.AUTHORISED,
    AttemptState.CAPTURING,
    AttemptState.VOIDING,
)

DECIDED_ATTEMPTS = (AttemptState.CAPTURING, AttemptState.VOIDING)
"""What is left to do with these is known; nobody outside has to be waited for."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to pay a checkout, or a part of it. `in_doubt`: the gateway was asked and did not
    answer. `caused_by`: whose part failed, when this one failed because of it."""

    attempt_id: str
    checkout_id: str
    number: int
    payer_id: str
    provider: str
    amount_minor: int
    currency: str
    state: AttemptState
    in_doubt: bool
    challenge_id: str | None
    challenge_url: str | None
    instructions: str | None
    challenge_expires_ms: int | None
    failure_code: str | None
    failure_message: str | None
    caused_by: str | None
    updated_ms: int

    @property
    def live(self) -> bool:
        """It has not come to its end."""
        return self.state in LIVE_ATTEMPTS


@dataclass(frozen=True, slots=True)
class Failure:
    """Why no money moved: a stable code and a sentence for the payer."""

    code: str
    message: str


NOT_CHARGED = Failure(
    "PAYMENT_NOT_MADE",
    "The bank did not answer and you were not charged. Please try again or take another card.",
)
CHALLENGE_EXPIRED = Failure(
    "CHALLENGE_EXPIRED",
    "The bank's question was not answered in time. You were not charged; please try again.",
)
DECLINED = Failure("CARD_DECLINED", "The bank declined the payment. Please take another card.")
TIME_OVER = Failure(
    "SHARES_NOT_PAID",
    "Not every part was paid before the time ran out, so nobody was charged.",
)
LEFT = Failure("PAYMENT_GIVEN_UP", "The payment was given up, so nobody was charged.")

PUBLIC_FAILURES = frozenset((NOT_CHARGED.code, CHALLENGE_EXPIRED.code, TIME_OVER.code, LEFT.code))
"""Codes that everybody in the party may see. What a bank said about somebody is for them alone."""

NOT_FOR_OTHERS = Failure(
    "PAYMENT_DECLINED", "A part of this checkout was declined, so nobody was charged."
)
"""What the others see of a bank's reason."""
