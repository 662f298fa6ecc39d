"""Reads and writes frames by the message table.

`decode` is the door for hostile bytes: it checks shape, number, direction, head and every field
before anything else sees the message, with readers that are built once from the table. What is
wrong is a `WireError`; nothing else is ever raised.
"""

import math
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import msgpack

from server.wire import structures
from server.wire.errors import WireError
from server.wire.messages import BY_NAME, BY_NUMBER
from server.wire.pose import HEAD_BYTES, POSE_BYTES
from server.wire.schema import Delivery, Direction, Field, Message

RECORD_BYTES = {"Pose": POSE_BYTES, "Poses": POSE_BYTES, "Heads": HEAD_BYTES}
"""Size of the records in a binary body."""

HEAD_MAX = 2**53 - 1
"""Heads are numbers that every client language holds exactly (JavaScript ends at 2^53)."""

PROMPT_BYTES = 97
"""So much that its WebSocket frame (six bytes more) is longer than those of two poses. Where poses
come as often as ticks, two of one client often fall between the same two ticks."""
FILLER = "_"

_POSE = BY_NAME["Pose"]
_ARRAY_OF_THREE = b"\x93"
# Nearly all that comes in are poses, and MessagePack libraries write them in one way: array of
# three, number below 128, u64 (any time after 1970-02-20), bin of 32. That has a short path; a pose
# that is written differently takes the long one.
_POSE_FRAME = struct.Struct(">3sQ2s32s")
_POSE_START = _ARRAY_OF_THREE + bytes((_POSE.number, 0xCF))
_POSE_BINARY = bytes((0xC4, POSE_BYTES))
_DEPTH_MAX = 8

Reader = Callable[[Any], Any]


class Frame(NamedTuple):
    """A good message: its row of the table, its head, and its body with defaults filled in."""

    message: Message
    head: int
    body: dict[str, Any] | bytes


def decode(data: bytes, direction: Direction = Direction.TO_SERVER) -> Frame:
    """Read one frame. Raises WireError with the request to answer, as far as it can be known.

    A client (direction TO_CLIENT) is lenient: it takes the server's fields as they are, those it
    does not know included.
    """
    if len(data) == _POSE_FRAME.size and direction is Direction.TO_SERVER:
        start, time_ms, kind, record = _POSE_FRAME.unpack(data)
        if start == _POSE_START and kind == _POSE_BINARY and time_ms <= HEAD_MAX:
            return Frame(_POSE, time_ms, record)
    number, head, body = _envelope(data)
    request_id = head if type(head) is int and 0 < head < 2**32 else 0
    if type(number) is not int or number not in BY_NUMBER:
        raise WireError("UNKNOWN_MESSAGE", request_id, number=_short(number))
    message = BY_NUMBER[number]
    if message.direction is not direction:
        raise WireError("WRONG_DIRECTION", request_id, message=message.name)
    if message.delivery is not Delivery.REQUEST:
        request_id = 0
    _check_head(message, head, request_id)
    if message.binary_body:
        if type(body) is not bytes or len(body) % RECORD_BYTES[message.name] or not body:
            raise WireError("POSE_MALFORMED")
        if message is _POSE and len(body) != POSE_BYTES:
            raise WireError("POSE_MALFORMED")
        return Frame(message, head, body)
    if direction is Direction.TO_CLIENT and isinstance(body, dict):
        return Frame(message, head, body)
    return Frame(message, head, _read_body(message, body, request_id))


def encode(number: int, head: int, body: Mapping[str, Any] | bytes | None) -> bytes:
    """Write a whole frame."""
    packed: bytes = msgpack.packb([number, head, body])
    return packed


def encode_prompt(number: int, head: int, body: Mapping[str, Any]) -> bytes:
    """Write a whole frame that somebody waits for the answer to: long enough to be read at once.

    A server may read a message that is not longer than two poses only at its tick (PROTOCOL.md), so
    a short one is filled up with a field that nobody reads.
    """
    frame = encode(number, head, body)
    if len(frame) >= PROMPT_BYTES:
        return frame
    # The name takes two bytes and the length of the text one, or two.
    return encode(number, head, {**body, FILLER: " " * max(0, PROMPT_BYTES - len(frame) - 3)})


