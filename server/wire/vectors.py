"""Golden vectors: frames as hex with their meaning, for everybody who writes a reader or a writer.

Good ones are read back before they are written out; bad ones must fail with the error they name.
In JSON, bytes are `{"$bin": "<hex>"}`.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgpack

from server.wire import codec, structures
from server.wire.errors import WireError
from server.wire.messages import BY_NAME, MESSAGES
from server.wire.pose import Pose, pack_head, pack_pose
from server.wire.schema import Delivery, Direction, Field, Message

Json = dict[str, Any]

TIME_MS = 1_800_000_000_000
_HALF = 0.5**0.5
POSE = Pose(
    7,
    head=(1.25, 1.62, -3.5),
    head_rotation=(0.0, _HALF, 0.0, _HALF),
    left=(-0.25, -0.4, -0.3),
    left_rotation=(_HALF, 0.0, 0.0, -_HALF),
    right=None,
)
"""Facing -X (a quarter turn to the left); left hand before the body, right hand not tracked."""

BINARY = {"Pose": pack_pose(POSE), "Poses": pack_pose(POSE), "Heads": pack_head(POSE)}
"""Examples of the messages whose body is no map."""

_EXAMPLES: dict[str, object] = {
    "protocol_min": 1, "protocol_max": 1, "protocol": 1, "client": "my-headset 0.1",
    "token": "a guest token", "seat_token": "a seat token", "resume_token": "a resume token",
    "name": "Ada", "sku": "GH-MUG-001-BLUE", "product_id": "mug-001", "currency": "EUR",
    "position": [1.0, 0.0, -2.5], "yaw_degrees": 90.0, "choice": 1, "code": "K7QPXM",
    "reason": "", "message": "Somebody else is holding this.", "quantity": 2, "in_doubt": False,
    "pose": pack_pose(POSE), "poses": pack_pose(POSE), "resumed": True, "scope": "display",
    "payment_method": "test:0000000000000001", "idempotency_key": "attempt-0001",
    "expected_total_minor": 2980, "total_minor": 2980, "unit_price_minor": 1490, "score": 0.75,
    "person_ids": "person-ada", "amounts_minor": 2980,
}  # fmt: skip


def example_value(field: Field) -> Any:
    """A value that fits a field and looks like the real thing."""
    kind = field.type.removesuffix("?")
    if kind.endswith("[]"):
        inner = Field(field.name, kind[:-2], field.doc, values=field.values)
        return [example_value(inner)]
    if field.values:
        return field.values[0]
    if kind in structures.BY_NAME:
        return example_body(structures.BY_NAME[kind].fields)
    if field.name in _EXAMPLES:
        return _EXAMPLES[field.name]
    if field.name.endswith("_ms"):
        return TIME_MS if kind == "u64" else 15_000
    if re.fullmatch(r"[ui]\d+", kind):
        return 7
    simple: dict[str, Any] = {"str": field.name.removesuffix("_id"), "bool": True, "any": {}}
    simple |= {"bin": b"", "f64": 1.5, "f32": 1.5, "pos": [1.0, 0.0, -2.5]}
    return simple[kind]


def example_body(fields: tuple[Field, ...]) -> Json:
    """An example of every field."""
    return {field.name: example_value(field) for field in fields}


def example_head(message: Message) -> int:
    """A head that fits the delivery class."""
    if message.delivery is Delivery.LATEST:
        return TIME_MS
    return 42 if message.delivery in (Delivery.REQUEST, Delivery.RELIABLE) else 0


def _good_values() -> list[tuple[str, Message, int, Any]]:
    """Meaning, message, head and body of every good vector."""
    values: list[tuple[str, Message, int, Any]] = []
    for message in MESSAGES:
        body: Any = BINARY.get(message.name) or example_body(message.fields)
        values.append((message.doc, message, example_head(message), body))

    def more(meaning: str, name: str, body: Any, head: int | None = None) -> None:
        message = BY_NAME[name]
        values.append((meaning, message, example_head(message) if head is None else head, body))

    hello = example_body(BY_NAME["Hello"].fields)
    del hello["resume_token"], hello["last_seq"]
    join = example_body(BY_NAME["Join"].fields)
    more("A first Hello: what is optional may be missing.", "Hello", hello)
    more("No consent: the list may be empty.", "Join", {**join, "consent": []})
    more(
        "Names are Unicode; limits count characters, not bytes.", "Join", {**join, "name": "Zoë 🛍️"}
    )
    more(
        "A field that the reader does not know is ignored.",
        "Vote",
        {"product_id": "mug-001", "choice": -1, "from_the_future": [1, {"a": None}]},
    )
    more("Without fields the body may be an empty map.", "Leave", {})
    more("Without fields the body may be nil as well.", "Leave", None)
    more("The largest request id.", "Leave", {}, 2**32 - 1)
    more("Looking at nothing.", "Look", {"product_id": ""})
    more("Whole numbers are good for f64.", "Teleport", {"position": [1, 0, -2], "yaw_degrees": 0})
    more("Minus one: whatever the total is.", "LockCheckout", {"expected_total_minor": -1})
    more("A phone: no hand is tracked.", "Pose", pack_pose(Pose(7, (0.0, 1.6, 0.0))))
    more(
        "The corner of the range.",
        "Pose",
        pack_pose(Pose(65_535, (32.767, 0.0, -32.767), left=(0.0, 0.0, 0.0))),
    )
    more(
        "Several avatars in one frame.",
        "Poses",
        pack_pose(POSE) + pack_pose(Pose(8, (0.0, 1.7, 0.0))),
    )
    more("Out of sight: avatar 9 is nowhere to be seen.", "Heads", pack_head(POSE) + pack_head(9))
    more(
        "The answer of a request that has something to say.",
        "Answer",
        {"request_id": 42, "body": {"epoch": 3}},
    )
    more(
        "The answer of a request that has nothing to say.", "Answer", {"request_id": 43, "body": {}}
    )
    more(
        "A refusal with its facts.",
        "Error",
        {
            "request_id": 42,
            "code": "SOLD_OUT",
            "message": "Blue mug is sold out.",
            "data": {"sku": "GH-MUG-001-BLUE", "available": 0, "alternatives": ["GH-MUG-001-RED"]},
        },
    )
    item = example_body(structures.BY_NAME["Item"].fields)
    more(
        "A list for one person has no places.", "Recommendations", {"scope": "you", "items": [item]}
    )
    more(
        "Only what must be said: all pay the same.",
        "SplitCheckout",
        {"checkout_id": "checkout", "plan": "equal"},
    )
    return values  # fmt: skip


def good_vectors() -> list[Json]:
    """Frames that must be read, with what they say (defaults filled in)."""
    vectors = []
    for meaning, message, head, body in _good_values():
        data = codec.encode(message.number, head, body)
        frame = codec.decode(data, message.direction)
        vectors.append(
            {
                "meaning": meaning,
                "hex": data.hex(),
                "direction": str(message.direction),
                "message": message.name,
                "number": message.number,
                "head": head,
                "body": plain(frame.body),
            }
        )
    return vectors


def _pack(*parts: Any) -> bytes:
    packed: bytes = msgpack.packb(list(parts))
    return packed


def _with(name: str, head: int = 42, /, **changes: Any) -> bytes:
    """An example of a message with some fields changed; None as a change leaves the field out."""
    message = BY_NAME[name]
    body = {**example_body(message.fields), **changes}
    kept = {field: value for field, value in body.items() if value is not None}
    return codec.encode(message.number, head, kept)


def _broken_frames() -> tuple[tuple[str, bytes, str], ...]:
    """Meaning, bytes and error code of frames that are no envelope, or have a wrong head."""
    pose = pack_pose(POSE)
    return (
        ("Nothing at all.", b"", "NOT_MESSAGEPACK"),
        ("A byte that MessagePack never uses.", b"\xc1", "NOT_MESSAGEPACK"),
        ("Cut off in the middle.", _with("Grab")[:-3], "NOT_MESSAGEPACK"),
        ("Something behind the end.", _with("Grab") + b"\x00", "NOT_MESSAGEPACK"),
        ("Text that is not UTF-8.", b"\x93\x0d\x01\x81\xa1\xff\x01", "NOT_MESSAGEPACK"),
        ("An array that claims four thousand million entries.",
         b"\x93\x0b\x01\xdd\xff\xff\xff\xff", "NOT_MESSAGEPACK"),
        ("A text that claims more than there is.", b"\x93\x0b\x01\xdb\x7f\xff\xff\xff",
         "NOT_MESSAGEPACK"),
        ("Arrays in arrays, a thousand deep.", b"\x93\x0b\x01" + b"\x91" * 2_000,
         "NOT_MESSAGEPACK"),
        ("A map whose key is a list.", b"\x93\x0b\x01\x81\x90\x01", "NOT_MESSAGEPACK"),
        ("JSON.", b"[11,1,{}]", "NOT_MESSAGEPACK"),
        ("A map where the envelope should be.", msgpack.packb({"number": 11}), "NOT_AN_ENVELOPE"),
        ("A number where the envelope should be.", b"\x0b", "NOT_AN_ENVELOPE"),
        ("Two entries.", _pack(11, 1), "NOT_AN_ENVELOPE"),
        ("Four entries.", _pack(11, 1, {}, {}), "NOT_AN_ENVELOPE"),
        ("A number that no message has.", _pack(99, 1, {}), "UNKNOWN_MESSAGE"),
        ("The number as text.", _pack("11", 1, {}), "UNKNOWN_MESSAGE"),
        ("The number as float.", _pack(11.0, 1, {}), "UNKNOWN_MESSAGE"),
        ("true is not 1.", _pack(True, 0, {}), "UNKNOWN_MESSAGE"),
        ("A message that only the server sends.", _pack(100, 0, {}), "WRONG_DIRECTION"),
        ("Heads that only the server sends.", _pack(116, TIME_MS, pack_head(POSE)),
         "WRONG_DIRECTION"),
        ("Poses that only the server sends.", _pack(111, TIME_MS, pose), "WRONG_DIRECTION"),
        ("A request without an id.", _pack(11, 0, {}), "HEAD_INVALID"),
        ("A request id below zero.", _pack(11, -1, {}), "HEAD_INVALID"),
        ("A request id beyond 32 bits.", _pack(11, 2**32, {}), "HEAD_INVALID"),
        ("A request id as float.", _pack(11, 1.0, {}), "HEAD_INVALID"),
        ("A request id of nil.", _pack(11, None, {}), "HEAD_INVALID"),
        ("A command with an id.", _with("Look", 1), "HEAD_INVALID"),
        ("A Hello with an id.", _with("Hello", 1), "HEAD_INVALID"),
        ("A time before 1970.", _pack(2, -5, {}), "HEAD_INVALID"),
        ("A time beyond 2^53.", _pack(12, 2**53, pose), "HEAD_INVALID"),
        ("A pose that is too short.", _pack(12, TIME_MS, pose[:31]), "POSE_MALFORMED"),
        ("A pose that is too long.", _pack(12, TIME_MS, pose + b"\x00"), "POSE_MALFORMED"),
        ("Two poses at once.", _pack(12, TIME_MS, pose * 2), "POSE_MALFORMED"),
        ("A pose without bytes.", _pack(12, TIME_MS, b""), "POSE_MALFORMED"),
        ("A pose as a map.", _pack(12, TIME_MS, {}), "POSE_MALFORMED"),
        ("A body of bytes where a map belongs.", _pack(30, 42, b"\x00"), "BODY_INVALID"),
        ("A body that is a list.", _pack(30, 42, [1, "left"]), "BODY_INVALID"),
    )  # fmt: skip


def _wrong_fields() -> tuple[tuple[str, bytes, str], ...]:
    """Meaning, bytes and error code of frames with a field that is not right."""
    return (
        ("A field is missing.", _with("Grab", hand=None), "FIELD_MISSING"),
        ("All fields are missing.", _pack(30, 42, None), "FIELD_MISSING"),
        ("Text where a number belongs.", _with("Grab", prop_id="7"), "FIELD_TYPE"),
        ("A float where a whole number belongs.", _with("Grab", prop_id=7.0), "FIELD_TYPE"),
        ("true where a number belongs.", _with("Grab", prop_id=True), "FIELD_TYPE"),
        ("A number where text belongs.", _with("AddToCart", sku=7), "FIELD_TYPE"),
        ("Bytes where text belongs.", _with("AddToCart", sku=b"mug"), "FIELD_TYPE"),
        ("Two coordinates.", _with("Teleport", position=[1.0, 2.0]), "FIELD_TYPE"),
        ("A coordinate as text.", _with("Teleport", position=[1.0, "0", 2.0]), "FIELD_TYPE"),
        ("One word instead of a list.", _with("SetConsent", classes="session"), "FIELD_TYPE"),
        ("Below the range of u32.", _with("Grab", prop_id=-1), "FIELD_RANGE"),
        ("Beyond the range of u32.", _with("Grab", prop_id=2**32), "FIELD_RANGE"),
        ("Beyond the limit of the field.", _with("AddToCart", quantity=1_000), "FIELD_RANGE"),
        ("A vote of two.", _with("Vote", choice=2), "FIELD_RANGE"),
        ("NaN.", _with("Teleport", yaw_degrees=float("nan")), "FIELD_RANGE"),
        ("Infinity.", _with("Teleport", position=[float("inf"), 0.0, 0.0]), "FIELD_RANGE"),
        ("Outside the largest room.", _with("Teleport", position=[32.5, 0.0, 0.0]), "FIELD_RANGE"),
        ("A total beyond the limit.", _with("Pay", expected_total_minor=10**12 + 1), "FIELD_RANGE"),
        ("A word that is not in the list.", _with("Grab", hand="middle"), "FIELD_VALUE"),
        ("A consent class that does not exist.", _with("SetConsent", classes=["all"]),
         "FIELD_VALUE"),
        ("A text that is too long.", _with("Join", name="A" * 33), "FIELD_TOO_LONG"),
        ("A list that is too long.", _with("SetConsent", classes=["session"] * 4),
         "FIELD_TOO_LONG"),
        ("A text of a list that is too long.", _with("SplitCheckout", person_ids=["A" * 129]),
         "FIELD_TOO_LONG"),
        ("A number of a list beyond its limit.",
         _with("SplitCheckout", amounts_minor=[10**12 + 1]), "FIELD_RANGE"),
    )  # fmt: skip


def bad_vectors() -> list[Json]:
    """Frames that a server must refuse, with the error that it answers."""
    vectors = []
    for meaning, data, code in (*_broken_frames(), *_wrong_fields()):
        error = _error_of(data)
        if error is None or error.code != code:
            raise AssertionError(f"{meaning} expected {code}, got {error}")
        vectors.append(
            {
                "meaning": meaning,
                "hex": data.hex(),
                "code": code,
                "request_id": error.request_id,
                "data": plain(error.data),
            }
        )
    return vectors


def _error_of(data: bytes) -> WireError | None:
    try:
        codec.decode(data, Direction.TO_SERVER)
    except WireError as error:
        return error
    return None


def plain(value: Any) -> Any:
    """A value as JSON can carry it."""
    if isinstance(value, bytes):
        return {"$bin": value.hex()}
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return value
