"""Clothes hang on forms that stand by themselves."""

import numpy as np
import pytest

from tests.assets.shapes.made import ACCENT, MAIN, centres, make, within


@pytest.mark.parametrize("shape", ["t-shirt", "dress", "trousers"])
def test_they_stand_on_a_foot_and_are_symmetric(shape: str) -> None:
    mesh = make(shape)
    foot = within(mesh, 0.02)
    assert foot.min() > 0.25
    assert abs(mesh.centroid[0]) < 0.01


def test_lengths_are_as_ordered() -> None:
    short, long = make("t-shirt", length_m=0.5), make("t-shirt", length_m=0.8)
    assert long.extents[1] - short.extents[1] == pytest.approx(0.3, abs=0.01)
    skirt = centres(make("dress", length_m=1.2), MAIN)
    assert np.ptp(skirt[:, 1]) == pytest.approx(1.2, abs=0.12)


def test_sleeves_and_straps() -> None:
    assert make("t-shirt", sleeve_m=0.5).extents[0] > make("t-shirt", sleeve_m=0.1).extents[0]
    bare, sleeved = make("dress", sleeve_m=0.0), make("dress", sleeve_m=0.2)
    reach = [np.ptp(m.vertices[m.vertices[:, 1] > 1.2][:, 0]) for m in (bare, sleeved)]
    assert reach[1] > reach[0] + 0.05


def test_stripes_are_bands() -> None:
    assert len(centres(make("t-shirt", accent=ACCENT, stripes=6), ACCENT)) > 300
    heights = np.unique(
        np.round(centres(make("t-shirt", accent=ACCENT, stripes=6), ACCENT)[:, 1], 2)
    )
    assert (np.diff(heights) > 0.015).sum() >= 5


def test_a_flare_widens_the_skirt() -> None:
    assert make("dress", flare=1.0).extents[0] > make("dress", flare=0.0).extents[0] + 0.2


def test_trousers_have_a_belt_and_two_legs() -> None:
    mesh = make("trousers", accent=ACCENT)
    assert centres(mesh, ACCENT)[:, 1].min() > 1.0
    legs = centres(mesh, MAIN)
    low = legs[legs[:, 1] < 0.5]
    assert np.abs(low[:, 0]).min() > 0.005
