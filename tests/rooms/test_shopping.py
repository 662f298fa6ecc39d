"""The room asks commerce, and shows what it says."""

from dataclasses import replace

import pytest

from rooms import commands, effects
from rooms.commands import (
    AddToCart,
    CartUpdated,
    CheckoutUpdated,
    HoldExpired,
    OrderPaid,
    RequestCompleted,
    RequestFailed,
    SetQuantity,
    StockUpdated,
)
from rooms.effects import AddLine, ChangeLine
from rooms.events import (
    Answer,
    CartChanged,
    CheckoutChanged,
    Error,
    HoldEnded,
    OrderConfirmed,
    RoomState,
    StockChanged,
)
from rooms.settings import RoomSettings
from rooms.types import StockView
from tests.rooms.hall import (
    LAMP,
    MUG,
    SHOE,
    Hall,
    cart,
    checkout,
    entering,
    heard,
    line,
    signals,
    told,
)

PAID = OrderPaid("duo", "order-1", "checkout-1", "p1", 3_000, "EUR", ("1 × Mug",), (MUG, LAMP))


def duo(settings: RoomSettings | None = None) -> Hall:
    """Avatars 1 and 2 in the party "duo", avatar 3 alone."""
    hall = Hall(settings)
    hall.enter(1, party_id="duo", party_code="CODE42")
    hall.enter(2, party_id="duo", party_code="CODE42")
    hall.enter(3)
    return hall


# --- asking -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "effect"),
    [
        (AddToCart(1, 5, "LAMP", 2), AddLine(1, 5, "p1", "duo", "LAMP", 2)),
        (SetQuantity(1, 5, "l", 3), ChangeLine(1, 5, "p1", "duo", "l", 3)),
        (commands.RemoveFromCart(1, 5, "l"), ChangeLine(1, 5, "p1", "duo", "l", 0)),
        (commands.LockCheckout(1, 5, 900), effects.OpenCheckout(1, 5, "p1", "duo", 900)),
        (commands.UnlockCheckout(1, 5, "c"), effects.ReleaseCheckout(1, 5, "p1", "duo", "c")),
        (
            commands.Pay(1, 5, "c", 900, "key", "test:0"),
            effects.StartPayment(1, 5, "p1", "duo", "c", 900, "key", "test:0"),
        ),
        (
            commands.ConfirmPayment(1, 5, "c", "ch", "approve"),
            effects.AnswerChallenge(1, 5, "p1", "duo", "c", "ch", "approve"),
        ),
    ],
)
def test_a_request_becomes_an_effect_and_is_answered_by_its_outcome(
    command: commands.AvatarCommand, effect: effects.Effect
) -> None:
    hall = duo()
    step = hall.step(command, after_ms=5_000)
    assert step.events == ()
    assert step.effects == (effect,)
    step = hall.step(RequestCompleted(1, 5, {"cart_version": 7}))
    assert heard(step, 1, Answer) == [Answer(5, {"cart_version": 7})]
    assert hall.step(RequestCompleted(1, 5, {}), RequestFailed(1, 5, "X", "x", {})).events == ()


def test_a_failure_is_told_as_it_is() -> None:
    hall = duo()
    hall.step(AddToCart(1, 5, "LAMP", 1))
    step = hall.step(RequestFailed(1, 5, "SOLD_OUT", "Sold out.", {"available": 0}))
    assert heard(step, 1, Error) == [Error(5, "SOLD_OUT", "Sold out.", {"available": 0})]
    assert signals(step) == []


def test_what_the_room_can_tell_is_refused_at_once() -> None:
    hall = duo()
    assert hall.code(AddToCart, 1, "ELEPHANT", 1) == "SKU_NOT_HERE"
    assert hall.code(AddToCart, 1, "LAMP", 0) == "LIMIT_REACHED"
    assert hall.code(AddToCart, 1, "LAMP", 100) == "LIMIT_REACHED"
    assert hall.code(SetQuantity, 1, "l", -1) == "LIMIT_REACHED"
    assert hall.code(AddToCart, 9, "LAMP", 1) == "NOT_IN_ROOM"


