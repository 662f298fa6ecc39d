"""A prop has one owner at every instant, and changes hands only when both want it."""

import pytest

from rooms.commands import AcceptOffer, DeclineOffer, Detach, Grab, OfferProp, PutBack
from rooms.events import Answer, Error, OfferEnded, OfferMade, PropChanged, RoomState
from rooms.settings import RoomSettings
from tests.rooms.hall import LAMP, MUG, NOW_MS, Hall, entering, heard, signals, told

MUG_PROP, LAMP_PROP, SHOE_PROP, HAT_PROP = 1, 2, 3, 4


def pair(settings: RoomSettings | None = None) -> Hall:
    """Avatars 1, 2 and 3 near the table."""
    hall = Hall(settings)
    for avatar_id in (1, 2, 3):
        hall.enter(avatar_id)
    return hall


def offered(hall: Hall) -> tuple[int, int]:
    """Avatar 1 holds the mug out to avatar 2: (offer, epoch)."""
    epoch = hall.grab(1, MUG_PROP)
    offer_id = hall.body(OfferProp, 1, MUG_PROP, epoch, 2)["offer_id"]
    return offer_id, epoch


# --- grab ---------------------------------------------------------------------------------------


def test_a_grab_is_seen_by_all() -> None:
    hall = pair()
    step = hall.step(Grab(1, 5, MUG_PROP, "left"))
    assert heard(step, 1, Answer) == [Answer(5, {"epoch": 1})]
    (changed,) = heard(step, 3, PropChanged)
    assert changed.prop.owner_avatar_id == 1
    assert (changed.prop.hand, changed.prop.epoch, changed.prop.slot_id) == ("left", 1, 1)
    assert signals(step) == [("p1", "pick_up", MUG, 1)]


def test_of_two_who_grab_at_once_the_first_gets_it() -> None:
    hall = pair()
    step = hall.step(Grab(1, 5, MUG_PROP, "left"), Grab(2, 6, MUG_PROP, "left"))
    assert heard(step, 1, Answer) == [Answer(5, {"epoch": 1})]
    (error,) = heard(step, 2, Error)
    assert (error.code, error.data) == ("PROP_TAKEN", {"owner_avatar_id": 1})
    assert len(told(step, PropChanged)) == 1


def test_what_cannot_be_grabbed() -> None:
    hall = pair()
    assert hall.code(Grab, 1, 99, "left") == "PROP_NOT_FOUND"
    assert hall.code(Grab, 1, 0, "left") == "PROP_NOT_FOUND"
    assert hall.code(Grab, 1, MUG_PROP, "foot") == "FIELD_INVALID"
    assert hall.code(Grab, 1, HAT_PROP, "left") == "OUT_OF_REACH"
    assert hall.code(Grab, 9, MUG_PROP, "left") == "NOT_IN_ROOM"
    hall.grab(2, MUG_PROP)
    assert hall.code(Grab, 1, MUG_PROP, "left") == "PROP_TAKEN"


def test_hands_are_two_and_hold_one_each() -> None:
    hall = pair()
    hall.teleport(1, 0.0, 1.0)
    hall.grab(1, MUG_PROP, "left")
    assert hall.code(Grab, 1, LAMP_PROP, "left") == "HANDS_FULL"
    hall.grab(1, LAMP_PROP, "right")
    for hand in ("left", "right"):
        assert hall.code(Grab, 1, SHOE_PROP, hand) == "HANDS_FULL"


def test_the_number_of_props_is_a_setting() -> None:
    hall = pair(RoomSettings(props_per_avatar=1))
    hall.grab(1, MUG_PROP, "left")
    assert hall.code(Grab, 1, LAMP_PROP, "right") == "HANDS_FULL"


