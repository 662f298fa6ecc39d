"""`/orders` and `/track`: what was bought, and where it is."""

from typing import Annotated

from fastapi import APIRouter, Path

from server.http.dependencies import GuestHere, ServicesHere
from server.http.openapi import SIGNED_IN, errors
from server.http.payment_schemas import PaidOrder
from server.http.schemas import Tracking

router = APIRouter(tags=["Orders"])

OrderId = Annotated[str, Path(max_length=64)]


@router.get("/orders", responses=errors(*SIGNED_IN))
async def list_orders(guest: GuestHere, services: ServicesHere) -> list[PaidOrder]:
    """Your orders and those of your parties, newest first."""
    return [
        PaidOrder.model_validate(view) for view in await services.commerce.orders(guest.person_id)
    ]


@router.get("/orders/{order_id}", responses=errors(*SIGNED_IN, "ORDER_NOT_FOUND"))
async def show_order(order_id: OrderId, guest: GuestHere, services: ServicesHere) -> PaidOrder:
    """One order."""
    return PaidOrder.model_validate(await services.commerce.order(guest.person_id, order_id))


@router.get("/track/{order_id}", responses=errors("ORDER_NOT_FOUND"))
async def track_order(order_id: OrderId, services: ServicesHere) -> Tracking:
    """Where an order is, for everybody who has its id (which nobody can guess)."""
    return Tracking.model_validate(await services.commerce.track(order_id))
