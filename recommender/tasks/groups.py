"""Group ranking on published data: what a household or a travel group chose together.

A folder `group/NAME` has `members.csv.gz` (group, user), `user_train.csv.gz` (user, item) and
`group_train.csv.gz` (group, item), and questions as JSON lines with `q`, "group:item", and `cands`,
the candidates in no particular order. The right answer is among the candidates, in the name of the
question and in the field `truth`. So a name is a label and only its group is looked at, of a line
nothing but name and candidates is kept, and candidates are put in the order of a hash. Ids were
handed out group by group in some of this data: their order would give answers away, so rows and
columns are in the order of a hash, too.
"""

import csv
import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from recommender.errors import RecommenderError
from recommender.group_blend import BlendSettings, Report, events_held_out
from recommender.group_filters import sums
from recommender.group_ranker import GroupRanker
from recommender.group_tables import GroupTables, Positions, counted
from recommender.tasks.folders import DataError

NAMES = ("CAMRa2011", "Mafengwo")

QUESTIONS_AT_A_TIME = 256


@dataclass(frozen=True, slots=True)
class Question:
    """`name` to answer under, the `group` that asks, and `candidates` in the order of a hash."""

    name: str
    group: str
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupFolder:
    """Tables, and the ids of rows and columns; the columns after `products` are untouched."""

    tables: GroupTables
    groups: dict[str, int]
    products: dict[str, int]


def in_hash_order(ids: Iterable[str]) -> tuple[str, ...]:
    """Each id once, in an order that says nothing about it."""
    return tuple(sorted(set(ids), key=lambda each: sha256(each.encode()).digest()))


def read_folder(path: Path, settings: BlendSettings) -> GroupFolder:
    """The training files of a folder.

    Raises:
        DataError: a file is missing or not as said.
    """
    memberships = _pairs(path / "members.csv.gz", ("group", "user"))
    alone = _pairs(path / "user_train.csv.gz", ("user", "item"))
    together = _pairs(path / "group_train.csv.gz", ("group", "item"))
    groups = _places([*(row[0] for row in memberships), *(row[0] for row in together)])
    people = _places([*(row[1] for row in memberships), *(row[0] for row in alone)])
    products = _places([*(row[1] for row in alone), *(row[1] for row in together)])

    def tables(columns: int) -> GroupTables:
        return GroupTables(
            counted([(groups[a], people[b]) for a, b in memberships], (len(groups), len(people))),
            counted([(people[a], products[b]) for a, b in alone], (len(people), columns)),
            counted([(groups[a], products[b]) for a, b in together], (len(groups), columns)),
        ).checked()

    touched = tables(len(products))
    return GroupFolder(
        tables(len(products) + max(1, untouched_products(touched, settings))), groups, products
    )


def untouched_products(tables: GroupTables, settings: BlendSettings) -> int:
    """How many products of the catalogue are in no training file, estimated from these files.

    The data was split by taking some events from each group. Products that had no other event are
    still in the catalogue. If as many are taken again, the share of events that are their
    product's only one says how many products that makes: the leave-one-out form of the estimate of
    Good 1953, "The Population Frequencies of Species and the Estimation of Population Parameters".
    """
    by_groups, by_people = sums(tables.group_items, 0), sums(tables.person_items, 0)
    mirrored = 1.0 if tables.members_within() else 0.0
    only = np.count_nonzero((by_groups == 1.0) & (by_people <= mirrored))
    taken = tables.members.shape[0] * events_held_out(tables, settings)
    return round(only * taken / max(1.0, float(by_groups.sum())))


def read_questions(path: Path) -> list[Question]:
    """Questions with candidates; what else a line says is not kept.

    Raises:
        DataError: the file is missing or not as said.
    """
    questions: list[Question] = []
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                if line.strip():
                    row = json.loads(line)
                    name = str(row["q"])
                    candidates = in_hash_order(str(each) for each in row["cands"])
                    questions.append(Question(name, name.split(":", 1)[0], candidates))
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(path, error) from error
    return questions


