"""What leaves the room about people is what they allow, and lists follow it at a measured pace."""

import pytest

from rooms.behaviour import known_consent
from rooms.commands import (
    AcceptOffer,
    Detach,
    Leave,
    LeaveParty,
    Look,
    OfferProp,
    PartyCompleted,
    PutBack,
    RecommendationsReady,
    Resume,
    SetConsent,
    Vote,
)
from rooms.effects import Recommend, RecordInteraction, RecordShowing
from rooms.events import Answer, Error, Recommendations
from rooms.room import Step
from rooms.types import BlockedPerson, DisplayPlace, Item, OwnDisplay, OwnPlace
from tests.rooms.hall import LAMP, MUG, Hall, effects, heard, signals

ITEM = Item(MUG, 0.5, "popular", "Many like it.")


def alone(**fields: object) -> Hall:
    hall = Hall()
    hall.enter(1, **fields)
    return hall


# --- gaze ---------------------------------------------------------------------------------------


def test_a_look_is_recorded_when_it_ends() -> None:
    hall = alone()
    assert hall.step(Look(1, 0, MUG)).events == ()
    step = hall.step(Look(1, 0, LAMP), after_ms=1_200)
    assert signals(step) == [("p1", "dwell", MUG, 1.2)]
    step = hall.step(Look(1, 0, ""), after_ms=700)
    assert signals(step) == [("p1", "dwell", LAMP, 0.7)]
    assert signals(hall.step(Look(1, 0, ""), after_ms=9_000)) == []


def test_a_glance_is_not() -> None:
    hall = alone()
    hall.step(Look(1, 0, MUG))
    assert signals(hall.step(Look(1, 0, ""), after_ms=499)) == []


def test_a_long_look_is_recorded_in_pieces_up_to_a_limit() -> None:
    hall = alone()
    hall.step(Look(1, 0, MUG))
    total_s = 0.0
    for _ in range(40):
        # Saying again what one looks at changes nothing.
        for signal in signals(hall.step(Look(1, 0, MUG), after_ms=2_500)):
            assert signal[:3] == ("p1", "dwell", MUG)
            total_s += signal[3]
    assert total_s == pytest.approx(60)
    assert signals(hall.step(Look(1, 0, ""), after_ms=2_500)) == []
    hall.step(Look(1, 0, MUG))
    assert signals(hall.step(after_ms=5_000)) == [("p1", "dwell", MUG, 5)]


@pytest.mark.parametrize("end", [Leave(1, 9), Detach(1, 0, "lost")])
def test_a_look_ends_with_who_looks(end: Leave | Detach) -> None:
    hall = alone()
    hall.step(Look(1, 0, MUG))
    assert signals(hall.step(end, after_ms=1_000)) == [("p1", "dwell", MUG, 1)]
    assert signals(hall.step(after_ms=9_000)) == []


def test_a_look_at_what_is_not_here_is_refused() -> None:
    hall = alone()
    step = hall.step(Look(1, 0, "elephant"))
    (error,) = heard(step, 1, Error)
    assert (error.request_id, error.code) == (0, "PRODUCT_NOT_HERE")
    assert hall.code(Look, 1, "x" * 10_000) == "PRODUCT_NOT_HERE"


def test_an_interaction_says_who_where_and_under_which_consent() -> None:
    hall = alone(consent=("aggregate", "session"))
    step = hall.step(Vote(1, 5, LAMP, 1))
    assert effects(step, RecordInteraction) == [
        RecordInteraction(
            person_id="p1",
            session_id="s1",
            party_id="party-of-1",
            product_id=LAMP,
            slot_id=2,
            signal="vote_up",
            value=1.0,
            occurred_ms=hall.now_ms,
            consent=("session", "aggregate"),
        )
    ]


# --- walking up to something ----------------------------------------------------------------------


def test_coming_nearer_to_what_one_looks_at_is_an_approach_once_a_look() -> None:
    hall = alone()
    hall.teleport(1, -1.0, 4.0)
    hall.step(Look(1, 0, MUG))
    hall.teleport(1, -1.0, 1.5)
    step = hall.step(after_ms=5_000)
    assert signals(step) == [("p1", "dwell", MUG, 5), ("p1", "approach", MUG, 1)]
    step = hall.step(Look(1, 0, ""), after_ms=1_000)
    assert signals(step) == [("p1", "dwell", MUG, 1)]


