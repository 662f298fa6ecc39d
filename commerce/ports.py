"""What commerce needs from outside: payment gateways, a clock, new ids.

A gateway authorises (the money is promised) before it captures (the money moves). Every call
carries our key of the payment attempt and does its work once for one key, however often it is
called; a refund has a key of its own.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

Clock = Callable[[], int]
"""Milliseconds since the Unix epoch."""

NewId = Callable[[], str]
"""A fresh id that nobody can guess."""


def random_id() -> str:
    """128 random bits as 32 hexadecimal digits."""
    return secrets.token_hex(16)


class ChargeState(StrEnum):
    """What a gateway says about a charge."""

    CHALLENGE = "challenge"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    DECLINED = "declined"
    VOIDED = "voided"


class RefundState(StrEnum):
    """What a gateway says about a refund. `manual`: somebody has to pay it back by hand."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge as the gateway has it. `code` and `message` say why it was declined or voided."""

    key: str
    state: ChargeState
    amount_minor: int
    currency: str
    reference: str
    challenge_id: str | None = None
    challenge_url: str | None = None
    instructions: str | None = None
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as the gateway has it."""

    key: str
    state: RefundState
    amount_minor: int
    reference: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A webhook whose signature was right. `event_id` is the provider's own, `kind` its type. `key`
    is the attempt it is about, as far as it says; else `reference` is the provider's object."""

    event_id: str
    kind: str
    key: str | None
    reference: str | None


class GatewayUnavailableError(Exception):
    """The gateway did not answer; whether it did anything is not known."""


class References(Protocol):
    """Where a provider keeps which of its own objects belongs to which key of ours."""

    async def remember(self, provider: str, key: str, reference: str) -> str:
        """Keep the reference of a key, once: the one that is kept from then on. An empty one says
        that there never will be any. Raises ReferenceTakenError when it belongs to another key."""

    async def find(self, provider: str, key: str) -> str | None:
        """The reference of a key."""

    async def key_of(self, provider: str, reference: str) -> str | None:
        """The key that a reference belongs to."""

    async def all(self, provider: str, limit: int) -> Mapping[str, str]:
        """The references of a provider by key, the newest `limit`."""


class ReferenceTakenError(Exception):
    """A reference (such as a transaction) pays one attempt only, and it has paid another."""


class PaymentGateway(Protocol):
    """A payment provider. Each call raises GatewayUnavailableError when there is no answer."""

    def accepts(self, payment_method: str) -> bool:
        """Whether this provider knows the method. Never logs or stores it."""

    async def authorise(
        self, key: str, amount_minor: int, currency: str, payment_method: str, payer_id: str
    ) -> Charge:
        """Ask for the money, once for one key. Captured only by `capture`."""

    async def confirm(self, key: str, challenge_id: str, response: str) -> Charge:
        """Hand the payer's answer to the bank, or look whether the bank was answered elsewhere."""

    async def capture(self, key: str, amount_minor: int | None = None) -> Charge:
        """Move the money of an authorised charge: all of it, or only so much."""

    async def void(self, key: str) -> Charge:
        """Give the charge up. One that never arrived cannot come into being afterwards; a captured
        one stays captured."""

    async def refund(self, key: str, refund_key: str, amount_minor: int) -> Refund:
        """Give back a part of a captured charge, once for one refund key. Asked again, it says how
        the refund stands."""

    async def lookup(self, key: str) -> Charge | None:
        """What the gateway knows about this key; None: nothing."""

    async def captured(self) -> dict[str, tuple[int, str]]:
        """All captured charges: key to amount in minor units and currency. For the audit."""

    async def refunded(self) -> dict[str, int]:
        """All refunds that were made: refund key to amount in minor units. For the audit."""

    async def close(self) -> None:
        """Let go of files and connections."""


@runtime_checkable
class StepUpGateway(PaymentGateway, Protocol):
    """A provider that pays at a word from the payer, and can ask them for another one before."""

    async def ask(
        self, key: str, amount_minor: int, currency: str, payment_method: str, payer_id: str
    ) -> Charge:
        """`authorise`, but with a challenge that `confirm` answers: "approve" promises the money,
        anything else gives it up."""


@dataclass(frozen=True, slots=True)
class KeptMethod:
    """A payment method that a provider keeps for a payer: what `pay` takes, and what a person knows
    the card by. Its number is at the provider."""

    payment_method: str
    brand: str
    last4: str


@runtime_checkable
class KeepingGateway(PaymentGateway, Protocol):
    """A provider that keeps payment methods for payers."""

    async def kept_methods(self, payer_id: str) -> tuple[KeptMethod, ...]:
        """The methods of a payer, the newest first."""

    async def forget_payer(self, payer_id: str) -> None:
        """Delete what is kept for a person, there and for good. Doing it twice is no harm."""


@runtime_checkable
class NotifyingGateway(PaymentGateway, Protocol):
    """A provider that sends webhooks."""

    def notice(self, body: bytes, signature: str, now_ms: int) -> Notice:
        """Check a webhook and say what it is about. Raises WEBHOOK_REFUSED."""

    async def key_of(self, reference: str) -> str | None:
        """The attempt that one of the provider's objects belongs to."""
