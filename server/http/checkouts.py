"""`/checkout`: the till. Lock, pay, or leave; nothing changes under a lock."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from commerce import CommerceError
from server.http.dependencies import GuestHere, OptionalKey, RequiredKey, ServicesHere
from server.http.openapi import errors
from server.http.schemas import Checkout
from server.observe.shop import count_payment

router = APIRouter(prefix="/checkout", tags=["Checkout"])

CheckoutId = Annotated[str, Path(max_length=64)]

TOTAL_MAX = 10**12

_SIGNED_IN = ("TOKEN_MISSING", "TOKEN_INVALID", "TOKEN_EXPIRED")
_ONE = (*_SIGNED_IN, "CHECKOUT_NOT_FOUND", "CHECKOUT_STATE", "NOT_ALLOWED", "STORE_BUSY")
_KEYED = ("INVALID_IDEMPOTENCY_KEY", "IDEMPOTENCY_KEY_REUSED")


class LockRequest(BaseModel):
    """What the shopper saw when they went to the till."""

    model_config = ConfigDict(extra="forbid")

    expected_total_minor: int | None = Field(
        default=None,
        ge=0,
        le=TOTAL_MAX,
        strict=True,
        description="Refused when the total is another.",
    )


class PaymentRequest(BaseModel):
    """Who pays what with which means. The means is never stored, logged or answered."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    payment_method: str = Field(
        min_length=1,
        max_length=128,
        description="`test:` and 16 digits, for the embedded test provider: ...0001 pays, ...0002 "
        "declines, ...0003 asks a question, ...0004 and ...0005 do not answer.",
        examples=["test:0000000000000001"],
    )
    expected_total_minor: int = Field(
        ge=0, le=TOTAL_MAX, strict=True, description="The total you agree to.", examples=[2980]
    )


class ChallengeAnswer(BaseModel):
    """The payer's answer to the bank."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    challenge_id: str = Field(min_length=1, max_length=128)
    response: str = Field(min_length=1, max_length=256, examples=["approve"])


@router.post(
    "",
    status_code=201,
    responses=errors(
        *_SIGNED_IN, *_KEYED, "CHECKOUT_PROBLEMS", "CART_LOCKED", "STORE_BUSY", "BUSY"
    ),
)
async def lock_cart(
    guest: GuestHere, services: ServicesHere, key: OptionalKey, body: LockRequest | None = None
) -> Checkout:
    """Lock the cart: hold everything firmly, freeze the price, start the countdown.

    All problems come at once in `data.problems`; the cart is never lost.
    """
    expected = body.expected_total_minor if body else None
    try:
        view = await services.commerce.lock(
            guest.person_id, idempotency_key=key, expected_total_minor=expected
        )
    except CommerceError:
        services.metrics.checkouts.labels("refused").inc()
        raise
    services.metrics.checkouts.labels("locked").inc()
    return Checkout.model_validate(view)


@router.get("/{checkout_id}", responses=errors(*_SIGNED_IN, "CHECKOUT_NOT_FOUND", "NOT_ALLOWED"))
async def show_checkout(
    checkout_id: CheckoutId, guest: GuestHere, services: ServicesHere
) -> Checkout:
    """A checkout of yours or of your party."""
    return Checkout.model_validate(await services.commerce.checkout(guest.person_id, checkout_id))


@router.delete("/{checkout_id}", responses=errors(*_ONE))
async def unlock_cart(
    checkout_id: CheckoutId, guest: GuestHere, services: ServicesHere
) -> Checkout:
    """Leave the till: the cart can be changed again and keeps its lines."""
    view = await services.commerce.unlock(guest.person_id, checkout_id)
    services.metrics.checkouts.labels("released").inc()
    return Checkout.model_validate(view)


@router.post(
    "/{checkout_id}/payment",
    responses=errors(
        *_ONE,
        *_KEYED,
        "IDEMPOTENCY_KEY_MISSING",
        "PAYMENT_METHOD_UNKNOWN",
        "TOTAL_CHANGED",
        "CHECKOUT_EXPIRED",
        "BUSY",
    ),
)
async def pay(
    checkout_id: CheckoutId,
    body: PaymentRequest,
    guest: GuestHere,
    services: ServicesHere,
    key: RequiredKey,
) -> Checkout:
    """Pay a locked checkout. Needs an Idempotency-Key: sent twice, it is paid once.

    Look at `state`: `paid` (with `order_id`), `locked` with `last_failure` (declined: try again
    while the lock lives), or `paying` with a `challenge` to answer or `in_doubt` (it will be
    settled; ask again).
    """
    try:
        view = await services.commerce.pay(
            guest.person_id,
            checkout_id,
            payment_method=body.payment_method,
            expected_total_minor=body.expected_total_minor,
            idempotency_key=key,
        )
    except CommerceError:
        services.metrics.payments.labels("refused").inc()
        raise
    count_payment(services.metrics, view)
    return Checkout.model_validate(view)


@router.post(
    "/{checkout_id}/payment/confirmation",
    responses=errors(*_ONE, "CHALLENGE_NOT_FOUND", "INVALID_RESPONSE"),
)
async def confirm_payment(
    checkout_id: CheckoutId, body: ChallengeAnswer, guest: GuestHere, services: ServicesHere
) -> Checkout:
    """Answer the bank's question. The test provider knows `approve` and `reject`."""
    view = await services.commerce.confirm(
        guest.person_id, checkout_id, challenge_id=body.challenge_id, response=body.response
    )
    count_payment(services.metrics, view)
    return Checkout.model_validate(view)