@pytest.mark.parametrize(("from_z", "to_z"), [(1.5, 1.5), (4.0, 2.5), (1.5, 4.0), (1.9, 1.2)])
def test_standing_passing_and_going_away_are_none(from_z: float, to_z: float) -> None:
    hall = alone()
    hall.teleport(1, -1.0, from_z)
    hall.step(Look(1, 0, MUG))
    hall.teleport(1, -1.0, to_z)
    step = hall.step(Look(1, 0, ""), after_ms=2_000)
    assert signals(step) == [("p1", "dwell", MUG, 2)]


def test_an_approach_before_consent_is_none() -> None:
    hall = alone(consent=())
    hall.teleport(1, -1.0, 4.0)
    hall.step(Look(1, 0, MUG))
    hall.teleport(1, -1.0, 1.5)
    hall.step(SetConsent(1, 5, ("session",)), after_ms=3_000)
    assert signals(hall.step(Look(1, 0, ""), after_ms=1_000)) == [("p1", "dwell", MUG, 1)]


# --- in the hand ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held_ms", "count"), [(1_999, 0), (2_000, 1), (9_999, 1), (10_000, 2), (60_000, 3)]
)
def test_time_in_the_hand_is_a_number_of_close_looks(held_ms: int, count: int) -> None:
    hall = alone()
    epoch = hall.grab(1, 1)
    step = hall.step(PutBack(1, 9, 1, epoch), after_ms=held_ms)
    assert signals(step) == ([("p1", "inspect", MUG, count)] if count else [])


def test_each_hand_looks_for_itself() -> None:
    hall = alone()
    hall.enter(2)
    epoch = hall.grab(1, 1)
    hall.teleport(2, -1.0, 1.5)
    hall.step(after_ms=4_000)
    offer_id = hall.body(OfferProp, 1, 1, epoch, 2)["offer_id"]
    step = hall.step(AcceptOffer(2, 9, offer_id), after_ms=1_000)
    assert signals(step) == [
        ("p1", "inspect", MUG, 1), ("p1", "hand_over", MUG, 1), ("p2", "hand_over", MUG, 1),
    ]  # fmt: skip
    step = hall.step(Leave(2, 9), after_ms=12_000)
    assert signals(step) == [("p2", "inspect", MUG, 2)]


def test_what_is_held_while_away_is_not_looked_at() -> None:
    hall = alone()
    hall.grab(1, 1)
    hall.step(Detach(1, 0, "lost"), after_ms=1_000)
    assert signals(hall.step(after_ms=15_000)) == []


def test_a_close_look_falls_under_the_consent_of_its_time() -> None:
    hall = alone(consent=())
    epoch = hall.grab(1, 1)
    step = hall.step(SetConsent(1, 5, ("session",)), after_ms=30_000)
    assert signals(step) == []
    step = hall.step(SetConsent(1, 6, ()), after_ms=3_000)
    assert signals(step) == [("p1", "inspect", MUG, 1)]
    assert signals(hall.step(PutBack(1, 9, 1, epoch), after_ms=30_000)) == []


# --- consent ------------------------------------------------------------------------------------


def test_without_consent_nothing_is_recorded() -> None:
    hall = alone(consent=())
    hall.step(Look(1, 0, MUG))
    hall.grab(1, 1)
    assert hall.step(Vote(1, 5, MUG, 1), after_ms=9_000).effects == ()


def test_consent_does_not_reach_back() -> None:
    hall = alone(consent=())
    hall.step(Look(1, 0, MUG))
    step = hall.step(SetConsent(1, 5, ("session",)), after_ms=3_000)
    assert heard(step, 1, Answer) == [Answer(5, {})]
    assert signals(step) == []
    assert signals(hall.step(Look(1, 0, ""), after_ms=700)) == [("p1", "dwell", MUG, 0.7)]


def test_what_was_seen_under_consent_counts_when_it_is_withdrawn() -> None:
    hall = alone()
    hall.step(Look(1, 0, MUG))
    step = hall.step(SetConsent(1, 5, ()), after_ms=3_000)
    assert signals(step) == [("p1", "dwell", MUG, 3)]
    assert signals(hall.step(Look(1, 0, ""), after_ms=3_000)) == []


