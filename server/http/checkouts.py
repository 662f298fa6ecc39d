"""`/checkout`: the till. Lock, pay, or leave; nothing changes under a lock."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from commerce import CommerceError
from server.http.dependencies import (
    GuestHere,
    OptionalKey,
    RequiredKey,
    ServicesHere,
    address_of,
)
from server.http.openapi import KEYED, SIGNED_IN, STORE, errors
from server.http.payment_schemas import Address, Till
from server.observe.shop import count_payment

router = APIRouter(prefix="/checkout", tags=["Checkout"])

CheckoutId = Annotated[str, Path(max_length=64)]

TOTAL_MAX = 10**12

_ONE = (*SIGNED_IN, *STORE, "CHECKOUT_NOT_FOUND", "CHECKOUT_STATE", "NOT_ALLOWED", "INVALID_ID")


class LockRequest(BaseModel):
    """What the shopper saw when they went to the till, and where it goes."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    expected_total_minor: int | None = Field(
        default=None,
        ge=0,
        le=TOTAL_MAX,
        strict=True,
        description="Refused when the total is another.",
    )
    contact: Address | None = Field(default=None, description="Where the order goes.")


class PaymentRequest(BaseModel):
    """Who pays what with which means. The means is never stored, logged or answered."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    payment_method: str = Field(
        min_length=1,
        max_length=128,
        description="`test:` and 16 digits, for the embedded test provider: ...0001 pays, ...0002 "
        "declines, ...0003 asks a question, ...0004 and ...0005 do not answer. As far as the shop "
        "is set up for it: `stripe:pm_...`, `stripe:save:pm_...` (which keeps it), "
        "`stripe:saved:pm_...` (see `/payment-methods`), `stripe:link`, `stripe:client`, "
        "`solana:`, `credit:`, `gift:` and the code of a gift card.",
        examples=["test:0000000000000001"],
    )
    expected_total_minor: int = Field(
        ge=0,
        le=TOTAL_MAX,
        strict=True,
        description="The total you agree to; your part of it when the party divides it.",
        examples=[2980],
    )
    amount_minor: int | None = Field(
        default=None,
        ge=1,
        le=TOTAL_MAX,
        strict=True,
        description="How much of it with this method; the rest with another one afterwards.",
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
        *SIGNED_IN, *STORE, *KEYED, "CHECKOUT_PROBLEMS", "CART_LOCKED", "INVALID_CONTACT"
    ),
)
async def lock_cart(
    guest: GuestHere, services: ServicesHere, key: OptionalKey, body: LockRequest | None = None
) -> Till:
    """Lock the cart: hold everything firmly, freeze the price, start the countdown.

    Without a `contact`, the address of `PUT /cart/contact` is taken.

    All problems come at once in `data.problems`; the cart is never lost. Each has a `code`:
    `CART_EMPTY`, `SOLD_OUT`, `DISCONTINUED`, `WAIT_IN_LINE`, `LIMIT_REACHED` (of what one person
    can buy), `COUPON_ENDED`, `COUPON_NOT_APPLICABLE`, `TOTAL_CHANGED`, `PRICE_CHANGED`,
    `BELOW_MINIMUM`, `CONTACT_MISSING`, `SHIPPING_NOT_POSSIBLE`, `GIFT_NOT_ACCEPTED`.
    """
    expected = body.expected_total_minor if body else None
    try:
        view = await services.commerce.lock(
            guest.person_id,
            idempotency_key=key,
            expected_total_minor=expected,
            contact=body.contact.contact() if body and body.contact else None,
        )
    except CommerceError:
        services.metrics.checkouts.labels("refused").inc()
        raise
    services.metrics.checkouts.labels("locked").inc()
    return Till.model_validate(view)


@router.get("/{checkout_id}", responses=errors(*SIGNED_IN, "CHECKOUT_NOT_FOUND", "INVALID_ID"))
async def show_checkout(checkout_id: CheckoutId, guest: GuestHere, services: ServicesHere) -> Till:
    """A checkout of yours or of your party."""
    return Till.model_validate(await services.commerce.checkout(guest.person_id, checkout_id))


@router.delete("/{checkout_id}", responses=errors(*_ONE))
async def unlock_cart(checkout_id: CheckoutId, guest: GuestHere, services: ServicesHere) -> Till:
    """Leave the till: the cart can be changed again and keeps its lines."""
    view = await services.commerce.unlock(guest.person_id, checkout_id)
    services.metrics.checkouts.labels("released").inc()
    return Till.model_validate(view)


@router.post(
    "/{checkout_id}/payment",
    responses=errors(
        *_ONE,
        *KEYED,
        "IDEMPOTENCY_KEY_MISSING",
        "PAYMENT_METHOD_UNKNOWN",
        "TOTAL_CHANGED",
        "CHECKOUT_EXPIRED",
        "NOTHING_TO_PAY",
        "INVALID_AMOUNT",
        "TOO_MANY_PAYMENTS",
        "COUPON_ENDED",
    ),
)
async def pay(
    checkout_id: CheckoutId,
    body: PaymentRequest,
    request: Request,
    guest: GuestHere,
    services: ServicesHere,
    key: RequiredKey,
) -> Till:
    """Pay a locked checkout. Needs an Idempotency-Key: sent twice, it is paid once.

    Look at `state`: `paid` (with `order_id`), `locked` with `last_failure` (declined: try again
    while the lock lives), or `paying` with a `challenge` to answer, `in_doubt` (it will be settled;
    ask again), or because other parts are missing: see `shares` and `due_minor`.
    """
    try:
        view = await services.commerce.pay(
            guest.person_id,
            checkout_id,
            payment_method=body.payment_method,
            expected_total_minor=body.expected_total_minor,
            idempotency_key=key,
            amount_minor=body.amount_minor,
            address=address_of(request),
        )
    except CommerceError:
        services.metrics.payments.labels("refused").inc()
        raise
    count_payment(services.metrics, view)
    return Till.model_validate(view)


@router.post(
    "/{checkout_id}/payment/confirmation",
    responses=errors(*_ONE, "CHALLENGE_NOT_FOUND", "INVALID_RESPONSE"),
)
async def confirm_payment(
    checkout_id: CheckoutId, body: ChallengeAnswer, guest: GuestHere, services: ServicesHere
) -> Till:
    """Answer the bank's question. The test provider knows `approve` and `reject`."""
    view = await services.commerce.confirm(
        guest.person_id, checkout_id, challenge_id=body.challenge_id, response=body.response
    )
    count_payment(services.metrics, view)
    return Till.model_validate(view)
