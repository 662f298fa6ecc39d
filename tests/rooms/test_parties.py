"""Parties in the room follow what is decided outside."""

from rooms.commands import (
    CartUpdated,
    CheckoutUpdated,
    CreateParty,
    JoinParty,
    Leave,
    LeaveParty,
    PartyCompleted,
    RequestCompleted,
    RequestFailed,
    Vote,
)
from rooms.effects import EnterParty, OpenParty, QuitParty, Recommend
from rooms.events import (
    Answer,
    AvatarChanged,
    CartChanged,
    CheckoutChanged,
    Error,
    PartyChanged,
    VotesChanged,
)
from rooms.settings import RoomSettings
from rooms.types import TallyView
from tests.rooms.hall import MUG, Hall, cart, checkout, effects, heard, party_changed, told


def duo() -> Hall:
    """Avatar 1 in the party "duo", avatar 2 alone."""
    hall = Hall()
    hall.enter(1, party_id="duo", party_code="CODE42")
    hall.enter(2)
    return hall


def test_a_party_is_asked_for_and_then_told() -> None:
    hall = Hall()
    hall.enter(1)
    hall.enter(2)
    step = hall.step(CreateParty(1, 5))
    assert step.events == ()
    assert step.effects == (OpenParty(1, 5, "p1", "party-of-1"),)
    step = hall.step(PartyCompleted(1, 5, "duo", "CODE42"))
    assert heard(step, 1, Answer) == [Answer(5, {"party_id": "duo", "party_code": "CODE42"})]
    assert heard(step, 2, AvatarChanged)[0].avatar.party_id == "duo"
    assert heard(step, 1, PartyChanged) == [party_changed("duo", "CODE42", 1)]
    assert heard(step, 2, PartyChanged) == []
    assert hall.room.members("duo") == (1,)
    assert hall.room.members("party-of-1") == ()


def test_a_friend_joins_and_gets_what_the_party_has() -> None:
    hall = duo()
    hall.body(Vote, 1, MUG, 1)
    hall.step(CartUpdated("duo", cart(3)), CheckoutUpdated("duo", checkout()), after_ms=2_000)
    step = hall.step(JoinParty(2, 6, "code42"))
    assert step.effects == (EnterParty(2, 6, "p2", "party-of-2", "code42"),)
    step = hall.step(PartyCompleted(2, 6, "duo", "CODE42"), CartUpdated("duo", cart(4)))
    assert heard(step, 1, PartyChanged) == [party_changed("duo", "CODE42", 1, 2)]
    assert [changed.cart.version for changed in heard(step, 2, CartChanged)] == [3, 4]
    assert [changed.cart.version for changed in heard(step, 1, CartChanged)] == [4]
    assert len(heard(step, 2, CheckoutChanged)) == 1
    assert heard(step, 2, VotesChanged) == [VotesChanged(TallyView(MUG, 1, 0))]
    assert Recommend(0, "", "duo", ("p1", "p2")) in effects(step, Recommend)


def test_who_leaves_a_party_takes_their_votes_along() -> None:
    hall = Hall()
    for avatar_id in (1, 2):
        hall.enter(avatar_id, party_id="duo", party_code="CODE42")
        hall.body(Vote, avatar_id, MUG, 1)
    step = hall.step(LeaveParty(2, 7))
    assert step.effects == (QuitParty(2, 7, "p2", "duo"),)
    step = hall.step(PartyCompleted(2, 7, "party-of-2", ""))
    assert heard(step, 2, Answer) == [Answer(7, {})]
    assert heard(step, 1, VotesChanged) == [VotesChanged(TallyView(MUG, 1, 0))]
    assert heard(step, 1, PartyChanged) == [party_changed("duo", "CODE42", 1)]
    assert heard(step, 2, PartyChanged) == [party_changed("party-of-2", "", 2)]
    step = hall.step(Leave(1, 8))
    assert hall.room.members("duo") == ()
    assert told(step, VotesChanged) == []


def test_what_cannot_be_is_refused_at_once() -> None:
    hall = duo()
    assert hall.code(CreateParty, 1) == "ALREADY_IN_PARTY"
    assert hall.code(JoinParty, 1, "OTHER1") == "ALREADY_IN_PARTY"
    assert hall.code(LeaveParty, 2) == "NOT_IN_PARTY"
    assert hall.code(CreateParty, 9) == "NOT_IN_ROOM"


def test_a_party_that_is_known_to_be_full_is_refused_at_once() -> None:
    hall = Hall(RoomSettings(party_capacity=1))
    hall.enter(1, party_id="duo", party_code="CODE42")
    hall.enter(2)
    assert hall.code(JoinParty, 2, " code42 ") == "PARTY_FULL"


def test_one_move_at_a_time() -> None:
    hall = duo()
    hall.step(JoinParty(2, 5, "CODE42"))
    assert hall.code(JoinParty, 2, "OTHER1") == "BUSY"
    assert hall.code(CreateParty, 2) == "BUSY"
    step = hall.step(RequestFailed(2, 5, "PARTY_NOT_FOUND", "No such party.", {"code": "X"}))
    assert heard(step, 2, Error) == [Error(5, "PARTY_NOT_FOUND", "No such party.", {"code": "X"})]
    assert len(hall.step(CreateParty(2, 6)).effects) == 1


def test_a_move_nobody_asked_for_is_ignored() -> None:
    hall = duo()
    before = hall.room.state_hash()
    assert hall.step(PartyCompleted(2, 5, "duo", "CODE42")).events == ()
    assert hall.step(PartyCompleted(9, 5, "duo", "CODE42")).events == ()
    hall.step(JoinParty(2, 5, "CODE42"))
    # A party move has an outcome of its own; this is not it.
    assert hall.step(RequestCompleted(2, 5, {})).events == ()
    hall.step(PartyCompleted(2, 5, "duo", "CODE42"))
    assert hall.step(PartyCompleted(2, 5, "third", "")).events == ()
    assert hall.room.members("duo") == (1, 2)
    assert hall.room.state_hash() != before


def test_a_move_works_when_nobody_waits_for_the_answer() -> None:
    hall = duo()
    hall.step(JoinParty(2, 0, "CODE42"))
    step = hall.step(PartyCompleted(2, 0, "duo", "CODE42"))
    assert told(step, Answer) == []
    assert hall.room.members("duo") == (1, 2)


def test_who_joins_where_they_are_gets_the_newest_code() -> None:
    hall = duo()
    hall.step(CreateParty(2, 5))
    step = hall.step(PartyCompleted(2, 5, "party-of-2", "FRESH1"))
    assert heard(step, 2, PartyChanged) == [party_changed("party-of-2", "FRESH1", 2)]
    assert told(step, AvatarChanged) == []
