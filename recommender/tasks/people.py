"""The tasks that rank for every person: what comes next, all of it, only the new, only the cold.

One way for all data: questions are made inside the training data (`recommender.tasks.questions`),
evidence is gathered for them, and what they teach (`recommender.tasks.learning`) ranks for all.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recommender.cold import cold_evidence, played_cold, without_products
from recommender.events import Ints
from recommender.evidence import Evidence, Situation, gather
from recommender.exposure_tail import has_room, with_tails
from recommender.features import tfidf_matrix
from recommender.folds import Fold, later_fold
from recommender.ranker import Question, best_first
from recommender.tasks.folders import Folder, Goods, read_baskets, read_goods, read_visits
from recommender.tasks.learning import Learned, learned
from recommender.tasks.questions import (
    CUT_STEP_MS,
    HORIZON_MS,
    cuts_by_time,
    end_of_record,
    moments_asked,
    question_folds,
    standing_weights,
    standings,
)

if TYPE_CHECKING:
    from scipy import sparse

Report = Callable[[str, float], None]
"""Told what is being done and how much of it is done, 0..1."""

Ranked = Iterator[tuple[str, list[str]]]
"""Ids of the query and of the products, best first."""

LIST_LENGTH = 20
LIST_WRITTEN = 100
COLD_SHARES = 9
COLD_LESSONS = 6
SEED = 1


def _words(goods: Goods) -> list[str] | None:
    names = [name.lower() for name in goods.names]
    return names if any(any(letter.isalnum() for letter in name) for name in names) else None


def _ranked(evidence: Evidence, ranker: Learned | None) -> Ints:
    """Candidates of each person, best first; without a ranker in the order of the first column."""
    first = evidence.rows[:, 0].astype(np.float64)
    return best_first(evidence, first if ranker is None else ranker.scores(evidence))


def rank_next(folder: Folder, goods: Goods, *, new_only: bool, report: Report) -> Ranked:
    """What each person of the folder wants next; with `new_only` nothing they touched before."""
    events = folder.events
    words = _words(goods)
    text = None if words is None else tfidf_matrix(words)
    folds = question_folds(events, new_only=new_only)
    often = cuts_by_time(events)
    questions, before = [], []
    for number, fold in enumerate(folds):
        report("gathering evidence", number / (len(folds) + 2))
        people = np.array(sorted(fold.wanted), dtype=np.int64)
        situation = Situation(fold.history, fold.now_ms, text)
        evidence = gather(situation, people, new_only=new_only, rhythm=often)
        questions.append(Question(evidence, fold.wanted))
        before.append(standings(fold.history)[people])
    report("learning", len(folds) / (len(folds) + 2))
    taught = np.concatenate([np.zeros(0, dtype=np.int64), *before])
    weight = standing_weights(taught, standings(events))
    ranker = learned(questions, [weight[each] for each in before], cascade=True)
    report("ranking", (len(folds) + 1) / (len(folds) + 2))
    people = np.arange(events.people)
    situation = Situation(events, moments_asked(events), text)
    evidence = gather(situation, people, new_only=new_only, rhythm=often)
    ranked = _ranked(evidence, ranker)
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
    everyone = [np.ones(len(question.evidence.people)) for question in questions]
    ranker = learned(questions, everyone)
    report("ranking", (COLD_LESSONS + 1) / (COLD_LESSONS + 2))
    people = np.arange(events.people)
    moments = np.full(events.people, end_of_record(events), dtype=np.int64)
    evidence = cold_evidence(Situation(events, moments, text), cold, people)
    ranked = _ranked(evidence, ranker)
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