def test_waiting_requests_are_bounded() -> None:
    hall = duo(RoomSettings(requests_pending_per_avatar=2))
    hall.step(AddToCart(1, 5, "LAMP", 1), AddToCart(1, 6, "LAMP", 1))
    assert hall.code(AddToCart, 1, "LAMP", 1) == "BUSY"
    hall.step(RequestCompleted(1, 5, {}))
    assert len(hall.step(AddToCart(1, 7, "LAMP", 1)).effects) == 1


def test_a_request_that_is_said_again_while_it_waits_is_done_once() -> None:
    hall = duo()
    hall.step(AddToCart(1, 5, "LAMP", 1))
    step = hall.step(AddToCart(1, 5, "LAMP", 1), commands.Grab(1, 5, 1, "left"))
    assert (step.events, step.effects) == ((), ())


def test_outcomes_for_who_is_gone_are_dropped() -> None:
    hall = duo()
    hall.step(AddToCart(1, 5, "LAMP", 1))
    hall.step(commands.Leave(1, 6))
    step = hall.step(RequestCompleted(1, 5, {}), RequestFailed(1, 5, "X", "x", {}))
    assert (step.events, step.effects) == ((), ())
    hall.step(entering(1, 7))
    assert hall.step(RequestCompleted(1, 5, {})).events == ()


# --- signals ------------------------------------------------------------------------------------


def test_adding_and_removing_count_when_they_are_done() -> None:
    hall = duo()
    assert signals(hall.step(AddToCart(1, 5, "LAMP", 1))) == []
    assert signals(hall.step(RequestCompleted(1, 5, {}))) == [("p1", "add", LAMP, 1)]
    hall.step(CartUpdated("duo", cart(1, (line("a", LAMP), line("b", MUG)))))
    hall.step(commands.RemoveFromCart(2, 5, "a"), SetQuantity(2, 6, "b", 0))
    step = hall.step(RequestCompleted(2, 5, {}), RequestCompleted(2, 6, {}))
    assert signals(step) == [("p2", "remove", LAMP, 1), ("p2", "remove", MUG, 1)]
    hall.step(SetQuantity(2, 7, "b", 2), commands.RemoveFromCart(2, 8, "unknown"))
    step = hall.step(RequestCompleted(2, 7, {}), RequestCompleted(2, 8, {}))
    assert signals(step) == []


def test_an_expired_hold_is_its_owners() -> None:
    hall = duo()
    hall.step(CartUpdated("duo", cart(1, (line("a", LAMP, "p2"), line("b", MUG, "p9")))))
    step = hall.step(HoldExpired("duo", "a", LAMP), HoldExpired("duo", "b", MUG))
    assert heard(step, 1, HoldEnded) == [HoldEnded("a", LAMP), HoldEnded("b", MUG)]
    assert heard(step, 3, HoldEnded) == []
    assert signals(step) == [("p2", "hold_expired", LAMP, 1)]
    assert hall.step(HoldExpired("nobody's", "a", LAMP)).events == ()


# --- orders -------------------------------------------------------------------------------------


def test_an_order_is_told_to_the_party_once() -> None:
    hall = duo()
    step = hall.step(PAID, PAID)
    (confirmed,) = heard(step, 2, OrderConfirmed)
    assert (confirmed.order_id, confirmed.payer_name) == ("order-1", "Person 1")
    assert heard(step, 3, OrderConfirmed) == []
    assert hall.step(replace(PAID, party_id="nobody's")).events == ()


@pytest.mark.parametrize("cart_first", [True, False])
def test_everybody_bought_their_own_lines(cart_first: bool) -> None:
    hall = duo()
    lines = (line("a", MUG, "p1"), line("b", LAMP, "p2"), line("c", LAMP, "p2"))
    locked_cart = CartUpdated("duo", cart(2, lines, checkout_id="checkout-1"))
    locked = CheckoutUpdated("duo", checkout())
    hall.step(*((locked_cart, locked) if cart_first else (locked, locked_cart)))
    # The cart is empty before the order is told.
    hall.step(
        CheckoutUpdated("duo", checkout(state="paid", version=3)), CartUpdated("duo", cart(3))
    )
    assert signals(hall.step(PAID)) == [("p1", "buy", MUG, 1), ("p2", "buy", LAMP, 1)]


