"""`/cart/coupon` for shoppers, `/coupons` for hosts."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from commerce.promotions import Coupon, CouponKind, coupon_code
from server.http.dependencies import GuestHere, HostHere, ServicesHere
from server.http.openapi import SIGNED_IN, STAFF, STORE, errors
from server.http.schemas import Cart, Priced

router = APIRouter(tags=["Coupons"])

Code = Annotated[str, Path(max_length=64, examples=["SPRING25"])]

_MINOR_MAX = 2**53 - 1

_Time = Annotated[int | None, Field(ge=0, le=_MINOR_MAX, strict=True)]
_Uses = Annotated[int | None, Field(ge=1, le=10**9, strict=True)]


class CouponCode(BaseModel):
    """What is on the coupon."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(
        min_length=1, max_length=64, description="Blanks and small letters do not matter."
    )


class NewCoupon(BaseModel):
    """A coupon to be made; it never changes, but can be withdrawn."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(min_length=3, max_length=32, examples=["SPRING25"])
    kind: CouponKind = Field(description="percent, or amount.")
    value: int = Field(
        ge=1,
        le=_MINOR_MAX,
        strict=True,
        description="Basis points (2500 are a quarter off), or minor units.",
        examples=[2500],
    )
    currency: str = Field(min_length=3, max_length=3, description="ISO 4217.", examples=["EUR"])
    minimum_minor: int = Field(
        default=0, ge=0, le=_MINOR_MAX, strict=True, description="Least price of a cart."
    )
    starts_ms: _Time = Field(default=None, description="Works from then on.")
    ends_ms: _Time = Field(default=None, description="Works until just before then.")
    uses_max: _Uses = Field(default=None, description="Orders that can have it.")
    uses_per_person_max: _Uses = Field(default=None, description="Orders of one person.")


class CouponShown(Priced):
    """A coupon with its use."""

    code: str
    kind: str
    value: int
    minimum_minor: int
    starts_ms: int | None
    ends_ms: int | None
    uses_max: int | None
    uses_per_person_max: int | None
    used: int = Field(description="Orders that have it, and checkouts under way.")
    withdrawn: bool = Field(description="True: nobody can use it any more.")


_CHANGE = (*SIGNED_IN, *STORE, "CART_LOCKED")


@router.put(
    "/cart/coupon",
    responses=errors(
        *_CHANGE, "INVALID_COUPON", "COUPON_NOT_FOUND", "COUPON_ENDED", "COUPON_NOT_APPLICABLE"
    ),
)
async def apply_coupon(body: CouponCode, guest: GuestHere, services: ServicesHere) -> Cart:
    """Put a coupon into your cart, instead of the one that is in it."""
    return Cart.of(await services.commerce.coupons.apply(guest.person_id, body.code))


@router.delete("/cart/coupon", responses=errors(*_CHANGE))
async def remove_coupon(guest: GuestHere, services: ServicesHere) -> Cart:
    """Take the coupon out of your cart."""
    return Cart.of(await services.commerce.coupons.remove(guest.person_id))


@router.get("/coupons", responses=errors(*STAFF))
async def list_coupons(
    _host: HostHere,
    services: ServicesHere,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[CouponShown]:
    """The newest coupons. For hosts."""
    found = await services.commerce.coupons.all(limit)
    return [CouponShown.model_validate(coupon) for coupon in found]


@router.post(
    "/coupons",
    status_code=201,
    responses=errors(
        *STAFF, *STORE, "INVALID_COUPON", "INVALID_CURRENCY", "COUPON_EXISTS", "LIMIT_REACHED"
    ),
)
async def create_coupon(body: NewCoupon, _host: HostHere, services: ServicesHere) -> CouponShown:
    """Make a coupon. For hosts."""
    values = body.model_dump() | {"code": coupon_code(body.code)}
    made = await services.commerce.coupons.create(Coupon(**values))
    return CouponShown.model_validate(made)


@router.delete(
    "/coupons/{code}", responses=errors(*STAFF, *STORE, "INVALID_COUPON", "COUPON_NOT_FOUND")
)
async def withdraw_coupon(code: Code, _host: HostHere, services: ServicesHere) -> CouponShown:
    """From now on nobody can use a coupon, not even at the till. For hosts."""
    return CouponShown.model_validate(await services.commerce.coupons.withdraw(code))
