"""The words of the recommender: what people do, what they allow, what is sold, what is advised.

An `Interaction` or `Product` that exists is valid: both check themselves when they are made.
Times are integer milliseconds since the Unix epoch; prices are integer minor units.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from recommender.errors import InvalidCatalogueError, InvalidInteractionError

ID_LENGTH_LIMIT = 128
"""Characters of an id; the width of the columns that keep it."""

TEXT_LENGTH_LIMIT = 20_000
"""Characters of a product's description; other texts are far shorter."""

TAGS_LIMIT = 64

VALUE_LIMIT = 86_400.0
"""Largest value of an interaction: a dwell of one day in seconds is a mistake of the sender."""

TIME_LIMIT_MS = 1 << 53
"""Largest time: whatever is above cannot be held exactly in a double, as JSON clients send it."""


class Signal(StrEnum):
    """What a person did with a product."""

    APPROACH = "approach"
    DWELL = "dwell"
    PICK_UP = "pick_up"
    INSPECT = "inspect"
    TRY_ON = "try_on"
    HAND_OVER = "hand_over"
    VOTE_UP = "vote_up"
    VOTE_DOWN = "vote_down"
    ADD = "add"
    REMOVE = "remove"
    HOLD_EXPIRED = "hold_expired"
    BUY = "buy"
    RETURN = "return"
    LIKE = "like"


PARTY_VISIBLE_SIGNALS = frozenset(
    {
        Signal.PICK_UP,
        Signal.HAND_OVER,
        Signal.VOTE_UP,
        Signal.VOTE_DOWN,
        Signal.ADD,
        Signal.REMOVE,
        Signal.HOLD_EXPIRED,
    }
)
"""What the whole party sees happen anyway. Gaze, inspection, try-on, likes and purchases (a gift!)
belong to the one who did them and are never named in a reason that others read."""


class ConsentClass(StrEnum):
    """What a person allows to be done with an interaction. Classes add up.

    Without any (or with `NONE` alone) the interaction is not taken at all.
    """

    NONE = "none"
    SESSION = "session"
    """May steer my lists now, and is not kept."""
    PERSONAL = "personal"
    """Steers my lists, is kept under my id, is learned from, and goes when I am erased."""
    AGGREGATE = "aggregate"
    """Kept and learned from without my id, session or party and with a coarse time."""


def check_id(field: str, value: object) -> None:
    """Printable excludes control characters, which databases refuse, and lone surrogates."""
    if not isinstance(value, str) or not 0 < len(value) <= ID_LENGTH_LIMIT:
        raise InvalidInteractionError(
            f"The {field} must be a text of 1 to {ID_LENGTH_LIMIT} characters.",
            data={"field": field},
        )
    if not value.isprintable():
        raise InvalidInteractionError(
            f"The {field} has a character that cannot be printed.", data={"field": field}
        )


