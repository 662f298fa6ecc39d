"""Search: whole words, beginnings, small mistakes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.catalog import Catalogue, product_from
from commerce.search import SearchIndex, distance_within, normalise, typos_allowed
from tests.commerce.shops import seeds

words = st.text("abcd", max_size=7)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(tuple(product_from(seed) for seed in seeds()))


def reference_distance(left: str, right: str) -> int:
    """Optimal string alignment, by its recursion."""
    table: dict[tuple[int, int], int] = {}
    for i in range(len(left) + 1):
        for j in range(len(right) + 1):
            if not i or not j:
                table[i, j] = i + j
                continue
            same = left[i - 1] == right[j - 1]
            best = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (not same))
            if i > 1 and j > 1 and left[i - 2 : i] == right[j - 2 : j][::-1]:
                best = min(best, table[i - 2, j - 2] + 1)
            table[i, j] = best
    return table[len(left), len(right)]


@given(words, words, st.integers(0, 3))
def test_distance(left: str, right: str, limit: int) -> None:
    assert distance_within(left, right, limit) == (reference_distance(left, right) <= limit)


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("mug", ["stoneware-mug"]),
        ("MUG blue", ["stoneware-mug"]),
        ("ston", ["stoneware-mug"]),
        ("stonewrae", ["stoneware-mug"]),
        ("lmap", ["reading-lamp"]),
        ("cafe", ["reading-lamp"]),
        ("CAFÉ lamp", ["reading-lamp"]),
        ("mug lamp", []),
        ("zebra", []),
        ("", []),
        ("!?", []),
        ("hearth", ["stoneware-mug", "oak-bowl", "reading-lamp"]),
        ("tableware", ["stoneware-mug", "oak-bowl"]),
    ],
)
def test_find(catalogue: Catalogue, term: str, found: list[str]) -> None:
    assert [product.id for product in catalogue.search(term, 10)] == found


def test_limit_and_order() -> None:
    index = SearchIndex(
        [("weak", {"oak": 1.0}), ("strong", {"oak": 8.0}), ("long", {"oaken": 8.0})]
    )
    assert index.find("oak", 10) == ["strong", "long", "weak"]
    assert index.find("oak", 1) == ["strong"]


@given(st.text(max_size=200))
def test_any_term_is_answered(catalogue: Catalogue, term: str) -> None:
    assert len(catalogue.search(term, 3)) <= 3


def test_short_words_are_not_guessed() -> None:
    assert typos_allowed("mug") == 0
    assert typos_allowed("lamp") == 1
    assert typos_allowed("stoneware") == 2


def test_normalise() -> None:
    assert normalise("Café-Lampe, groß 2") == ["cafe", "lampe", "gross", "2"]
