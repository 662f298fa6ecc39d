"""A party's opinion."""

import pytest

from rooms.commands import Vote
from rooms.events import Answer, VotesChanged
from rooms.types import TallyView
from tests.rooms.hall import LAMP, MUG, Hall, heard, signals


def party() -> Hall:
    hall = Hall()
    hall.enter(1, party_id="duo", party_code="CODE42")
    hall.enter(2, party_id="duo", party_code="CODE42")
    hall.enter(3)
    return hall


def test_votes_count_for_the_party_and_are_seen_by_it_alone() -> None:
    hall = party()
    hall.step(Vote(1, 5, MUG, 1))
    step = hall.step(Vote(2, 6, MUG, -1))
    tally = VotesChanged(TallyView(MUG, 1, 1))
    assert heard(step, 1, VotesChanged) == heard(step, 2, VotesChanged) == [tally]
    assert heard(step, 3, VotesChanged) == []
    assert heard(step, 2, Answer) == [Answer(6, {})]
    assert signals(step) == [("p2", "vote_down", MUG, 1)]


def test_a_vote_can_change_and_be_taken_back() -> None:
    hall = party()
    hall.step(Vote(1, 5, MUG, 1))
    step = hall.step(Vote(1, 6, MUG, -1))
    assert heard(step, 1, VotesChanged) == [VotesChanged(TallyView(MUG, 0, 1))]
    step = hall.step(Vote(1, 7, MUG, 0))
    assert heard(step, 1, VotesChanged) == [VotesChanged(TallyView(MUG, 0, 0))]
    assert signals(step) == []


def test_the_same_vote_again_changes_nothing() -> None:
    hall = party()
    hall.step(Vote(1, 5, MUG, 1))
    step = hall.step(Vote(1, 6, MUG, 1), Vote(1, 7, LAMP, 0))
    assert heard(step, 1, VotesChanged) == []
    assert len(heard(step, 1, Answer)) == 2
    assert signals(step) == []


@pytest.mark.parametrize("choice", [2, -2, 100])
def test_other_choices_are_refused(choice: int) -> None:
    assert party().code(Vote, 1, MUG, choice) == "FIELD_INVALID"


def test_votes_are_for_products_that_are_here() -> None:
    hall = party()
    assert hall.code(Vote, 1, "elephant", 1) == "PRODUCT_NOT_HERE"
    assert hall.code(Vote, 1, "", 1) == "PRODUCT_NOT_HERE"
    assert hall.code(Vote, 9, MUG, 1) == "NOT_IN_ROOM"