def check_whole_number(field: str, value: object, limit: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= limit:
        raise InvalidInteractionError(
            f"The {field} must be a whole number from 0 to {limit}.", data={"field": field}
        )


def check_consent(value: object) -> None:
    if not isinstance(value, frozenset) or not all(
        isinstance(consent, ConsentClass) for consent in value
    ):
        raise InvalidInteractionError(
            "The consent must be a frozen set of consent classes.", data={"field": "consent"}
        )


@dataclass(frozen=True, slots=True)
class Interaction:
    """One thing one person did with one product.

    `value` is seconds for dwell and a count for everything else (2 pieces added).

    Raises:
        InvalidInteractionError: a field is out of its range, or the value is not a finite number.
    """

    person_id: str
    product_id: str
    signal: Signal
    occurred_ms: int
    consent: frozenset[ConsentClass]
    party_id: str | None = None
    session_id: str | None = None
    slot_id: int | None = None
    value: float = 1.0

    def __post_init__(self) -> None:
        check_id("person_id", self.person_id)
        check_id("product_id", self.product_id)
        if self.party_id is not None:
            check_id("party_id", self.party_id)
        if self.session_id is not None:
            check_id("session_id", self.session_id)
        if self.slot_id is not None:
            check_whole_number("slot_id", self.slot_id, (1 << 31) - 1)
        check_whole_number("occurred_ms", self.occurred_ms, TIME_LIMIT_MS)
        if not isinstance(self.signal, Signal):
            raise InvalidInteractionError(
                "The signal is not one of the known signals.", data={"field": "signal"}
            )
        check_consent(self.consent)
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise InvalidInteractionError(
                "The value must be a number of at least 0.", data={"field": "value"}
            )
        if not value <= VALUE_LIMIT or not math.isfinite(value):
            raise InvalidInteractionError(
                f"The value must be at most {VALUE_LIMIT:g}.", data={"field": "value"}
            )

    @property
    def steers(self) -> bool:
        """Whether the person's own lists may follow this interaction."""
        return ConsentClass.SESSION in self.consent or ConsentClass.PERSONAL in self.consent

    @property
    def kept_as(self) -> ConsentClass:
        """Under which class this interaction may be stored; `NONE`: not at all."""
        if ConsentClass.PERSONAL in self.consent:
            return ConsentClass.PERSONAL
        if ConsentClass.AGGREGATE in self.consent:
            return ConsentClass.AGGREGATE
        return ConsentClass.NONE


@dataclass(frozen=True, slots=True)
class KeptInteraction:
    """An interaction in the form that may be stored; made by `keep` only."""

    person_id: str | None
    product_id: str
    signal: Signal
    value: float
    occurred_ms: int
    consent: ConsentClass
    party_id: str | None
    session_id: str | None
    slot_id: int | None


def keep(interaction: Interaction, aggregate_grain_ms: int) -> KeptInteraction | None:
    """The form in which `interaction` may be stored, or None when it must not be.

    Without the person's id, everything else that could lead back to them is left out as well:
    session, party, and the exact time, which is cut down to a multiple of `aggregate_grain_ms`.
    """
    kept_as = interaction.kept_as
    if kept_as is ConsentClass.NONE:
        return None
    personal = kept_as is ConsentClass.PERSONAL
    grain = 1 if personal else aggregate_grain_ms
    return KeptInteraction(
        person_id=interaction.person_id if personal else None,
        product_id=interaction.product_id,
        signal=interaction.signal,
        value=float(interaction.value),
        occurred_ms=interaction.occurred_ms // grain * grain,
        consent=kept_as,
        party_id=interaction.party_id if personal else None,
        session_id=interaction.session_id if personal else None,
        slot_id=interaction.slot_id,
    )


def _check_text(field: str, value: object, limit: int) -> None:
    """Text of other systems: anything a database and a screen can hold."""
    broken = not isinstance(value, str) or len(value) > limit or "\x00" in value
    if not broken and isinstance(value, str):
        broken = any("\ud800" <= character <= "\udfff" for character in value)
    if broken:
        raise InvalidCatalogueError(
            f"The {field} of a product must be a text of at most {limit} characters.",
            data={"field": field},
        )


@dataclass(frozen=True, slots=True)
class Product:
    """What the recommender knows of a product; `price_minor` is in minor units of the store.

    Raises:
        InvalidCatalogueError: a field is out of its range.
    """

    product_id: str
    name: str
    brand: str
    department: str
    description: str
    tags: tuple[str, ...]
    price_minor: int

    def __post_init__(self) -> None:
        _check_text("product_id", self.product_id, ID_LENGTH_LIMIT)
        if not self.product_id or not self.product_id.isprintable():
            raise InvalidCatalogueError(
                "A product needs a printable id.", data={"field": "product_id"}
            )
        for field in ("name", "brand", "department"):
            _check_text(field, getattr(self, field), 512)
        _check_text("description", self.description, TEXT_LENGTH_LIMIT)
        if not isinstance(self.tags, tuple) or len(self.tags) > TAGS_LIMIT:
            raise InvalidCatalogueError(
                f"The tags of a product must be a tuple of at most {TAGS_LIMIT}.",
                data={"field": "tags"},
            )
        for tag in self.tags:
            _check_text("tags", tag, ID_LENGTH_LIMIT)
        price = self.price_minor
        if not isinstance(price, int) or isinstance(price, bool) or not 0 <= price < 1 << 63:
            raise InvalidCatalogueError(
                "The price of a product must be a whole number of minor units, at least 0.",
                data={"field": "price_minor"},
            )


def check_catalogue(products: Sequence[Product], limit: int) -> None:
    """Raises InvalidCatalogueError: more than `limit` products, or an id twice."""
    if len(products) > limit:
        raise InvalidCatalogueError(
            f"The catalogue has {len(products)} products; the limit is {limit}.",
            data={"field": "products", "limit": limit},
        )
    if len({product.product_id for product in products}) != len(products):
        raise InvalidCatalogueError(
            "A product id comes twice in the catalogue.", data={"field": "product_id"}
        )


REASON_CODES = {
    "goes_with": "others took it beside something you touched",
    "similar_to": "it is like something you touched",
    "popular": "many like it lately",
    "department": "nothing is known yet but where it stands",
    "wish": "you said that you like such things",
    "new": "shown to learn who likes it",
    "party_goes_with": "as goes_with, of what your party did",
    "party_similar_to": "as similar_to, of what your party did",
    "suits_party": "it should suit everyone in your party",
    "together": "the friends beside you see it too",
}
"""Why something is recommended, for programs, and what it means for the reader of the list."""


class Recommendation(NamedTuple):
    """One advised product.

    `score` is in 0..1, comparable within one list only. `reason` is a sentence for the reader of
    the list and never tells what another person did in private; `reason_code` is one of
    `REASON_CODES`.
    """

    product_id: str
    score: float
    reason_code: str
    reason: str
