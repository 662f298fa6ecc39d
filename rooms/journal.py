"""Commands, and what a room was opened with, as plain values, so that a file can replay a room.

Plain values are those of MessagePack and JSON: numbers, texts, booleans, None, lists and maps with
text keys. Packing and files are the shell's business.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rooms.avatars import PoseTable
from rooms.commands import COMMANDS, Command
from rooms.plain import JournalError, fields_of, from_plain, to_plain
from rooms.room import Room
from rooms.settings import InterestSettings, PoseSettings, RoomSettings
from rooms.space import (
    layout_from,
    placements_from,
    placements_to_mappings,
    to_mapping,
)

# --- commands -----------------------------------------------------------------------------------


def encode_command(command: Command) -> list[Any]:
    """A command as its name and its fields in order. Private fields are blanked: a recording must
    hold no secret, and no room looks at them."""
    values = [
        "" if field.metadata.get("private") else to_plain(getattr(command, field.name))
        for field in fields_of(type(command))
    ]
    return [type(command).__name__, *values]


def decode_command(entry: list[Any]) -> Command:
    """The command of an entry. Raises JournalError."""
    name = entry[0] if isinstance(entry, list | tuple) and entry else None
    kind = COMMANDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise JournalError(f"{str(entry)[:80]} is not a command")
    command = from_plain(kind, list(entry[1:]))
    assert isinstance(command, Command)  # noqa: S101 - COMMANDS has nothing else
    return command


# --- header -------------------------------------------------------------------------------------


def header_of(room: Room) -> dict[str, Any]:
    """All that a room was opened with, as plain values; `room_from_header` opens its twin."""
    return {
        "room_id": room.room_id,
        "opened_ms": room.opened_ms,
        "layout": to_mapping(room.layout),
        "placements": placements_to_mappings(room.placements),
        "room_settings": asdict(room.settings),
        "pose_settings": asdict(room.poses.settings),
        "pose_capacity": room.poses.capacity,
        "parked": room.parked,
    }


def room_from_header(header: Mapping[str, Any]) -> tuple[PoseTable, Room]:
    """A fresh room, and a pose table of its own. Keys that are not known are ignored.

    Raises JournalError.
    """
    try:
        poses = PoseTable(header["pose_capacity"], PoseSettings(**header["pose_settings"]))
        settings = dict(header["room_settings"])
        settings["interest"] = InterestSettings(**settings.get("interest", {}))
        room = Room(
            header["room_id"],
            layout_from(header["layout"]),
            placements_from(header["placements"]),
            poses,
            RoomSettings(**settings),
            header["opened_ms"],
        )
        if header.get("parked"):
            room.unpark(header["parked"], header["opened_ms"])
    except (KeyError, TypeError, ValueError) as error:
        raise JournalError(f"this header opens no room: {error}") from error
    return poses, room
