"""Dataclasses as plain values and back, for what leaves a room as a file.

Plain values are those of MessagePack and JSON: numbers, texts, booleans, None, lists and maps with
text keys. What was added to a dataclass later needs a default, which older files rely on.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints


class JournalError(ValueError):
    """An entry that is no command, or a header or parked room that opens no room."""

    code = "JOURNAL_INVALID"


def to_plain(value: Any) -> Any:
    """A value of our own types as plain values."""
    if is_dataclass(value):
        return [to_plain(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, list | tuple):
        return [to_plain(part) for part in value]
    if isinstance(value, Mapping):
        return {str(key): to_plain(part) for key, part in value.items()}
    return value


_FIELDS: dict[type[Any], tuple[Field[Any], ...]] = {}
_TYPES: dict[type[Any], tuple[Any, ...]] = {}


def fields_of(kind: type[Any]) -> tuple[Field[Any], ...]:
    """The fields of a dataclass."""
    # Asked for every command of a recording, and always the same.
    if kind not in _FIELDS:
        _FIELDS[kind] = fields(kind)
    return _FIELDS[kind]


def _types(kind: type[Any]) -> tuple[Any, ...]:
    if kind not in _TYPES:
        hints = get_type_hints(kind)
        _TYPES[kind] = tuple(hints[field.name] for field in fields_of(kind))
    return _TYPES[kind]


def from_plain(kind: type[Any], values: list[Any]) -> Any:
    """A dataclass from the plain values of its fields, in order. Raises JournalError."""
    types = _types(kind)
    # What was added later has a default, which older recordings rely on.
    needed = sum(field.default is MISSING for field in fields_of(kind))
    if not needed <= len(values) <= len(types):
        raise JournalError(f"{kind.__name__} has {len(types)} fields, not {len(values)}")
    typed = (_typed(hint, value) for hint, value in zip(types, values, strict=False))
    return kind(*typed)


def _typed(hint: Any, value: Any) -> Any:
    """A plain value as the type that a field has."""
    origin = get_origin(hint)
    if is_dataclass(hint) and isinstance(hint, type):
        return from_plain(hint, _listed(hint.__name__, value))
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
