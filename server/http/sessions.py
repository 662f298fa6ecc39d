"""`/session`: who somebody is."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from server.http.dependencies import ServicesHere, address_of
from server.http.openapi import errors
from server.http.rate_limit import UNKNOWN_ADDRESS
from server.http.schemas import Token

router = APIRouter(prefix="/session", tags=["Session"])

_NAME = Field(
    max_length=64, description="Name that others see: 1 to 32 visible characters.", examples=["Ada"]
)


class GuestRequest(BaseModel):
    """What a guest tells."""

    model_config = ConfigDict(extra="forbid")

    name: str = _NAME


class HostRequest(BaseModel):
    """What staff tell."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: str = _NAME
    host_key: str = Field(max_length=256, description="The key that the operator gave you.")


@router.post("/guest", status_code=201, responses=errors("NAME_INVALID"))
async def open_guest_session(body: GuestRequest, services: ServicesHere, request: Request) -> Token:
    """Come in as a guest.

    Needs no account and no password. The answer has a token for every other call and for the game
    socket; with it you keep your cart and your orders until the token runs out.
    """
    address = address_of(request)
    known = "" if address == UNKNOWN_ADDRESS else address
    return Token.of(services.guests.issue(body.name, address=known))


@router.post("/host", status_code=201, responses=errors("NAME_INVALID", "HOST_KEY_WRONG"))
async def open_host_session(body: HostRequest, services: ServicesHere) -> Token:
    """Come in as a host, who may spotlight products and gather people."""
    return Token.of(services.guests.issue_host(body.name, body.host_key))
