"""Each member of a party is told the cart and the checkout as they may see it."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rooms.basket import Checkout, OwnCheckout, Share
from rooms.commands import CheckoutUpdated, Detach, JoinParty, Leave, PartyCompleted, Resume
from rooms.events import CheckoutChanged, RoomState
from rooms.room import Step
from tests.rooms.hall import Hall, checkout, entering, heard

CHECKOUT_ID = "checkout-1"


def trio() -> Hall:
    """Avatars 1 and 2 in the party "trio", whose person p9 is not in this room; 4 is alone."""
    hall = Hall()
    hall.enter(1, party_id="trio", party_code="CODE42")
    hall.enter(2, party_id="trio", party_code="CODE42")
    hall.enter(4)
    return hall


def shared(version: int = 1, state: str = "locked", **states: str) -> Checkout:
    """A checkout of three, 1,000 for each; `states` by person."""
    return replace(
        checkout(CHECKOUT_ID, state, version),
        total_minor=3_000,
        shares=tuple(
            Share(person, f"Name of {person}", 1_000, "", states.get(person, "open"))
            for person in ("p1", "p2", "p9")
        ),
    )


def own(person: str, shown: Checkout, **fields: object) -> OwnCheckout:
    return OwnCheckout(person, replace(shown, **fields))  # type: ignore[arg-type]


def seen(step: Step, avatar_id: int) -> Checkout:
    """The one checkout that an avatar is told."""
    (changed,) = heard(step, avatar_id, CheckoutChanged)
    return changed.checkout


def presence(shown: Checkout | None) -> list[str]:
    assert shown is not None
    return [share.presence for share in shown.shares]


def test_all_see_who_has_paid_and_who_is_here() -> None:
    hall = trio()
    step = hall.step(CheckoutUpdated("trio", shared(p2="authorised")))
    assert seen(step, 1) == seen(step, 2)
    assert [share.state for share in seen(step, 1).shares] == ["open", "authorised", "open"]
    assert presence(seen(step, 1)) == ["here", "here", "away"]
    assert heard(step, 4, CheckoutChanged) == []
    assert len(step.events) == 1, "what is the same for all is packed once"


def test_each_is_told_their_own() -> None:
    hall, public = trio(), shared()
    mine = own("p1", public, due_minor=1_000, failure_code="INSUFFICIENT_FUNDS")
    step = hall.step(CheckoutUpdated("trio", public, (mine, own("p9", public, due_minor=7))))
    assert seen(step, 1).due_minor == 1_000
    assert seen(step, 1).failure_code == "INSUFFICIENT_FUNDS"
    assert (seen(step, 2).due_minor, seen(step, 2).failure_code) == (0, "")
    assert presence(seen(step, 1)) == presence(seen(step, 2)) == ["here", "here", "away"]


def test_what_was_told_of_a_version_is_kept_until_the_next() -> None:
    hall, public = trio(), shared()
    hall.step(CheckoutUpdated("trio", public, (own("p1", public, due_minor=1_000),)))
    # Somebody looked who cannot say what p1 sees.
    assert hall.step(CheckoutUpdated("trio", public)).events == ()
    step = hall.step(CheckoutUpdated("trio", public, (own("p2", public, due_minor=500),)))
    assert (seen(step, 1).due_minor, seen(step, 2).due_minor) == (1_000, 500)
    step = hall.step(CheckoutUpdated("trio", shared(2)))
    assert (seen(step, 1).due_minor, seen(step, 2).due_minor) == (0, 0)
    older = CheckoutUpdated("trio", public, (own("p1", public, due_minor=1),))
    assert hall.step(older).events == ()


def test_who_drops_out_keeps_the_place_and_the_others_see_it() -> None:
    hall = trio()
    hall.step(CheckoutUpdated("trio", shared()))
    assert presence(seen(hall.step(Detach(2, 0, "lost")), 1)) == ["here", "reconnecting", "away"]
    assert presence(seen(hall.step(Resume(2, 0)), 1)) == ["here", "here", "away"]
    hall.step(Detach(2, 0, "lost"))
    step = hall.step(after_ms=hall.settings.grace_period_ms)
    assert presence(seen(step, 1)) == ["here", "away", "away"]
    assert [share.amount_minor for share in seen(step, 1).shares] == [1_000] * 3
    back = hall.step(entering(3, person_id="p2", party_id="trio"))
    assert presence(seen(back, 1)) == ["here", "here", "away"]
    (state,) = heard(back, 3, RoomState)
    assert presence(state.checkout) == ["here", "here", "away"]


def test_who_has_no_share_is_no_news() -> None:
    hall = trio()
    hall.enter(5, party_id="trio")
    hall.step(CheckoutUpdated("trio", shared()))
    assert heard(hall.step(Detach(5, 0, "lost")), 1, CheckoutChanged) == []
    assert heard(hall.step(Leave(5, 9)), 1, CheckoutChanged) == []


def test_when_it_is_over_nobody_waits() -> None:
    hall = trio()
    hall.step(CheckoutUpdated("trio", shared(state="released")))
    assert heard(hall.step(Detach(2, 0, "lost")), 1, CheckoutChanged) == []


def test_the_last_one_may_leave() -> None:
    hall = Hall()
    hall.enter(1, party_id="trio")
    hall.step(CheckoutUpdated("trio", shared()))
    assert hall.step(Leave(1, 5)).events[0].avatar_ids == (1,)


def test_who_joins_the_party_is_told_what_they_may_see() -> None:
    hall, public = trio(), shared()
    p4 = own("p4", public, due_minor=44)
    hall.step(CheckoutUpdated("trio", public, (p4,)))
    hall.step(JoinParty(4, 5, "CODE42"))
    step = hall.step(PartyCompleted(4, 5, "trio", "CODE42"))
    assert seen(step, 4).due_minor == 44


@given(st.lists(st.tuples(st.integers(0, 3), st.sets(st.sampled_from(["p1", "p2", "p9"])))))
def test_nobody_is_ever_told_what_is_for_somebody_else(
    news: list[tuple[int, set[str]]],
) -> None:
    hall = trio()
    for version, people in news:
        public = shared(version)
        mine = tuple(own(person, public, failure_message=f"for {person}") for person in people)
        step = hall.step(CheckoutUpdated("trio", public, mine))
        step = Step((*step.events, *hall.step(Detach(2, 0, "lost"), Resume(2, 0)).events), ())
        for avatar_id in (1, 2):
            for changed in heard(step, avatar_id, CheckoutChanged):
                assert changed.checkout.failure_message in ("", f"for p{avatar_id}")
    (state,) = heard(hall.step(entering(3, party_id="trio")), 3, RoomState)
    assert state.checkout is None or state.checkout.failure_message == ""
