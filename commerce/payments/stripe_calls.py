"""Calls of Stripe's client: within a time, and with the errors that commerce knows."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import TypeVar

import stripe

from commerce.ports import GatewayUnavailableError

log = logging.getLogger(__name__)

T = TypeVar("T")


class StripeCalls:
    """Asks Stripe; no answer in `timeout_ms` is none. What Stripe says is not repeated in the log:
    it can quote what was sent."""

    def __init__(self, timeout_ms: int) -> None:
        self._timeout_s = timeout_ms / 1_000

    async def attempt(self, call: Awaitable[T]) -> T:
        """Ask for something that Stripe may refuse: of a card CardError, of a request
        InvalidRequestError. Everything else is no answer. Raises GatewayUnavailableError."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await call
        except (stripe.CardError, stripe.InvalidRequestError):
            raise
        except stripe.StripeError as error:
            log.warning("stripe did not do it: %s %s", type(error).__name__, error.http_status)
            raise GatewayUnavailableError(type(error).__name__) from None
        except TimeoutError:
            raise GatewayUnavailableError("no answer in time") from None

    async def ask(self, call: Awaitable[T]) -> T:
        """Ask for something that Stripe has no reason to refuse. Raises GatewayUnavailableError."""
        try:
            return await self.attempt(call)
        except stripe.StripeError as error:
            log.error("stripe refused: %s %s", type(error).__name__, error.code)
            raise GatewayUnavailableError(type(error).__name__) from None
