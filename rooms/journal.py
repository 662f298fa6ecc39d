"""Commands, and what a room was opened with, as plain values, so that a file can replay a room.

Plain values are those of MessagePack and JSON: numbers, texts, booleans, None, lists and maps with
text keys. Packing and files are the shell's business.
"""

from collections.abc import Mapping
from dataclasses import Field, asdict, fields, is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from rooms.avatars import PoseTable
from rooms.commands import COMMANDS, Command
from rooms.room import Room
from rooms.settings import PoseSettings, RoomSettings
from rooms.space import (
    layout_from,
    placements_from,
    placements_to_mappings,
    to_mapping,
)


class JournalError(ValueError):
    """An entry that is no command, or a header that opens no room."""

    code = "JOURNAL_INVALID"


# --- commands -----------------------------------------------------------------------------------


def encode_command(command: Command) -> list[Any]:
    """A command as its name and its fields in order. Private fields are blanked: a recording must
    hold no secret, and no room looks at them."""
    values = [
        "" if field.metadata.get("private") else _plain(getattr(command, field.name))
        for field in _fields(type(command))
    ]
    return [type(command).__name__, *values]


def decode_command(entry: list[Any]) -> Command:
    """The command of an entry. Raises JournalError."""
    name = entry[0] if isinstance(entry, list | tuple) and entry else None
    kind = COMMANDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise JournalError(f"{str(entry)[:80]} is not a command")
    command = _build(kind, list(entry[1:]))
    assert isinstance(command, Command)  # noqa: S101 - COMMANDS has nothing else
    return command


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return [_plain(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    return value


_FIELDS: dict[type[Any], tuple[Field[Any], ...]] = {}
_TYPES: dict[type[Any], tuple[Any, ...]] = {}


def _fields(kind: type[Any]) -> tuple[Field[Any], ...]:
    # Asked for every command of a recording, and always the same.
    if kind not in _FIELDS:
        _FIELDS[kind] = fields(kind)
    return _FIELDS[kind]


def _types(kind: type[Any]) -> tuple[Any, ...]:
    if kind not in _TYPES:
        hints = get_type_hints(kind)
        _TYPES[kind] = tuple(hints[field.name] for field in _fields(kind))
    return _TYPES[kind]


def _build(kind: type[Any], values: list[Any]) -> Any:
    types = _types(kind)
    if len(values) != len(types):
        raise JournalError(f"{kind.__name__} has {len(types)} fields, not {len(values)}")
    typed = (_typed(hint, value) for hint, value in zip(types, values, strict=True))
    return kind(*typed)


def _typed(hint: Any, value: Any) -> Any:
    """A plain value as the type that a field has."""
    origin = get_origin(hint)
    if is_dataclass(hint) and isinstance(hint, type):
        return _build(hint, _listed(hint.__name__, value))
    if origin is tuple:
        parts, items = get_args(hint), _listed("a tuple", value)
        if len(parts) == 2 and parts[1] is Ellipsis:
            return tuple(_typed(parts[0], item) for item in items)
        if len(parts) != len(items):
            raise JournalError(f"{len(parts)} values are needed, not {len(items)}")
        return tuple(_typed(part, item) for part, item in zip(parts, items, strict=True))
    if origin in (Union, UnionType):
        present = next(part for part in get_args(hint) if part is not type(None))
        return None if value is None else _typed(present, value)
    if origin is dict and not isinstance(value, dict):
        raise JournalError(f"{value!r:.80} is not a map")
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint in (str, int, float, bool) and type(value) is not hint:
        raise JournalError(f"{value!r:.80} is not of type {hint.__name__}")
    return value


def _listed(what: str, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise JournalError(f"{what} must be a list, not {value!r:.80}")
    return list(value)


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
    }


def room_from_header(header: Mapping[str, Any]) -> tuple[PoseTable, Room]:
    """A fresh room, and a pose table of its own. Keys that are not known are ignored.

    Raises JournalError.
    """
    try:
        poses = PoseTable(header["pose_capacity"], PoseSettings(**header["pose_settings"]))
        room = Room(
            header["room_id"],
            layout_from(header["layout"]),
            placements_from(header["placements"]),
            poses,
            RoomSettings(**header["room_settings"]),
            header["opened_ms"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise JournalError(f"this header opens no room: {error}") from error
    return poses, room