def test_what_nobody_is_known_to_have_put_in_is_the_payers() -> None:
    hall = duo()
    hall.step(
        CartUpdated("duo", cart(2, (line("a", SHOE, "p2"), line("b", LAMP, "p9")))),
        CheckoutUpdated("duo", checkout()),
    )
    # The lamp's owner is not in this room: whether they consented is not known here.
    assert signals(hall.step(PAID)) == [("p1", "buy", MUG, 1)]


def test_an_order_of_another_checkout_is_the_payers() -> None:
    hall = duo()
    hall.step(CartUpdated("duo", cart(2, (line("a", MUG, "p2"),))))
    hall.step(CheckoutUpdated("duo", checkout("checkout-0")))
    assert signals(hall.step(PAID)) == [("p1", "buy", MUG, 1), ("p1", "buy", LAMP, 1)]


@pytest.mark.parametrize(
    ("payer", "name"),
    [("p2", "Person 2"), ("p9", "Nine"), ("p8", "Name of p8"), ("p7", "somebody")],
)
def test_the_payer_has_a_name(payer: str, name: str) -> None:
    hall = duo()
    hall.step(CartUpdated("duo", cart(1, (line("a", MUG, "p8"),))))
    hall.step(CheckoutUpdated("duo", checkout()))
    step = hall.step(replace(PAID, payer_person_id=payer))
    assert heard(step, 1, OrderConfirmed)[0].payer_name == name


# --- projections --------------------------------------------------------------------------------


def test_only_a_newer_cart_is_shown() -> None:
    hall = duo()
    step = hall.step(CartUpdated("duo", cart(5)), CartUpdated("duo", cart(4)))
    assert [changed.cart.version for changed in heard(step, 1, CartChanged)] == [5]
    assert heard(step, 3, CartChanged) == []
    assert hall.step(CartUpdated("duo", cart(5))).events == ()
    assert len(hall.step(CartUpdated("duo", cart(5, (line(),)))).events) == 1
    assert hall.step(CartUpdated("nobody's", cart(1))).events == ()


def test_only_a_newer_checkout_is_shown() -> None:
    hall = duo()

    def shown(checkout_id: str, state: str, version: int) -> bool:
        step = hall.step(CheckoutUpdated("duo", checkout(checkout_id, state, version)))
        return bool(heard(step, 2, CheckoutChanged))

    assert shown("one", "locked", 2)
    assert not shown("one", "locked", 2)
    assert not shown("one", "paying", 1)
    assert shown("one", "released", 3)
    assert shown("two", "locked", 1)
    assert not shown("one", "released", 9)
    assert shown("two", "paying", 2)
    assert shown("three", "locked", 1)
    assert shown("three", "paid", 2)
    assert hall.step(CheckoutUpdated("nobody's", checkout())).events == ()


def test_a_late_joiner_gets_cart_and_checkout() -> None:
    hall = duo()
    hall.step(CartUpdated("duo", cart(5)), CheckoutUpdated("duo", checkout()))
    (state,) = heard(hall.step(entering(4, party_id="duo")), 4, RoomState)
    assert (state.cart, state.checkout) == (cart(5), checkout())
    (state,) = heard(hall.step(entering(5)), 5, RoomState)
    assert (state.cart, state.checkout) == (None, None)


def test_stock_is_shown_to_all_when_it_is_newer_and_sold_here() -> None:
    hall = duo()
    step = hall.step(
        StockUpdated("LAMP", LAMP, 3, 7),
        StockUpdated("LAMP", LAMP, 9, 7),
        StockUpdated("LAMP", LAMP, 9, 6),
        StockUpdated("ELEPHANT", "elephant", 1, 1),
        StockUpdated("LAMP", LAMP, 2, 8),
    )
    assert [changed.stock.available for changed in heard(step, 3, StockChanged)] == [3, 2]
    assert len(told(step, StockChanged)) == 2
    (state,) = heard(hall.step(entering(4)), 4, RoomState)
    assert state.stock == (StockView("LAMP", LAMP, 2, 8),)
