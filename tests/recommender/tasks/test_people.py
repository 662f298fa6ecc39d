"""The tasks for people: the right cut, the right lists, repeatable, and no answers read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recommender.tasks.folders import read_baskets, read_goods
from recommender.tasks.people import or_cold, or_next, rank_cold, rr_next
from tests.recommender.tasks.data_folders import baskets, visits

Lists = dict[str, list[str]]


def silent(_what: str, _share: float) -> None:
    """No progress bar."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    baskets(folder)
    visits(folder)
    return folder


@pytest.fixture(scope="module")
def bought(data: Path) -> dict[str, set[str]]:
    goods = read_goods(data / "or" / "items.csv.gz")
    folder = read_baskets(data / "or" / "train.csv.gz", goods)
    found: dict[str, set[str]] = {}
    for person, product in zip(
        folder.events.person.tolist(), folder.events.product.tolist(), strict=True
    ):
        found.setdefault(folder.people[person], set()).add(goods.products[product])
    return found


def parity(lists: Lists) -> float:
    """Share of the first five places that are of the person's taste."""
    good = [int(item[1:]) % 2 == int(q[1:]) % 2 for q, items in lists.items() for item in items[:5]]
    return sum(good) / len(good)


def test_everybody_gets_a_list_of_their_taste(data: Path) -> None:
    lists = dict(or_next(data, new_only=False, report=silent))
    assert set(lists) == {f"u{person}" for person in range(24)}
    assert parity(lists) > 0.9
    assert all(len(set(items)) == len(items) for items in lists.values())


def test_new_means_never_touched_and_no_answer_is_opened(
    data: Path, bought: dict[str, set[str]], tmp_path: Path
) -> None:
    lists = dict(or_next(data, new_only=True, report=silent))
    assert all(not set(items) & bought[person] for person, items in lists.items())
    baskets(tmp_path)
    for answers in tmp_path.rglob("truth*"):
        answers.unlink()
    assert dict(or_next(tmp_path, new_only=True, report=silent)) == lists


def test_cold_lists_hold_all_cold_products_and_no_other(data: Path) -> None:
    lists = dict(or_cold(data, report=silent))
    assert all(set(items) == {f"i{p}" for p in range(36, 40)} for items in lists.values())
    first = [int(items[0][1:]) % 2 == int(person[1:]) % 2 for person, items in lists.items()]
    assert sum(first) > 0.9 * len(first)


def test_rows_of_cold_products_change_nothing(data: Path, tmp_path: Path) -> None:
    goods = read_goods(data / "or" / "items.csv.gz")
    folder = read_baskets(data / "or" / "train.csv.gz", goods)
    warm = replace(folder, events=folder.events.only(~goods.cold[folder.events.product]))
    assert len(warm.events) < len(folder.events)
    assert list(rank_cold(warm, goods, report=silent)) == list(or_cold(data, report=silent))


def test_next_purchase_ranks_for_all_repeats_and_reports(data: Path) -> None:
    shares: list[float] = []
    lists = list(rr_next(data, new_only=False, report=lambda _what, share: shares.append(share)))
    assert len(lists) == 30
    assert lists == list(rr_next(data, new_only=False, report=silent))
    assert shares[-1] == 1.0
    assert np.all(np.diff(shares) >= 0)
