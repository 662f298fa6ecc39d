"""The tasks that rank for every person: what comes next, all of it, only the new, only the cold.

One way for all data. Questions are made inside the training data as the data allows: where
everybody has purchases on many days, history ends at one moment (`time_fold`); where most have few
visits, each person's last one is cut off (`last_visit_fold`). The newest question decides which
learners are added up; then all of them teach.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recommender.cold import cold_evidence, played_cold, without_products
from recommender.events import EventTable, Ints
from recommender.evidence import Situation, gather
from recommender.exposure_tail import has_room, with_tails
from recommender.features import tfidf_matrix
from recommender.folds import (
    Fold,
    last_visit_fold,
    later_fold,
    own_moments,
    time_fold,
)
from recommender.ranker import (
    Question,
    Ranker,
    best_first,
    lesson,
    mixed_on,
    teachable,
)
from recommender.settings import DAY_MS
from recommender.tasks.folders import Folder, Goods, read_baskets, read_goods, read_visits

if TYPE_CHECKING:
    from scipy import sparse

Report = Callable[[str, float], None]
"""Told what is being done and how much of it is done, 0..1."""

Ranked = Iterator[tuple[str, list[str]]]
"""Ids of the query and of the products, best first."""

LIST_LENGTH = 20
LIST_WRITTEN = 100
HORIZON_MS = 61 * DAY_MS
CUT_STEP_MS = 15 * DAY_MS
CUTS = 5
VISIT_FOLDS = 5
COLD_SHARES = 9
COLD_LESSONS = 6
SEED = 1
VISITS_FOR_TIME_CUTS = 3.0
"""With so many visits a person (mean) and a long enough record, history is cut at one moment."""


def cuts_by_time(events: EventTable) -> bool:
    """Whether questions are cut at one moment for all (else before each person's last visit)."""
    people = max(1, len(events.people_seen()))
    taken = events.signal == events.signal.max(initial=0)
    visits = len(np.unique(events.session[taken])) / people
    if len(events) == 0 or visits < VISITS_FOR_TIME_CUTS:
        return False
    span_ms = int(events.occurred_ms[-1] - events.occurred_ms[0])
    return span_ms > 2 * HORIZON_MS + CUTS * CUT_STEP_MS


def end_of_record(events: EventTable) -> int:
    """The midnight (UTC) after the newest event, ms."""
    return int(events.occurred_ms.max(initial=0) // DAY_MS + 1) * DAY_MS


def question_folds(events: EventTable) -> Sequence[Fold]:
    """Questions inside the data, newest first."""
    if cuts_by_time(events):
        newest = end_of_record(events) - HORIZON_MS
        return [time_fold(events, newest - step * CUT_STEP_MS, HORIZON_MS) for step in range(CUTS)]
    folds: list[Fold] = []
    for _ in range(VISIT_FOLDS):
        folds.append(last_visit_fold(folds[-1].history if folds else events))
    return folds


def _moments(events: EventTable) -> Ints:
    if cuts_by_time(events):
        return np.full(events.people, end_of_record(events), dtype=np.int64)
    return own_moments(events)


def _words(goods: Goods) -> Sequence[str] | None:
    names = [name.lower() for name in goods.names]
    return names if any(any(letter.isalnum() for letter in name) for name in names) else None


def _taught(questions: Sequence[Question]) -> Ranker | None:
    """The mix is chosen on the first question; the ranker learns from all."""
    lessons = [lesson(question, number) for number, question in enumerate(questions)]
    if not teachable(lessons):
        return None
    mix: tuple[str, ...] = ("trees", "line")
    if teachable(lessons[1:]):
        mix = mixed_on(lessons[1:], questions[0], LIST_LENGTH)
    return Ranker(lessons, mix)


def rank_next(folder: Folder, goods: Goods, *, new_only: bool, report: Report) -> Ranked:
    """What each person of the folder wants next; with `new_only` nothing they touched before."""
    events = folder.events
    words = _words(goods)
    text = None if words is None else tfidf_matrix(words)
    folds = [fold.without_touched() if new_only else fold for fold in question_folds(events)]
    folds = [fold for fold in folds if fold.wanted]
    questions = []
    for number, fold in enumerate(folds):
        report("gathering evidence", number / (len(folds) + 2))
        people = np.array(sorted(fold.wanted), dtype=np.int64)
        situation = Situation(fold.history, fold.now_ms, text)
        questions.append(Question(gather(situation, people, new_only=new_only), fold.wanted))
    report("learning", len(folds) / (len(folds) + 2))
    ranker = _taught(questions)
    report("ranking", (len(folds) + 1) / (len(folds) + 2))
    people = np.arange(events.people)
    evidence = gather(Situation(events, _moments(events), text), people, new_only=new_only)
    first = evidence.rows[:, 0].astype(np.float64)
    ranked = best_first(evidence, first if ranker is None else ranker.scores(evidence.rows))
    offered = np.minimum(evidence.allowed.sum(axis=1), LIST_WRITTEN).tolist()
    lists = [row[:count] for row, count in zip(ranked.tolist(), offered, strict=True)]
    if new_only and has_room(events.people, LIST_LENGTH, events.products):
        lists = with_tails(lists, events.products, LIST_LENGTH)
    report("done", 1.0)
    for person, places in zip(folder.people, lists, strict=True):
        yield person, [folder.products[place] for place in places]


def rank_cold(folder: Folder, goods: Goods, *, report: Report) -> Ranked:
    """Which of the products without a history each person wants, by their words."""
    words = _words(goods)
    cold = np.flatnonzero(goods.cold)
    if words is None or cold.size == 0:
        return
    events = folder.events.only(~goods.cold[folder.events.product])
    text = tfidf_matrix(words)
    groups = played_cold(np.unique(events.product), COLD_SHARES, SEED)
    newest = end_of_record(events) - HORIZON_MS
    questions = []
    for number in range(COLD_LESSONS):
        report("playing cold", number / (COLD_LESSONS + 2))
        fold = later_fold(events, newest - (number // 2) * CUT_STEP_MS, HORIZON_MS)
        question = _cold_question(fold, groups[number], text)
        if question is not None:
            questions.append(question)
    report("learning", COLD_LESSONS / (COLD_LESSONS + 2))
    ranker = _taught(questions)
    report("ranking", (COLD_LESSONS + 1) / (COLD_LESSONS + 2))
    people = np.arange(events.people)
    moments = np.full(events.people, end_of_record(events), dtype=np.int64)
    evidence = cold_evidence(Situation(events, moments, text), cold, people)
    first = evidence.rows[:, 0].astype(np.float64)
    ranked = best_first(evidence, first if ranker is None else ranker.scores(evidence.rows))
    report("done", 1.0)
    for person, places in zip(folder.people, ranked[:, :LIST_WRITTEN].tolist(), strict=True):
        yield person, [folder.products[place] for place in places]


def _cold_question(fold: Fold, group: Ints, text: "sparse.csr_array") -> Question | None:
    """A group of known products played cold: their rows dropped, their later buyers asked for."""
    gone = np.zeros(fold.history.products, dtype=np.bool_)
    gone[group] = True
    situation = without_products(Situation(fold.history, fold.now_ms, text), gone)
    known = set(situation.events.people_seen().tolist())
    apart = frozenset(group.tolist())
    wanted = {
        person: want & apart
        for person, want in fold.wanted.items()
        if person in known and want & apart
    }
    if not wanted:
        return None
    people = np.array(sorted(wanted), dtype=np.int64)
    return Question(cold_evidence(situation, group, people), wanted)


def or_next(data_dir: Path, *, new_only: bool, report: Report) -> Ranked:
    """Online Retail: next basket."""
    goods = read_goods(data_dir / "or" / "items.csv.gz")
    folder = read_baskets(data_dir / "or" / "train.csv.gz", goods)
    yield from rank_next(folder, goods, new_only=new_only, report=report)


def or_cold(data_dir: Path, *, report: Report) -> Ranked:
    """Online Retail: the cold tenth, of which no row is used."""
    goods = read_goods(data_dir / "or" / "items.csv.gz")
    folder = read_baskets(data_dir / "or" / "train.csv.gz", goods)
    yield from rank_cold(folder, goods, report=report)


def rr_next(data_dir: Path, *, new_only: bool, report: Report) -> Ranked:
    """RetailRocket: next purchase."""
    goods = read_goods(data_dir / "rr" / "items.csv.gz")
    folder = read_visits(data_dir / "rr" / "t1_train.csv.gz", goods)
    yield from rank_next(folder, goods, new_only=new_only, report=report)
