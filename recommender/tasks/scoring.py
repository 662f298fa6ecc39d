"""How good ranked lists are against answers: for `galleria recommender evaluate` alone.

Nothing that ranks imports this module; it is the only one that reads answers. Rules: a query
without a list scores 0; repeats in a list are dropped; with candidates only those count. Recall,
NDCG (binary gain), HR and MRR as means over queries with a 95 % bootstrap interval; coverage and
Gini over the catalogue; cold share: places given to products without a row of training.
"""

import gzip
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recommender.evaluate import ndcg_at, recall_at
from recommender.events import Reals
from recommender.tasks.folders import DataError

BOOTSTRAPS = 1_000
SEED = 7


@dataclass(frozen=True, slots=True)
class Answer:
    """What was wanted, and among which candidates (None: the whole catalogue)."""

    wanted: frozenset[str]
    candidates: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with the bounds of its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All numbers of one model on one task; `gains` has each query's value of each metric."""

    queries: int
    answered: int
    metrics: Mapping[str, Interval]
    coverage: float
    gini: float
    cold_share: float
    gains: Mapping[str, Reals]


def read_answers(path: Path) -> dict[str, Answer]:
    """Answers by query.

    Raises:
        DataError: the file is missing or not as said.
    """
    answers = {}
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                if line.strip():
                    row = json.loads(line)
                    among = row.get("cands")
                    answers[str(row["q"])] = Answer(
                        frozenset(map(str, row["truth"])),
                        None if among is None else frozenset(map(str, among)),
                    )
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path.name} cannot be read: {error}.", data={"file": path.name}
        ) from error
    return answers


def cleaned(ranked: Sequence[str], answer: Answer, length: int) -> list[str]:
    """The first `length` of a list that count: no repeats, candidates only."""
    allowed = answer.candidates
    kept = [item for item in dict.fromkeys(ranked) if allowed is None or item in allowed]
    return kept[:length]


def _metrics(lengths: Sequence[int]) -> dict[str, Callable[[list[str], Collection[str]], float]]:
    found: dict[str, Callable[[list[str], Collection[str]], float]] = {}
    for length in lengths:
        found[f"NDCG@{length}"] = lambda ranked, wanted, k=length: ndcg_at(  # type: ignore[misc]
            ranked, wanted, k
        )
        found[f"Recall@{length}"] = lambda ranked, wanted, k=length: recall_at(  # type: ignore[misc]
            ranked, wanted, k
        )
        found[f"HR@{length}"] = (
            lambda ranked, wanted, k=length: float(  # type: ignore[misc]
                any(item in wanted for item in ranked[:k])
            )
        )
    found[f"MRR@{max(lengths)}"] = lambda ranked, wanted: next(
        (1.0 / place for place, item in enumerate(ranked, start=1) if item in wanted), 0.0
    )
    return found


def interval(values: Reals) -> Interval:
    """Mean and percentile bootstrap (Efron 1979), seeded."""
    random = np.random.default_rng(SEED)
    picks = random.integers(0, len(values), (BOOTSTRAPS, len(values)))
    means = np.sort(values[picks].mean(axis=1))
    low, high = means[int(0.025 * BOOTSTRAPS)], means[int(0.975 * BOOTSTRAPS)]
    return Interval(float(values.mean()), float(low), float(high))


def gini(exposure: Collection[int], catalogue: int) -> float:
    """Gini coefficient of how often products are shown: 0 all alike, 1 a single one."""
    counts = np.sort(np.array([0] * (catalogue - len(exposure)) + list(exposure), dtype=float))
    total = counts.sum()
    if total == 0:
        return 1.0
    place = np.arange(len(counts))
    return float(((2 * place - len(counts) + 1) * counts).sum() / (len(counts) * total))


def score(
    answers: Mapping[str, Answer],
    lists: Mapping[str, Sequence[str]],
    lengths: Sequence[int],
    catalogue: int,
    known: Collection[str],
) -> Scorecard:
    """Judge lists; `catalogue` is its size, `known` are products with a row of training.

    Raises:
        ValueError: there is no answer at all.
    """
    if not answers:
        raise ValueError("nothing to judge by")
    longest = max(lengths)
    shown: dict[str, int] = {}
    metrics = _metrics(lengths)
    gains: dict[str, list[float]] = {name: [] for name in metrics}
    for query, answer in answers.items():
        ranked = cleaned(lists.get(query, ()), answer, longest)
        for item in ranked:
            shown[item] = shown.get(item, 0) + 1
        for name, metric in metrics.items():
            gains[name].append(metric(ranked, answer.wanted))
    places = max(1, sum(shown.values()))
    columns = {name: np.array(values) for name, values in gains.items()}
    return Scorecard(
        queries=len(answers),
        answered=sum(query in lists for query in answers),
        metrics={name: interval(values) for name, values in columns.items()},
        coverage=len(shown) / max(1, catalogue),
        gini=gini(shown.values(), catalogue),
        cold_share=sum(count for item, count in shown.items() if item not in known) / places,
        gains=columns,
    )


def paired(one: Scorecard, other: Scorecard, metric: str) -> Interval:
    """How much better `one` is, query by query, with its 95 % bootstrap interval."""
    return interval(np.asarray(one.gains[metric] - other.gains[metric]))
