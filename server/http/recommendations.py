"""`/recommendations`: what somebody, or their party, would like to see next."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from recommender.errors import InvalidInteractionError, RecommenderError
from recommender.interactions import ID_LENGTH_LIMIT, ConsentClass, Interaction, Signal
from recommender.outcomes import outcomes
from recommender.preferences import WISHES_LIMIT, Preferences
from server.errors import GalleriaError
from server.http.dependencies import GuestHere, HostHere, ServicesHere
from server.http.openapi import SIGNED_IN, STAFF, errors
from server.http.schemas import Answer, Suggestion
from server.observe.recommender_numbers import recommender_numbers
from server.services import Services

router = APIRouter(tags=["Recommendations"])

COUNT_MAX = 50
PLACES_MAX = 24
"""A wall of shelves; more would not be looked at."""

Wish = Annotated[str, Field(min_length=1, max_length=ID_LENGTH_LIMIT)]
WishList = Annotated[list[Wish], Field(max_length=WISHES_LIMIT)]


class Wishes(BaseModel):
    """What somebody says they like, in the words of the catalogue."""

    model_config = ConfigDict(extra="forbid")

    departments: WishList = Field(default_factory=list, examples=[["Kitchen"]])
    brands: WishList = Field(default_factory=list)
    tags: WishList = Field(default_factory=list)
    price_limit_minor: int | None = Field(
        default=None, ge=0, le=10**12, strict=True, description="Dearer products come later."
    )


class Like(BaseModel):
    """A product that somebody likes."""

    model_config = ConfigDict(extra="forbid")

    product_id: str = Field(min_length=1, max_length=ID_LENGTH_LIMIT, examples=["stoneware-mug"])
    remember: bool = Field(default=False, description="Whether the store may keep it.")


class Displayed(BaseModel):
    """A product on one place of a shelf, from 0; `shared_with` friends see the same there."""

    place: int
    shared_with: int
    suggestion: Suggestion


class SlotShown(Answer):
    """What was shown on one place of the lists, and what people did with it.

    Only what people let the shop keep is counted, and a showing when it is over.
    """

    slot: int = Field(description="The place, from 1; the last one stands for all below it too.")
    shown: int
    seconds: float = Field(description="For how long, all showings together.")
    answered: int = Field(description="Showings that somebody did more with than look.")
    dwell: int = Field(description="Looks at it; a long one counts in pieces.")
    add: int = Field(description="Put in the cart after it was shown there.")
    buy: int
    propensity: float = Field(description="How likely this place is looked at, over the best one.")


class ArmShown(Answer):
    """One arm of the running test."""

    arm: str
    parties: int = Field(description="Parties that were shown something.")
    converted: int = Field(description="Of these, parties that added or bought what they saw.")
    share: float


class Figures(Answer):
    """How the recommendations are doing since the server was started."""

    slots: list[SlotShown]
    arms: list[ArmShown] = Field(description="Empty when no test runs.")
    p_value: float | None = Field(
        description="Of a sequential test by party: it may be looked at at any time."
    )


@router.get("/recommendations", responses=errors(*SIGNED_IN))
async def list_recommendations(
    guest: GuestHere,
    services: ServicesHere,
    scope: Annotated[
        Literal["you", "party"], Query(description="For you, or for all who share your cart.")
    ] = "you",
    count: Annotated[int, Query(ge=1, le=COUNT_MAX)] = 8,
) -> list[Suggestion]:
    """Products ranked for you or for your party, each with the reason why.

    What was done in rooms counts only as far as its doer consented.
    """
    now = services.clock()
    cart = await services.commerce.cart_of(guest.person_id)
    if scope == "party":
        await _know(services, cart.members)
        ranked = services.recommender.for_party(cart.id, cart.members, count, now)
    else:
        await _know(services, (guest.person_id,))
        ranked = services.recommender.for_person(guest.person_id, count, now, party_id=cart.id)
    return [Suggestion.model_validate(entry) for entry in ranked]


@router.get("/recommendations/display", responses=errors(*SIGNED_IN))
async def show_display(
    guest: GuestHere,
    services: ServicesHere,
    places: Annotated[int, Query(ge=1, le=PLACES_MAX, description="Places of the shelf.")] = 8,
) -> list[Displayed]:
    """What you see on a shelf that fills itself for you and your friends.

    Everybody in the party asks for themselves. Where something is worth talking about, all or some
    of you see the same; elsewhere each sees their own. The first places count most. In a room the
    same shelf comes by itself (Recommendations with the scope display).
    """
    cart = await services.commerce.cart_of(guest.person_id)
    await _know(services, cart.members)
    cells = services.recommender.for_display(cart.id, cart.members, places, services.clock())
    if guest.person_id not in cells:
        # A party can be too large for one shelf; they have one of their own.
        cells = services.recommender.for_display(
            cart.id, (guest.person_id,), places, services.clock()
        )
    return [
        Displayed(
            place=cell.place,
            shared_with=len(cell.shared_with),
            suggestion=Suggestion.model_validate(cell.recommendation),
        )
        for cell in cells[guest.person_id]
    ]


@router.get("/recommendations/figures", responses=errors(*STAFF))
async def show_figures(_host: HostHere, services: ServicesHere) -> Figures:
    """What came of what was shown, place by place, and the test that runs. For hosts.

    With several workers, the numbers of all.
    """
    if services.link is None:
        processes = [services.recommender.numbers()]
    else:
        found = await services.link.expositions()
        processes = [recommender_numbers(exposition.text) for exposition in found]
    return Figures.model_validate(outcomes(processes))


@router.get("/recommendations/preferences", responses=errors(*SIGNED_IN, "STORE_BUSY"))
async def get_preferences(guest: GuestHere, services: ServicesHere) -> Wishes:
    """What you told the store that you like."""
    with _store_errors():
        found = await services.recommender.preferences(guest.person_id)
    return Wishes(
        departments=list(found.departments),
        brands=list(found.brands),
        tags=list(found.tags),
        price_limit_minor=found.price_limit_minor,
    )


@router.put(
    "/recommendations/preferences",
    responses=errors(*SIGNED_IN, "REQUEST_INVALID", "STORE_BUSY"),
)
async def put_preferences(body: Wishes, guest: GuestHere, services: ServicesHere) -> Wishes:
    """Tell the store what you like; it replaces what you said before.

    It is stored because you say so, moves your lists at once, is never shown to anybody else, and
    an empty answer takes it back.
    """
    with _store_errors():
        preferences = Preferences(
            tuple(body.departments), tuple(body.brands), tuple(body.tags), body.price_limit_minor
        )
        await services.recommender.set_preferences(guest.person_id, preferences)
    await _tell_rooms(services, guest.person_id)
    return body


@router.post(
    "/recommendations/likes", status_code=204, responses=errors(*SIGNED_IN, "PRODUCT_NOT_FOUND")
)
async def like_product(body: Like, guest: GuestHere, services: ServicesHere) -> None:
    """Say that you like a product.

    With `remember` the store keeps it under your id and learns from it; without, it moves your
    lists until you leave.
    """
    consent = {ConsentClass.SESSION} | ({ConsentClass.PERSONAL} if body.remember else set())
    if not services.recommender.knows(body.product_id):
        raise GalleriaError("PRODUCT_NOT_FOUND", "There is no such product.", {}, 404)
    services.recommender.observe(
        Interaction(
            guest.person_id, body.product_id, Signal.LIKE, services.clock(), frozenset(consent)
        )
    )
    await _tell_rooms(services, guest.person_id, "" if body.remember else body.product_id)


@contextmanager
def _store_errors() -> Iterator[None]:
    """The recommender's errors as those of this interface."""
    try:
        yield
    except InvalidInteractionError as error:
        problems = [{"field": error.data["field"], "problem": error.message}]
        raise GalleriaError(
            "REQUEST_INVALID", error.message, {"problems": problems}, 422
        ) from error
    except RecommenderError as error:
        raise GalleriaError("STORE_BUSY", "Please try again in a moment.", {}, 503) from error


async def _tell_rooms(services: Services, person_id: str, liked_id: str = "") -> None:
    """New lists wherever the person sits. `liked_id`: what they like and nobody may store."""
    services.taste_changed(person_id)
    if services.link is not None:
        # The other workers read it in the database.
        with suppress(RecommenderError):
            await services.recommender.flush()
        services.link.taste_changed(person_id, liked_id)


async def _know(services: Services, people: Iterable[str]) -> None:
    """Bring back what is stored of people who sit in a room of another worker, or in none."""
    for person_id in people:
        with suppress(RecommenderError):
            await services.recommender.load_person(person_id)
