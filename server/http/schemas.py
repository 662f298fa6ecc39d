"""The shapes of answers. They are a contract with clients: fields are added, never changed.

Money is shown twice: `price_minor` (an integer of minor units, to calculate with) beside `currency`
(ISO 4217), and `price` (a decimal text, to show). Times are ms since the Unix epoch.
"""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, computed_field

from commerce.money import Money
from commerce.views import CartLineView, CartView, ProductView
from server.auth.tokens import IssuedToken
from server.registry import RoomSummary
from server.wire.structures import REASON_CODES_SENTENCE


class Answer(BaseModel):
    """Base of all answers; made from the views of the packages by the names of their fields."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Priced(Answer):
    """Something whose currency stands beside its amounts."""

    currency: str = Field(description="ISO 4217.", examples=["EUR"])


class Token(Answer):
    """Who you are now."""

    token: str = Field(description="Send it as `Authorization: Bearer`, and in the socket's Hello.")
    person_id: str = Field(examples=["person-5f0c1c0a9d6e4a53b1d2c3e4"])
    name: str = Field(examples=["Ada"])
    role: str = Field(description="shopper or host.", examples=["shopper"])
    expires_ms: int = Field(description="When the token runs out, ms since the Unix epoch.")

    @classmethod
    def of(cls, issued: IssuedToken) -> Self:
        """From a token just issued."""
        return cls.model_validate(issued)


class Room(Answer):
    """A room that is open."""

    room_id: str = Field(examples=["grand-hall"])
    name: str = Field(examples=["Grand Hall"])
    population: int = Field(description="Avatars in it.", examples=[12])
    reserved: int = Field(description="Seats promised and not taken yet.", examples=[1])
    capacity: int = Field(description="Seats in all.", examples=[64])

    @classmethod
    def of(cls, summary: RoomSummary) -> Self:
        """From the directory of rooms."""
        return cls.model_validate(summary)


class ReservedSeat(Answer):
    """One of several seats that were reserved together."""

    seat_token: str = Field(description="For the Join message; works once.")
    person_id: str | None = Field(
        description="Who may take it; null: whoever has the token, so pass it on with care."
    )


class Seat(Answer):
    """A seat that is kept for you, and those of your party."""

    seat_token: str = Field(description="For your Join message; works once.")
    room_id: str = Field(examples=["grand-hall"])
    room_name: str = Field(examples=["Grand Hall"])
    expires_ms: int = Field(description="Take it before, ms since the Unix epoch.")
    socket_url: str = Field(
        description="Connect here, and come back here after a drop.",
        examples=["ws://127.0.0.1:8080/ws"],
    )
    seats: tuple[ReservedSeat, ...] = Field(description="All of them, yours first.")


class InviteCode(Answer):
    """A code that opens a room for friends."""

    invite: str = Field(examples=["k3J9xQ2mP0aZ"])
    room_id: str = Field(examples=["grand-hall"])
    expires_ms: int
    uses: int = Field(description="How often it works.", examples=[32])
    url: str = Field(description="The page, with this invite.")


class Sku(Priced):
    """A product in one colour, size, ...: what is bought."""

    sku: str = Field(examples=["GH-MUG-001-BLUE"])
    options: dict[str, str] = Field(examples=[{"colour": "Blue"}])
    colour: str = Field(description="#rrggbb.", examples=["#2f5d8a"])
    price_minor: int = Field(examples=[1490])
    available: int = Field(description="On hand less held.", examples=[7])
    version: int = Field(description="Of the stock; newer is larger.")
    components: dict[str, int] = Field(
        default_factory=dict, description="Pieces by SKU in one of it, when it is a kit."
    )

    @computed_field(description="For people.", examples=["14.90"])  # type: ignore[prop-decorator]
    @property
    def price(self) -> str:
        return Money(self.price_minor, self.currency).decimal()


class Product(Priced):
    """A product of the catalogue."""

    id: str = Field(examples=["stoneware-mug"])
    name: str = Field(examples=["Stoneware mug"])
    brand: str
    description: str
    department: str = Field(examples=["tableware"])
    tags: tuple[str, ...]
    price_minor: int = Field(examples=[1490])
    skus: tuple[Sku, ...]
    alt_text: str = Field(description="What it looks like, in words.")
    weight_g: int

    @computed_field(description="For people.", examples=["14.90"])  # type: ignore[prop-decorator]
    @property
    def price(self) -> str:
        return Money(self.price_minor, self.currency).decimal()

    @classmethod
    def of(cls, view: ProductView) -> Self:
        """From the catalogue."""
        skus = tuple(
            Sku(
                currency=view.currency,
                sku=sku.sku,
                options=dict(sku.options),
                colour=sku.colour,
                price_minor=sku.price_minor,
                available=sku.available,
                version=sku.version,
                components=dict(sku.components),
            )
            for sku in view.skus
        )
        return cls(
            currency=view.currency,
            id=view.id,
            name=view.name,
            brand=view.brand,
            description=view.description,
            department=view.department,
            tags=view.tags,
            price_minor=view.price_minor,
            skus=skus,
            alt_text=view.alt_text,
            weight_g=view.weight_g,
        )


class CartLine(Priced):
    """A line of a cart."""

    line_id: str
    sku: str = Field(examples=["GH-MUG-001-BLUE"])
    product_id: str
    name: str
    options: dict[str, str] = Field(examples=[{"colour": "Blue"}])
    quantity: int = Field(examples=[2])
    unit_price_minor: int = Field(examples=[1490])
    owner_id: str = Field(description="Who put it in.")
    contributor_ids: tuple[str, ...] = Field(description="Who else had a hand in it.")
    hold_state: str = Field(
        description="held, firm (in a checkout), expired, or none: held at the till only.",
        examples=["held"],
    )
    hold_expires_ms: int | None = Field(description="When the hold on the stock ends.")
    components: dict[str, int] = Field(
        default_factory=dict, description="Pieces by SKU in one of it, when it is a kit."
    )

    @computed_field(description="Of one, for people.")  # type: ignore[prop-decorator]
    @property
    def unit_price(self) -> str:
        return Money(self.unit_price_minor, self.currency).decimal()

    @classmethod
    def of(cls, view: CartLineView, currency: str) -> Self:
        """From a line of a cart in this currency."""
        return cls(
            currency=currency,
            line_id=view.line_id,
            sku=view.sku,
            product_id=view.product_id,
            name=view.name,
            options=dict(view.options),
            quantity=view.quantity,
            unit_price_minor=view.unit_price_minor,
            owner_id=view.owner_id,
            contributor_ids=tuple(view.contributor_ids),
            hold_state=str(view.hold_state),
            hold_expires_ms=view.hold_expires_ms,
            components=dict(view.components),
        )


class Totalled(Priced):
    """Something that has a total."""

    total_minor: int = Field(examples=[2980])

    @computed_field(description="For people.", examples=["29.80"])  # type: ignore[prop-decorator]
    @property
    def total(self) -> str:
        return Money(self.total_minor, self.currency).decimal()


class CouponInCart(Answer):
    """The coupon in a cart."""

    code: str = Field(examples=["SPRING25"])
    discount_minor: int = Field(description="What it takes off; 0 while there is a problem.")
    ends_ms: int | None = Field(description="When it ends, ms since the Unix epoch.")
    problem: str | None = Field(description="Why it takes nothing off now, for people.")


class Cart(Totalled):
    """A cart: your own, or the one you share with your party."""

    id: str
    version: int = Field(description="Newer is larger.")
    members: tuple[str, ...] = Field(description="Whose cart it is.")
    lines: tuple[CartLine, ...]
    checkout_id: str | None = Field(description="The open checkout, if any.")
    coupon: CouponInCart | None = Field(default=None, description="The total is less its discount.")

    @classmethod
    def of(cls, view: CartView) -> Self:
        """From commerce."""
        return cls(
            currency=view.currency,
            total_minor=view.total_minor,
            id=view.id,
            version=view.version,
            members=tuple(view.members),
            lines=tuple(CartLine.of(line, view.currency) for line in view.lines),
            checkout_id=view.checkout_id,
            coupon=CouponInCart.model_validate(view.coupon) if view.coupon else None,
        )


class Challenge(Answer):
    """What the payer's bank asks before it pays."""

    challenge_id: str
    instructions: str = Field(description="What the payer shall do, for people.")
    url: str | None = Field(description="Where to answer, when it is not here.")
    expires_ms: int = Field(description="When the payment is called off, ms since the Unix epoch.")
    person_id: str | None = Field(default=None, description="Whose bank asks.")


