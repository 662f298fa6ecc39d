"""What a simulated shop may tell a room: carts, checkouts, orders, stock, gifts, waiting lines.

Where the choices come from (a seed, or hypothesis) is handed in.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from rooms import commands, commands_together
from rooms.basket import Gift, OwnCheckout, Place, Share
from rooms.commands import Command
from rooms.types import Item, OwnDisplay, OwnPlace
from tests.rooms.hall import LAMP, MUG, NOW_MS, cart, checkout, line

T = TypeVar("T")

AVATARS = (1, 2, 3, 1, 2, 3, 4, 6)
PEOPLE = ("p1", "p2", "p3", "p4", "p5")
PARTIES = ("duo", "duo", "party-of-1", "party-of-3")
LINES, CHECKOUTS = ("a", "b"), ("c1", "c2")
WAITS_MS = (1, 50, 400, 1_000, 1_000, 2_000, 5_000, 10_000, 15_000)


class Pick(Protocol):
    """Chooses one of some values."""

    def __call__(self, choices: Sequence[T], /) -> T: ...


def news(pick: Pick) -> Command:
    party, person, checkout_id = pick(PARTIES), pick(PEOPLE), pick(CHECKOUTS)
    version, product_id = pick(range(8)), pick((MUG, LAMP))
    if pick((True, False, False)):
        return _together(pick, party, person, checkout_id)
    match pick(range(6)):
        case 0:
            lines = (line("a", MUG, person), line("b", LAMP, pick(PEOPLE)))[: pick(range(3))]
            shown = cart(version, lines, checkout_id=pick(("", checkout_id)))
            return commands.CartUpdated(party, shown)
        case 1:
            state = pick(("locked", "paying", "paid", "released"))
            return commands.CheckoutUpdated(party, checkout(checkout_id, state, version))
        case 2:
            order_id = pick(("o1", "o2"))
            bought = (("1 × Mug",), (MUG, LAMP))
            return commands.OrderPaid(party, order_id, checkout_id, person, 900, "EUR", *bought)
        case 3:
            return commands.StockUpdated(pick(("LAMP", "ELEPHANT")), LAMP, version, version)
        case 4:
            return commands.HoldExpired(party, pick(LINES), product_id)
    items = (Item(product_id, 0.5, "r", "R"),)
    places = (OwnPlace(0, items[0], (pick(PEOPLE), pick(PEOPLE))), OwnPlace(1, items[0], ()))
    displays = (OwnDisplay(person, places), OwnDisplay(pick(PEOPLE), places))
    return commands.RecommendationsReady(pick((0, *AVATARS)), party, items, displays)


def _together(pick: Pick, party: str, person: str, checkout_id: str) -> Command:
    """News of paying together, of gifts and of waiting lines."""
    version, line_id, other = pick(range(8)), pick(LINES), pick(PEOPLE)
    gift = Gift(line_id, MUG, "Mug", "", 1, person, "One", other, "Two", "offered")
    match pick(range(6)):
        case 0:
            shares = (Share(person, "One", 400, "", "open"), Share(other, "Two", -1, "", "paid"))
            shown = replace(checkout(checkout_id, "paying", version), shares=shares)
            own = (OwnCheckout(other, replace(shown, due_minor=500)),)
            accepted = (replace(gift, state="accepted"),)[: pick(range(2))]
            return commands.CheckoutUpdated(party, shown, own[: pick(range(2))], accepted)
        case 1:
            gifts = (gift,)[: pick(range(2))]
            return commands_together.GiftsUpdated(party, version, gifts)
        case 2:
            outcome = pick(("accepted", "declined", "withdrawn", "over"))
            return commands_together.GiftEnded(party, line_id, outcome)
        case 3:
            state = pick(("waiting", "admitted", "left", "over"))
            until_ms = NOW_MS + pick(WAITS_MS)
            place = Place(pick(("LAMP", "ELEPHANT")), "", state, version, 9, -1, until_ms)
            return commands_together.PlaceUpdated(person, place)
        case 4:
            return commands_together.ChallengeReady(person, checkout_id, "ch", "url", "Look.", 9)
    until_ms = NOW_MS + pick(WAITS_MS)
    return commands_together.LineMoved("LAMP", (person,)[: pick(range(2))], until_ms, version)