def test_words_that_are_no_consent_allow_nothing() -> None:
    assert known_consent(("everything", "aggregate", "session", "session")) == (
        "session",
        "aggregate",
    )
    hall = alone(consent=("everything",))
    assert hall.step(Vote(1, 5, MUG, 1)).effects == ()
    hall.step(SetConsent(1, 6, ("all",)))
    assert hall.step(Vote(1, 7, MUG, -1)).effects == ()


# --- rankings -----------------------------------------------------------------------------------


def test_news_ask_for_new_lists_not_too_often() -> None:
    hall = alone()
    recommend = Recommend(1, "p1", "party-of-1", ())
    # The list at the door came just now.
    assert effects(hall.step(Vote(1, 5, MUG, 1)), Recommend) == []
    assert effects(hall.step(Vote(1, 6, LAMP, 1), after_ms=100), Recommend) == []
    assert effects(hall.step(after_ms=149), Recommend) == []
    assert effects(hall.step(after_ms=1), Recommend) == [recommend]
    assert effects(hall.step(after_ms=60_000), Recommend) == []
    step = hall.step(Vote(1, 7, LAMP, -1))
    assert effects(step, Recommend) == [recommend]
    # What happened comes before the list that follows from it.
    assert isinstance(step.effects[0], RecordInteraction)


def test_a_party_has_a_list_when_there_are_two() -> None:
    hall = alone(party_id="duo")
    assert effects(hall.step(Vote(1, 5, MUG, 1), after_ms=2_000), Recommend)[0].avatar_id == 1
    hall.enter(2, party_id="duo")
    step = hall.step(Vote(2, 6, MUG, 1), after_ms=2_000)
    assert effects(step, Recommend) == [
        Recommend(2, "p2", "duo", ()),
        Recommend(0, "", "duo", ("p1", "p2")),
    ]


def test_a_party_list_waits_for_its_interval_as_well() -> None:
    hall = alone(party_id="duo")
    hall.enter(2, party_id="duo")
    assert effects(hall.step(Vote(2, 6, MUG, 1), after_ms=100), Recommend) == []
    late = effects(hall.step(after_ms=1_000), Recommend)
    assert [effect.party_id for effect in late if not effect.avatar_id] == ["duo"]


def test_who_is_away_gets_a_list_on_return() -> None:
    hall = alone()
    hall.step(Look(1, 0, MUG))
    assert effects(hall.step(Detach(1, 0, "lost"), after_ms=5_000), Recommend) == []
    assert len(effects(hall.step(Resume(1, 0), after_ms=1_000), Recommend)) == 1


def test_lists_reach_whom_they_are_for() -> None:
    hall = alone(party_id="duo")
    hall.enter(2, party_id="duo")
    hall.enter(3)
    step = hall.step(RecommendationsReady(1, "duo", (ITEM,)))
    assert heard(step, 1, Recommendations) == [Recommendations("you", (ITEM,))]
    assert len(step.events) == 1
    step = hall.step(RecommendationsReady(0, "duo", (ITEM,)))
    assert heard(step, 1, Recommendations) == [Recommendations("party", (ITEM,))]
    assert step.events[0].avatar_ids == (1, 2)
    hall.step(Leave(2, 9))
    late = (RecommendationsReady(2, "duo", (ITEM,)), RecommendationsReady(0, "duo", (ITEM,)))
    assert hall.step(*late).events == ()


# --- showings -----------------------------------------------------------------------------------


def items(*product_ids: str) -> tuple[Item, ...]:
    return tuple(Item(product_id, 0.5, "popular", "Popular.") for product_id in product_ids)


def test_what_is_shown_is_noted_under_the_consent_of_who_sees_it() -> None:
    hall = alone(party_id="duo", consent=("session",))
    hall.enter(2, party_id="duo", consent=())
    step = hall.step(RecommendationsReady(1, "duo", items(MUG, LAMP)))
    assert effects(step, RecordShowing) == [
        RecordShowing(
            "p1", "s1", "duo", "you", ((MUG, "popular"), (LAMP, "popular")), hall.now_ms,
            ("session",),
        )
    ]  # fmt: skip
    step = hall.step(RecommendationsReady(0, "duo", items(LAMP)))
    shown = effects(step, RecordShowing)
    assert [(each.person_id, each.scope, each.items) for each in shown] == [
        ("p1", "party", ((LAMP, "popular"),))
    ]
    assert effects(hall.step(RecommendationsReady(2, "duo", items(MUG))), RecordShowing) == []
    assert effects(hall.step(RecommendationsReady(9, "duo", items(MUG))), RecordShowing) == []


