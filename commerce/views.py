"""What commerce shows: frozen values that never change under a reader's hands.

Amounts are minor units of `currency`, times are ms since the Unix epoch. `to_json` makes any of
them plain dictionaries and lists.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from typing import Any

from commerce.checkout import CheckoutState
from commerce.errors import JSON
from commerce.warehouses import Parcel


class HoldState(StrEnum):
    """How the stock of a cart line stands: held with a timer, not any more, in a checkout, or never
    before the checkout, in a shop that holds only there."""

    NONE = "none"
    HELD = "held"
    EXPIRED = "expired"
    FIRM = "firm"


@dataclass(frozen=True, slots=True)
class SkuView:
    """What is bought. `available` is on hand less held; a newer stock has a larger `version`.

    `components`, when it is a kit: how many pieces of which SKUs are in it.
    """

    sku: str
    options: Mapping[str, str]
    colour: str
    price_minor: int
    available: int
    version: int
    components: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProductView:
    """A product with its SKUs. `price_minor` is the product's own price, a SKU may differ;
    `available` is how many there are of all its SKUs together; kits do not count beside others."""

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
    available: int = 0


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
class StockCount:
    """The books of a SKU: all that ever came is on hand or sold, and some of what is on hand is
    held. `warehouses` has what is on hand by warehouse."""

    sku: str
    received: int
    on_hand: int
    held: int
    sold: int
    warehouses: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class StockMovement:
    """Pieces that came (above 0) or went. `reason` is seed, restock or sale; `reference` is the
    delivery note, or the order."""

    sku: str
    reason: str
    reference: str
    pieces: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class CartLineView:
    """A line of a cart. `contributor_ids` are people other than the owner who changed it.

    `components`, when it is a kit: the pieces that are in one of it.
    """

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
    components: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CouponView:
    """The coupon in a cart. It takes off `discount_minor`, 0 as long as `problem` says why not: a
    sentence for people."""

    code: str
    discount_minor: int
    ends_ms: int | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class CartView:
    """A cart, its members in the order they came. `version` grows with every change. `total_minor`
    is what it costs, less the discount of its `coupon`."""

    id: str
    version: int
    currency: str
    total_minor: int
    members: tuple[str, ...]
    lines: tuple[CartLineView, ...]
    checkout_id: str | None
    coupon: CouponView | None = None


@dataclass(frozen=True, slots=True)
class QuoteLineView:
    """A line as it was when it was locked: price and name do not change any more.

    `price_hidden`: the viewer receives it as a gift, and its price is shown as 0. `components` are
    the pieces in one of a kit; `discount_minor` is taken off the whole line by a coupon.
    """

    line_id: str
    sku: str
    product_id: str
    name: str
    options: Mapping[str, str]
    quantity: int
    unit_price_minor: int
    currency: str
    owner_id: str
    gift_for: str | None = None
    price_hidden: bool = False
    components: Mapping[str, int] = field(default_factory=dict)
    discount_minor: int = 0


@dataclass(frozen=True, slots=True)
class ChallengeView:
    """What the bank of `person_id` wants to know. `url` is where to answer, when it is not here;
    only the payer sees it."""

    challenge_id: str
    instructions: str
    url: str | None
    expires_ms: int
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class FailureView:
    """Why the last payment did not work: a stable code and a sentence. `person_id` is whose part
    it was; None when the time ran out."""

    code: str
    message: str
    person_id: str | None = None


class ShareState(StrEnum):
    """How somebody's part of a checkout stands."""

    OPEN = "open"
    PAYING = "paying"
    AUTHORISED = "authorised"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class ShareView:
    """The part of one person. `covered_by` pays it instead of them, when it is somebody.

    `amount_minor` is None for those who receive a gift from this person.
    """

    person_id: str
    amount_minor: int | None
    covered_by: str | None
    state: ShareState


@dataclass(frozen=True, slots=True)
class CheckoutView:
    """A checkout as everybody in the party sees it.

    `quote_hash` is the SHA-256 of what was frozen. `in_doubt`: the gateway did not answer, we keep
    asking, nothing has to be done by the payer. `version` grows with every change.

    `shares` is empty while one person pays all. `due_minor` is what the viewer still has to pay:
    their own part and those they cover; None when nobody in particular looks. Who receives a gift
    sees a total without it. `total_minor` is what is paid: the lines less the discounts on them,
    which come from the coupon `coupon_code`.
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
    shares: tuple[ShareView, ...] = ()
    due_minor: int | None = None
    coupon_code: str | None = None


@dataclass(frozen=True, slots=True)
class HandOffView:
    """A code by which a phone pays for its person, once, exactly this amount, until it expires."""

    code: str
    checkout_id: str
    amount_minor: int
    currency: str
    expires_ms: int


@dataclass(frozen=True, slots=True)
class CreditView:
    """Store credit or a gift card. What payments under way have reserved is not `available`."""

    id: str
    kind: str
    currency: str
    balance_minor: int
    available_minor: int
    expires_ms: int | None


@dataclass(frozen=True, slots=True)
class GiftCardView:
    """A new gift card. Whoever has the code can spend it; it is shown this once."""

    code: str
    credit: CreditView


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A captured part of an order. `refunded_minor` of it is given back, or about to be."""

    id: str
    payer_id: str
    provider: str
    amount_minor: int
    refunded_minor: int
    currency: str
    captured_ms: int


@dataclass(frozen=True, slots=True)
class RefundView:
    """Money given back. `state` is pending, succeeded, failed, or manual: paid back by hand."""

    id: str
    order_id: str | None
    payment_id: str
    amount_minor: int
    currency: str
    state: str
    reason: str
    created_ms: int


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """Something that happened to an order."""

    status: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class OrderView:
    """A paid order, for its payer and the members of its cart. `parcels` are what each warehouse
    ships: from more than one when it was split."""

    id: str
    status: str
    placed_ms: int
    total_minor: int
    currency: str
    lines: tuple[QuoteLineView, ...]
    payer_id: str
    timeline: tuple[TimelineEntry, ...]
    payments: tuple[PaymentView, ...] = ()
    refunded_minor: int = 0
    parcels: tuple[Parcel, ...] = ()


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
        return {entry.name: to_json(getattr(view, entry.name)) for entry in fields(view)}
    if isinstance(view, StrEnum):
        return str(view)
    if view is None or isinstance(view, str | int | float):
        return view
    if isinstance(view, Mapping):
        return {str(key): to_json(value) for key, value in view.items()}
    if isinstance(view, tuple | list):
        return [to_json(value) for value in view]
    raise TypeError(f"{type(view).__name__} is not part of a view")
