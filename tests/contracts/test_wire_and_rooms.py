"""The wire table and the rooms speak the same words.

`server.translate` works by rule and not by hand: an event of a room is the message of the same
name with the same fields, a request becomes the command of the same name. The rule rests on this.
"""

import ast
import dataclasses
import types
import typing
from typing import Any

import pytest

import rooms.basket
import rooms.types
from rooms import commands, commands_together, events
from server.wire.errors import CloseCode
from server.wire.messages import BY_NAME, MESSAGES
from server.wire.schema import Delivery, Direction, Field, Message, Structure
from server.wire.structures import BY_NAME as STRUCTURES
from tests.tidy.sources import python_modules, text_of

# These tell of codes or expect them; they do not raise them.
SAYING_ONLY = (
    "server.wire.messages",
    "server.wire.reference",
    "server.http.error_table",
    "server.bots",
    "server.client",
)

# Filled in by the shell, never said by a client.
FROM_THE_SHELL = {"avatar_id", "request_id"}
# Asked of the shell itself: sessions, seats and pose batches are not the room's.
ANSWERED_BY_THE_SHELL = {"Hello", "Clock", "Ack", "Join", "Pose"}
# Told by the shell itself.
TOLD_BY_THE_SHELL = {"Welcome", "ClockAnswer", "Poses", "Heads", "Draining"}

EVENTS = {event.__name__: event for event in events.EVENTS}
UPWARD = [message for message in MESSAGES if message.direction is Direction.TO_SERVER]
DOWNWARD = [message for message in MESSAGES if message.direction is Direction.TO_CLIENT]
VIEWS = {
    name: getattr(module, name)
    for module in (rooms.types, rooms.basket)
    for name in STRUCTURES
    if hasattr(module, name)
} | {name: EVENTS[name] for name in STRUCTURES if name in EVENTS}

INTEGERS = {"u8", "u16", "u32", "u64", "i8", "i32", "i64"}


def names(fields: tuple[Field, ...]) -> list[str]:
    return [field.name for field in fields]


def annotations(cls: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


def speaks_of(field: Field, hint: Any) -> bool:
    """Whether a wire field can carry a Python value of this annotation."""
    wire = field.type
    if wire.endswith("?"):
        options = typing.get_args(hint)
        plain = [option for option in options if option is not types.NoneType]
        return len(plain) == len(options) - 1 and speaks_of(
            dataclasses.replace(field, type=wire[:-1]), plain[0]
        )
    if wire.endswith("[]"):
        items = typing.get_args(hint)
        return (
            typing.get_origin(hint) is tuple
            and items[1:] == (Ellipsis,)
            and speaks_of(dataclasses.replace(field, type=wire[:-2]), items[0])
        )
    if wire in STRUCTURES:
        return hint is VIEWS[wire]
    return hint in {
        "bool": (bool,),
        "str": (str,),
        "bin": (bytes,),
        "f32": (float,),
        "f64": (float,),
        "pos": (rooms.types.Position,),
        "any": (dict[str, Any],),
        **dict.fromkeys(INTEGERS, (int,)),
    }.get(wire, ())


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_event_is_a_message_with_its_fields(name: str) -> None:
    message = BY_NAME[name]
    assert message.direction is Direction.TO_CLIENT
    assert message.delivery is Delivery.RELIABLE
    hints = annotations(EVENTS[name])
    assert names(message.fields) == list(hints)
    assert [f.name for f in message.fields if not speaks_of(f, hints[f.name])] == []


def test_every_message_down_has_its_teller() -> None:
    assert {message.name for message in DOWNWARD} == set(EVENTS) | TOLD_BY_THE_SHELL


@pytest.mark.parametrize("message", UPWARD, ids=lambda message: str(message.name))
def test_every_request_is_a_command_with_its_fields(message: Message) -> None:
    if message.name in ANSWERED_BY_THE_SHELL:
        return
    hints = annotations(commands.COMMANDS[message.name])
    asked = {name: hint for name, hint in hints.items() if name not in FROM_THE_SHELL}
    assert set(names(message.fields)) == set(asked)
    assert [f.name for f in message.fields if not speaks_of(f, asked[f.name])] == []


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=lambda structure: structure.name)
def test_every_structure_is_a_view_with_its_fields(structure: Structure) -> None:
    hints = annotations(VIEWS[structure.name])
    assert names(structure.fields) == list(hints)
    assert [f.name for f in structure.fields if not speaks_of(f, hints[f.name])] == []


def test_the_journal_knows_every_command() -> None:
    defined = {
        cls.__name__
        for cls in (*vars(commands).values(), *vars(commands_together).values())
        if isinstance(cls, type)
        and issubclass(cls, commands.Command)
        and cls not in (commands.Command, commands.AvatarCommand)
    }
    assert defined == set(commands.COMMANDS)


def test_what_pays_is_private() -> None:
    """A journal must not hold what could be used to pay."""
    private = {
        (name, field.name)
        for name, cls in commands.COMMANDS.items()
        for field in dataclasses.fields(cls)
        if field.metadata.get("private")
    }
    assert private == {
        ("Pay", "payment_method"),
        ("ConfirmPayment", "response"),
        ("HandOffReady", "code"),
        ("HandOffReady", "path"),
        ("HandOffReady", "qr_path"),
        ("ChallengeReady", "url"),
    }


def test_every_error_of_the_table_is_raised_somewhere() -> None:
    """A code in the reference that nothing ever answers would be a lie."""
    # A refused hello closes the connection, with the code's name as the reason.
    said = {close.name for close in CloseCode}
    for name, path in python_modules().items():
        if name.startswith(SAYING_ONLY):
            continue
        said |= {
            node.value
            for node in ast.walk(ast.parse(text_of(path)))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
    promised = {code for message in MESSAGES for code in message.errors}
    assert promised - said == set()
