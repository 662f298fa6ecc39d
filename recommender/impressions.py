"""Showings: what was put before whom, where and for how long, in the form that may be kept.

What people did is only half of what there is to know. The other half is what they saw: a product on
the first place of a list is looked at because it is there, and one that nobody was shown is not
unloved. Without impressions a recommender learns its own lists.
"""

from dataclasses import dataclass
from enum import StrEnum

from recommender.errors import InvalidInteractionError
from recommender.interactions import (
    TIME_LIMIT_MS,
    ConsentClass,
    check_consent,
    check_id,
    check_whole_number,
)

SHOWN_LIMIT = 1_000
"""Products of one showing."""


class Surface(StrEnum):
    """Where people see products that the recommender chose."""

    YOU = "you"
    """Their own list."""
    PARTY = "party"
    """The list of their party."""
    DISPLAY = "display"
    """Places of a shelf that are filled for them (see `recommender.codisplay`)."""


@dataclass(frozen=True, slots=True)
class Showing:
    """A list or shelf that one person sees from `shown_ms` on, until the next on its surface.

    `product_ids` are in the order of their places, `explored` those that are there because they are
    new. An empty showing ends the one before.

    Raises:
        InvalidInteractionError: a field is out of its range.
    """

    person_id: str
    surface: Surface
    product_ids: tuple[str, ...]
    shown_ms: int
    consent: frozenset[ConsentClass]
    party_id: str | None = None
    session_id: str | None = None
    explored: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        check_id("person_id", self.person_id)
        for field, value in (("party_id", self.party_id), ("session_id", self.session_id)):
            if value is not None:
                check_id(field, value)
        if not isinstance(self.surface, Surface):
            raise InvalidInteractionError(
                "The surface is not one of the known surfaces.", data={"field": "surface"}
            )
        if not isinstance(self.product_ids, tuple) or len(self.product_ids) > SHOWN_LIMIT:
            raise InvalidInteractionError(
                f"The product_ids must be a tuple of at most {SHOWN_LIMIT}.",
                data={"field": "product_ids"},
            )
        for product_id in self.product_ids:
            check_id("product_ids", product_id)
        check_whole_number("shown_ms", self.shown_ms, TIME_LIMIT_MS)
        check_consent(self.consent)

    @property
    def steers(self) -> bool:
        """Whether the person's own lists may follow from what they were shown."""
        return bool(self.consent & {ConsentClass.SESSION, ConsentClass.PERSONAL})

    @property
    def kept_as(self) -> ConsentClass:
        """Under which class the impressions may be stored; `NONE`: not at all."""
        for consent in (ConsentClass.PERSONAL, ConsentClass.AGGREGATE):
            if consent in self.consent:
                return consent
        return ConsentClass.NONE


@dataclass(frozen=True, slots=True)
class KeptImpression:
    """One product on one place, when it was over, as it may be stored; made by `keep_impression`.

    `place` counts from 0. `answered`: while it was shown, the person did more with it
    than look.
    """

    person_id: str | None
    product_id: str
    surface: Surface
    place: int
    shown_ms: int
    duration_ms: int
    explored: bool
    answered: bool
    consent: ConsentClass
    party_id: str | None
    session_id: str | None


def keep_impression(
    showing: Showing, place: int, duration_ms: int, *, answered: bool, aggregate_grain_ms: int
) -> KeptImpression | None:
    """The product on this place as it may be stored, or None when it must not be.

    As with interactions, without the person's id session, party and exact time are left out too.
    """
    kept_as = showing.kept_as
    if kept_as is ConsentClass.NONE:
        return None
    personal = kept_as is ConsentClass.PERSONAL
    grain = 1 if personal else aggregate_grain_ms
    product_id = showing.product_ids[place]
    return KeptImpression(
        person_id=showing.person_id if personal else None,
        product_id=product_id,
        surface=showing.surface,
        place=place,
        shown_ms=showing.shown_ms // grain * grain,
        duration_ms=duration_ms,
        explored=product_id in showing.explored,
        answered=answered,
        consent=kept_as,
        party_id=showing.party_id if personal else None,
        session_id=showing.session_id if personal else None,
    )
