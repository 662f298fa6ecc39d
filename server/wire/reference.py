"""The protocol as data (protocol.json), as tables for people (MESSAGES.md) and as TypeScript."""

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

from rooms.errors import SENTENCES
from server.connection_limits import ConnectionLimits
from server.http.error_table import ERRORS
from server.session import SessionLimits
from server.wire.codec import RECORD_BYTES
from server.wire.errors import CLOSES, FRAME_ERRORS, CloseCode
from server.wire.messages import (
    BY_NAME,
    MESSAGES,
    OLDEST_PROTOCOL_VERSION,
    PROTOCOL_VERSION,
    SUBPROTOCOL,
)
from server.wire.schema import Delivery, Direction, Field, Message
from server.wire.structures import STRUCTURES

GENERATED = "Generated from server/wire/messages.py by `make docs`; do not edit."
NOT_FOR_CLIENTS = {"allowed_origins", "trusted_proxies"}

_INTRODUCTION = (
    "How frames travel is in [PROTOCOL.md](PROTOCOL.md); the same as data is in "
    "[protocol.json](protocol.json), as bytes in [vectors/](vectors/)."
)
_TYPES = (
    "Types: `u8`…`u64`, `i8`…`i64` whole numbers; `f64` any number, never NaN; `str` UTF-8; "
    "`bin` bytes; `pos` three numbers `[x, y, z]` in metres; `any` a map; `T[]` a list; `T?` "
    "may be nil. Units are the end of a name: `_ms`, `_degrees`, `_minor` (minor units of the "
    "currency), `_hz`. Fields marked *optional* may be missing."
)
_FURTHER_ERRORS = {
    "CART_EMPTY": "There is nothing in the cart.",
    "PARTY_NOT_FOUND": "No party has this code; ask your friends for theirs.",
    "SEAT_EXPIRED": "The seat reservation ran out; reserve again.",
    "SEAT_INVALID": "This seat reservation is not yours or was used; reserve again.",
}
"""Codes of the socket alone, raised where the shell or commerce decides."""

_DELIVERY_MEANING = {
    Delivery.REQUEST: "head: your id, growing from 1; answered once, by Answer or Error",
    Delivery.COMMAND: "head: 0; answered only when it is wrong, by Error with `request_id` 0",
    Delivery.RELIABLE: "head: sequence number; exactly once and in order, across drops",
    Delivery.DIRECT: "head: 0; belongs to the connection and is never sent again",
    Delivery.LATEST: "head: a time in ms; only the newest counts, old ones may be skipped",
}


def error_sentences() -> dict[str, str]:
    """Every code an Error can carry, with what it means. Where several parts use one code, the
    sentence of the room comes first; what an Error says may be more exact."""
    named = {code for message in MESSAGES for code in message.errors}
    closes = {code.name: CLOSES[code].reason.capitalize() + "." for code in CloseCode}
    others = {row.code: row.meaning for row in ERRORS.values()}
    known = closes | others | _FURTHER_ERRORS | SENTENCES | FRAME_ERRORS
    return {code: known[code] for code in sorted(named | set(FRAME_ERRORS))}


def limits() -> dict[str, Any]:
    """Default limits of a server; each is a setting of its operator."""
    connection = dataclasses.asdict(ConnectionLimits())
    session = dataclasses.asdict(SessionLimits())
    return {name: value for name, value in (connection | session).items()
            if name not in NOT_FOR_CLIENTS}  # fmt: skip


