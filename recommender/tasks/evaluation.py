"""All tasks, ranked and judged beside rivals: what `galleria recommender evaluate` prints.

Rivals are popularity and, where its ranked lists are given, any other program; both are judged by
the same rules on the same queries, and compared query by query.
"""

import csv
import gzip
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

from recommender.tasks.memory import forget_peak, peak_mb
from recommender.tasks.ranked_lists import read_lists
from recommender.tasks.registry import TASKS
from recommender.tasks.scoring import Answer, Interval, Scorecard, paired, read_answers, score

Report = Callable[[str, float], None]

POPULARITY = "popularity"
POPULAR_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a task's answers, training rows and catalogue are, below the data folder."""

    answers: str
    train: Sequence[str]
    items: str | None
    person: str | None = None
    """Column of the person, when what they touched must be left out of the popular."""
    lengths: tuple[int, ...] = (10, 20)
    headline: str = "NDCG@20"


def _group(name: str) -> Sources:
    folder = f"group/{name}"
    return Sources(
        f"{folder}/truth.jsonl.gz",
        (f"{folder}/group_train.csv.gz", f"{folder}/user_train.csv.gz"),
        None,
        lengths=(5, 10),
        headline="NDCG@5",
    )


_OR, _RR = ("or/train.csv.gz",), ("rr/t1_train.csv.gz",)

SOURCES: Mapping[str, Sources] = {
    "or-new": Sources("or/truth_new.jsonl.gz", _OR, "or/items.csv.gz", "user"),
    "or-all": Sources("or/truth_all.jsonl.gz", _OR, "or/items.csv.gz"),
    "or-cold": Sources("or/truth_cold.jsonl.gz", _OR, "or/items.csv.gz"),
    "rr-t1": Sources("rr/t1_truth.jsonl.gz", _RR, "rr/items.csv.gz"),
    "rr-t1-new": Sources(
        "rr/t1_truth_new.jsonl.gz", _RR, "rr/items.csv.gz", "user", headline="Recall@20"
    ),
    "rr-t2": Sources(
        "rr/t2_truth.jsonl.gz", ("rr/t2_train.csv.gz",), "rr/items.csv.gz", headline="HR@20"
    ),
    "group-camra2011": _group("CAMRa2011"),
    "group-mafengwo": _group("Mafengwo"),
}


@dataclass(frozen=True, slots=True)
class Rival:
    """Another program on the same task; `gains` by metric: how much better ours is, paired."""

    name: str
    card: Scorecard
    gains: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class Result:
    """One task: our scorecard, those of the rivals, and what it cost to make the lists.

    `rivals` begins with popularity. `peak_mb` is the most memory the process held.
    """

    task: str
    headline: str
    ours: Scorecard
    rivals: Sequence[Rival]
    cpu_seconds: float
    peak_mb: float


def _column_pairs(data_dir: Path, sources: Sources) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name in sources.train:
        with gzip.open(data_dir / name, "rt", encoding="utf-8", newline="") as file:
            pairs.extend(
                (row.get("user") or f"group {row.get('group')}", row["item"])
                for row in csv.DictReader(file)
            )
    return pairs


def _cold_items(data_dir: Path, sources: Sources) -> set[str]:
    with gzip.open(data_dir / str(sources.items), "rt", encoding="utf-8", newline="") as file:
        return {row["item"] for row in csv.DictReader(file) if row.get("cold") == "1"}


def _popular_lists(
    pairs: Sequence[tuple[str, str]], answers: Mapping[str, Answer], sources: Sources
) -> dict[str, list[str]]:
    """The products of most people for everybody, but what they touched where that is asked."""
    counts = Counter(item for _, item in set(pairs))
    ranked = [item for item, _ in sorted(counts.items(), key=lambda each: (-each[1], each[0]))]
    touched: dict[str, set[str]] = {}
    if sources.person is not None:
        for person, item in pairs:
            touched.setdefault(person, set()).add(item)
    lists = {}
    for query, answer in answers.items():
        own = touched.get(query, set())
        among = answer.candidates
        lists[query] = [
            item for item in ranked if item not in own and (among is None or item in among)
        ][:POPULAR_LENGTH]
    return lists


def evaluate_task(
    task: str, data_dir: Path, report: Report, *, against: Mapping[str, Path] | None = None
) -> Result:
    """Rank, then judge; answers are opened only after the last list is made.

    `against`: files of ranked lists of other programs, by the name to show them under.

    Raises:
        RecommenderError: the data or a file of ranked lists are missing or not as said.
    """
    sources = SOURCES[task]
    others = {name: read_lists(path) for name, path in (against or {}).items()}
    forget_peak()
    began = process_time()
    lists = dict(TASKS[task](data_dir, report=report))
    cpu_seconds, peak = process_time() - began, peak_mb()
    answers = read_answers(data_dir / sources.answers)
    pairs = _column_pairs(data_dir, sources)
    known = {item for _, item in pairs}
    if sources.items is None:
        catalogue = len(known)
    else:
        with gzip.open(data_dir / sources.items, "rt", encoding="utf-8", newline="") as file:
            catalogue = sum(1 for _ in csv.DictReader(file))
    if task == "or-cold":
        known -= _cold_items(data_dir, sources)
        pairs = [(person, item) for person, item in pairs if item in known]

    def judged(ranked: Mapping[str, Sequence[str]]) -> Scorecard:
        return score(answers, ranked, sources.lengths, catalogue, known)

    ours = judged(lists)
    rivals = []
    for name, ranked in {POPULARITY: _popular_lists(pairs, answers, sources), **others}.items():
        card = judged(ranked)
        rivals.append(Rival(name, card, {each: paired(ours, card, each) for each in ours.metrics}))
    return Result(task, sources.headline, ours, rivals, cpu_seconds, peak)
