"""Readers: what comes in, and what is wrong said in words."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from recommender.interactions import Signal
from recommender.tasks.folders import (
    DataError,
    read_baskets,
    read_goods,
    read_queries,
    read_visits,
)
from recommender.weighting import SIGNAL_NUMBER
from tests.recommender.tasks.data_folders import VISIT_COLUMNS, write_lines, write_rows

BASKET_COLUMNS = ("user", "basket", "ts", "item", "qty", "price")


def goods_file(folder: Path) -> Path:
    path = folder / "items.csv.gz"
    write_rows(path, ("item", "name", "cold"), [("a", "Red lamp", 0), ("b", "", 1)])
    return path


def test_goods_with_and_without_names(tmp_path: Path) -> None:
    goods = read_goods(goods_file(tmp_path))
    assert (goods.products, goods.names) == (("a", "b"), ("Red lamp", ""))
    assert goods.cold.tolist() == [False, True]
    write_rows(tmp_path / "bare.csv.gz", ("item",), [(7,)])
    bare = read_goods(tmp_path / "bare.csv.gz")
    assert (bare.products, bare.names, bare.cold.tolist()) == (("7",), ("",), [False])


def test_baskets_are_sorted_by_time(tmp_path: Path) -> None:
    path = tmp_path / "train.csv.gz"
    write_rows(
        path,
        BASKET_COLUMNS,
        [
            ("u", "2", "2024-01-02 00:00:00", "a", 3, 2.0),
            ("v", "1", "2024-01-01 00:00:01", "b", 1, 4.0),
            ("u", "2", "2024-01-02 00:00:00", "a", 1, 4.0),
        ],
    )
    folder = read_baskets(path, read_goods(goods_file(tmp_path)))
    assert folder.people == ("u", "v")
    assert folder.events.person.tolist() == [1, 0, 0]
    assert folder.events.occurred_ms[0] == 1_704_067_201_000
    assert folder.events.price.tolist() == [3.0, 4.0]
    assert len(np.unique(folder.events.session)) == 2


def test_visits_know_their_types(tmp_path: Path) -> None:
    path = tmp_path / "visits.csv.gz"
    write_rows(path, VISIT_COLUMNS, [("u", 1, "a", "view", 10), ("u", 1, "a", "buy", 11)])
    events = read_visits(path, read_goods(goods_file(tmp_path))).events
    assert events.signal.tolist() == [SIGNAL_NUMBER[Signal.INSPECT], SIGNAL_NUMBER[Signal.BUY]]
    assert events.strength[0] < events.strength[1] == 1.0
    assert events.occurred_ms.tolist() == [10_000, 11_000]


@pytest.mark.parametrize(
    ("columns", "row"),
    [
        (("user", "session"), ("u", 1)),
        (VISIT_COLUMNS, ("u", 1, "unheard", "view", 10)),
        (VISIT_COLUMNS, ("u", 1, "a", "stare", 10)),
        (VISIT_COLUMNS, ("u", 1, "a", "view", "nan")),
        (VISIT_COLUMNS, ("u", 1, "a", "view", "soon")),
        (VISIT_COLUMNS, ("u", 1, "a")),
    ],
)
def test_bad_visits_are_refused(
    tmp_path: Path, columns: tuple[str, ...], row: tuple[object, ...]
) -> None:
    path = tmp_path / "visits.csv.gz"
    write_rows(path, columns, [row])
    with pytest.raises(DataError) as caught:
        read_visits(path, read_goods(goods_file(tmp_path)))
    assert caught.value.code == "recommender_data_invalid"
    assert caught.value.data["file"] == "visits.csv.gz"


def test_a_bad_date_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "train.csv.gz"
    write_rows(path, BASKET_COLUMNS, [("u", 1, "yesterday", "a", 1, 1)])
    with pytest.raises(DataError):
        read_baskets(path, read_goods(goods_file(tmp_path)))


def test_missing_cut_and_foreign_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_goods(tmp_path / "nowhere.csv.gz")
    assert caught.value.code == "recommender_data_missing"
    whole = goods_file(tmp_path).read_bytes()
    cut = tmp_path / "cut.csv.gz"
    for content in (whole[: len(whole) // 2], b"item\n1\n", gzip.compress(b"item\n\xff\n")):
        cut.write_bytes(content)
        with pytest.raises(DataError):
            read_goods(cut)


def test_queries(tmp_path: Path) -> None:
    goods = read_goods(goods_file(tmp_path))
    path = tmp_path / "queries.jsonl.gz"
    write_lines(path, [{"q": 5, "user": 1, "session": 2, "prefix": [["b", "cart", 3]]}])
    (query,) = read_queries(path, goods)
    assert (query.name, query.person, query.session) == ("5", "1", "2")
    assert (query.products, query.kinds, query.times_ms) == ((1,), ("cart",), (3_000,))
    for line in (
        [1],
        {"q": 1},
        {"q": 1, "prefix": [["zzz", "view", 1]]},
        {"q": 1, "prefix": [[1]]},
    ):
        write_lines(path, [line])
        with pytest.raises(DataError):
            read_queries(path, goods)
