"""Groups share a code, and a rush calls everybody to the scarcest SKU once."""

import random

from hypothesis import given
from hypothesis import strategies as st

from server.bots.friends import Friends, Rush


@given(st.integers(1, 300), st.integers())
def test_everybody_is_in_one_group(shoppers: int, seed: int) -> None:
    friends = Friends(shoppers, random.Random(seed))
    for number in range(shoppers):
        assert friends.code(number) == ""
    assert 1 <= friends.groups <= shoppers


def test_a_code_is_told_to_ones_group_alone() -> None:
    friends = Friends(60, random.Random(1))
    number = next(n for n in range(60) if not friends.alone(n))
    friends.tell(number, "K7WQ2M")
    told = [n for n in range(60) if friends.code(n) == "K7WQ2M"]
    assert number in told
    assert 2 <= len(told) <= 4
    friends.tell(told[-1], "")
    assert friends.code(number) == ""


def test_a_lonely_bot_knows_it() -> None:
    assert Friends(1, random.Random(1)).alone(0)


def test_a_rush_calls_for_the_scarcest_once() -> None:
    rush = Rush(every_s=40.0, notice_s=5.0)
    stock = {"MUG": 3, "LAMP": 1, "GONE": 0}
    assert rush.look(100.0, stock) is None
    call = rush.look(110.0, stock)
    assert call is not None
    assert (call.sku, call.due_s) == ("LAMP", 115.0)
    assert rush.look(114.0, stock) is call
    assert rush.look(115.1, stock) is None
    second = rush.look(150.0, stock)
    assert second is not None
    assert second.sku == "MUG"


def test_an_empty_store_has_no_rush() -> None:
    rush = Rush(every_s=1.0, notice_s=5.0)
    assert rush.look(0.0, {}) is None
    assert rush.look(10.0, {"GONE": 0}) is None