def encode_body(name: str, body: Mapping[str, Any] | bytes) -> bytes:
    """Write the body of a message once, however many will receive it."""
    if BY_NAME[name].binary_body and not isinstance(body, bytes):
        raise TypeError(f"{name} has a binary body")
    packed: bytes = msgpack.packb(body)
    return packed


def frame(number: int, head: int, packed_body: bytes) -> bytes:
    """A frame around a body that is packed already: only a few bytes differ per receiver."""
    return _ARRAY_OF_THREE + _packed_number(number) + _packed_number(head) + packed_body


def _packed_number(number: int) -> bytes:
    packed: bytes = msgpack.packb(number)
    return packed


def _envelope(data: bytes) -> tuple[Any, Any, Any]:
    # The shape is looked at before anything is unpacked.
    if data[:1] != _ARRAY_OF_THREE:
        raise WireError("NOT_AN_ENVELOPE" if _is_messagepack(data) else "NOT_MESSAGEPACK")
    value = _unpack(data)
    if not isinstance(value, list) or len(value) != 3:
        raise WireError("NOT_AN_ENVELOPE")
    return value[0], value[1], value[2]


def _unpack(data: bytes) -> Any:
    try:
        # Lengths inside cannot exceed the frame, which the connection has bounded already; a
        # claimed length beyond it fails here without being allocated.
        return msgpack.unpackb(
            data,
            strict_map_key=False,
            max_str_len=len(data),
            max_bin_len=len(data),
            max_array_len=len(data),
            max_map_len=len(data),
            max_ext_len=0,
        )
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as error:
        # Unhashable map keys are a TypeError; bad UTF-8, trailing bytes and cut frames ValueErrors.
        raise WireError("NOT_MESSAGEPACK") from error


def _is_messagepack(data: bytes) -> bool:
    try:
        _unpack(data)
    except WireError:
        return False
    return True


def _check_head(message: Message, head: Any, request_id: int) -> None:
    if type(head) is not int or not 0 <= head <= HEAD_MAX:
        raise WireError("HEAD_INVALID", request_id, message=message.name)
    if message.delivery is Delivery.REQUEST and not 0 < head < 2**32:
        raise WireError("HEAD_INVALID", request_id, message=message.name)
    if message.direction is Direction.TO_SERVER:
        zero = message.delivery in (Delivery.DIRECT, Delivery.COMMAND)
        if zero and head != 0:
            raise WireError("HEAD_INVALID", request_id, message=message.name)


def _read_body(message: Message, body: Any, request_id: int) -> dict[str, Any]:
    if body is None:
        body = {}
    if not isinstance(body, dict):
        raise WireError("BODY_INVALID", request_id, message=message.name)
    try:
        values: dict[str, Any] = _READERS[message.number](body)
    except _FieldError as error:
        raise WireError(error.code, request_id, message=message.name, field=error.field) from error
    return values


# --- readers of fields, built once from the table -------------------------------------------------


class _FieldError(Exception):
    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.field = field


_INTEGER_BITS = re.compile(r"([ui])(8|16|32|64)")


def _reader_of_fields(fields: tuple[Field, ...]) -> Reader:
    readers = tuple((field, _reader(field)) for field in fields)

    def read(body: dict[Any, Any]) -> dict[str, Any]:
        values = {}
        for field, reader in readers:
            if field.name in body:
                try:
                    values[field.name] = reader(body[field.name])
                except _FieldError as error:
                    path = f"{field.name}.{error.field}" if error.field else field.name
                    raise _FieldError(error.code, path) from None
            elif field.optional:
                values[field.name] = field.default
            else:
                raise _FieldError("FIELD_MISSING", field.name)
        return values

    return read


