"""The task that continues a visit: which product comes next.

All events, of training and stream, go through one `SessionIndex` in the order of time. At the
moment a visit begins the index is asked for all of its queries, so it knows nothing younger than
the first event of the visit. Training visits of the last weeks are asked for in the same way and
teach the ranker.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recommender.events import Scores
from recommender.folds import TAKEN
from recommender.ranker import Lesson, Ranker, sampled, teachable
from recommender.sessions import SessionIndex
from recommender.settings import DAY_MS
from recommender.tasks.folders import Folder, Goods, Query, read_goods, read_queries, read_visits
from recommender.tasks.learning import BinnedTrees
from recommender.tasks.people import LIST_WRITTEN, Ranked, Report

TAUGHT_DAYS = 40
CANDIDATES_LIMIT = 150
PREFIXES_LIMIT = 20


@dataclass(frozen=True, slots=True)
class Step:
    """A visit so far; `next_product` is known for training visits only."""

    query: Query
    next_product: int | None


@dataclass(frozen=True, slots=True)
class Offer:
    """What the index had to offer for a step."""

    step: Step
    candidates: Sequence[int]
    rows: Scores


def training_steps(folder: Folder, since_ms: int) -> Iterator[Step]:
    """Every beginning of the visits that began at or after `since_ms`, with what came next."""
    events = folder.events
    rows_of: dict[int, list[int]] = {}
    for row, session in enumerate(events.session.tolist()):
        rows_of.setdefault(session, []).append(row)
    for session, rows in rows_of.items():
        if events.occurred_ms[rows[0]] < since_ms:
            continue
        products = events.product[rows].tolist()
        taken = np.isin(events.signal[rows], TAKEN).tolist()
        times = events.occurred_ms[rows].tolist()
        fresh = [place for place in range(1, len(rows)) if products[place] not in products[:place]]
        for place in fresh[:PREFIXES_LIMIT]:
            query = Query(
                "",
                folder.people[int(events.person[rows[0]])],
                str(session),
                tuple(products[:place]),
                tuple("cart" if each else "view" for each in taken[:place]),
                tuple(times[:place]),
            )
            yield Step(query, products[place])


def _moves(folders: Sequence[Folder]) -> list[tuple[int, str, str, int, bool]]:
    """Events of all folders in the order of time: moment, person, session, product, taken."""
    moves = []
    for number, folder in enumerate(folders):
        events = folder.events
        taken = np.isin(events.signal, TAKEN)
        moves += [
            (moment, folder.people[person], f"{number}:{session}", product, bool(took))
            for moment, person, session, product, took in zip(
                events.occurred_ms.tolist(),
                events.person.tolist(),
                events.session.tolist(),
                events.product.tolist(),
                taken.tolist(),
                strict=True,
            )
        ]
    moves.sort(key=lambda move: move[0])
    return moves


def offers(folders: Sequence[Folder], steps: Sequence[Step], report: Report) -> list[Offer]:
    """Ask for each step at the moment its visit begins, with all earlier events known."""
    index = SessionIndex()
    moves = _moves(folders)
    done = 0
    found = []
    ordered = sorted(steps, key=lambda step: step.query.times_ms[0])
    for number, step in enumerate(ordered):
        query = step.query
        while done < len(moves) and moves[done][0] < query.times_ms[0]:
            moment, person, session, product, taken = moves[done]
            index.observe(person, session, product, taken, moment)
            done += 1
        candidates, rows = index.evidence(
            query.person,
            query.products,
            [kind != "view" for kind in query.kinds],
            query.times_ms,
            CANDIDATES_LIMIT,
        )
        found.append(Offer(step, candidates, rows))
        if number % 500 == 0:
            report("walking through visits", 0.8 * number / len(ordered))
    return found


def rank_sessions(
    train: Folder, stream: Folder | None, queries: Sequence[Query], report: Report
) -> Ranked:
    """The products most likely to come next for each query."""
    end_ms = int(train.events.occurred_ms.max(initial=0))
    steps = list(training_steps(train, end_ms - TAUGHT_DAYS * DAY_MS))
    usable = [query for query in queries if query.products]
    folders = [train] if stream is None else [train, stream]
    found = offers(folders, [*steps, *(Step(query, None) for query in usable)], report)
    report("learning", 0.8)
    taught = [offer for offer in found if offer.step.next_product is not None]
    lessons: list[Lesson] = []
    if taught:
        labels = np.array(
            [each == offer.step.next_product for offer in taught for each in offer.candidates],
            dtype=np.bool_,
        )
        rows = np.concatenate([offer.rows for offer in taught])
        lessons = [sampled(rows, labels, np.ones(len(labels)), seed=1)]
    asked = [offer for offer in found if offer.step.next_product is None]
    if asked and teachable(lessons):
        rows = np.concatenate([offer.rows for offer in asked])
        scores = BinnedTrees(lessons).scores(rows) + Ranker(lessons, ("line",)).scores(rows)
    else:
        first = [-np.arange(len(offer.candidates), dtype=np.float64) for offer in asked]
        scores = np.concatenate([np.zeros(0), *first])
    ends = np.cumsum([len(offer.candidates) for offer in asked])
    report("done", 1.0)
    for offer, end in zip(asked, ends.tolist(), strict=True):
        own = scores[end - len(offer.candidates) : end]
        places = np.argsort(-own, kind="stable")[:LIST_WRITTEN].tolist()
        yield offer.step.query.name, [train.products[offer.candidates[place]] for place in places]


def rr_sessions(data_dir: Path, *, report: Report) -> Ranked:
    """RetailRocket: next product in the session."""
    goods: Goods = read_goods(data_dir / "rr" / "items.csv.gz")
    train = read_visits(data_dir / "rr" / "t2_train.csv.gz", goods)
    queries = read_queries(data_dir / "rr" / "t2_queries.jsonl.gz", goods)
    path = data_dir / "rr" / "t2_stream.csv.gz"
    stream = read_visits(path, goods) if path.exists() else None
    yield from rank_sessions(train, stream, queries, report)
