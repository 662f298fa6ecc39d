"""`/recommendations`: what somebody, or their party, would like to see next."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from recommender.errors import RecommenderError
from server.http.dependencies import GuestHere, ServicesHere
from server.http.openapi import errors
from server.http.schemas import Suggestion
from server.services import Services

router = APIRouter(tags=["Recommendations"])

COUNT_MAX = 50


@router.get("/recommendations", responses=errors("TOKEN_MISSING", "TOKEN_INVALID", "TOKEN_EXPIRED"))
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
    if scope == "party":
        cart = await services.commerce.cart_of(guest.person_id)
        await _know(services, cart.members)
        ranked = services.recommender.for_party(cart.id, cart.members, count, now)
    else:
        await _know(services, (guest.person_id,))
        ranked = services.recommender.for_person(guest.person_id, count, now)
    return [Suggestion.model_validate(entry) for entry in ranked]


async def _know(services: Services, people: Iterable[str]) -> None:
    """Bring back what is stored of people who are in a room of another worker, not of ours."""
    if services.link is None:
        return
    for person_id in people:
        with suppress(RecommenderError):
            await services.recommender.load_person(person_id)
