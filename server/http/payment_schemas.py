"""The shapes of answers about payment: shares, codes for the phone, refunds, credit, gifts."""

from pydantic import BaseModel, ConfigDict, Field, computed_field

from commerce.contact import Contact
from commerce.money import Money
from server.http.schemas import Answer, Checkout, Order, Priced, QuoteLine


class Share(Answer):
    """Who pays which part of a checkout."""

    person_id: str
    amount_minor: int | None = Field(description="Null when it would tell the price of your gift.")
    covered_by: str | None = Field(description="Who pays it instead.")
    state: str = Field(description="open, paying, authorised or paid.", examples=["authorised"])


class GivenLine(QuoteLine):
    """A line that may be a gift."""

    gift_for: str | None = Field(default=None, description="Who receives it.")
    price_hidden: bool = Field(default=False, description="It is a gift for you.")


class Till(Checkout):
    """A checkout with everything about who pays."""

    lines: tuple[GivenLine, ...]
    shares: tuple[Share, ...] = Field(description="Empty while one person pays all.")
    due_minor: int | None = Field(description="What you still have to pay.", examples=[1490])
    coupon_code: str | None = Field(default=None, description="Where discounts come from.")


class HandOff(Priced):
    """A code for the phone: it pays for you, once, exactly this amount."""

    code: str = Field(examples=["K7WQ2M9XTB"])
    checkout_id: str
    amount_minor: int = Field(examples=[1490])
    expires_ms: int = Field(description="When it stops working, ms since the Unix epoch.")
    url: str = Field(description="The page where the phone pays.")
    qr_url: str = Field(description="The same as a QR code (SVG).")

    @computed_field(description="For people.", examples=["14.90"])  # type: ignore[prop-decorator]
    @property
    def amount(self) -> str:
        return Money(self.amount_minor, self.currency).decimal()


class Refund(Priced):
    """Money given back."""

    id: str
    order_id: str | None
    payment_id: str = Field(description="Which payment of the order it is of.")
    amount_minor: int = Field(examples=[490])
    state: str = Field(
        description="pending, succeeded, failed, or manual: to be paid back by hand.",
        examples=["succeeded"],
    )
    reason: str
    created_ms: int


class Payment(Priced):
    """A captured part of an order."""

    id: str
    payer_id: str
    provider: str = Field(examples=["stripe"])
    amount_minor: int
    refunded_minor: int = Field(description="Given back, or about to be.")
    captured_ms: int


class Parcel(Answer):
    """Pieces of an order that one warehouse ships."""

    warehouse_id: str = Field(examples=["main"])
    sku: str
    quantity: int


class PaidOrder(Order):
    """An order with its payments."""

    lines: tuple[GivenLine, ...]
    payments: tuple[Payment, ...]
    refunded_minor: int
    parcels: tuple[Parcel, ...] = Field(default=(), description="Several when it was split.")


class Credit(Priced):
    """Store credit, or what is on a gift card."""

    id: str
    kind: str = Field(description="credit or gift.", examples=["credit"])
    balance_minor: int
    available_minor: int = Field(description="Less what payments under way have reserved.")
    expires_ms: int | None


class KeptMethod(Answer):
    """A card that the payment provider keeps for you; its number is there, and not here."""

    payment_method: str = Field(
        description="What a payment takes.", examples=["stripe:saved:pm_1Example"]
    )
    brand: str = Field(examples=["visa"])
    last4: str = Field(description="Last four digits of its number.", examples=["4242"])


class GiftCard(Answer):
    """A new gift card. Whoever has the code can spend it."""

    code: str
    credit: Credit


class Gift(Answer):
    """A line that somebody wants to give you."""

    line_id: str
    giver_id: str
    receiver_id: str
    accepted: bool | None = Field(description="Null until it is answered.")


class NoticeTaken(Answer):
    """What became of a webhook."""

    outcome: str = Field(description="taken, doubled or unknown.", examples=["taken"])


class Address(BaseModel):
    """Who gets an order and where; a guest needs no more than this."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    email: str = Field(max_length=254, examples=["ada@example.org"])
    name: str = Field(max_length=200)
    line1: str = Field(max_length=200)
    line2: str = Field(default="", max_length=200)
    city: str = Field(max_length=200)
    postal_code: str = Field(max_length=32)
    country: str = Field(max_length=2, description="ISO 3166-1, two letters.", examples=["AT"])

    def contact(self) -> Contact:
        """As commerce wants it. Raises INVALID_CONTACT with all fields that are not right."""
        return Contact(**self.model_dump())