def protocol_json() -> str:
    """Everything above and below as one JSON document."""
    document = {
        "generated": GENERATED,
        "subprotocol": SUBPROTOCOL,
        "path": "/ws",
        "protocol_version": PROTOCOL_VERSION,
        "oldest_protocol_version": OLDEST_PROTOCOL_VERSION,
        "limits": limits(),
        "deliveries": {str(delivery): text for delivery, text in _DELIVERY_MEANING.items()},
        "messages": [_message_json(message) for message in MESSAGES],
        "structures": [
            {"name": s.name, "doc": s.doc, "fields": [_field_json(f) for f in s.fields]}
            for s in STRUCTURES
        ],
        "errors": error_sentences(),
        "closes": [
            {"code": int(code), "name": code.name, "reason": row.reason, "advice": str(row.advice)}
            for code, row in CLOSES.items()
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _message_json(message: Message) -> dict[str, Any]:
    return {
        "number": message.number,
        "name": message.name,
        "direction": str(message.direction),
        "delivery": str(message.delivery),
        "doc": message.doc,
        "body": "bin" if message.binary_body else [_field_json(f) for f in message.fields],
        "answer": [_field_json(f) for f in message.answer],
        "errors": list(message.errors),
        "since": message.since,
    }


def _field_json(field: Field) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": field.name, "type": field.type, "doc": field.doc}
    if field.limit is not None:
        entry["limit"] = field.limit
    if field.item_limit is not None:
        entry["item_limit"] = field.item_limit
    if field.values:
        entry["values"] = list(field.values)
    if field.optional:
        entry |= {"optional": True, "default": field.default}
    return entry | {"since": field.since}


# --- for people -----------------------------------------------------------------------------------


def messages_markdown() -> str:
    """MESSAGES.md."""
    lines = [
        "# Messages of galleria.1",
        "",
        GENERATED,
        "",
        _INTRODUCTION,
        "",
        _TYPES,
        "",
        "| Delivery | |",
        "|---|---|",
        *(f"| {delivery} | {text} |" for delivery, text in _DELIVERY_MEANING.items()),
        "",
    ]
    for direction in Direction:
        lines += [f"## From {direction}", ""]
        lines += _summary(m for m in MESSAGES if m.direction is direction)
        for message in MESSAGES:
            if message.direction is direction:
                lines += _message_lines(message)
    lines += ["## Structures", ""]
    for structure in STRUCTURES:
        lines += [f"### {structure.name}", "", structure.doc, "", *_fields(structure.fields)]
    lines += ["## Errors", "", "| Code | Meaning |", "|---|---|"]
    lines += [f"| `{code}` | {text} |" for code, text in error_sentences().items()]
    lines += ["", "## Close codes", "", "| Code | Name | Why | What to do |", "|---|---|---|---|"]
    lines += [
        f"| {int(code)} | {code.name} | {row.reason} | {row.advice} |"
        for code, row in CLOSES.items()
    ]
    lines += ["", "## Limits", "", "What a server allows unless its operator says otherwise.", ""]
    lines += ["| Limit | Default |", "|---|---|"]
    lines += [f"| `{name}` | {value:,} |" for name, value in limits().items()]
    return "\n".join(lines) + "\n"


def _summary(messages: Iterable[Message]) -> list[str]:
    rows = [
        f"| {m.number} | [{m.name}](#{m.name.lower()}) | {m.delivery} | {m.doc} |" for m in messages
    ]
    return ["| Number | Name | Delivery | |", "|---|---|---|---|", *rows, ""]


def _message_lines(message: Message) -> list[str]:
    lines = [f"### {message.name}", "", f"{message.number} · {message.delivery}", "", message.doc]
    lines.append("")
    if message.binary_body:
        size = RECORD_BYTES[message.name]
        lines += [f"Body: `bin`, whole records of {size} bytes; see PROTOCOL.md.", ""]
    elif message.fields:
        lines += _fields(message.fields)
    else:
        lines += ["Body: an empty map.", ""]
    if message.answer:
        lines += ["Answer:", "", *_fields(message.answer)]
    if message.errors:
        lines += ["Errors: " + ", ".join(f"`{code}`" for code in message.errors), ""]
    return lines


def _fields(fields: tuple[Field, ...]) -> list[str]:
    rows = [f"| `{f.name}` | {_type_text(f)} | {f.doc}{_limit_text(f)} |" for f in fields]
    return ["| Field | Type | |", "|---|---|---|", *rows, ""]


def _type_text(field: Field) -> str:
    return f"`{field.type}`" + (" *optional*" if field.optional else "")


def _limit_text(field: Field) -> str:
    parts = []
    if field.values:
        parts.append("one of " + ", ".join(f"`{value}`" for value in field.values))
    if field.limit is not None:
        at_most = "at most" if field.type[0] not in "if" and field.type != "pos" else "within ±"
        parts.append(f"{at_most} {field.limit:,}".replace("± ", "±"))
    if field.item_limit is not None:
        parts.append(f"each at most {field.item_limit:,}")
    if field.since > 1:
        parts.append(f"since version {field.since}")
    return f" ({'; '.join(parts)})" if parts else ""


# --- TypeScript -----------------------------------------------------------------------------------

_TYPESCRIPT = {
    "bool": "boolean",
    "str": "string",
    "bin": "Uint8Array",
    "pos": "[number, number, number]",
    "any": "Record<string, unknown>",
}


def typescript() -> str:
    """Interfaces of all bodies, answers and structures, and tables of numbers. No code."""
    lines = [f"// {GENERATED}", ""]
    for structure in STRUCTURES:
        lines += _interface(structure.name, structure.doc, structure.fields)
    for message in MESSAGES:
        if not message.binary_body:
            lines += _interface(f"{message.name}Body", message.doc, message.fields)
        if message.answer:
            lines += _interface(
                f"{message.name}Answer", f"Answer to {message.name}.", message.answer
            )
    lines.append("/** Number, direction and delivery class of every message. */")
    lines.append("export const MESSAGES = {")
    lines += [
        f'  {m.name}: {{ number: {m.number}, direction: "{m.direction}", '
        f'delivery: "{m.delivery}" }},'
        for m in BY_NAME.values()
    ]
    lines += ["} as const;", "", "/** Why the server closes a connection, and what to do then. */"]
    lines.append("export const CLOSES = {")
    for code, row in CLOSES.items():
        lines.append(f'  {code.name}: {{ code: {int(code)}, reason: "{row.reason}",')
        lines.append(f'    advice: "{row.advice.name.lower().replace("_", "-")}" }},')
    lines += ["} as const;", ""]
    lines.append(f'export const SUBPROTOCOL = "{SUBPROTOCOL}";')
    lines.append(f"export const PROTOCOL_VERSION = {PROTOCOL_VERSION};")
    lines.append(f"export const OLDEST_PROTOCOL_VERSION = {OLDEST_PROTOCOL_VERSION};")
    return "\n".join(lines) + "\n"


def _interface(name: str, doc: str, fields: tuple[Field, ...]) -> list[str]:
    lines = [f"/** {doc} */", f"export interface {name} {{"]
    for field in fields:
        lines.append(f"  /** {field.doc} */")
        lines.append(f"  {field.name}{'?' if field.optional else ''}: {_typescript_type(field)};")
    return [*lines, "}", ""]


def _typescript_type(field: Field) -> str:
    kind = field.type.removesuffix("?").removesuffix("[]")
    text = _TYPESCRIPT.get(kind) or ("number" if kind[0] in "uif" and kind[1:].isdigit() else kind)
    if field.values:
        text = " | ".join(f'"{value}"' for value in field.values)
    if field.type.removesuffix("?").endswith("[]"):
        text = f"({text})[]" if "|" in text else f"{text}[]"
    return f"{text} | null" if field.type.endswith("?") else text
