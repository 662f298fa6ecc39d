"""`/rooms` and `/seats`: which rooms there are, and how to get in."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from commerce import CommerceError
from server.auth.tokens import Guest
from server.errors import GalleriaError
from server.http.caching import REVALIDATE, conditional
from server.http.dependencies import DocumentsHere, GuestHere, ServicesHere, base_url_of
from server.http.openapi import errors
from server.http.schemas import InviteCode, ReservedSeat, Room, Seat
from server.services import Services
from server.workers.asks import SeatAsk, SeatsGranted

router = APIRouter(tags=["Rooms"])

RoomId = Annotated[str, Path(max_length=64, examples=["grand-hall"])]
SEATS_MAX = 64
"""Of the interface; the server's own limit is lower and answers TOO_MANY_SEATS."""


class SeatRequest(BaseModel):
    """Which room: by id, by a friend's invite, or neither for where your party is."""

    model_config = ConfigDict(extra="forbid")

    room_id: str | None = Field(default=None, max_length=64, examples=["grand-hall"])
    invite: str | None = Field(default=None, max_length=64)
    party: bool = Field(
        default=False, description="Also for everybody who shares your cart, in the same room."
    )
    seats: int = Field(
        default=1,
        ge=1,
        le=SEATS_MAX,
        strict=True,
        description="Seats in all, yours included; those beyond you and your party are for whoever "
        "has their token.",
    )
    overflow: bool = Field(
        default=True, description="When the room is full, another copy of it; else ROOM_FULL."
    )


@router.get("/rooms")
async def list_rooms(services: ServicesHere) -> list[Room]:
    """The rooms that are open, and how full they are."""
    return [Room.of(summary) for summary in await services.directory.rooms()]


@router.get("/rooms/{room_id}", responses=errors("ROOM_NOT_FOUND"))
async def show_room(room_id: RoomId, services: ServicesHere) -> Room:
    """One room."""
    return Room.of(await services.directory.room(room_id))


@router.get(
    "/rooms/{room_id}/layout",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {"schema": {"type": "object"}}}},
        304: {"description": "You have the newest layout (If-None-Match)."},
        **errors("ROOM_NOT_FOUND"),
    },
)
async def show_layout(
    room_id: RoomId, services: ServicesHere, documents: DocumentsHere, request: Request
) -> Response:
    """Zones, fixtures, slots, spawns and waypoints of a room, and which product stands where.

    Lengths are metres, right-handed, +Y up, -Z ahead; angles are degrees, counter-clockwise. All
    copies of a room have the same layout.
    """
    store = services.store
    if room_id != store.room_id:
        await services.directory.room(room_id)
    name = f"layout {store.room_id}"
    body, digest = documents.encoded(name, store, lambda: _as_json(store.as_json()))
    return conditional(request, body, "application/json", digest, REVALIDATE)


@router.post(
    "/seats",
    status_code=201,
    responses=errors(
        "TOKEN_MISSING",
        "ROOM_NOT_FOUND",
        "INVITE_NOT_FOUND",
        "ROOM_FULL",
        "TOO_MANY_SEATS",
        "BUSY",
        "DRAINING",
    ),
)
async def reserve_seat(
    body: SeatRequest, guest: GuestHere, services: ServicesHere, request: Request
) -> Seat:
    """Reserve a seat in a room, then connect to `socket_url` and take it with Join.

    Several seats are reserved together, all in one room, or not at all. They are kept for some
    seconds and count against the room's capacity meanwhile. Asking again gives new seats and ends
    the old ones: a person sits on one.
    """
    if services.draining:
        raise GalleriaError("DRAINING", "This server is closing; try again in a moment.", {}, 503)
    members = await _party(guest, services, needed=body.party)
    people = [guest.person_id, *(members if body.party else ())]
    people += [""] * (body.seats - len(people))
    ask = SeatAsk(
        guest.person_id,
        tuple(people),
        members,
        body.room_id or "",
        body.invite or "",
        body.overflow,
    )
    granted = await services.directory.reserve(ask)
    return _seat(
        granted, guest, services.socket_url(base_url_of(services, request), granted.worker)
    )


@router.post(
    "/rooms/{room_id}/invites",
    status_code=201,
    responses=errors("TOKEN_MISSING", "ROOM_NOT_FOUND", "BUSY"),
)
async def create_invite(
    room_id: RoomId, _guest: GuestHere, services: ServicesHere, request: Request
) -> InviteCode:
    """Make an invite that friends can open the page with."""
    invite = await services.directory.create_invite(room_id)
    return InviteCode(
        invite=invite.code,
        room_id=invite.room_id,
        expires_ms=invite.expires_ms,
        uses=invite.uses,
        url=f"{base_url_of(services, request)}/?invite={invite.code}",
    )


async def _party(guest: Guest, services: Services, *, needed: bool) -> tuple[str, ...]:
    """Who shares this guest's cart; when it is only for company, a busy shop stops nobody."""
    with suppress(*(() if needed else (CommerceError,))):
        cart = await services.commerce.cart_of(guest.person_id)
        return tuple(person_id for person_id in cart.members if person_id != guest.person_id)
    return ()


def _seat(granted: SeatsGranted, guest: Guest, socket_url: str) -> Seat:
    mine = next(seat for seat in granted.seats if seat.person_id == guest.person_id)
    return Seat(
        seat_token=mine.seat_token,
        room_id=granted.room.room_id,
        room_name=granted.room.name,
        expires_ms=mine.expires_ms,
        socket_url=socket_url,
        seats=tuple(
            ReservedSeat(seat_token=seat.seat_token, person_id=seat.person_id or None)
            for seat in granted.seats
        ),
    )


def _as_json(layout: Mapping[str, Any]) -> bytes:
    return json.dumps(layout, ensure_ascii=False, separators=(",", ":")).encode()
