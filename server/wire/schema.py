"""The vocabulary of the message table: field types, fields, structures, messages."""

from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    TO_SERVER = "client to server"
    TO_CLIENT = "server to client"


class Delivery(StrEnum):
    """How a message travels.

    REQUEST: has an id (> 0, growing) in the head and gets exactly one Answer or Error.
    COMMAND: head is 0; no answer when it is good, an Error with `request_id` 0 when it is not.
    RELIABLE: the head is a sequence number; delivered exactly once and in order, across drops.
    DIRECT: head is 0; belongs to the connection, is never replayed.
    LATEST: the head is a time in ms; only the newest counts, old ones may be skipped.
    """

    REQUEST = "request"
    COMMAND = "command"
    RELIABLE = "reliable"
    DIRECT = "direct"
    LATEST = "latest-wins"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a body map.

    `type` is one of: bool, u8, u16, u32, u64, i8, i32, i64, f32, f64, str, bin, pos (3 f64,
    metres), any (a map of JSON values), or the name of a structure; with `[]` behind it a list of
    those, with `?` behind it nil is allowed. `limit` is the largest length (str in characters, bin
    in bytes, list in items) or absolute value (numbers, pos), `item_limit` the same for each item
    of a list; `values` lists the only words allowed.
    An optional field may be missing and then has `default`.
    """

    name: str
    type: str
    doc: str
    limit: int | None = None
    item_limit: int | None = None
    values: tuple[str, ...] = ()
    optional: bool = False
    default: object = None
    since: int = 1


@dataclass(frozen=True, slots=True)
class Structure:
    """A map that several messages share."""

    name: str
    doc: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """One row of the table. `answer` are the fields of the Answer's `body` to a request."""

    number: int
    name: str
    direction: Direction
    delivery: Delivery
    doc: str
    fields: tuple[Field, ...] = ()
    answer: tuple[Field, ...] = ()
    errors: tuple[str, ...] = ()
    binary_body: bool = False
    since: int = 1
