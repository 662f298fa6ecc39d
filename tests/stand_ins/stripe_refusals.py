"""What the stand-in of Stripe refuses, in the shape of Stripe's errors.

Shape and codes: https://docs.stripe.com/api/errors and https://docs.stripe.com/error-codes. Amounts
are above 0 and not below the least of the currency, 50 cents of the euro:
https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
"""

from typing import Any

from tests.stand_ins.web import Reply

AMOUNT_MINIMUM = 50


class RefusedError(Exception):
    """An error in the shape of Stripe's."""

    def __init__(self, status: int, kind: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "message": message, **more}}


def invalid(message: str, code: str, status: int = 400) -> RefusedError:
    return RefusedError(status, "invalid_request_error", message, code=code)


def unexpected(intent: dict[str, Any]) -> RefusedError:
    message = f"This PaymentIntent has a status of {intent['status']}."
    return invalid(message, "payment_intent_unexpected_state")


def check_amount(amount: int) -> None:
    """Raises what Stripe says to an amount that it does not charge."""
    if amount < 1:
        raise invalid("Invalid positive integer", "parameter_invalid_integer")
    if amount < AMOUNT_MINIMUM:
        raise invalid("Amount must be at least 50 cents", "amount_too_small")


def refusal(error: RefusedError) -> Reply:
    """The answer that carries it."""
    return Reply(error.status, error.body)
