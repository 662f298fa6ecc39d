"""`/me` and `/people`: somebody asks to be forgotten."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from commerce import Erasure
from server.http.dependencies import FormerGuestHere, HostHere, ServicesHere
from server.http.openapi import SIGNED_IN, STAFF, STORE, errors
from server.http.schemas import Answer, Priced
from server.services import Services

router = APIRouter(tags=["Privacy"])

PersonId = Annotated[str, Path(max_length=128, examples=["person-5f0c1c0a9d6e4a53b1d2c3e4"])]
Forfeits = Annotated[
    bool, Query(description="Store credit that is left is given up. It cannot be brought back.")
]

_REFUSALS = (*STORE, "CART_LOCKED", "CREDIT_LEFT", "INVALID_ID")


class GivenUp(Priced):
    """Store credit that is gone."""

    amount_minor: int = Field(examples=[700])


class Forgotten(Answer):
    """What was done. Asked again, it is the same."""

    erased_ms: int = Field(description="When it was, ms since the Unix epoch.")
    lines_removed: int = Field(description="Lines of carts; what was held for them is free.")
    places_given_up: int = Field(description="Places in waiting lines.")
    orders_kept: int = Field(
        description="Orders that the law has the shop keep: without name, address or contact."
    )
    forfeited: list[GivenUp]


@router.delete("/me", responses=errors(*SIGNED_IN, *_REFUSALS))
async def erase_me(
    guest: FormerGuestHere, services: ServicesHere, forfeit: Forfeits = False
) -> Forgotten:
    """Have everything forgotten that the shop knows about you.

    Your cart, what is held for you, your places in lines, addresses, kept cards, codes and blocks
    go, and so does what was learned from you, from the next model too. Your token is good for
    nothing any more but asking this again, and game sockets are closed (4003). Orders and payments
    stay in the books without your name and address: wait for what is still on its way to you.

    While you are at the till or paying, the answer is CART_LOCKED and nothing has changed; so it is
    with store credit (CREDIT_LEFT) unless you `forfeit` it. Gift cards are nobody's and stay good.
    """
    return await _erase(services, guest.person_id, forfeit=forfeit)


@router.delete("/people/{person_id}", responses=errors(*STAFF, *_REFUSALS))
async def erase_person(
    person_id: PersonId, _host: HostHere, services: ServicesHere, forfeit: Forfeits = False
) -> Forgotten:
    """Have somebody forgotten who asked for it in another way; as `DELETE /me`. For hosts."""
    return await _erase(services, person_id, forfeit=forfeit)


async def _erase(services: Services, person_id: str, *, forfeit: bool) -> Forgotten:
    erased: Erasure = await services.commerce.erasures.erase(person_id, forfeit=forfeit)
    # Everything else follows when it is told, in every process; the token ends with this answer.
    services.guests.revoke(person_id)
    return Forgotten.model_validate(erased)
