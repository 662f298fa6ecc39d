"""A gift is told to giver and receiver only, and the receiver never sees its price."""

from dataclasses import replace

import pytest

from rooms.basket import Cart, Gift
from rooms.commands import (
    CartUpdated,
    CheckoutUpdated,
    JoinParty,
    LockCheckout,
    PartyCompleted,
    RequestCompleted,
)
from rooms.commands_together import AnswerGift, GiftEnded, GiftsUpdated, OfferGift
from rooms.effects import AcceptGift, GiveLine, OpenCheckout
from rooms.events import CartChanged, Event, GiftAnswered, GiftOffered, RoomState
from rooms.room import Step
from tests.rooms.hall import (
    LAMP,
    MUG,
    Hall,
    cart,
    checkout,
    effects,
    entering,
    heard,
    line,
)

LINES = (line("a", MUG, "p1"), line("b", LAMP, "p2"))
PRESENT = Gift("a", MUG, "Mug", "", 1, "p1", "Person 1", "p2", "Person 2", "offered")


def trio() -> Hall:
    """Avatars 1, 2 and 3 in one party whose cart has two lines, 1,000 each."""
    hall = Hall()
    for avatar_id in (1, 2, 3):
        hall.enter(avatar_id, party_id="trio", party_code="CODE42")
    hall.step(CartUpdated("trio", cart(1, LINES)))
    return hall


def offered(version: int = 1, *gifts: Gift) -> GiftsUpdated:
    return GiftsUpdated("trio", version, gifts)


def last_cart(step: Step, avatar_id: int) -> Cart:
    return heard(step, avatar_id, CartChanged)[-1].cart


def gift_news(step: Step, avatar_id: int) -> list[Event]:
    return [
        out.event
        for out in step.events
        if isinstance(out.event, GiftOffered | GiftAnswered) and avatar_id in out.avatar_ids
    ]


def test_it_is_asked_of_commerce() -> None:
    hall = trio()
    assert effects(hall.step(OfferGift(1, 5, "a", "p2")), GiveLine) == [
        GiveLine(1, 5, "p1", "trio", "a", "p2")
    ]
    assert effects(hall.step(AnswerGift(2, 6, "a", True)), AcceptGift) == [
        AcceptGift(2, 6, "p2", "trio", "a", True)
    ]


def test_only_giver_and_receiver_are_told_and_the_price_is_hidden() -> None:
    hall = trio()
    step = hall.step(offered(1, PRESENT))
    assert gift_news(step, 1) == gift_news(step, 2) == [GiftOffered(PRESENT)]
    assert [out for out in step.events if 3 in out.avatar_ids] == []
    mine, theirs = last_cart(step, 1), last_cart(step, 2)
    assert (mine.total_minor, theirs.total_minor) == (2_000, 1_000)
    assert mine.lines[0].gift_for_person_id == theirs.lines[0].gift_for_person_id == "p2"
    assert (mine.lines[0].unit_price_minor, mine.lines[0].price_hidden) == (1_000, False)
    assert (theirs.lines[0].unit_price_minor, theirs.lines[0].price_hidden) == (0, True)
    assert theirs.lines[1] == LINES[1]
    assert hall.step(offered(1, PRESENT)).events == (), "told once"
    step = hall.step(CartUpdated("trio", cart(2, LINES)))
    assert last_cart(step, 2).total_minor == 1_000
    assert last_cart(step, 3) == cart(2, LINES)


def test_who_receives_locks_the_total_they_saw() -> None:
    hall = trio()
    hall.step(offered(1, PRESENT))
    for avatar_id, seen_minor, locked_minor in ((1, 2_000, 2_000), (2, 1_000, 2_000), (2, -1, -1)):
        step = hall.step(LockCheckout(avatar_id, hall.request_id(), seen_minor))
        assert [e.expected_total_minor for e in effects(step, OpenCheckout)] == [locked_minor]


def test_who_comes_later_sees_what_they_may() -> None:
    hall = trio()
    hall.step(offered(1, PRESENT))
    (state,) = heard(hall.step(entering(7, person_id="p2", party_id="trio")), 7, RoomState)
    assert state.gifts == (PRESENT,)
    assert state.cart is not None
    assert state.cart.total_minor == 1_000
    (state,) = heard(hall.step(entering(8, person_id="p3", party_id="trio")), 8, RoomState)
    assert (state.gifts, state.cart) == ((), cart(1, LINES))