def test_withdrawn_consent_ends_showings_and_who_is_away_sees_nothing() -> None:
    hall = alone()
    step = hall.step(SetConsent(1, 5, ()))
    shown = effects(step, RecordShowing)
    assert [(each.scope, each.items) for each in shown] == [
        ("you", ()),
        ("party", ()),
        ("display", ()),
    ]
    assert effects(hall.step(SetConsent(1, 6, ())), RecordShowing) == []
    hall.step(SetConsent(1, 7, ("personal",)))
    hall.step(Detach(1, 0, "dropped"))
    assert effects(hall.step(RecommendationsReady(1, "", items(MUG))), RecordShowing) == []


# --- the shelf of a party -------------------------------------------------------------------------

TALKED_OF, OWN = Item(MUG, 0.9, "together", "Your friends see this too."), ITEM


def shelf(person_id: str, *friends: str) -> OwnDisplay:
    return OwnDisplay(person_id, (OwnPlace(0, TALKED_OF, friends), OwnPlace(2, OWN, ())))


def duo(**fields: object) -> Hall:
    hall = alone(party_id="duo")
    hall.enter(2, party_id="duo", **fields)
    hall.enter(3)
    return hall


def displays(step: Step, avatar_id: int) -> list[Recommendations]:
    return [each for each in heard(step, avatar_id, Recommendations) if each.scope == "display"]


def test_one_event_of_a_party_asks_once_and_each_member_sees_the_shelf_in_their_way() -> None:
    hall = duo(consent=())
    step = hall.step(Vote(1, 5, MUG, 1), after_ms=2_000)
    assert [each.party_id for each in effects(step, Recommend) if not each.avatar_id] == ["duo"]
    shelves = (shelf("p1", "p2"), shelf("p2", "p1"), shelf("p3", "p1"), shelf("p9", "p1"))
    step = hall.step(RecommendationsReady(0, "duo", (ITEM,), shelves))
    for avatar_id, friend in ((1, 2), (2, 1)):
        places = (DisplayPlace(0, (friend,)), DisplayPlace(2, ()))
        assert displays(step, avatar_id) == [Recommendations("display", (TALKED_OF, OWN), places)]
    assert heard(step, 3, Recommendations) == []
    # Only who allowed it is recorded to have seen it, from the first place down.
    assert [(each.person_id, each.scope, each.items) for each in effects(step, RecordShowing)] == [
        ("p1", "party", ((MUG, "popular"),)),
        ("p1", "display", ((MUG, "together"), (MUG, "popular"))),
    ]
    # Who is alone has no shelf.
    assert hall.step(RecommendationsReady(0, "party-of-3", (), (shelf("p3"),))).events == ()


def test_nobody_is_sent_to_talk_with_whom_they_blocked_or_who_has_left() -> None:
    hall = duo(blocked=(BlockedPerson("p1", "One"),))
    shelves = (shelf("p1", "p2"), shelf("p2", "p1"))
    step = hall.step(RecommendationsReady(0, "duo", (ITEM,), shelves))
    own = [Recommendations("display", (OWN,), (DisplayPlace(2, ()),))]
    assert displays(step, 1) == displays(step, 2) == own
    hall.enter(4, party_id="duo")
    step = hall.step(RecommendationsReady(0, "duo", (ITEM,), (shelf("p1", "p2", "p4", "p9"),)))
    assert displays(step, 1)[0].places[0] == DisplayPlace(0, (4,))


def test_who_leaves_a_party_and_who_stays_alone_sees_its_lists_no_more() -> None:
    hall = alone(party_id="duo", party_code="CODE42")
    hall.enter(2, party_id="duo")
    hall.step(LeaveParty(2, 7))
    step = hall.step(PartyCompleted(2, 7, "party-of-2", ""))
    assert [(each.person_id, each.scope, each.items) for each in effects(step, RecordShowing)] == [
        (person_id, scope, ()) for person_id in ("p2", "p1") for scope in ("party", "display")
    ]
