"""The shapes of answers. They are a contract with clients: fields are added, never changed.

Money is shown twice: `price_minor` (an integer of minor units, to calculate with) beside `currency`
(ISO 4217), and `price` (a decimal text, to show). Times are ms since the Unix epoch.
"""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, computed_field

from commerce import CartView, CheckoutView, OrderView, ProductView, TrackingView
from recommender.service import Recommendation
from server.auth.tokens import IssuedToken
from server.http.prices import price_text
from server.registry import RoomSummary


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


class Seat(Answer):
    """A seat that is kept for you."""

    seat_token: str = Field(description="For the Join message; works once.")
    room_id: str = Field(examples=["grand-hall"])
    expires_ms: int = Field(description="Take it before, ms since the Unix epoch.")
    socket_url: str = Field(examples=["ws://127.0.0.1:8080/ws"])


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

    @computed_field(description="For people.", examples=["14.90"])  # type: ignore[prop-decorator]
    @property
    def price(self) -> str:
        return price_text(self.price_minor, self.currency)


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
        return price_text(self.price_minor, self.currency)

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
