"""Rooms and sessions at rest between two runs of the server.

A server that is stopped politely writes down who is in its rooms and what they have been told; the
next one goes on there, and clients resume as after a short drop: seat, props in hand, party and
every event exactly once. After a crash there is nothing to go on with, and clients begin afresh;
their carts and orders are in the database.

The file is read once and removed, whatever is in it; what is older than `keep_ms`, damaged or from
another version is left out, and the log says so.
"""

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgpack
import structlog

from commerce import CommerceError
from rooms.plain import JournalError
from server.auth.tokens import Guest
from server.clock import Clock
from server.hub import GameHub, Seat
from server.parties import PartyCodes
from server.registry import Registry, RoomSummary
from server.room_host import RoomHost
from server.room_opener import RoomOpener
from server.session import Session, SessionRegistry

log = structlog.get_logger(__name__)

FILE_VERSION = 1
OWNER_ONLY = 0o600


class Parking:
    """Parks what is in this process, and takes it up again."""

    def __init__(
        self,
        path: Path,
        keep_ms: int,
        clock: Clock,
        host: RoomHost,
        opener: RoomOpener,
        registry: Registry,
        sessions: SessionRegistry,
        hub: GameHub,
        parties: PartyCodes,
    ) -> None:
        self._path = path
        self._keep_ms = keep_ms
        self._clock = clock
        self._host = host
        self._opener = opener
        self._registry = registry
        self._sessions = sessions
        self._hub = hub
        self._parties = parties

    def save(self) -> None:
        """Write everything down. Nothing may happen in the rooms afterwards."""
        rooms = [
            {"summary": asdict(summary), "room": self._host.rooms[summary.room_id].room.park()}
            for summary in self._registry.summaries()
            if not self._host.rooms[summary.room_id].room.empty
        ]
        sessions = [
            {"session": session.park(), **visit}
            for session in self._sessions.all
            if not session.overflowed and (visit := self._visit(session.session_id)) is not None
        ]
        if not rooms and not sessions:
            return
        content = {
            "file_version": FILE_VERSION,
            "parked_ms": self._clock(),
            "rooms": rooms,
            "sessions": sessions,
        }
        try:
            _write(self._path, msgpack.packb(content))
        except OSError as error:
            log.warning("rooms_not_parked", error=str(error))
        else:
            log.info("rooms_parked", rooms=len(rooms), sessions=len(sessions))

    def _visit(self, session_id: str) -> dict[str, Any] | None:
        visit = self._hub.visit(session_id)
        if visit is None:
            return None
        guest, kind, seat = visit
        return {"guest": asdict(guest), "kind": kind, "seat": asdict(seat) if seat else None}

    async def restore(self) -> None:
        """Go on with what was parked, if there is something and it is not too old."""
        content = self._take_file()
        if content is None:
            return
        opened = [entry for entry in content["rooms"] if await self._restore_room(entry)]
        sessions = [self._restore_session(entry) for entry in content["sessions"]]
        restored = [session for session in sessions if session is not None]
        for session in restored:
            await self._hub.refresh(session.session_id)
        log.info("rooms_unparked", rooms=len(opened), sessions=len(restored))

    def _take_file(self) -> dict[str, Any] | None:
        try:
            data = self._path.read_bytes()
            self._path.unlink()
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("parked_rooms_unreadable", error=str(error))
            return None
        try:
            content: dict[str, Any] = msgpack.unpackb(data, strict_map_key=False)
            version, parked_ms = content["file_version"], int(content["parked_ms"])
            list(content["rooms"]), list(content["sessions"])
        except (ValueError, TypeError, KeyError, msgpack.UnpackException) as error:
            log.warning("parked_rooms_unreadable", error=str(error))
            return None
        if version != FILE_VERSION or self._clock() - parked_ms > self._keep_ms:
            log.warning("parked_rooms_left_out", version=version, parked_ms=parked_ms)
            return None
        return content

    async def _restore_room(self, entry: Mapping[str, Any]) -> bool:
        try:
            summary = RoomSummary(**entry["summary"])
            await self._opener.open(summary.room_id, entry["room"])
        except (JournalError, CommerceError, TypeError, KeyError) as error:
            log.warning("parked_room_left_out", error=str(error))
            return False
        self._registry.add_room(summary.room_id, summary.name, summary.layout_id)
        for party_id, code in self._host.rooms[summary.room_id].room.party_codes.items():
            self._parties.keep(party_id, code)
        return True

    def _restore_session(self, entry: Mapping[str, Any]) -> Session | None:
        try:
            guest, kind = Guest(**entry["guest"]), str(entry["kind"])
            seat = Seat(**entry["seat"]) if entry["seat"] else None
            session = self._sessions.put_back(entry["session"], self._clock())
        except (TypeError, KeyError, ValueError) as error:
            log.warning("parked_session_left_out", error=str(error))
            return None
        hosted = self._host.rooms.get(seat.room_id) if seat is not None else None
        if seat is None or hosted is None or seat.avatar_id not in hosted.room.avatar_ids:
            seat = None
        else:
            self._host.sit(seat.room_id, session, seat.avatar_id)
            self._registry.sit(seat.seat_token, seat.room_id, session.person_id)
        self._hub.put_back(session, guest, kind, seat)
        return session


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, and for nobody else to read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def parking_path(data_dir: Path, worker: int) -> Path:
    """Where a worker (0: a process that is alone) leaves its rooms."""
    return data_dir / "parked" / f"worker-{worker}.msgpack"


def parked_room_ids(path: Path) -> frozenset[str]:
    """Rooms that somebody has left there; none when the file is damaged or missing."""
    try:
        content = msgpack.unpackb(path.read_bytes(), strict_map_key=False)
        return frozenset(str(entry["summary"]["room_id"]) for entry in content["rooms"])
    except (OSError, ValueError, TypeError, KeyError, msgpack.UnpackException):
        return frozenset()
