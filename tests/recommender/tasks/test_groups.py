"""Group ranking from files: what is read, and what must never show in an answer."""

import csv
import gzip
import json
import math
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recommender.group_blend import BlendSettings
from recommender.group_tables import GroupTables, counted
from recommender.group_views import ViewSettings
from recommender.tasks.folders import DataError
from recommender.tasks.groups import (
    NAMES,
    in_hash_order,
    rank,
    rank_catalogue,
    read_folder,
    read_questions,
    untouched_products,
)
from tests.conftest import require
from tests.recommender.travellers import GROUPS, PLACES, QUICK, REGIONS, planted_trips

BRIEF = replace(QUICK, passes_limit=1, trees=5)
"""For tests of what is read, where a rough list will do."""

DATA_VARIABLE = "GALLERIA_TEST_DATA"

NAME = "Mafengwo"

Line = dict[str, object]


def silent(_stage: str, _share: float) -> None:
    return


def write_pairs(path: Path, columns: tuple[str, str], pairs: Sequence[tuple[int, int]]) -> None:
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *pairs])


def write_questions(data: Path, lines: Sequence[Line]) -> None:
    path = data / "group" / NAME / "truth.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def asked(answer: int, group: int) -> Line:
    return {
        "q": f"{group}:{answer}",
        "truth": [answer],
        "cands": list(range(answer % 3, REGIONS * PLACES, 3)),
    }


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder of planted trips with one question a group."""
    folder = tmp_path / "group" / NAME
    folder.mkdir(parents=True)
    trips = planted_trips()
    write_pairs(folder / "members.csv.gz", ("group", "user"), trips.members)
    write_pairs(folder / "user_train.csv.gz", ("user", "item"), trips.alone)
    write_pairs(folder / "group_train.csv.gz", ("group", "item"), trips.together)
    write_questions(tmp_path, [asked(group % PLACES, group) for group in range(GROUPS)])
    return tmp_path


def test_each_question_gets_all_its_candidates(data: Path) -> None:
    ranked = dict(rank(data, NAME, silent, BRIEF))
    assert set(ranked) == {f"{group}:{group % PLACES}" for group in range(GROUPS)}
    for name, candidates in ranked.items():
        expected = asked(int(name.split(":")[1]), 0)["cands"]
        assert isinstance(expected, list)
        assert sorted(candidates) == sorted(map(str, expected))


def test_the_answer_does_not_show(data: Path) -> None:
    """Other answers, in another order, with the same candidates: the same lists."""
    before = list(rank(data, NAME, silent, QUICK))
    random = np.random.default_rng(2)
    lines: list[Line] = []
    for group in range(GROUPS):
        candidates = asked(group % PLACES, group)["cands"]
        assert isinstance(candidates, list)
        other = int(random.choice(candidates))
        shuffled = random.permutation(candidates).tolist()
        lines.append({"q": f"{group}:{other}", "truth": [other], "cands": shuffled})
    write_questions(data, lines)
    after = list(rank(data, NAME, silent, QUICK))
    assert [ranked for _, ranked in before] == [ranked for _, ranked in after]
    assert [name for name, _ in after] == [line["q"] for line in lines]


def test_answers_need_not_be_in_the_file(data: Path) -> None:
    write_questions(data, [{"q": "3:?", "cands": [1, 24]}])
    assert [name for name, _ in rank(data, NAME, silent, BRIEF)] == ["3:?"]


def test_a_question_keeps_the_group_and_nothing_of_the_answer(data: Path) -> None:
    question = read_questions(data / "group" / NAME / "truth.jsonl.gz")[5]
    assert question.group == "5"
    assert question.candidates == in_hash_order(question.candidates)
    assert not hasattr(question, "truth")


def test_same_files_same_lists(data: Path) -> None:
    assert list(rank(data, NAME, silent, BRIEF)) == list(rank(data, NAME, silent, BRIEF))


def test_the_order_of_rows_says_nothing(data: Path) -> None:
    before = list(rank(data, NAME, silent, BRIEF))
    trips = planted_trips()
    folder = data / "group" / NAME
    write_pairs(folder / "members.csv.gz", ("group", "user"), trips.members[::-1])
    write_pairs(folder / "group_train.csv.gz", ("group", "item"), trips.together[::-1])
    assert list(rank(data, NAME, silent, BRIEF)) == before


def test_unknown_products_and_groups_are_ranked_too(data: Path) -> None:
    write_questions(
        data, [{"q": "3:999", "cands": [24, 999, 25]}, {"q": "newcomers:24", "cands": [24, 25]}]
    )
    ranked = dict(rank(data, NAME, silent, BRIEF))
    assert sorted(ranked["3:999"]) == ["24", "25", "999"]
    assert sorted(ranked["newcomers:24"]) == ["24", "25"]


def test_the_whole_catalogue(data: Path) -> None:
    ranked = dict(rank_catalogue(data, NAME, 6, silent, BRIEF))
    assert set(ranked) == {str(group) for group in range(GROUPS)}
    assert all(len(set(products)) == 6 for products in ranked.values())


def test_untouched_products() -> None:
    """Groups 0 and 1 lose one event each, of four: half of the products with one event show."""
    members, together = [(0, 0), (1, 1)], [(0, 0), (0, 1), (1, 2), (1, 2)]

    def untouched(alone: list[tuple[int, int]]) -> int:
        tables = GroupTables(
            counted(members, (2, 2)), counted(alone, (2, 3)), counted(together, (2, 3))
        )
        return untouched_products(tables, BlendSettings())

    # Both products with one event of a group had nothing else.
    assert untouched([]) == 1
    # What person 0 did is the group's event itself, and goes with it.
    assert untouched([(0, 0)]) == 1
    # Person 1 is not of the group, so products 0 and 1 stay touched without it.
    assert untouched([(1, 0), (1, 1)]) == 0


def test_an_unknown_name_is_refused(data: Path) -> None:
    with pytest.raises(DataError) as caught:
        list(rank(data, "../or", silent, BRIEF))
    assert caught.value.data == {"known": list(NAMES)}


@pytest.mark.parametrize("file", ["members.csv.gz", "group_train.csv.gz", "truth.jsonl.gz"])
def test_missing_files_are_named(data: Path, file: str) -> None:
    (data / "group" / NAME / file).unlink()
    with pytest.raises(DataError) as caught:
        list(rank(data, NAME, silent, BRIEF))
    assert caught.value.code == "recommender_data_missing"
    assert caught.value.data == {"file": file}


@pytest.mark.parametrize("damage", ["cut", "columns", "short", "text", "candidates"])
def test_damaged_files_are_named(data: Path, damage: str) -> None:
    folder = data / "group" / NAME
    path = folder / "user_train.csv.gz"
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-20])
    elif damage == "columns":
        write_pairs(path, ("user", "thing"), [(1, 2)])
    elif damage == "short":
        path.write_bytes(gzip.compress(b"user,item\n1\n"))
    elif damage == "text":
        path.write_bytes(gzip.compress(b"user,item\n\xff\xfe,1\n"))
    else:
        path = folder / "truth.jsonl.gz"
        write_questions(data, [{"q": "3:4"}])
    with pytest.raises(DataError) as caught:
        list(rank(data, NAME, silent, BRIEF))
    assert caught.value.code == "recommender_data_invalid"
    assert caught.value.data == {"file": path.name}


@pytest.mark.slow
def test_published_travel_groups() -> None:
    """A small model on real groups beats what the average of their members reaches (NDCG .06)."""
    data = Path(os.environ.get(DATA_VARIABLE, "absent"))
    path = data / "group" / NAME / "truth.jsonl.gz"
    require(path.exists(), f"Set {DATA_VARIABLE} to the folder that holds or/, rr/ and group/.")
    views = ViewSettings(factors=16, closed_form_cells_limit=1)
    settings = replace(QUICK, passes_limit=1, views=views)
    assert len(read_folder(path.parent, settings).products) > 1_000
    gains = []
    for name, candidates in rank(data, NAME, silent, settings):
        place = candidates.index(name.split(":")[1])
        gains.append(1 / math.log2(place + 2) if place < 10 else 0.0)
    assert np.mean(gains) > 0.6
