"""Live profiles: bounded, and their scores are the caller's to change."""

from recommender import Signal
from recommender.profiles import Profiles
from recommender.settings import LiveSettings
from tests.recommender.models import handmade
from tests.recommender.shop import NOW_MS, shop


def steered(profiles: Profiles, person_id: str, party_id: str | None = None) -> None:
    profiles.steer(person_id, party_id, "p0", Signal.PICK_UP, 1.0, NOW_MS, kept=True)


def test_who_was_used_longest_ago_goes_first() -> None:
    profiles = Profiles(LiveSettings(people_limit=2, parties_limit=1, vectors_limit=1))
    model = handmade(shop(6), {(0, 1): 1.0})
    for person_id in ("ann", "bob"):
        steered(profiles, person_id, f"party of {person_id}")
        profiles.scores(profiles.person(person_id, NOW_MS), model, 1.0, NOW_MS)
    assert (profiles.people, profiles.parties, profiles.sums_held) == (2, 1, 1)
    assert profiles.person("ann", NOW_MS) is not None
    steered(profiles, "cat")
    assert not profiles.has_history("bob")
    assert profiles.has_history("ann")


def test_scores_are_a_new_array_each_time() -> None:
    profiles, model = Profiles(LiveSettings()), handmade(shop(6), {(0, 1): 1.0})
    steered(profiles, "ann")
    ann = profiles.person("ann", NOW_MS)
    first = profiles.scores(ann, model, 1.0, NOW_MS)
    expected = first.copy()
    first += 9.0
    assert (profiles.scores(ann, model, 1.0, NOW_MS) == expected).all()
    profiles.forget_person("ann")
    assert profiles.person("ann", NOW_MS) is None