def _reader(field: Field) -> Reader:
    if field.type.endswith("?"):
        inner = _scalar(field.type[:-1], field)
        return lambda value: None if value is None else inner(value)
    if field.type.endswith("[]"):
        inner = _scalar(field.type[:-2], replace(field, limit=field.item_limit))
        limit = field.limit if field.limit is not None else 65_535

        def read_list(value: Any) -> Any:
            if not isinstance(value, list):
                raise _FieldError("FIELD_TYPE")
            if len(value) > limit:
                raise _FieldError("FIELD_TOO_LONG")
            return [inner(entry) for entry in value]

        return read_list
    return _scalar(field.type, field)


def _scalar(kind: str, field: Field) -> Reader:
    integer = _INTEGER_BITS.fullmatch(kind)
    if integer:
        return _integer(integer[1] == "i", int(integer[2]), field.limit)
    if kind in ("f32", "f64"):
        return _number(field.limit)
    if kind == "str":
        return _text(field.limit, field.values)
    if kind == "pos":
        return _position(field.limit)
    if kind in structures.BY_NAME:
        return _structure(structures.BY_NAME[kind].fields)
    simple: dict[str, Reader] = {"bool": _truth, "bin": _binary(field.limit), "any": _any}
    return simple[kind]


def _integer(signed: bool, bits: int, limit: int | None) -> Reader:
    high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
    low = -high - 1 if signed else 0
    if limit is not None:
        low, high = max(low, -limit), min(high, limit)

    def read(value: Any) -> int:
        if type(value) is not int:
            raise _FieldError("FIELD_TYPE")
        if not low <= value <= high:
            raise _FieldError("FIELD_RANGE")
        return value

    return read


def _number(limit: int | None) -> Reader:
    bound = math.inf if limit is None else float(limit)

    def read(value: Any) -> float:
        if type(value) not in (int, float):
            raise _FieldError("FIELD_TYPE")
        # NaN fails every comparison, and so does infinity here.
        if not -bound <= value <= bound or not math.isfinite(value):
            raise _FieldError("FIELD_RANGE")
        return float(value)

    return read


def _position(limit: int | None) -> Reader:
    number = _number(limit)

    def read(value: Any) -> list[float]:
        if not isinstance(value, list) or len(value) != 3:
            raise _FieldError("FIELD_TYPE")
        return [number(entry) for entry in value]

    return read


def _text(limit: int | None, values: tuple[str, ...]) -> Reader:
    def read(value: Any) -> str:
        if type(value) is not str:
            raise _FieldError("FIELD_TYPE")
        if values and value not in values:
            raise _FieldError("FIELD_VALUE")
        if limit is not None and not values and len(value) > limit:
            raise _FieldError("FIELD_TOO_LONG")
        return value

    return read


def _binary(limit: int | None) -> Reader:
    def read(value: Any) -> bytes:
        if type(value) is not bytes:
            raise _FieldError("FIELD_TYPE")
        if limit is not None and len(value) > limit:
            raise _FieldError("FIELD_TOO_LONG")
        return value

    return read


def _structure(fields: tuple[Field, ...]) -> Reader:
    read_fields = _reader_of_fields(fields)

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _FieldError("FIELD_TYPE")
        return read_fields(value)

    return read


def _truth(value: Any) -> bool:
    if type(value) is not bool:
        raise _FieldError("FIELD_TYPE")
    return value


def _any(value: Any, depth: int = 0) -> Any:
    if depth > _DEPTH_MAX:
        raise _FieldError("FIELD_TOO_LONG")
    if isinstance(value, dict):
        return {str(key): _any(entry, depth + 1) for key, entry in value.items()}
    if isinstance(value, list):
        return [_any(entry, depth + 1) for entry in value]
    return value


def _short(value: Any) -> Any:
    return value if type(value) is int else str(value)[:32]


_READERS: dict[int, Reader] = {
    message.number: _reader_of_fields(message.fields) for message in BY_NUMBER.values()
}