def test_what_one_holds_goes_from_hand_to_hand() -> None:
    hall = pair()
    epoch = hall.grab(1, MUG_PROP, "left")
    step = hall.step(Grab(1, 5, MUG_PROP, "right"), Grab(1, 6, MUG_PROP, "right"))
    assert heard(step, 1, Answer) == [Answer(5, {"epoch": epoch}), Answer(6, {"epoch": epoch})]
    assert [changed.prop.hand for changed in heard(step, 2, PropChanged)] == ["right"]
    assert signals(step) == []
    hall.grab(1, LAMP_PROP, "left")
    assert hall.code(Grab, 1, MUG_PROP, "left") == "HANDS_FULL"


# --- put back -----------------------------------------------------------------------------------


def test_putting_back_frees_the_prop() -> None:
    hall = pair()
    epoch = hall.grab(1, MUG_PROP)
    step = hall.step(PutBack(1, 5, MUG_PROP, epoch))
    (changed,) = heard(step, 2, PropChanged)
    assert (changed.prop.owner_avatar_id, changed.prop.hand, changed.prop.epoch) == (0, "", 2)
    assert hall.grab(2, MUG_PROP) == 3


def test_late_writes_are_refused() -> None:
    hall = pair()
    epoch = hall.grab(1, MUG_PROP)
    assert hall.code(PutBack, 1, MUG_PROP, epoch - 1) == "STALE_EPOCH"
    assert hall.code(PutBack, 2, MUG_PROP, epoch) == "NOT_OWNER"
    assert hall.code(PutBack, 1, LAMP_PROP, 0) == "NOT_OWNER"
    assert hall.code(PutBack, 1, 99, 0) == "PROP_NOT_FOUND"
    hall.body(PutBack, 1, MUG_PROP, epoch)
    hall.grab(2, MUG_PROP)
    assert hall.code(PutBack, 1, MUG_PROP, epoch) == "STALE_EPOCH"


# --- hand over ----------------------------------------------------------------------------------


def test_an_offer_is_told_to_both_and_nobody_else() -> None:
    hall = pair()
    epoch = hall.grab(1, MUG_PROP)
    step = hall.step(OfferProp(1, 5, MUG_PROP, epoch, 2))
    made = OfferMade(1, MUG_PROP, 1, 2, NOW_MS + 10_000)
    assert heard(step, 1, OfferMade) == heard(step, 2, OfferMade) == [made]
    assert heard(step, 3, OfferMade) == []
    assert heard(step, 1, Answer) == [Answer(5, {"offer_id": 1})]


def test_an_accepted_prop_changes_hands() -> None:
    hall = pair()
    offer_id, epoch = offered(hall)
    step = hall.step(AcceptOffer(2, 6, offer_id))
    assert heard(step, 2, Answer) == [Answer(6, {"prop_id": MUG_PROP, "epoch": epoch + 1})]
    assert heard(step, 1, OfferEnded) == heard(step, 2, OfferEnded)
    assert heard(step, 1, OfferEnded) == [OfferEnded(offer_id, "accepted")]
    (changed,) = heard(step, 3, PropChanged)
    assert (changed.prop.owner_avatar_id, changed.prop.hand) == (2, "right")
    assert signals(step) == [("p1", "hand_over", MUG, 1), ("p2", "hand_over", MUG, 1)]
    assert hall.code(PutBack, 1, MUG_PROP, epoch) == "STALE_EPOCH"
    assert hall.step(after_ms=20_000).events == ()


def test_the_free_hand_takes_it() -> None:
    hall = pair()
    hall.grab(2, LAMP_PROP, "right")
    offer_id, _ = offered(hall)
    step = hall.step(AcceptOffer(2, 6, offer_id))
    assert heard(step, 3, PropChanged)[0].prop.hand == "left"


def test_with_full_hands_the_offer_stays() -> None:
    hall = pair()
    hall.teleport(2, 0.3, 1.0)
    hall.grab(2, LAMP_PROP, "right")
    hall.grab(2, SHOE_PROP, "left")
    offer_id, _ = offered(hall)
    assert hall.code(AcceptOffer, 2, offer_id) == "HANDS_FULL"
    hall.body(PutBack, 2, SHOE_PROP, 1)
    assert hall.body(AcceptOffer, 2, offer_id)["prop_id"] == MUG_PROP


