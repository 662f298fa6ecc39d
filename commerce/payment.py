"""Payment attempts: what we know of one try to pay, and how the gateway's word moves it on.

An attempt is written down before the gateway is asked, so that a crash at any moment leaves a row
that `reconcile` can ask the gateway about. Its id is the key that the gateway does its work once
for.

    prepared    written; the gateway may or may not have heard of it
    challenge   the bank asks the payer something
    authorised  the bank promised the money; it will be captured
    captured    the money moved; the order exists          (end)
    failed      no money moved and none will               (end)
"""

from dataclasses import dataclass
from enum import StrEnum


class AttemptState(StrEnum):
    """Where an attempt is."""

    PREPARED = "prepared"
    CHALLENGE = "challenge"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    FAILED = "failed"


LIVE_ATTEMPTS = (AttemptState.PREPARED, AttemptState.CHALLENGE, AttemptState.AUTHORISED)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to pay a checkout. `in_doubt`: the gateway was asked and did not answer."""

    attempt_id: str
    checkout_id: str
    number: int
    payer_id: str
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
    updated_ms: int

    @property
    def live(self) -> bool:
        """It can still lead to an order."""
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
