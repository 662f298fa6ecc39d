"""Shares: exact to the minor unit, whoever pays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.checkout import QuoteLine, total_of
from commerce.errors import InvalidRequestError
from commerce.split import SplitPlan, custom_parts, divided, equal_parts, own_lines

PEOPLE = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8, unique=True)


def line(number: int, owner: str, amount: int, gift_for: str | None = None) -> QuoteLine:
    return QuoteLine(f"l{number}", "MUG", "mug", "Mug", {}, 1, amount, owner, gift_for)


LINES = st.lists(st.tuples(st.sampled_from("abcdefghxyz"), st.integers(0, 10**9)), max_size=12).map(
    lambda pairs: [line(n, owner, amount) for n, (owner, amount) in enumerate(pairs)]
)


@given(LINES, PEOPLE, st.sampled_from([SplitPlan.EQUAL, SplitPlan.OWN_LINES]))
def test_shares_sum_to_the_total(
    lines: list[QuoteLine], people: list[str], plan: SplitPlan
) -> None:
    total_minor = total_of(lines, "EUR")
    parts = divided(plan, lines, total_minor, people, {})
    assert list(parts) == people
    assert sum(parts.values()) == total_minor
    assert all(part >= 0 for part in parts.values())


@given(st.integers(0, 10**12), PEOPLE)
def test_equal_parts_differ_by_one_at_most_and_the_first_pay_it(
    total_minor: int, people: list[str]
) -> None:
    parts = list(equal_parts(total_minor, people).values())
    assert sum(parts) == total_minor
    assert max(parts) - min(parts) <= 1
    assert parts == sorted(parts, reverse=True)


def test_own_lines() -> None:
    lines = [line(1, "ada", 500), line(2, "bert", 300), line(3, "cleo", 101)]
    assert own_lines(lines, ["ada", "bert"]) == {"ada": 551, "bert": 350}


def test_a_gift_is_paid_by_who_gives_it() -> None:
    lines = [line(1, "ada", 1_000, gift_for="bert"), line(2, "ada", 300), line(3, "bert", 301)]
    own = divided(SplitPlan.OWN_LINES, lines, 1_601, ["ada", "bert"], {})
    assert own == {"ada": 1_300, "bert": 301}
    equal = divided(SplitPlan.EQUAL, lines, 1_601, ["ada", "bert"], {})
    assert equal == {"ada": 1_301, "bert": 300}


def test_custom() -> None:
    assert custom_parts(100, ["ada", "bert"], {"ada": 100}) == {"ada": 100, "bert": 0}


@pytest.mark.parametrize(
    ("people", "amounts"),
    [
        (["ada"], {"ada": 99}),
        (["ada"], {"ada": 101}),
        (["ada", "bert"], {"ada": 150, "bert": -50}),
        (["ada"], {"ada": 50, "mallory": 50}),
        ([], {}),
        (["ada", "ada"], {"ada": 100}),
        (["ada"], {"ada": 100.0}),
    ],
)
def test_bad_divisions(people: list[str], amounts: dict[str, int]) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        custom_parts(100, people, amounts)
    assert raised.value.code == "INVALID_SPLIT"
