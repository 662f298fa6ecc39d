"""The table is consistent with itself: numbers, names, types and defaults."""

import re

import pytest

from server.wire.messages import BY_NAME, BY_NUMBER, MESSAGES
from server.wire.reference import error_sentences
from server.wire.schema import Delivery, Direction, Field, Message
from server.wire.structures import BY_NAME as STRUCTURES
from server.wire.structures import STRUCTURES as ALL_STRUCTURES

TYPE = re.compile(r"(bool|[ui](8|16|32|64)|f32|f64|str|bin|pos|any|[A-Z]\w+)(\[\])?\??")
SCALARS = {"bool", "str", "bin", "pos", "any", "f32", "f64"}


def all_fields() -> list[tuple[str, Field]]:
    owners = [(s.name, s.fields) for s in ALL_STRUCTURES]
    owners += [(m.name, (*m.fields, *m.answer)) for m in MESSAGES]
    return [(owner, field) for owner, fields in owners for field in fields]


def test_numbers_and_names_are_unique_and_small() -> None:
    assert len(BY_NUMBER) == len(BY_NAME) == len(MESSAGES)
    assert all(0 < number < 256 for number in BY_NUMBER)
    for message in MESSAGES:
        upward = message.direction is Direction.TO_SERVER
        assert upward == (message.number < 100)


@pytest.mark.parametrize(("owner", "field"), all_fields(), ids=lambda value: str(value)[:40])
def test_every_field_is_described(owner: str, field: Field) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", field.name)
    assert TYPE.fullmatch(field.type)
    kind = field.type.removesuffix("?").removesuffix("[]")
    assert kind in SCALARS or re.fullmatch(r"[ui]\d+", kind) or kind in STRUCTURES
    assert field.doc.endswith(".")


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: str(message.name))
def test_what_comes_from_clients_is_bounded(message: Message) -> None:
    """Every text, list and number of a client has a limit of its own or of its type."""
    if message.direction is Direction.TO_CLIENT:
        return
    for field in message.fields:
        if field.type in ("str", "bin", "f32", "f64", "pos") or field.type.endswith("[]"):
            assert field.limit is not None or field.values, field.name


def test_every_error_has_a_sentence() -> None:
    sentences = error_sentences()
    assert {code for message in MESSAGES for code in message.errors} <= set(sentences)
    assert all(text.endswith(".") and text[0].isupper() for text in sentences.values())


def test_only_requests_have_answers() -> None:
    for message in MESSAGES:
        assert not message.answer or message.delivery is Delivery.REQUEST
