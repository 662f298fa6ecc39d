"""What bots put up with is what the protocol promises, no more."""

import pytest

from server.bots.expectations import EXPECTED, is_expected
from server.wire.messages import BY_NAME

MESSAGE_OF = {
    "leave": "Leave",
    "look": "Look",
    "vote": "Vote",
    "grab": "Grab",
    "put back": "PutBack",
    "offer": "OfferProp",
    "accept": "AcceptOffer",
    "decline": "DeclineOffer",
    "create party": "CreateParty",
    "join party": "JoinParty",
    "leave party": "LeaveParty",
    "add to cart": "AddToCart",
    "race for the last": "AddToCart",
    "remove line": "RemoveFromCart",
    "lock": "LockCheckout",
    "unlock": "UnlockCheckout",
    "pay": "Pay",
    "confirm": "ConfirmPayment",
    "split": "SplitCheckout",
    "cover": "CoverShare",
    "pay part": "Pay",
    "give up": "GiveUpPayment",
    "teleport": "Teleport",
}


@pytest.mark.parametrize(("action", "message"), MESSAGE_OF.items())
def test_only_promised_refusals_are_expected(action: str, message: str) -> None:
    promised = {*BY_NAME[message].errors, "LIMIT_REACHED", "CART_EMPTY", "LINE_NOT_FOUND"}
    assert EXPECTED[action] - promised == set()


def test_every_action_is_judged() -> None:
    assert set(EXPECTED) == {*MESSAGE_OF, "join"}


def test_a_lost_race_is_daily_life_and_a_bad_frame_is_not() -> None:
    assert is_expected("add to cart", "SOLD_OUT")
    assert is_expected("grab", "BUSY")
    assert not is_expected("grab", "NOT_IN_ROOM")
    assert not is_expected("look", "FIELD_TYPE")
