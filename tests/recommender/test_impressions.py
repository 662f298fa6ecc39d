"""Showings check themselves; what may be stored of them follows the consent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender import ConsentClass, InvalidInteractionError
from recommender.impressions import SHOWN_LIMIT, Showing, Surface, keep_impression
from tests.recommender.shop import NOW_MS, PERSONAL, SESSION


def showing(consent: frozenset[ConsentClass] = PERSONAL, **changes: object) -> Showing:
    values: dict[str, object] = {
        "person_id": "ann",
        "surface": Surface.YOU,
        "product_ids": ("p0", "p1"),
        "shown_ms": NOW_MS,
        "consent": consent,
        "party_id": "party",
        "session_id": "session-1",
        "explored": frozenset({"p1"}),
    }
    return Showing(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("person_id", ""),
        ("party_id", "\x00"),
        ("session_id", "x" * 129),
        ("surface", "you"),
        ("product_ids", ["p0"]),
        ("product_ids", ("",)),
        ("product_ids", ("p0",) * (SHOWN_LIMIT + 1)),
        ("shown_ms", -1),
        ("shown_ms", 1.5),
        ("consent", {ConsentClass.SESSION}),
    ],
)
def test_a_bad_field_is_named(field: str, value: object) -> None:
    with pytest.raises(InvalidInteractionError) as caught:
        showing(**{field: value})  # type: ignore[arg-type]
    assert caught.value.data["field"] == field


@given(st.frozensets(st.sampled_from(ConsentClass)), st.integers(0, 10**6))
def test_the_consent_law(consent: frozenset[ConsentClass], duration_ms: int) -> None:
    shown = showing(consent)
    kept = keep_impression(shown, 1, duration_ms, answered=False, aggregate_grain_ms=3_600_000)
    if ConsentClass.PERSONAL in consent:
        assert kept is not None
        assert (kept.person_id, kept.party_id, kept.shown_ms) == ("ann", "party", NOW_MS)
    elif ConsentClass.AGGREGATE in consent:
        assert kept is not None
        assert (kept.person_id, kept.party_id, kept.session_id) == (None, None, None)
        assert kept.shown_ms % 3_600_000 == 0
    else:
        assert kept is None
    assert shown.steers == bool(consent & (SESSION | PERSONAL))
    if kept is not None:
        assert (kept.product_id, kept.place, kept.explored) == ("p1", 1, True)