@pytest.mark.parametrize("outcome", ["accepted", "declined", "withdrawn", "over"])
def test_how_it_went_is_told(outcome: str) -> None:
    hall = trio()
    hall.step(offered(1, PRESENT))
    step = hall.step(GiftEnded("trio", "a", outcome))
    assert gift_news(step, 1) == gift_news(step, 2) == [GiftAnswered("a", outcome)]
    assert gift_news(step, 3) == []
    assert hall.step(GiftEnded("trio", "a", outcome)).events == ()
    after = last_cart(hall.step(CartUpdated("trio", cart(2, LINES))), 2)
    assert after.total_minor == (1_000 if outcome == "accepted" else 2_000)


def test_what_ended_outside_of_the_room_is_noticed() -> None:
    hall = trio()
    hall.step(offered(1, PRESENT))
    step = hall.step(offered(1))
    assert gift_news(step, 1) == [GiftAnswered("a", "over")]
    assert last_cart(step, 2).total_minor == 2_000


def test_what_was_accepted_outside_of_the_room_is_known() -> None:
    hall, accepted = trio(), replace(PRESENT, state="accepted")
    hall.step(offered(1, PRESENT))
    step = hall.step(offered(2, accepted))
    assert gift_news(step, 1) == gift_news(step, 2) == [GiftAnswered("a", "accepted")]
    assert hall.step(offered(2, accepted)).events == ()
    hall = trio()
    step = hall.step(offered(1, accepted))
    assert gift_news(step, 2) == [GiftOffered(accepted)]
    assert last_cart(step, 2).total_minor == 1_000
    assert last_cart(hall.step(offered(2)), 2).total_minor == 2_000


def test_an_answer_under_way_says_more_than_that_it_is_gone() -> None:
    hall = trio()
    hall.step(offered(1, PRESENT))
    hall.step(AnswerGift(2, 6, "a", True))
    assert hall.step(offered(2)).events == ()
    step = hall.step(GiftEnded("trio", "a", "accepted"), RequestCompleted(2, 6, {}))
    assert gift_news(step, 1) == [GiftAnswered("a", "accepted")]


def test_news_of_an_older_cart_is_ignored() -> None:
    hall = trio()
    hall.step(CartUpdated("trio", cart(5, LINES)))
    assert hall.step(offered(4, PRESENT)).events == ()
    assert hall.step(GiftsUpdated("nobody's", 9, (PRESENT,))).events == ()
    assert hall.step(GiftEnded("nobody's", "a", "accepted")).events == ()


def test_another_receiver_is_another_gift() -> None:
    hall = trio()
    hall.step(offered(1, PRESENT))
    changed = replace(PRESENT, to_person_id="p3", to_name="Person 3")
    step = hall.step(offered(2, changed))
    assert gift_news(step, 2) == [GiftAnswered("a", "over")]
    assert gift_news(step, 3) == [GiftOffered(changed)]
    assert last_cart(step, 2).total_minor == 2_000
    assert last_cart(step, 3).total_minor == 1_000


def test_a_gift_goes_with_its_line() -> None:
    hall = trio()
    hall.step(offered(1, PRESENT))
    step = hall.step(CartUpdated("trio", cart(2, LINES[1:])))
    assert gift_news(step, 2) == [GiftAnswered("a", "withdrawn")]
    (state,) = heard(hall.step(entering(7, person_id="p2", party_id="trio")), 7, RoomState)
    assert state.gifts == ()


def test_the_locked_cart_knows_what_was_accepted() -> None:
    hall = trio()
    accepted = replace(PRESENT, state="accepted")
    step = hall.step(CheckoutUpdated("trio", checkout(), (), (accepted,)))
    assert last_cart(step, 2).total_minor == 1_000
    hall = trio()
    hall.step(offered(1, PRESENT))
    step = hall.step(CheckoutUpdated("trio", checkout(), (), (accepted,)))
    assert gift_news(step, 1) == [GiftAnswered("a", "accepted")]


def test_who_joins_the_party_hears_of_their_gifts() -> None:
    hall = trio()
    hall.step(offered(1, replace(PRESENT, to_person_id="p4")))
    hall.enter(4)
    hall.step(JoinParty(4, 5, "CODE42"))
    step = hall.step(PartyCompleted(4, 5, "trio", "CODE42"))
    assert len(heard(step, 4, GiftOffered)) == 1
    assert last_cart(step, 4).total_minor == 1_000


def test_gifts_survive_a_rest() -> None:
    hall = trio()
    hall.step(offered(1, PRESENT))
    parked = hall.room.park()
    after = Hall()
    after.room.unpark(parked, after.now_ms)
    step = after.step(CartUpdated("trio", cart(2, LINES)))
    assert last_cart(step, 2).total_minor == 1_000
