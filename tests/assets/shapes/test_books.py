"""Books stand a little open, their front cover to the shopper."""

import numpy as np
import pytest

from tests.assets.shapes.made import ACCENT, centres, make


def test_a_book_is_as_tall_as_ordered() -> None:
    assert make("book", height_m=0.3).extents[1] == pytest.approx(0.3, abs=0.002)


def test_its_front_shows_the_band_and_hides_the_pages() -> None:
    mesh = make("book", accent=ACCENT)
    band, pages = centres(mesh, ACCENT), centres(mesh, "#f3ead6")
    assert band[:, 2].mean() > pages[:, 2].mean()
    assert len(pages) > 50


def test_thick_books_are_thick() -> None:
    assert np.prod(make("book", thickness_m=0.08).extents) > np.prod(make("book").extents)
