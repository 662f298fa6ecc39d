"""Interactions and products: what exists is valid, and consent decides what may be kept."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import InvalidCatalogueError, InvalidInteractionError
from recommender.interactions import (
    VALUE_LIMIT,
    ConsentClass,
    Interaction,
    Product,
    Signal,
    keep,
)
from tests.recommender.shop import NOW_MS, did, product

consents = st.frozensets(st.sampled_from(ConsentClass))


@given(st.floats())
def test_a_value_is_finite_not_negative_and_bounded_or_refused(value: float) -> None:
    if math.isfinite(value) and 0 <= value <= VALUE_LIMIT:
        assert did("ann", "p1", value=value).value == value
    else:
        with pytest.raises(InvalidInteractionError) as refused:
            did("ann", "p1", value=value)
        assert refused.value.data == {"field": "value"}


@pytest.mark.parametrize("bad", ["", "x" * 129, "a\x00b", "\ud800", "line\nbreak", None, 5])
@pytest.mark.parametrize("field", ["person_id", "product_id", "party_id", "session_id"])
def test_ids_must_be_printable_and_short(field: str, bad: object) -> None:
    if bad is None and field in ("party_id", "session_id"):
        return
    fields: dict[str, object] = {
        "person_id": "ann",
        "product_id": "p1",
        "signal": Signal.ADD,
        "occurred_ms": NOW_MS,
        "consent": frozenset(),
        field: bad,
    }
    with pytest.raises(InvalidInteractionError) as refused:
        Interaction(**fields)  # type: ignore[arg-type]
    assert refused.value.data == {"field": field}


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("occurred_ms", -1),
        ("occurred_ms", 1.5),
        ("occurred_ms", 1 << 60),
        ("occurred_ms", True),
        ("slot_id", -1),
        ("slot_id", 1 << 40),
        ("signal", "add"),
        ("consent", {ConsentClass.SESSION}),
        ("consent", frozenset({"session"})),
        ("value", "1"),
        ("value", True),
    ],
)
def test_other_fields_are_checked_too(field: str, bad: object) -> None:
    fields: dict[str, object] = {
        "person_id": "ann",
        "product_id": "p1",
        "signal": Signal.ADD,
        "occurred_ms": NOW_MS,
        "consent": frozenset(),
        field: bad,
    }
    if field == "signal" or (field == "consent" and bad == frozenset({"session"})):
        # Equal to a member as a text, but not one.
        assert not isinstance(bad, Signal)
    with pytest.raises(InvalidInteractionError) as refused:
        Interaction(**fields)  # type: ignore[arg-type]
    assert refused.value.data == {"field": field}


@given(consents, st.integers(0, 1 << 50))
def test_consent_decides_the_form_that_is_kept(
    consent: frozenset[ConsentClass], at_ms: int
) -> None:
    interaction = did("ann", "p1", consent=consent, at_ms=at_ms, party_id="party")
    kept = keep(interaction, aggregate_grain_ms=3_600_000)
    if ConsentClass.PERSONAL in consent:
        assert kept is not None
        assert (kept.person_id, kept.party_id, kept.session_id) == ("ann", "party", "session-1")
        assert kept.occurred_ms == at_ms
    elif ConsentClass.AGGREGATE in consent:
        assert kept is not None
        assert (kept.person_id, kept.party_id, kept.session_id) == (None, None, None)
        assert kept.occurred_ms % 3_600_000 == 0
        assert 0 <= at_ms - kept.occurred_ms < 3_600_000
    else:
        assert kept is None
    assert interaction.steers == bool(consent & {ConsentClass.SESSION, ConsentClass.PERSONAL})


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("product_id", ""),
        ("product_id", "a\tb"),
        ("name", "x" * 600),
        ("name", "\ud800"),
        ("brand", "a\x00"),
        ("department", 5),
        ("description", "x" * 20_001),
        ("tags", ["a"]),
        ("tags", tuple("a" for _ in range(65))),
        ("tags", ("x" * 200,)),
        ("price_minor", -1),
        ("price_minor", 1.5),
        ("price_minor", True),
    ],
)
def test_products_are_checked(field: str, bad: object) -> None:
    fields: dict[str, object] = {
        "product_id": "p1",
        "name": "Lamp",
        "brand": "",
        "department": "",
        "description": "",
        "tags": (),
        "price_minor": 0,
        field: bad,
    }
    with pytest.raises(InvalidCatalogueError) as refused:
        Product(**fields)  # type: ignore[arg-type]
    assert refused.value.data == {"field": field}


def test_a_plain_product_is_fine() -> None:
    assert product("p1").price_minor == 1_000
