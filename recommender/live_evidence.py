"""What speaks for each product of a short list, right now, for one history: the live columns.

The second stage learns from these rows, in the fit process, on histories cut at a moment of the
past. While somebody waits, the same numbers come from what was worked out before
(`recommender.singles`, `recommender.ready_stage`); a test holds the two together, so what was
learned is what is served. Nothing in it is known of other people one by one: the model holds sums.
"""

from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from recommender import columns
from recommender.columns import NEVER_DAYS, TRAITS
from recommender.interactions import Signal
from recommender.live import Entry, History
from recommender.model import Floats, Model
from recommender.settings import DAY_MS

Indices = npt.NDArray[np.int64]

ENTRIES = 24
"""Newest products of a history that are compared one by one."""

NEWEST = 3
"""The newest of them that also speak for themselves: what somebody has in mind this minute."""

NEAREST = 32
"""Text neighbours of a product that are looked at one by one."""

COLUMNS, PLACE = columns.COLUMNS, columns.PLACE
_PRICE = TRAITS.index("price")


@dataclass(frozen=True, slots=True)
class Spoken:
    """What single products of a history say for those of a pool of k.

    `entries` (s of them) newest first; `goes` (goes together) and `alike` (by words) float32
    (s, k) without `weights` float32 (s,), which are those as of the newest interaction.
    """

    entries: tuple[Entry, ...]
    weights: Floats
    goes: Floats
    alike: Floats


def newest_entries(model: Model, history: History) -> tuple[Entry, ...]:
    """The newest `ENTRIES` of a history that are of products of the model, newest first."""
    known = (e for e in reversed(history.entries.values()) if e.product_id in model.position)
    return tuple(islice(known, ENTRIES))


def spoken_by(model: Model, history: History, pool: Indices) -> Spoken | None:
    """What the newest products of a history say for a pool, or None when there are none."""
    entries = newest_entries(model, history)
    if not entries:
        return None
    sources = np.array([model.position[entry.product_id] for entry in entries], dtype=np.int64)
    weights = np.array([history.weight_now(entry) for entry in entries], dtype=np.float32)
    return Spoken(entries, weights, *contributions(model, sources, pool))


def live_rows(
    model: Model,
    history: History | None,
    spoken: Spoken | None,
    pool: Indices,
    first_stage: Floats,
    together: Floats,
    text: Floats,
    now_ms: int,
) -> Floats:
    """Rows of evidence, float32 (columns, k), for `pool` int64 (k,), the best one first.

    `first_stage`, `together` and `text` float32 (k,) are log-odds and the two numbers of
    `recommender.model` of the same products.
    """
    rows = np.zeros((len(COLUMNS), pool.size), dtype=np.float32)
    rows[PLACE["first_stage"]] = first_stage
    rows[PLACE["first_stage_place"]] = np.arange(pool.size)
    rows[PLACE["together"]] = together
    rows[PLACE["text"]] = text
    rows[PLACE["popular"]] = model.popularity[pool]
    rows[-len(TRAITS) :] = model.traits[:, pool]
    rows[PLACE["own_days"]] = NEVER_DAYS
    rows[PLACE["own_place"]] = NEVER_DAYS
    if history is not None:
        rows[PLACE["mass"]] = history.mass * history.scale_at(now_ms)
        rows[PLACE["products_touched"]] = len(history.entries)
        if spoken is not None:
            _add_history(rows, model, spoken, pool, now_ms)
    return rows


def _add_history(rows: Floats, model: Model, spoken: Spoken, pool: Indices, now_ms: int) -> None:
    """Fill the columns that come from single products of the history, in place."""
    entries, weights = spoken.entries, spoken.weights
    goes = spoken.goes * weights[:, None]
    alike = spoken.alike * weights[:, None]
    rows[PLACE["together_best"]] = goes.max(axis=0, initial=0.0)
    rows[PLACE["text_best"]] = alike.max(axis=0, initial=0.0)
    rows[PLACE["together_newest"]] = goes[:NEWEST].sum(axis=0)
    rows[PLACE["text_newest"]] = alike[:NEWEST].sum(axis=0)
    positions = [model.position[entry.product_id] for entry in entries]
    mean_price = float(model.traits[_PRICE, positions].sum()) / len(positions)
    rows[PLACE["price_before"]] = mean_price
    rows[PLACE["price_apart"]] = rows[PLACE["price"]] - np.float32(mean_price)
    column_of = {position: column for column, position in enumerate(pool.tolist())}
    # From the oldest to the newest: a product that two have touched counts as touched last.
    for place in range(len(entries) - 1, -1, -1):
        column = column_of.get(positions[place])
        if column is not None:
            entry = entries[place]
            rows[PLACE["own_weight"], column] = weights[place]
            rows[PLACE["own_days"], column] = max(0, now_ms - entry.at_ms) / DAY_MS
            rows[PLACE["own_place"], column] = place
            rows[PLACE["own_added"], column] = entry.signal is Signal.ADD
            rows[PLACE["own_bought"], column] = entry.signal is Signal.BUY


def contributions(model: Model, sources: Indices, chosen: Indices) -> tuple[Floats, Floats]:
    """What goes together and what is alike of single products, each float32 (sources, chosen)."""
    source_rows, chosen_rows = model.head_row[sources], model.head_row[chosen]
    if len(model.head) == model.size:
        together = model.together[source_rows[:, None], chosen_rows]
    else:
        together = np.zeros((sources.size, chosen.size), dtype=np.float32)
        known_sources, known_chosen = source_rows >= 0, chosen_rows >= 0
        if known_sources.any() and known_chosen.any():
            together[np.ix_(known_sources, known_chosen)] = model.together[
                np.ix_(source_rows[known_sources], chosen_rows[known_chosen])
            ]
    return together, text_likeness(model, sources, chosen)


def text_likeness(model: Model, sources: Indices, chosen: Indices) -> Floats:
    """How alike products are by the kept neighbours of `sources`, float32 (sources, chosen)."""
    column_of = np.full(model.size, -1, dtype=np.int32)
    column_of[chosen] = np.arange(chosen.size, dtype=np.int32)
    # What is not chosen is written to one more column, the last, and forgotten with it.
    found = np.zeros((sources.size, chosen.size + 1), dtype=np.float32)
    columns = column_of[model.text.positions[sources, :NEAREST]]
    found[np.arange(sources.size)[:, None], columns] = model.text.similarity[sources, :NEAREST]
    return found[:, :-1]
