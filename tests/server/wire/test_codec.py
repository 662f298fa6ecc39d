"""The codec reads what is right, refuses what is wrong with one typed error, and never crashes."""

import json
import math
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.wire import codec
from server.wire.codec import HEAD_MAX
from server.wire.docgen import FOLDER
from server.wire.errors import FRAME_ERRORS, WireError
from server.wire.messages import BY_NAME, MESSAGES
from server.wire.schema import Delivery, Direction, Message
from server.wire.vectors import bad_vectors, example_body, good_vectors, plain

Json = dict[str, Any]

any_value = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)


def error_of(data: bytes, direction: Direction = Direction.TO_SERVER) -> WireError:
    with pytest.raises(WireError) as raised:
        codec.decode(data, direction)
    return raised.value


@pytest.mark.parametrize("vector", good_vectors(), ids=lambda v: f"{v['message']}: {v['meaning']}")
def test_good_vectors_are_read(vector: Json) -> None:
    frame = codec.decode(bytes.fromhex(vector["hex"]), Direction(vector["direction"]))
    assert frame.message.name == vector["message"]
    assert frame.head == vector["head"]
    assert plain(frame.body) == vector["body"]


@pytest.mark.parametrize("vector", bad_vectors(), ids=lambda v: str(v["meaning"]))
def test_bad_vectors_are_refused(vector: Json) -> None:
    error = error_of(bytes.fromhex(vector["hex"]))
    assert (error.code, error.request_id) == (vector["code"], vector["request_id"])
    assert error.message == FRAME_ERRORS[error.code]
    assert plain(error.data) == vector["data"]


def test_there_are_enough_vectors() -> None:
    good = json.loads((FOLDER / "vectors/good.json").read_text(encoding="utf-8"))
    bad = json.loads((FOLDER / "vectors/bad.json").read_text(encoding="utf-8"))
    assert len(good) >= 60
    assert len(bad) >= 40
    assert {vector["message"] for vector in good} == set(BY_NAME)
    # What needs a session to be wrong cannot be shown by bytes alone.
    assert {vector["code"] for vector in bad} == set(FRAME_ERRORS) - {
        "HELLO_TWICE", "REQUEST_ID_OLD", "TOO_FAST",
    }  # fmt: skip


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_one_error(data: bytes) -> None:
    for direction in Direction:
        try:
            frame = codec.decode(data, direction)
        except WireError as error:
            assert error.code in FRAME_ERRORS  # noqa: PT017 - most examples do not raise the same
            assert 0 <= error.request_id < 2**32  # noqa: PT017
        else:
            assert frame.message.direction is direction


@given(st.sampled_from(MESSAGES), st.integers(0, 2**32), any_value)
def test_any_body_is_a_frame_or_one_error(message: Message, head: int, body: Any) -> None:
    try:
        frame = codec.decode(codec.encode(message.number, head, body))
    except WireError:
        return
    again = codec.decode(codec.encode(message.number, head, frame.body))
    assert (again.message, again.head) == (frame.message, frame.head)
    assert plain(again.body) == plain(frame.body)


@given(st.sampled_from(MESSAGES), st.data())
def test_one_wrong_field_names_itself(message: Message, data: st.DataObject) -> None:
    if message.binary_body or not message.fields or message.direction is Direction.TO_CLIENT:
        return
    field = data.draw(st.sampled_from(message.fields))
    value = data.draw(any_value)
    body = {**example_body(message.fields), field.name: value}
    head = 5 if message.delivery is Delivery.REQUEST else 0
    try:
        frame = codec.decode(codec.encode(message.number, head, body))
    except WireError as error:
        assert error.data["field"].split(".")[0] == field.name  # noqa: PT017
        assert error.request_id == head  # noqa: PT017
    else:
        assert isinstance(frame.body, dict)
        assert set(frame.body) == {f.name for f in message.fields}
        assert all_finite(frame.body)


