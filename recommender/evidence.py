"""All that speaks for a product, side by side: the table the second stage learns from.

First stage: a sum of a few scorers, each over its fiftieth best value for the person, picks
`CANDIDATES_LIMIT` products a person. Second stage: `recommender.ranker` on these columns. What is
in the table follows from what is in the data (words or none, new products only or all); nothing is
configured by task.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from recommender.ease import closed_form_scores
from recommender.events import EventTable, Ints, Reals, Scores, capped_matrix
from recommender.folds import TAKEN
from recommender.own_history import NEVER_DAYS, OwnHistory, Pairs, last_visit, visit_owner
from recommender.rhythm import Rhythm
from recommender.scorers import low_pass, rarity, smoothed, user_neighbours, word_likeness

if TYPE_CHECKING:
    from scipy import sparse

SLOW_DAYS = 60.0
FAST_DAYS = 20.0
RIDGE = 300.0
FADED_RIDGE = 100.0
NEIGHBOUR_SHARPNESS = 4.0
BEST_PLACE = 50
CANDIDATES_LIMIT = 300
POPULARITY_SHARE = 0.3
TAKEN_PRIOR = 3.0
OWN_SHARE = 2.0
FIRST_STAGE = ("ease", "ease_faded", "ease_visits", "like_minded", "words")
RANKED = ("ease", "ease_faded", "ease_visits", "like_minded", "rare_minded", "low_pass")


@dataclass(frozen=True, slots=True)
class Situation:
    """A history and the moment of each person in it, ms (people,)."""

    events: EventTable
    now_ms: Ints
    text: "sparse.csr_array | None" = None
    """Rows of length 1 a product, or None without words."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """`candidates` int64 (people asked, k) and one float32 row of `columns` for each of them.

    `allowed` bool (people asked, k): False for what only fills up a row and must not be listed.
    """

    people: Ints
    candidates: Ints
    allowed: npt.NDArray[np.bool_]
    rows: Scores
    columns: tuple[str, ...]


def scorers(situation: Situation, names: Collection[str] | None = None) -> dict[str, Scores]:
    """Every product for every person by each scorer (or those of `names`), by name."""
    events, now_ms = situation.events, situation.now_ms
    touched = events.matrix(now_ms, None)
    slow, fast = events.matrix(now_ms, SLOW_DAYS), events.matrix(now_ms, FAST_DAYS)
    _, visit = np.unique(events.session, return_inverse=True)
    shape = (int(visit.max(initial=-1)) + 1, events.products)
    visits = capped_matrix(np.ones(len(events)), visit, events.product, shape)
    last = events.only(last_visit(events)).matrix(now_ms, None)
    sharp = NEIGHBOUR_SHARPNESS
    makers: dict[tuple[str, ...], Callable[[], Sequence[Scores]]] = {
        ("ease",): lambda: [closed_form_scores(touched, touched, RIDGE)],
        ("ease_faded", "ease_fast"): lambda: _halves(slow, slow, fast),
        ("ease_visits", "ease_last_visit"): lambda: _halves(visits, slow, last),
        ("like_minded_ever",): lambda: [user_neighbours(touched, slow, sharp)],
        ("like_minded",): lambda: [user_neighbours(slow, slow, sharp)],
        ("like_minded_wide",): lambda: [user_neighbours(slow, slow, sharp / 2)],
        ("rare_minded",): lambda: [user_neighbours(rarity(slow), slow, sharp)],
        ("low_pass",): lambda: [low_pass(slow)],
    }
    found: dict[str, Scores] = {}
    # One thread, so that sums do not depend on how many cores there are.
    with threadpool_limits(1):
        for made, make in makers.items():
            if names is None or not set(made).isdisjoint(names):
                found.update(zip(made, make(), strict=True))
    if situation.text is not None:
        alike = word_likeness(situation.text)
        found["words"] = np.asarray((slow @ alike).toarray(), dtype=np.float32)
        found["words_of_goods"] = smoothed(found["ease_faded"], alike)
    return found


def _halves(
    taught: "sparse.csr_array", one: "sparse.csr_array", other: "sparse.csr_array"
) -> Sequence[Scores]:
    """One inversion for two histories."""
    from scipy import sparse

    both = sparse.csr_array(sparse.vstack([one, other]))
    return np.split(closed_form_scores(taught, both, FADED_RIDGE), [one.shape[0]])


def product_columns(situation: Situation) -> dict[str, Reals]:
    """Numbers of each product alone, float64 (products,): popularity by age, trend, price.

    `people_7` counts people of the last 7 days, `taken_share` those who took it of those who
    touched it, `visits_each` visits for each person who had it; `price` is a logarithm.
    """
    events = situation.events
    age = events.age_days(situation.now_ms)
    size = events.products

    def people_between(least: float, most: float) -> Reals:
        rows = (age >= least) & (age < most)
        pairs = np.unique(events.person[rows] * size + events.product[rows])
        return np.bincount(pairs % size, minlength=size).astype(np.float64)

    taken = np.isin(events.signal, TAKEN)
    pairs = np.unique(events.person[taken] * size + events.product[taken])
    takers = np.bincount(pairs % size, minlength=size).astype(np.float64)
    first, last = np.full(size, -1.0), np.full(size, NEVER_DAYS)
    np.maximum.at(first, events.product, age)
    np.minimum.at(last, events.product, age)
    ever, recent = people_between(0, np.inf), people_between(0, 21)
    visits = np.unique(np.stack([events.session, events.product], axis=1), axis=0)[:, 1]
    again = np.bincount(visits, minlength=size) / np.maximum(ever, 1)
    rows = np.maximum(np.bincount(events.product, minlength=size), 1)
    return {
        "people_7": people_between(0, 7),
        "people_21": recent,
        "people_60": people_between(0, 60),
        "people_ever": ever,
        "trend": recent / np.maximum(people_between(21, 63), 1),
        "first_days": first,
        "last_days": last,
        "visits_each": again,
        "takers": takers,
        "taken_share": takers / (ever + TAKEN_PRIOR),
        "price": np.log(np.maximum(events.price, 0.05)),
        "pieces": np.bincount(events.product, np.log1p(events.quantity), size) / rows,
    }


def person_columns(situation: Situation, products: dict[str, Reals]) -> dict[str, Reals]:
    """Numbers of each person alone, float64 (people,): how much, how often, how dear."""
    events = situation.events
    age, size = events.age_days(situation.now_ms), events.people
    rows = np.maximum(np.bincount(events.person, minlength=size), 1)
    visits = np.bincount(visit_owner(events), minlength=size)
    first, last = np.zeros(size), np.full(size, NEVER_DAYS)
    np.maximum.at(first, events.person, age)
    np.minimum.at(last, events.person, age)
    pairs = np.unique(events.person * events.products + events.product)
    taken = np.bincount(events.person, np.isin(events.signal, TAKEN), size)
    return {
        "person_taken_share": taken / rows,
        "person_visits": visits.astype(np.float64),
        "person_products": np.bincount(pairs // events.products, minlength=size).astype(float),
        "person_last_days": last,
        "person_gap_days": np.maximum(first - last, 0.0) / np.maximum(visits - 1, 1),
        "person_price": np.bincount(events.person, products["price"][events.product], size) / rows,
        "person_pieces": np.bincount(events.person, np.log1p(events.quantity), size) / rows,
        "person_freshness": np.bincount(events.person, products["first_days"][events.product], size)
        / rows,
    }


def _first_stage(scores: dict[str, Scores], popular: Reals) -> Scores:
    total = np.zeros_like(scores["ease"])
    place = min(BEST_PLACE, total.shape[1] - 1)
    for name in FIRST_STAGE:
        if name in scores:
            each = scores[name]
            best = -np.partition(-each, place, axis=1)[:, place : place + 1]
            total += each / np.maximum(best, 1e-6)
    share = popular / max(1.0, float(popular.max(initial=0.0)))
    return np.asarray(total + np.float32(POPULARITY_SHARE) * share, dtype=np.float32)


def gather(situation: Situation, people: Ints, *, new_only: bool, rhythm: bool = False) -> Evidence:
    """Candidates of these people and the evidence for each.

    With `new_only` nobody is offered what they have touched. With `rhythm` (and what was touched on
    offer) there are the columns of `recommender.rhythm`, too, for people who come often.
    """
    events = situation.events
    scores = scorers(situation)
    products = product_columns(situation)
    persons = person_columns(situation, products)
    own = OwnHistory(events, situation.now_ms)
    first = _first_stage(scores, products["people_21"])[people]
    row_of = np.full(events.people, -1)
    row_of[people] = np.arange(len(people))
    owner, touched = own.cells
    asked = row_of[owner] >= 0
    cells = (row_of[owner[asked]], touched[asked])
    if new_only:
        first[cells] = -np.inf
    else:
        first[cells] += OWN_SHARE * own.faded[asked]
    limit = min(CANDIDATES_LIMIT, events.products)
    candidates = np.argpartition(-first, limit - 1, axis=1)[:, :limit].astype(np.int64)
    pairs = (np.repeat(people, limit), candidates.ravel())
    stage = np.take_along_axis(first, candidates, axis=1)
    columns: dict[str, Reals | Scores] = {"first_stage": np.maximum(stage, 0.0).ravel()}
    for name, dense in scores.items():
        values = np.take_along_axis(dense[people], candidates, axis=1)
        columns[name] = values.ravel()
        if name in RANKED:
            columns[f"{name}_place"] = places_in_rows(values)
    columns.update((name, values[pairs[1]]) for name, values in products.items())
    columns.update((name, values[pairs[0]]) for name, values in persons.items())
    if not new_only:
        columns.update(own.at(pairs))
        if rhythm:
            columns.update(_rhythm_columns(situation, people, pairs, candidates))
        columns["own_last_by_gap"] = columns["own_last_days"] / np.maximum(
            columns["person_gap_days"], 1.0
        )
    columns["price_apart"] = columns["price"] - columns["person_price"]
    columns["pieces_apart"] = columns["pieces"] - columns["person_pieces"]
    rows = np.column_stack([np.asarray(each, dtype=np.float32) for each in columns.values()])
    return Evidence(people, candidates, np.isfinite(stage), rows, tuple(columns))


def _rhythm_columns(
    situation: Situation, people: Ints, pairs: Pairs, candidates: Ints
) -> dict[str, Reals | Scores]:
    rhythm = Rhythm(situation.events, situation.now_ms)
    columns: dict[str, Reals | Scores] = dict(rhythm.own_columns(pairs))
    columns.update((name, each[pairs[1]]) for name, each in rhythm.product_columns().items())
    columns.update((name, each[pairs[0]]) for name, each in rhythm.person_columns().items())
    for name, dense in rhythm.follows(people).items():
        columns[name] = np.take_along_axis(dense, candidates, axis=1).ravel()
    return columns


def places_in_rows(values: Scores) -> Reals:
    """Place of each value in its row, best first from 0, as one column."""
    order = np.argsort(-values, axis=1, kind="stable")
    places = np.empty(values.shape)
    np.put_along_axis(places, order, np.arange(values.shape[1])[None, :].astype(float), axis=1)
    return places.ravel()
