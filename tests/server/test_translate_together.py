"""What commerce says about paying together, in the words of rooms."""

from dataclasses import replace

import pytest

from commerce import (
    CartLineView,
    CartView,
    ChallengeView,
    CheckoutState,
    CheckoutView,
    FailureView,
    HoldState,
    QuoteLineView,
)
from commerce.drop_events import LineMoved
from commerce.gift import Gift
from commerce.views import ShareState, ShareView
from commerce.waiting_line import Standing
from rooms.basket import Place
from rooms.commands_together import ChallengeReady
from rooms.commands_together import LineMoved as RoomLineMoved
from server import translate_together

LINE = QuoteLineView(
    line_id="a",
    sku="MUG",
    product_id="mug",
    name="Mug",
    options={"colour": "Blue"},
    quantity=2,
    unit_price_minor=500,
    currency="EUR",
    owner_id="ann",
)
SHARES = (
    ShareView("ann", 600, None, ShareState.OPEN),
    ShareView("bob", 400, "ann", ShareState.AUTHORISED),
    ShareView("cleo", None, None, ShareState.OPEN),
)
VIEW = CheckoutView(
    id="checkout",
    cart_id="cart",
    version=3,
    state=CheckoutState.LOCKED,
    locked_by="ann",
    total_minor=1_000,
    currency="EUR",
    expires_ms=99,
    quote_hash="hash",
    lines=(LINE,),
    order_id=None,
    payer_id=None,
    challenge=None,
    in_doubt=False,
    last_failure=None,
    released_reason=None,
)


def name_of(person_id: str) -> str:
    return person_id.title()


def test_one_pays_all_and_it_can_be_anybody() -> None:
    shown = translate_together.checkout(VIEW, name_of)
    assert (shown.part_minor, shown.due_minor, shown.shares) == (1_000, 1_000, ())
    paying = replace(VIEW, state=CheckoutState.PAYING)
    assert translate_together.checkout(paying, name_of).due_minor == 0


@pytest.mark.parametrize(
    ("person", "part_minor"), [("", 0), ("ann", 1_000), ("bob", 0), ("cleo", 0)]
)
def test_a_part_is_of_those_who_pay_it(person: str, part_minor: int) -> None:
    view = replace(VIEW, shares=SHARES, due_minor=7 if person else None)
    shown = translate_together.checkout(view, name_of, person)
    assert (shown.part_minor, shown.due_minor) == (part_minor, 7 if person else 0)
    assert [(s.name, s.amount_minor, s.covered_by_person_id, s.state) for s in shown.shares] == [
        ("Ann", 600, "", "open"),
        ("Bob", 400, "ann", "authorised"),
        ("Cleo", -1, "", "open"),
    ]


def test_whose_part_failed_and_why_it_ended() -> None:
    failed = FailureView("PAYMENT_DECLINED", "The bank said no.", "bob")
    view = replace(VIEW, last_failure=failed, released_reason="expired")
    shown = translate_together.checkout(view, name_of)
    assert (shown.failure_person_id, shown.failure_name) == ("bob", "Bob")
    assert shown.released_reason == "expired"
    nobody = replace(VIEW, last_failure=FailureView("SHARES_NOT_PAID", "Too late."))
    assert translate_together.checkout(nobody, name_of).failure_name == ""


def test_the_page_of_a_bank_is_for_its_payer() -> None:
    asked = ChallengeView("challenge", "Look there.", "https://bank.test", 99, "ann")
    view = replace(VIEW, state=CheckoutState.PAYING, challenge=asked)
    ready = ChallengeReady("ann", "checkout", "challenge", "https://bank.test", "Look there.", 99)
    assert translate_together.challenge_ready(view, "ann") == ready
    assert translate_together.challenge_ready(view, "bob") is None
    here = replace(view, challenge=replace(asked, url=None))
    assert translate_together.challenge_ready(here, "ann") is None
    assert translate_together.challenge_ready(VIEW, "ann") is None
    assert translate_together.checkout(view, name_of).challenge_person_id == "ann"


def test_offers_are_of_lines_in_this_cart() -> None:
    line = CartLineView(
        line_id="a",
        sku="MUG",
        product_id="mug",
        name="Mug",
        options={"colour": "Blue", "size": "L"},
        quantity=2,
        unit_price_minor=500,
        owner_id="ann",
        contributor_ids=(),
        hold_state=HoldState.HELD,
        hold_expires_ms=99,
    )
    cart = CartView("cart", 1, "EUR", 1_000, ("ann", "bob"), (line,), None)
    offers = [
        Gift("a", "cart", "ann", "bob", None),
        Gift("gone", "cart", "ann", "bob", None),
        Gift("a", "another cart", "ann", "bob", None),
    ]
    (gift,) = translate_together.gifts_of(offers, cart, name_of)
    assert (gift.options, gift.from_name, gift.to_name, gift.state) == (
        "Blue, L",
        "Ann",
        "Bob",
        "offered",
    )


def test_an_accepted_gift_is_said_to_be() -> None:
    line = CartLineView("a", "MUG", "mug", "Mug", {}, 1, 500, "ann", (), HoldState.HELD, 99)
    cart = CartView("cart", 1, "EUR", 500, ("ann", "bob"), (line,), None)
    (gift,) = translate_together.gifts_of([Gift("a", "cart", "ann", "bob", True)], cart, name_of)
    assert gift.state == "accepted"


def test_gifts_of_a_locked_cart_were_accepted() -> None:
    view = replace(VIEW, lines=(LINE, replace(LINE, line_id="b", gift_for="bob")))
    (gift,) = translate_together.accepted_gifts(view, name_of)
    assert (gift.line_id, gift.from_person_id, gift.to_person_id) == ("b", "ann", "bob")
    assert gift.state == "accepted"


def test_places() -> None:
    waiting = Standing("MUG", 3, 9, None, None)
    assert translate_together.place(waiting) == Place("MUG", "", "waiting", 3, 9, -1, 0)
    admitted = Standing("MUG", 0, 9, 0, 77)
    assert translate_together.place(admitted) == Place("MUG", "", "admitted", 0, 9, 0, 77)
    assert translate_together.no_place("MUG", "over").state == "over"


def test_a_line_moves() -> None:
    moved = translate_together.line_moved(LineMoved(1, "MUG", ("ann",), 77, 4))
    assert moved == RoomLineMoved("MUG", ("ann",), 77, 4)
    assert translate_together.line_moved(LineMoved(2, "MUG", (), None, 0)).admitted_until_ms == 0
