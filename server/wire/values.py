"""Turns dataclasses of the rooms into maps that MessagePack can write."""

import dataclasses
from typing import Any

_NAMES: dict[type[Any], tuple[str, ...]] = {}
"""Field names of every dataclass met so far: looking them up anew costs more than all the rest."""


def body_of(value: Any) -> dict[str, Any]:
    """A dataclass as a map of its fields; nested ones and tuples of them as well."""
    return {name: _plain(getattr(value, name)) for name in _names(type(value))}


def _plain(value: Any) -> Any:
    if isinstance(value, str | int | float | bytes):
        return value
    if isinstance(value, tuple | list):
        return [_plain(entry) for entry in value]
    return body_of(value) if dataclasses.is_dataclass(value) else value


def _names(kind: type[Any]) -> tuple[str, ...]:
    names = _NAMES.get(kind)
    if names is None:
        names = _NAMES[kind] = tuple(field.name for field in dataclasses.fields(kind))
    return names
