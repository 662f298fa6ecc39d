"""A recording holds all a replay needs, and no secrets."""

import json
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.commands import (
    COMMANDS,
    CartUpdated,
    Command,
    ConfirmPayment,
    Pay,
    RecommendationsReady,
    Teleport,
)
from rooms.commands_together import ChallengeReady, HandOffReady
from rooms.journal import (
    decode_command,
    encode_command,
    header_of,
    room_from_header,
)
from rooms.plain import JournalError
from rooms.types import Item, OwnDisplay, OwnPlace
from tests.rooms.hall import NOW_MS, Hall, cart, line

TEXT = st.text(max_size=8)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.dictionaries(TEXT, st.one_of(TEXT, st.integers(-9, 9), st.booleans(), st.none()))
COMMAND: st.SearchStrategy[Command] = st.one_of(
    [
        st.builds(
            kind,
            **{
                name: PLAIN for name, hint in get_type_hints(kind).items() if hint == dict[str, Any]
            },
        )
        for kind in COMMANDS.values()
    ]
)
st.register_type_strategy(float, NUMBER)


@given(COMMAND)
def test_every_command_survives(command: Command) -> None:
    plain = json.loads(json.dumps(encode_command(command)))
    back = decode_command(plain)
    assert type(back) is type(command)
    assert encode_command(back) == plain
    if not isinstance(command, Pay | ConfirmPayment | HandOffReady | ChallengeReady):
        assert back == command


def test_private_fields_are_blank() -> None:
    pay = Pay(1, 5, "checkout", 900, "key", payment_method="test:secret")
    assert encode_command(pay) == ["Pay", 1, 5, "checkout", 900, "key", "", 0]
    assert "secret" not in repr(decode_command(encode_command(pay)))


def test_nested_values_are_plain() -> None:
    encoded = encode_command(CartUpdated("duo", cart(1, (line(),))))
    assert encoded[:2] == ["CartUpdated", "duo"]
    assert encoded[2][1:3] == [1, "EUR"]
    assert encoded[2][4][0][0] == "line-1"
    item = Item("mug", 0.5, "r", "R")
    display = OwnDisplay("p1", (OwnPlace(0, item, ("p2",)),))
    items = RecommendationsReady(1, "", (item,), (display,))
    assert decode_command(encode_command(items)) == items
    # Recordings of before there were shelves.
    older = RecommendationsReady(1, "", (item,))
    assert decode_command(encode_command(items)[:-1]) == older


def test_whole_numbers_become_floats_where_floats_belong() -> None:
    teleport = decode_command(["Teleport", 1, 2, [1, 0, -1], 90])
    assert teleport == Teleport(1, 2, (1.0, 0.0, -1.0), 90.0)
    assert isinstance(teleport, Teleport)
    assert {type(value) for value in (*teleport.position, teleport.yaw_degrees)} == {float}


@pytest.mark.parametrize(
    "entry",
    [
        [],
        ["Fly", 1, 2],
        [["Leave"], 1, 2],
        "Leave",
        None,
        {},
        ["Leave", 1],
        ["Leave", 1, 2, 3],
        ["Leave", "1", 2],
        ["Leave", True, 2],
        ["Teleport", 1, 2, [1, 2], 3.0],
        ["Teleport", 1, 2, 5, 3.0],
        ["CartUpdated", "duo", None],
        ["CartUpdated", "duo", ["c", 1]],
        ["RequestCompleted", 1, 2, "body"],
    ],
)
def test_what_is_no_command_is_refused(entry: Any) -> None:
    with pytest.raises(JournalError) as caught:
        decode_command(entry)
    assert caught.value.code == "JOURNAL_INVALID"


def test_a_header_opens_a_twin() -> None:
    hall = Hall()
    header = json.loads(json.dumps({"journal_version": 1, **header_of(hall.room)}))
    poses, twin = room_from_header(header)
    assert twin.poses is poses
    assert poses.capacity == hall.poses.capacity
    assert twin.opened_ms == NOW_MS
    assert (twin.layout, twin.placements) == (hall.room.layout, hall.room.placements)
    assert twin.settings == hall.room.settings
    assert twin.state_hash() == hall.room.state_hash()


@pytest.mark.parametrize(
    "wrong",
    [
        {"layout": {}},
        {"placements": [{"slot_id": 99, "product_id": "x", "skus": []}]},
        {"room_settings": {"capacity": 0}},
        {"room_settings": {"colour": 1}},
        {"pose_capacity": "many"},
        {"placements": None},
    ],
)
def test_a_header_that_opens_no_room_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(JournalError):
        room_from_header({**header_of(Hall().room), **wrong})
