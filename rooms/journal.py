"""Commands and rooms as plain values, so that a file can bring a room back to life.

The shell packs and stores them; here is only what they mean. Private fields are left empty.
"""

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping
from typing import Any

from rooms.avatars import MotionLimits, PoseTable
from rooms.commands import COMMANDS, Command
from rooms.room import Room
from rooms.settings import RoomSettings
from rooms.space import Placement, layout_from, layout_mapping


def encode_command(command: Command) -> list[Any]:
    """A command as `[name, field, field, ...]` of plain values."""
    return [type(command).__name__, *_encode_fields(command)]


def decode_command(encoded: list[Any]) -> Command:
    """The command of `encode_command`. Raises ValueError when it is not one."""
    name, *values = encoded
    kind = COMMANDS.get(name)
    if kind is None:
        raise ValueError(f"no command is called {name!r}")
    command = _decode_fields(kind, values)
    if not isinstance(command, Command):
        raise TypeError(f"{name!r} is not a command")
    return command


def header_of(room: Room) -> dict[str, Any]:
    """What a room was made of, as plain values."""
    state = room.state
    return {
        "room_id": state.room_id,
        "layout": layout_mapping(state.layout),
        "placements": [[p.slot_id, p.product_id, list(p.skus)] for p in state.placements.values()],
        "settings": dataclasses.asdict(state.settings),
        "poses": {
            "capacity": state.poses.capacity,
            "limits": dataclasses.asdict(state.poses.limits),
        },
    }


def room_from_header(header: Mapping[str, Any]) -> tuple[PoseTable, Room]:
    """A room as it was when its journal began, with a pose table of its own."""
    poses = PoseTable(header["poses"]["capacity"], MotionLimits(**header["poses"]["limits"]))
    placements = [
        Placement(slot_id, product_id, tuple(skus))
        for slot_id, product_id, skus in header["placements"]
    ]
    room = Room(
        header["room_id"],
        layout_from(header["layout"]),
        placements,
        poses,
        RoomSettings(**header["settings"]),
    )
    return poses, room


def _encode_fields(value: Any) -> list[Any]:
    return [
        "" if entry.metadata.get("private") else _encode(getattr(value, entry.name))
        for entry in dataclasses.fields(value)
    ]


def _encode(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return _encode_fields(value)
    if isinstance(value, tuple):
        return [_encode(entry) for entry in value]
    return value


@functools.cache
def _types(kind: type) -> tuple[Any, ...]:
    hints = typing.get_type_hints(kind)
    return tuple(hints[entry.name] for entry in dataclasses.fields(kind))


def _decode_fields(kind: Any, values: list[Any]) -> Any:
    kinds = _types(kind)
    if len(kinds) != len(values):
        raise ValueError(f"{kind.__name__} has {len(kinds)} fields, not {len(values)}")
    return kind(*(_decode(hint, value) for hint, value in zip(kinds, values, strict=True)))


def _decode(hint: Any, value: Any) -> Any:
    if dataclasses.is_dataclass(hint):
        return _decode_fields(hint, value)
    origin = typing.get_origin(hint)
    if origin is tuple:
        inner = typing.get_args(hint)
        hints = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_decode(h, v) for h, v in zip(hints, value, strict=True))
    if origin in (typing.Union, types.UnionType):
        chosen = [h for h in typing.get_args(hint) if h is not type(None)]
        return None if value is None else _decode(chosen[0], value)
    return value