def rank(
    data_dir: Path,
    name: str,
    report: Report,
    settings: BlendSettings | None = None,
) -> Iterator[tuple[str, list[str]]]:
    """Each question of `data_dir/group/NAME/truth.jsonl.gz` with its candidates, best first.

    Args:
        data_dir: the folder that holds `group/`.
        name: one of `NAMES`.
        report: told the stage and the share done, 0..1.
        settings: how the ranker learns; the defaults serve all data.

    Raises:
        DataError: a file is missing or not as said, or the name is unknown.
    """
    folder, ranker = _fitted(data_dir, name, report, settings)
    questions = read_questions(data_dir / "group" / name / "truth.jsonl.gz")
    for first in range(0, len(questions), QUESTIONS_AT_A_TIME):
        report("ranking", 0.95 + 0.05 * first / len(questions))
        yield from answers(folder, ranker, questions[first : first + QUESTIONS_AT_A_TIME])
    report("done", 1.0)


def rank_catalogue(
    data_dir: Path,
    name: str,
    length: int,
    report: Report,
    settings: BlendSettings | None = None,
) -> Iterator[tuple[str, list[str]]]:
    """Each group's id with the best `length` of all products in the training files.

    Errors as of `rank`.
    """
    folder, ranker = _fitted(data_dir, name, report, settings)
    products = in_hash_order(folder.products)
    for number, group in enumerate(folder.groups):
        report("ranking", 0.95 + 0.05 * number / len(folder.groups))
        for _, ranked in answers(folder, ranker, [Question(group, group, products)]):
            yield group, ranked[:length]
    report("done", 1.0)


def answers(
    folder: GroupFolder, ranker: GroupRanker, questions: list[Question]
) -> Iterator[tuple[str, list[str]]]:
    """Each question's name with its candidates, best first.

    A candidate that no training file names counts as an untouched product. A group that no
    training file names gets its candidates as they are.
    """
    known = [each for each in questions if each.group in folder.groups]
    untouched = len(folder.products)
    scores = iter(
        ranker.score_groups(
            _positions(folder.groups[question.group] for question in known),
            [
                _positions(folder.products.get(each, untouched) for each in question.candidates)
                for question in known
            ],
        )
    )
    for question in questions:
        if question.group not in folder.groups:
            yield question.name, list(question.candidates)
            continue
        best = np.argsort(-next(scores), kind="stable")
        yield question.name, [question.candidates[place] for place in best.tolist()]


def _fitted(
    data_dir: Path, name: str, report: Report, settings: BlendSettings | None
) -> tuple[GroupFolder, GroupRanker]:
    if name not in NAMES:
        raise DataError(f"There is no group data {name!r}.", data={"known": list(NAMES)})
    chosen = settings or BlendSettings()
    folder = read_folder(data_dir / "group" / name, chosen)
    return folder, GroupRanker.fit(folder.tables, chosen, report)


def _positions(values: Iterable[int]) -> Positions:
    return np.array(list(values), dtype=np.int64)


def _places(ids: Iterable[str]) -> dict[str, int]:
    return {each: place for place, each in enumerate(in_hash_order(ids))}


def _pairs(path: Path, columns: tuple[str, str]) -> list[tuple[str, str]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            rows = [(row[columns[0]], row[columns[1]]) for row in csv.DictReader(file)]
    except (OSError, EOFError, ValueError, KeyError) as error:
        raise _unreadable(path, error) from error
    if any(value is None for row in rows for value in row):
        raise _unreadable(path, ValueError("a line is cut short"))
    return rows


def _unreadable(path: Path, error: Exception) -> RecommenderError:
    return DataError(
        f"{path.name} cannot be read: {error!r}.",
        code="recommender_data_missing" if isinstance(error, FileNotFoundError) else None,
        data={"file": path.name},
    )
