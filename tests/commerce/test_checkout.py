"""The transition table of the checkout and the frozen quote."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.checkout import (
    LIVE,
    TRANSITIONS,
    CheckoutState,
    QuoteLine,
    Trigger,
    advance,
    quote,
    total_of,
)
from commerce.errors import ConflictError

ENDS = (CheckoutState.PAID, CheckoutState.RELEASED)


def line(number: int = 1, quantity: int = 1, unit_price_minor: int = 100) -> QuoteLine:
    return QuoteLine(
        f"line-{number}", f"SKU-{number}", "mug", "Mug", {}, quantity, unit_price_minor, "ada"
    )


@given(st.lists(st.sampled_from(Trigger), max_size=30))
def test_whatever_happens_a_checkout_ends_once(triggers: list[Trigger]) -> None:
    state, seen = CheckoutState.OPEN, [CheckoutState.OPEN]
    for trigger in triggers:
        if (state, trigger) not in TRANSITIONS:
            with pytest.raises(ConflictError) as raised:
                advance(state, trigger)
            assert raised.value.code == "CHECKOUT_STATE"
            assert raised.value.data == {"state": str(state), "action": str(trigger)}
            continue
        after = advance(state, trigger)
        assert state not in ENDS
        if after is CheckoutState.PAID:
            assert state is CheckoutState.PAYING
        state = after
        seen.append(after)
    assert seen.count(CheckoutState.PAID) + seen.count(CheckoutState.RELEASED) <= 1


def test_time_never_ends_a_payment() -> None:
    assert (CheckoutState.PAYING, Trigger.EXPIRE) not in TRANSITIONS
    assert (CheckoutState.PAYING, Trigger.UNLOCK) not in TRANSITIONS


def test_every_state_can_be_reached_and_every_live_one_left() -> None:
    assert {*TRANSITIONS.values(), CheckoutState.OPEN} == set(CheckoutState)
    assert {state for state, _ in TRANSITIONS} == {CheckoutState.OPEN, *LIVE}
    assert {trigger for _, trigger in TRANSITIONS} == set(Trigger)


@given(st.lists(st.tuples(st.integers(1, 100), st.integers(0, 10**7)), min_size=1, max_size=30))
def test_the_total_is_the_sum_of_its_lines(pairs: list[tuple[int, int]]) -> None:
    lines = [line(n, quantity, price) for n, (quantity, price) in enumerate(pairs)]
    whole = total_of(lines, "EUR")
    assert whole == sum(quantity * price for quantity, price in pairs)
    assert whole == total_of(lines[::-1], "EUR")
    # Cut anywhere, the parts sum to the whole: nothing is rounded.
    for cut in range(len(lines) + 1):
        assert total_of(lines[:cut], "EUR") + total_of(lines[cut:], "EUR") == whole


def test_the_hash_covers_everything() -> None:
    frozen = quote("cart-1", "EUR", [line()], 5_000)
    assert frozen == quote("cart-1", "EUR", [line()], 5_000)
    assert (frozen.total_minor, len(frozen.quote_hash)) == (100, 64)
    others = (
        quote("cart-2", "EUR", [line()], 5_000),
        quote("cart-1", "USD", [line()], 5_000),
        quote("cart-1", "EUR", [line(quantity=2)], 5_000),
        quote("cart-1", "EUR", [line(unit_price_minor=99)], 5_000),
        quote("cart-1", "EUR", [dataclasses.replace(line(), owner_id="bert")], 5_000),
        quote("cart-1", "EUR", [line(), line(2)], 5_000),
        quote("cart-1", "EUR", [line()], 5_001),
    )
    assert len({frozen.quote_hash, *(other.quote_hash for other in others)}) == 8


def test_a_quote_cannot_change() -> None:
    frozen = quote("cart-1", "EUR", [line()], 5_000)
    with pytest.raises(dataclasses.FrozenInstanceError):
        frozen.total_minor = 1  # type: ignore[misc]
