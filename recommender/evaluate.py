"""How good a model's lists are, measured on what people did after the model could know it.

A `Case` is one person at one moment: the history up to a cut in time, and what they wanted after
it. Lists are made exactly as the service makes them, but for diversity. NDCG with binary gain
(Jarvelin, Kekalainen 2002): a hit at place p (from 1) is worth 1 / log2(p + 1), over the best
possible sum; recall: hits over what could be hit.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.live import History
from recommender.model import Floats, Model
from recommender.settings import FitSettings, LiveSettings
from recommender.shortlist import Sums, shortlist
from recommender.training import ANONYMOUS, InteractionLog
from recommender.weighting import SIGNALS

CASE_ROWS_LIMIT = 200
"""Newest interactions of one person that make the history of a case."""

WANTED_WEIGHT = 0.6
"""An interaction of this weight or more (a pick-up) counts as wanting the product."""


@dataclass(frozen=True, slots=True)
class Case:
    """A person's history up to `cut_ms` and the positions they wanted after it."""

    history: History
    cut_ms: int
    wanted: frozenset[int]


@dataclass(frozen=True, slots=True)
class Metrics:
    """Means over cases; `coverage` is the share of the catalogue on anybody's list.

    `ndcg_of_cases` has the NDCG of each case in order, to compare two models case by case.
    """

    cases: int
    ndcg: float
    recall: float
    coverage: float
    ndcg_of_cases: tuple[float, ...] = ()


def ndcg_at(ranked: Sequence[int], wanted: Collection[int], length: int) -> float:
    """NDCG of the first `length` of `ranked`, 0..1; 0 when nothing was wanted."""
    best = sum(1.0 / math.log2(place + 2) for place in range(min(length, len(wanted))))
    if best == 0.0:
        return 0.0
    gained = sum(
        1.0 / math.log2(place + 2) for place, item in enumerate(ranked[:length]) if item in wanted
    )
    return gained / best


def recall_at(ranked: Sequence[int], wanted: Collection[int], length: int) -> float:
    """Share of `wanted` among the first `length` of `ranked`; 0 when nothing was wanted."""
    if not wanted:
        return 0.0
    return sum(item in wanted for item in ranked[:length]) / len(wanted)


def history_sums(model: Model, history: History) -> tuple[Floats, Floats]:
    """The two sums of a history over a model whose positions are those of `product_ids`."""
    together = np.zeros(model.size, dtype=np.float32)
    text = np.zeros(model.size, dtype=np.float32)
    for entry in history.entries.values():
        position = model.position.get(entry.product_id)
        if position is not None:
            model.add_to(together, text, position, history.weight_now(entry))
    return together, text


def allowed_mask(model: Model, history: History, now_ms: int) -> npt.NDArray[np.bool_]:
    """bool (products,): what may be listed for this history."""
    allowed = np.ones(model.size, dtype=np.bool_)
    for product_id in history.resting(now_ms):
        position = model.position.get(product_id)
        if position is not None:
            allowed[position] = False
    return allowed


def case_sums(model: Model, case: Case, live: LiveSettings) -> tuple[Sums, float]:
    """The two sums of the case's history and their factor at its moment."""
    scale = case.history.scale_at(case.cut_ms)
    return history_sums(model, case.history), scale / (
        live.prior_weight + scale * case.history.mass
    )


def ranked_positions(model: Model, case: Case, live: LiveSettings, length: int) -> list[int]:
    """The list a person would have seen at the moment of the case, both stages."""
    sums, scale = case_sums(model, case, live)
    allowed = allowed_mask(model, case.history, case.cut_ms)
    size = max(length, live.shortlist)
    found = shortlist(model, case.history, sums, scale, allowed, case.cut_ms, size)
    return [int(place) for place in found.positions[:length]]


def evaluate(model: Model, cases: Sequence[Case], live: LiveSettings, length: int) -> Metrics:
    """Metrics of `model` over `cases`; all 0 without cases."""
    if not cases or model.size == 0:
        return Metrics(0, 0.0, 0.0, 0.0)
    lists = [ranked_positions(model, case, live, length) for case in cases]
    pairs = list(zip(lists, cases, strict=True))
    gains = tuple(ndcg_at(ranked, case.wanted, length) for ranked, case in pairs)
    return Metrics(
        cases=len(cases),
        ndcg=sum(gains) / len(cases),
        recall=sum(recall_at(ranked, case.wanted, length) for ranked, case in pairs) / len(cases),
        coverage=len({place for ranked in lists for place in ranked}) / model.size,
        ndcg_of_cases=gains,
    )


def is_worse(candidate: Metrics, rival: Metrics, tolerance: float) -> bool:
    """Whether the candidate's NDCG is lower by more than `tolerance` and by more than chance.

    Both must have been measured on the same cases. Chance is one standard error of the mean of the
    differences case by case: a model that is as good must not be refused every second time.
    """
    differences = np.subtract(candidate.ndcg_of_cases, rival.ndcg_of_cases)
    if differences.size == 0:
        return False
    error = float(differences.std()) / math.sqrt(differences.size)
    return bool(float(differences.mean()) + error < -tolerance)


def time_cut(log: InteractionLog, share: float) -> int:
    """The time at which the newest `share` of the interactions begins (0 for an empty log)."""
    if len(log) == 0:
        return 0
    return int(log.occurred_ms[int(len(log) * (1.0 - share))])


def cases_after(
    log: InteractionLog,
    product_ids: Sequence[str],
    cut_ms: int,
    live: LiveSettings,
    fit: FitSettings,
) -> list[Case]:
    """One case for each person who wanted something at or after `cut_ms`, newest people first.

    People without an earlier history are cases too: their list is what newcomers see.
    """
    weights = log.weights(live.signal_weights)
    known = np.flatnonzero(log.person != ANONYMOUS)
    rows_of: dict[int, list[int]] = {}
    for row in known.tolist():
        rows_of.setdefault(int(log.person[row]), []).append(row)
    cases: list[Case] = []
    newest_first = sorted(rows_of.values(), key=lambda rows: -rows[-1])
    for rows in newest_first:
        before = [row for row in rows if log.occurred_ms[row] < cut_ms]
        after = rows[len(before) :]
        history = History(live)
        for row in before[-CASE_ROWS_LIMIT:]:
            if weights[row] != 0.0:
                history.add(
                    product_ids[log.product[row]],
                    "",
                    SIGNALS[log.signal[row]],
                    float(weights[row]),
                    int(log.occurred_ms[row]),
                    kept=True,
                )
        resting = set(history.resting(cut_ms))
        wanted = frozenset(
            int(log.product[row])
            for row in after
            if weights[row] >= WANTED_WEIGHT and product_ids[log.product[row]] not in resting
        )
        if wanted:
            cases.append(Case(history, cut_ms, wanted))
        if len(cases) == fit.cases_limit:
            break
    return cases