@pytest.mark.parametrize(("who", "outcome"), [(2, "declined"), (1, "withdrawn")])
def test_an_offer_can_be_declined_or_taken_back(who: int, outcome: str) -> None:
    hall = pair()
    offer_id, epoch = offered(hall)
    step = hall.step(DeclineOffer(who, 6, offer_id))
    assert heard(step, 1, OfferEnded) == heard(step, 2, OfferEnded)
    assert heard(step, 2, OfferEnded) == [OfferEnded(offer_id, outcome)]
    assert told(step, PropChanged) == []
    assert hall.code(AcceptOffer, 2, offer_id) == "OFFER_NOT_FOUND"
    assert hall.grab(1, MUG_PROP) == epoch


def test_an_offer_lapses() -> None:
    hall = pair()
    offer_id, _ = offered(hall)
    assert hall.step(after_ms=9_999).events == ()
    step = hall.step(AcceptOffer(2, 6, offer_id), after_ms=1)
    assert heard(step, 1, OfferEnded) == [OfferEnded(offer_id, "expired")]
    assert heard(step, 2, Error)[0].code == "OFFER_NOT_FOUND"


def test_putting_back_what_is_offered_voids_the_offer() -> None:
    hall = pair()
    offer_id, epoch = offered(hall)
    step = hall.step(PutBack(1, 6, MUG_PROP, epoch))
    assert heard(step, 2, OfferEnded) == [OfferEnded(offer_id, "void")]


def test_what_cannot_be_offered() -> None:
    hall = pair()
    epoch = hall.grab(1, MUG_PROP)
    assert hall.code(OfferProp, 1, 99, epoch, 2) == "PROP_NOT_FOUND"
    assert hall.code(OfferProp, 1, MUG_PROP, 99, 2) == "STALE_EPOCH"
    assert hall.code(OfferProp, 2, MUG_PROP, epoch, 1) == "NOT_OWNER"
    assert hall.code(OfferProp, 1, MUG_PROP, epoch, 1) == "AVATAR_NOT_FOUND"
    assert hall.code(OfferProp, 1, MUG_PROP, epoch, 9) == "AVATAR_NOT_FOUND"
    hall.teleport(3, -5.0, -4.0)
    assert hall.code(OfferProp, 1, MUG_PROP, epoch, 3) == "OUT_OF_REACH"
    hall.body(OfferProp, 1, MUG_PROP, epoch, 2)
    assert hall.code(OfferProp, 1, MUG_PROP, epoch, 2) == "OFFER_PENDING"
    hall.step(Detach(3, 0, "lost"))
    lamp_epoch = hall.grab(1, LAMP_PROP, "left")
    assert hall.code(OfferProp, 1, LAMP_PROP, lamp_epoch, 3) == "AVATAR_NOT_FOUND"


def test_an_offer_is_the_business_of_two() -> None:
    hall = pair()
    offer_id, _ = offered(hall)
    assert hall.code(AcceptOffer, 1, offer_id) == "NOT_ALLOWED"
    assert hall.code(AcceptOffer, 3, offer_id) == "NOT_ALLOWED"
    assert hall.code(DeclineOffer, 3, offer_id) == "NOT_ALLOWED"
    assert hall.code(DeclineOffer, 2, 99) == "OFFER_NOT_FOUND"


def test_an_offer_outlives_a_short_drop() -> None:
    hall = pair()
    offer_id, _ = offered(hall)
    hall.step(Detach(1, 0, "lost"))
    assert hall.body(AcceptOffer, 2, offer_id)["prop_id"] == MUG_PROP


def test_a_late_joiner_sees_who_holds_what() -> None:
    hall = pair()
    hall.grab(1, MUG_PROP, "left")
    (state,) = heard(hall.step(entering(4)), 4, RoomState)
    held = {prop.product_id: (prop.owner_avatar_id, prop.hand) for prop in state.props}
    assert held[MUG] == (1, "left")
    assert held[LAMP] == (0, "")
    assert state.offers == ()
