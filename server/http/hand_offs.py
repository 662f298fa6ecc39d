"""Paying with a phone: the headset shows a short code or its QR, the phone pays by it."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from server.errors import GalleriaError
from server.http.dependencies import (
    GuestHere,
    RequiredKey,
    ServicesHere,
    address_of,
    base_url_of,
)
from server.http.openapi import KEYED, SIGNED_IN, STORE, errors
from server.http.payment_schemas import HandOff, Till
from server.http.qr import SVG_MEDIA_TYPE, qr_response
from server.observe.shop import count_payment

router = APIRouter(tags=["Phone"])

CheckoutId = Annotated[str, Path(max_length=64)]
Code = Annotated[str, Path(max_length=32, examples=["K7WQ2M9XTB"])]

_CODE = ("HAND_OFF_NOT_FOUND", "HAND_OFF_ENDED", "CHECKOUT_NOT_FOUND")
_SVG: dict[int | str, dict[str, Any]] = {
    200: {"content": {SVG_MEDIA_TYPE: {"schema": {"type": "string"}}}}
}


class PhonePayment(BaseModel):
    """How the phone pays."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    payment_method: str = Field(min_length=1, max_length=128, examples=["stripe:link"])


def page_address(base_url: str, code: str) -> str:
    """Where a phone pays by a code."""
    return f"{base_url}/pay/{code}"


@router.post(
    "/checkout/{checkout_id}/hand-off",
    status_code=201,
    responses=errors(
        *SIGNED_IN, *STORE, "CHECKOUT_NOT_FOUND", "NOTHING_TO_PAY", "LIMIT_REACHED", "INVALID_ID"
    ),
)
async def hand_off(
    checkout_id: CheckoutId, guest: GuestHere, services: ServicesHere, request: Request
) -> HandOff:
    """A short code with which a phone pays your part, once, within two minutes. An earlier code of
    yours stops working. Show it to nobody else: whoever has it sees what you pay, and can pay it
    with your store credit."""
    view = await services.commerce.hand_off(guest.person_id, checkout_id)
    base_url = base_url_of(services, request)
    return HandOff(
        code=view.code,
        checkout_id=view.checkout_id,
        amount_minor=view.amount_minor,
        currency=view.currency,
        expires_ms=view.expires_ms,
        url=page_address(base_url, view.code),
        qr_url=f"{base_url}/hand-off/{view.code}/qr.svg",
    )


@router.get("/hand-off/{code}", responses=errors(*_CODE))
async def open_hand_off(code: Code, services: ServicesHere) -> Till:
    """What a code is to pay. Whoever has the code may look; it needs no token."""
    return Till.model_validate(await services.commerce.open_hand_off(code))


@router.get(
    "/hand-off/{code}/qr.svg", response_class=Response, responses={**_SVG, **errors(*_CODE)}
)
async def show_hand_off_qr(code: Code, services: ServicesHere, request: Request) -> Response:
    """The QR code that leads a phone to the page where it pays, while the code works."""
    await services.commerce.open_hand_off(code)
    return qr_response(page_address(base_url_of(services, request), code))


@router.post(
    "/hand-off/{code}/payment",
    responses=errors(
        *KEYED,
        *STORE,
        *_CODE,
        "IDEMPOTENCY_KEY_MISSING",
        "PAYMENT_METHOD_UNKNOWN",
        "CHECKOUT_EXPIRED",
        "CHECKOUT_STATE",
        "NOTHING_TO_PAY",
        "TOTAL_CHANGED",
        "TOO_MANY_PAYMENTS",
        "COUPON_ENDED",
    ),
)
async def pay_hand_off(
    code: Code, body: PhonePayment, request: Request, services: ServicesHere, key: RequiredKey
) -> Till:
    """Pay by a code, which is used up by it; when the payment is declined, the code works again
    (take a new key). A challenge is answered on the page of its url."""
    view = await services.commerce.pay_hand_off(
        code,
        payment_method=body.payment_method,
        idempotency_key=key,
        address=address_of(request),
    )
    count_payment(services.metrics, view)
    return Till.model_validate(view)


@router.get(
    "/checkout/{checkout_id}/challenge/qr.svg",
    response_class=Response,
    responses={
        **_SVG,
        **errors(*SIGNED_IN, "CHECKOUT_NOT_FOUND", "CHALLENGE_NOT_FOUND", "INVALID_ID"),
    },
)
async def show_challenge_qr(
    checkout_id: CheckoutId, guest: GuestHere, services: ServicesHere
) -> Response:
    """The address of your open challenge as a QR code: a page of your bank, or what your wallet
    shall pay (Solana Pay)."""
    view = await services.commerce.checkout(guest.person_id, checkout_id)
    if view.challenge is None or view.challenge.url is None:
        raise GalleriaError(
            "CHALLENGE_NOT_FOUND", "Nothing of yours waits to be answered elsewhere.", {}, 404
        )
    return qr_response(view.challenge.url)
