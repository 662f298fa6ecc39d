"""Turns dataclasses of the rooms into maps that MessagePack can write."""

import dataclasses
import functools
from typing import Any


@functools.cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def body_of(value: Any) -> dict[str, Any]:
    """A dataclass as a map of its fields; nested ones and tuples of them as well."""
    return {name: _plain(getattr(value, name)) for name in _names(type(value))}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return body_of(value)
    if isinstance(value, tuple | list):
        return [_plain(entry) for entry in value]
    return value