class PaymentFailure(Answer):
    """Why the last try to pay failed; the checkout is still locked, so try again."""

    code: str = Field(examples=["CARD_DECLINED"])
    message: str
    person_id: str | None = Field(
        default=None, description="Whose part it was; null when the time ran out."
    )


class QuoteLine(Priced):
    """A line of a checkout or an order: as it was when the price was frozen."""

    line_id: str
    sku: str
    product_id: str
    name: str
    options: dict[str, str]
    quantity: int
    unit_price_minor: int
    owner_id: str = Field(description="Who put it into the cart.")
    discount_minor: int = Field(default=0, description="Taken off the whole line by a coupon.")
    components: dict[str, int] = Field(
        default_factory=dict, description="Pieces by SKU in one of it, when it is a kit."
    )

    @computed_field(description="Of one, for people.")  # type: ignore[prop-decorator]
    @property
    def unit_price(self) -> str:
        return Money(self.unit_price_minor, self.currency).decimal()


class Checkout(Totalled):
    """A cart at its till: stock held, prices frozen."""

    id: str
    cart_id: str
    version: int = Field(description="Newer is larger.")
    state: str = Field(description="locked, paying, paid or released.", examples=["locked"])
    locked_by: str
    expires_ms: int = Field(description="When the lock ends unless it is paid.")
    quote_hash: str = Field(description="Hash of what was frozen: lines, prices, total.")
    lines: tuple[QuoteLine, ...]
    order_id: str | None = Field(description="The order, when it is paid.")
    payer_id: str | None
    challenge: Challenge | None = Field(description="Answer it to go on with the payment.")
    in_doubt: bool = Field(description="The gateway has not answered; it will be settled.")
    last_failure: PaymentFailure | None
    released_reason: str | None = Field(description="Why it was released, for programs.")


class OrderStep(Answer):
    """Something that happened to an order."""

    status: str
    at_ms: int


class Order(Totalled):
    """A paid order."""

    id: str
    status: str = Field(examples=["paid"])
    placed_ms: int
    lines: tuple[QuoteLine, ...]
    payer_id: str
    timeline: tuple[OrderStep, ...]


class Tracking(Answer):
    """Where an order is; nothing about who ordered."""

    order_id: str
    status: str
    timeline: tuple[OrderStep, ...]


class Suggestion(Answer):
    """A product we think you would like, and why."""

    product_id: str
    score: float = Field(description="Larger is better; to be compared within one list only.")
    reason_code: str = Field(description=REASON_CODES_SENTENCE)
    reason: str = Field(description="Why, for people.")