def all_finite(value: Any) -> bool:
    if isinstance(value, dict):
        return all(all_finite(entry) for entry in value.values())
    if isinstance(value, list):
        return all(all_finite(entry) for entry in value)
    return not isinstance(value, float) or math.isfinite(value)


def test_defaults_are_filled_in_and_strangers_left_out() -> None:
    body = {"seat_token": "s", "name": "Ada", "mood": "good"}
    frame = codec.decode(codec.encode(BY_NAME["Join"].number, 1, body))
    assert frame.body == {"seat_token": "s", "name": "Ada", "consent": ()}


def test_poses_are_read_whichever_way_they_are_written() -> None:
    record = bytes(range(32))
    number = BY_NAME["Pose"].number
    short = codec.encode(number, 1_800_000_000_000, record)
    assert codec.decode(short) == (BY_NAME["Pose"], 1_800_000_000_000, record)
    # The same with the longest encodings that MessagePack has.
    long = b"\xdc\x00\x03" + b"\xcc\x0c" + b"\xcf" + bytes(7) + b"\x05" + b"\xc5\x00\x20" + record
    assert error_of(long).code == "NOT_AN_ENVELOPE"
    long = b"\x93" + long[3:]
    assert codec.decode(long) == (BY_NAME["Pose"], 5, record)
    assert error_of(codec.encode(number, HEAD_MAX + 1, record)).code == "HEAD_INVALID"


def test_a_client_takes_new_fields_of_a_newer_server() -> None:
    body = {"product_id": "mug", "by_avatar_id": 2, "since_ms": 5}
    data = codec.encode(BY_NAME["SpotlightChanged"].number, 9, body)
    assert codec.decode(data, Direction.TO_CLIENT).body == body
    assert error_of(data).code == "WRONG_DIRECTION"


@given(st.sampled_from(MESSAGES), st.integers(0, HEAD_MAX))
def test_a_body_packed_once_makes_the_same_frame(message: Message, head: int) -> None:
    body: Any = bytes(32) if message.binary_body else example_body(message.fields)
    packed = codec.encode_body(message.name, body)
    assert codec.frame(message.number, head, packed) == codec.encode(message.number, head, body)


def test_a_binary_body_must_be_bytes() -> None:
    with pytest.raises(TypeError):
        codec.encode_body("Poses", {})


@pytest.mark.parametrize(
    "bomb",
    [
        b"\x93\x0b\x01" + b"\x91" * 4_000,
        b"\x93\x0b\x01" + b"\x81\xa1a" * 1_300,
        b"\x93\x0b\x01\xdf\xff\xff\xff\xff",
        b"\x93\x0b\x01\xc6\xff\xff\xff\xff",
        b"\x93\x0b\x01\xc9\xff\xff\xff\xff\x01",
        b"\x93" * 4_000,
        b"\x93\x0b\x01\xd6\xff\x00\x00\x00\x00",
    ],
)
def test_bombs_do_not_go_off(bomb: bytes) -> None:
    assert error_of(bomb).code in ("NOT_MESSAGEPACK", "NOT_AN_ENVELOPE", "BODY_INVALID")


def test_deep_answers_are_read_by_clients() -> None:
    body = {"request_id": 1, "body": {"a": [[{"b": 1}]]}}
    data = msgpack.packb([BY_NAME["Answer"].number, 1, body])
    assert codec.decode(data, Direction.TO_CLIENT).body == body


@pytest.mark.parametrize("fields", [{}, {"prop_id": 7, "hand": "left"}, {"name": "x" * 60}])
def test_what_is_waited_for_is_longer_than_two_poses(fields: dict[str, Any]) -> None:
    frame = codec.encode_prompt(BY_NAME["Leave"].number, 1, fields)
    assert len(frame) >= codec.PROMPT_BYTES > 2 * len(codec.encode(12, 2**50, bytes(32))) + 6
    number, head, body = msgpack.unpackb(frame)
    assert (number, head) == (BY_NAME["Leave"].number, 1)
    assert {name: body[name] for name in fields} == fields
    assert codec.decode(frame).body == {}
