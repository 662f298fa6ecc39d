"""House rules: stock, margin within its limit, nothing that was just rejected."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender import InvalidCatalogueError, Signal
from recommender.live import History
from recommender.rules import HouseRules
from recommender.settings import LiveSettings
from tests.recommender.models import handmade
from tests.recommender.shop import NOW_MS, shop


def rules() -> HouseRules:
    made = HouseRules(0.2, 24)
    made.replace(handmade(shop(6)))
    return made


@given(st.dictionaries(st.sampled_from([f"p{n}" for n in range(9)]), st.floats(-1, 1)))
def test_margin_moves_by_no_more_than_its_limit(margins: dict[str, float]) -> None:
    house = rules()
    house.set_margins(margins)
    added = house.margins
    assert added is None or np.abs(added).max() <= 0.2 + 1e-6
    assert added is None or np.isfinite(added).all()


def test_the_better_margin_is_higher_and_an_unknown_one_neutral() -> None:
    house = rules()
    house.set_margins({"p0": 0.6, "p1": 0.2, "unknown": 0.4})
    assert house.margins is not None
    assert house.margins.tolist() == pytest.approx([0.2, -0.2, 0, 0, 0, 0])
    house.set_margins({})
    assert house.margins is None


def test_every_change_can_be_told_by_the_revision() -> None:
    house = rules()
    seen = [house.revision]
    house.set_margins({"p0": 0.6, "p1": 0.2})
    seen.append(house.revision)
    house.set_available("p3", available=False)
    seen.append(house.revision)
    house.set_available("p3", available=False)
    assert house.revision == seen[-1]
    house.replace(handmade(shop(6)))
    seen.append(house.revision)
    assert seen == sorted(set(seen))


@pytest.mark.parametrize("margin", [math.nan, math.inf, 1.5, -2, True, "0.5"])
def test_a_bad_margin_changes_nothing(margin: object) -> None:
    house = rules()
    house.set_margins({"p0": 0.6, "p1": 0.2})
    with pytest.raises(InvalidCatalogueError):
        house.set_margins({"p2": margin})  # type: ignore[dict-item]
    assert house.margins is not None
    assert house.margins[0] > 0
    with pytest.raises(InvalidCatalogueError):
        house.set_margins({f"p{number}": 0.1 for number in range(49)})


def test_sold_out_excluded_and_just_rejected_are_left_out() -> None:
    house = HouseRules(0.2, 24)
    house.set_available("p1", available=False)
    assert house.allowed((), [], NOW_MS).size == 0
    house.replace(handmade(shop(6)))
    party = History(LiveSettings())
    party.add("p2", "ann", Signal.VOTE_DOWN, -1.5, NOW_MS, kept=False)
    allowed = house.allowed(["p3", "unknown"], [None, party], NOW_MS)
    assert np.flatnonzero(allowed).tolist() == [0, 4, 5]
    house.set_available("p1", available=True)
    later_ms = NOW_MS + LiveSettings().rejected_rest_ms
    assert house.allowed((), [party], later_ms).all()
