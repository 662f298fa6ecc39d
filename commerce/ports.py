"""What commerce needs from outside: a payment gateway, a clock, new ids.

A gateway authorises (the bank promises the money) before it captures (the money moves). Every call
carries our key of the payment attempt and does its work once for one key, however often it is
called.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

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


class GatewayUnavailableError(Exception):
    """The gateway did not answer; whether it did anything is not known."""


class PaymentGateway(Protocol):
    """A payment provider. Each call raises GatewayUnavailableError when there is no answer."""

    def accepts(self, payment_method: str) -> bool:
        """Whether this provider knows the method. Never logs or stores it."""

    async def authorise(
        self, key: str, amount_minor: int, currency: str, payment_method: str
    ) -> Charge:
        """Ask for the money, once for one key."""

    async def confirm(self, key: str, challenge_id: str, response: str) -> Charge:
        """Hand the payer's answer to the bank."""

    async def capture(self, key: str) -> Charge:
        """Move the money of an authorised charge."""

    async def void(self, key: str) -> Charge:
        """Give the charge up. One that never arrived cannot come into being afterwards; a captured
        one stays captured."""

    async def lookup(self, key: str) -> Charge | None:
        """What the gateway knows about this key; None: nothing."""

    async def captured(self) -> dict[str, tuple[int, str]]:
        """All captured charges: key to amount in minor units and currency. For the audit."""

    async def close(self) -> None:
        """Let go of files and connections."""
