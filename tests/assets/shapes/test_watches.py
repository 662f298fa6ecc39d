"""Watches lean back on their cushion and show the time to the front."""

import pytest

from tests.assets.shapes.made import ACCENT, centres, make


def test_a_watch_is_as_large_as_a_wrist() -> None:
    mesh = make("watch")
    assert 0.05 < mesh.extents.max() < 0.1
    assert make("watch", case_m=0.05).extents[1] > mesh.extents[1]


def test_the_dial_is_in_front_and_above() -> None:
    dial = centres(make("watch", dial=ACCENT), ACCENT)
    assert dial[:, 2].mean() > 0.01
    assert dial[:, 1].mean() > 0.03


@pytest.mark.parametrize(("dial", "ink"), [("#f5f1e6", "#2b2622"), ("#15181d", "#f2efe6")])
def test_hands_can_be_read_on_any_dial(dial: str, ink: str) -> None:
    assert len(centres(make("watch", dial=dial), ink)) > 100
