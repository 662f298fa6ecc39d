"""What commerce shows: frozen values that never change under a reader's hands.

Amounts are minor units of `currency`, times are ms since the Unix epoch. `to_json` makes any of
them plain dictionaries and lists.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any

from commerce.checkout import CheckoutState
from commerce.errors import JSON


class HoldState(StrEnum):
    """How the stock of a cart line stands: held with a timer, not any more, or in a checkout."""

    HELD = "held"
    EXPIRED = "expired"
    FIRM = "firm"


@dataclass(frozen=True, slots=True)
class SkuView:
    """What is bought. `available` is on hand less held; a newer stock has a larger `version`."""

    sku: str
    options: Mapping[str, str]
    colour: str
    price_minor: int
    available: int
    version: int


@dataclass(frozen=True, slots=True)
class ProductView:
    """A product with its SKUs. `price_minor` is the product's own price, a SKU may differ."""

    id: str
    name: str
    brand: str
    description: str
    department: str
    tags: tuple[str, ...]
    price_minor: int
    currency: str
    skus: tuple[SkuView, ...]
    alt_text: str
    weight_g: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the catalogue; `page` counts from 1, `total` is of all pages."""

    items: tuple[ProductView, ...]
    page: int
    size: int
    total: int


@dataclass(frozen=True, slots=True)
class SeedReport:
    """What a seeding did. Products that were the same before count as unchanged."""

    products_new: int
    products_changed: int
    products_unchanged: int
    skus: int


@dataclass(frozen=True, slots=True)
class StockView:
    """How many of a SKU can be bought."""

    sku: str
    product_id: str
    available: int
    version: int


@dataclass(frozen=True, slots=True)
class CartLineView:
    """A line of a cart. `contributor_ids` are people other than the owner who changed it."""

    line_id: str
    sku: str
    product_id: str
    name: str
    options: Mapping[str, str]
    quantity: int
    unit_price_minor: int
    owner_id: str
    contributor_ids: tuple[str, ...]
    hold_state: HoldState
    hold_expires_ms: int | None


@dataclass(frozen=True, slots=True)
class CartView:
    """A cart, its members in the order they came. `version` grows with every change."""

    id: str
    version: int
    currency: str
    total_minor: int
    members: tuple[str, ...]
    lines: tuple[CartLineView, ...]
    checkout_id: str | None


@dataclass(frozen=True, slots=True)
class QuoteLineView:
    """A line as it was when it was locked: price and name do not change any more."""

    line_id: str
    sku: str
    product_id: str
    name: str
    options: Mapping[str, str]
    quantity: int
    unit_price_minor: int
    currency: str
    owner_id: str


@dataclass(frozen=True, slots=True)
class ChallengeView:
    """What the payer's bank wants to know. `url` is where to answer, when it is not here."""

    challenge_id: str
    instructions: str
    url: str | None
    expires_ms: int


@dataclass(frozen=True, slots=True)
class FailureView:
    """Why the last payment did not work: a stable code and a sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class CheckoutView:
    """A checkout as everybody in the party sees it.

    `quote_hash` is the SHA-256 of what was frozen. `in_doubt`: the gateway did not answer, we keep
    asking, nothing has to be done by the payer. `version` grows with every change.
    """

    id: str
    cart_id: str
    version: int
    state: CheckoutState
    locked_by: str
    total_minor: int
    currency: str
    expires_ms: int
    quote_hash: str
    lines: tuple[QuoteLineView, ...]
    order_id: str | None
    payer_id: str | None
    challenge: ChallengeView | None
    in_doubt: bool
    last_failure: FailureView | None
    released_reason: str | None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """Something that happened to an order."""

    status: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class OrderView:
    """A paid order, for its payer and the members of its cart."""

    id: str
    status: str
    placed_ms: int
    total_minor: int
    currency: str
    lines: tuple[QuoteLineView, ...]
    payer_id: str
    timeline: tuple[TimelineEntry, ...]


@dataclass(frozen=True, slots=True)
class TrackingView:
    """Where an order is, for everybody who knows its id; nothing about people or prices."""

    order_id: str
    status: str
    timeline: tuple[TimelineEntry, ...]


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Whether stock and money add up. `problems` are sentences, `figures` the sums."""

    problems: tuple[str, ...]
    figures: Mapping[str, int]

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.problems


def to_json(view: Any) -> JSON:
    """A view, or what it holds, as plain JSON values. Raises TypeError for anything else."""
    if is_dataclass(view) and not isinstance(view, type):
        return {field.name: to_json(getattr(view, field.name)) for field in fields(view)}
    if isinstance(view, StrEnum):
        return str(view)
    if view is None or isinstance(view, str | int | float):
        return view
    if isinstance(view, Mapping):
        return {str(key): to_json(value) for key, value in view.items()}
    if isinstance(view, tuple | list):
        return [to_json(value) for value in view]
    raise TypeError(f"{type(view).__name__} is not part of a view")
