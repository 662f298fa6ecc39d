"""The live columns, by hand."""

import numpy as np
import pytest

from recommender.columns import NEVER_DAYS
from recommender.interactions import Signal
from recommender.live import History
from recommender.live_evidence import (
    COLUMNS,
    ENTRIES,
    PLACE,
    contributions,
    live_rows,
    spoken_by,
    text_likeness,
)
from recommender.model import Floats
from recommender.settings import DAY_MS, LiveSettings
from tests.recommender.models import handmade
from tests.recommender.shop import NOW_MS, shop

PRODUCTS = shop(12)
MODEL = handmade(PRODUCTS, {(0, 1): 1.0, (2, 9): 0.8}, {5: 1.0})
POOL = np.array([1, 9, 0, 6], dtype=np.int64)


def rows_of(history: History | None, now_ms: int = NOW_MS) -> dict[str, list[float]]:
    spoken = None if history is None else spoken_by(MODEL, history, POOL)
    numbers = np.arange(4, dtype=np.float32)
    rows = live_rows(MODEL, history, spoken, POOL, numbers, numbers + 1, numbers + 2, now_ms)
    assert rows.shape == (len(COLUMNS), 4)
    return {name: rows[PLACE[name]].tolist() for name in COLUMNS}


def test_a_stranger_has_no_own_columns() -> None:
    found = rows_of(None)
    assert found["first_stage"] == [0, 1, 2, 3] == found["first_stage_place"]
    assert found["together"] == [1, 2, 3, 4]
    assert found["own_days"] == [NEVER_DAYS] * 4
    assert found["mass"] == found["price_apart"] == [0] * 4
    assert found["price"] == pytest.approx(np.log([1_001, 1_009, 1_000, 1_006]).tolist())


def test_what_a_history_says() -> None:
    history = History(LiveSettings())
    history.add("p2", "ann", Signal.PICK_UP, 0.6, NOW_MS - DAY_MS, kept=True)
    history.add("p0", "ann", Signal.ADD, 2.0, NOW_MS, kept=True)
    history.add("gone", "ann", Signal.ADD, 2.0, NOW_MS, kept=True)
    found = rows_of(history)
    before, newest = (history.weight_now(entry) for entry in list(history.entries.values())[:2])
    assert found["together_best"] == pytest.approx([newest, 0.8 * before, 0, 0])
    assert found["text_best"][3] > 0
    assert found["own_weight"] == pytest.approx([0, 0, newest, 0])
    assert found["own_days"] == [NEVER_DAYS, NEVER_DAYS, 0, NEVER_DAYS]
    assert found["own_added"] == [0, 0, 1, 0]
    assert found["products_touched"] == [3] * 4
    assert rows_of(history, NOW_MS + 2 * DAY_MS)["own_days"][2] == 2
    mean_price = float(np.log([1_000, 1_002]).mean())
    assert found["price_apart"][0] == pytest.approx(np.log(1_001) - mean_price, abs=1e-5)


def test_only_the_newest_products_are_compared() -> None:
    history = History(LiveSettings())
    for number in range(ENTRIES):
        history.add(f"p{number % 4 + 3}", f"u{number}", Signal.DWELL, 0.5, NOW_MS, kept=True)
    history.add("p2", "ann", Signal.DWELL, 0.5, NOW_MS, kept=True)
    spoken = spoken_by(MODEL, history, POOL)
    assert spoken is not None
    assert len(spoken.entries) == ENTRIES
    assert spoken.entries[0].product_id == "p2"
    empty = History(LiveSettings())
    assert spoken_by(MODEL, empty, POOL) is None


def test_single_products_by_behaviour_and_words() -> None:
    sources = np.array([0, 2], dtype=np.int64)
    together, text = contributions(MODEL, sources, POOL)
    assert together.ravel().tolist() == pytest.approx([1, 0, 0, 0, 0, 0.8, 0, 0])
    assert text[0, 3] > 0
    assert _diagonal_is_nothing(text_likeness(MODEL, POOL, POOL))


def _diagonal_is_nothing(likeness: Floats) -> bool:
    return not np.diag(likeness).any()
