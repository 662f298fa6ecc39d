"""`/rooms` and `/seats`: which rooms there are, and how to get in."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from server.errors import GalleriaError
from server.http.caching import REVALIDATE, conditional
from server.http.dependencies import DocumentsHere, GuestHere, ServicesHere
from server.http.openapi import errors
from server.http.schemas import InviteCode, Room, Seat
from server.services import Services

router = APIRouter(tags=["Rooms"])

RoomId = Annotated[str, Path(max_length=64, examples=["grand-hall"])]


class SeatRequest(BaseModel):
    """Which room: by id, by a friend's invite, or neither for the first one."""

    model_config = ConfigDict(extra="forbid")

    room_id: str | None = Field(default=None, max_length=64, examples=["grand-hall"])
    invite: str | None = Field(default=None, max_length=64)


@router.get("/rooms")
async def list_rooms(services: ServicesHere) -> list[Room]:
    """The rooms that are open, and how full they are."""
    return [Room.of(summary) for summary in services.rooms.summaries()]


@router.get("/rooms/{room_id}", responses=errors("ROOM_NOT_FOUND"))
async def show_room(room_id: RoomId, services: ServicesHere) -> Room:
    """One room."""
    return Room.of(services.rooms.summary(room_id))


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

    Lengths are metres, right-handed, +Y up, -Z ahead; angles are degrees, counter-clockwise.
    """
    layout = services.rooms.layout(room_id)
    body, digest = documents.encoded(f"layout {room_id}", layout, lambda: _as_json(layout))
    return conditional(request, body, "application/json", digest, REVALIDATE)


@router.post(
    "/seats",
    status_code=201,
    responses=errors(
        "TOKEN_MISSING", "ROOM_NOT_FOUND", "INVITE_NOT_FOUND", "ROOM_FULL", "BUSY", "DRAINING"
    ),
)
async def reserve_seat(
    body: SeatRequest, guest: GuestHere, services: ServicesHere, request: Request
) -> Seat:
    """Reserve a seat in a room, then take it over the game socket with Join.

    The seat is kept for some seconds and counts against the room's capacity meanwhile. Asking again
    gives a new seat and ends the old one.
    """
    if services.draining:
        raise GalleriaError("DRAINING", "This server is closing; try again in a moment.", {}, 503)
    seat = services.rooms.reserve_seat(guest, body.room_id, body.invite)
    return Seat(
        seat_token=seat.seat_token,
        room_id=seat.room_id,
        expires_ms=seat.expires_ms,
        socket_url=_base_url(services, request).replace("http", "ws", 1) + "/ws",
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
    invite = services.rooms.create_invite(room_id)
    return InviteCode(
        invite=invite.code,
        room_id=invite.room_id,
        expires_ms=invite.expires_ms,
        uses=invite.uses,
        url=f"{_base_url(services, request)}/?invite={invite.code}",
    )


def _as_json(layout: Mapping[str, Any]) -> bytes:
    return json.dumps(layout, ensure_ascii=False, separators=(",", ":")).encode()


def _base_url(services: Services, request: Request) -> str:
    """How this client reaches us: as the operator says, else as it just did."""
    return services.settings.listen.public_url or str(request.base_url).rstrip("/")
