"""Live profiles: bounded, with the sums that scores are made of."""

import pytest

from recommender import Signal
from recommender.profiles import PRODUCT_BYTES, Profiles
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
        profiles.sums(profiles.person(person_id, NOW_MS), model, 1.0, NOW_MS)
    assert (profiles.people, profiles.parties, profiles.sums_held) == (2, 1, 1)
    assert profiles.person("ann", NOW_MS) is not None
    steered(profiles, "cat")
    assert not profiles.has_history("bob")
    assert profiles.has_history("ann")


def test_the_sums_come_with_their_factor() -> None:
    profiles, model = Profiles(LiveSettings()), handmade(shop(6), {(0, 1): 1.0})
    nothing, _, none = profiles.sums(None, model, 1.0, NOW_MS)
    assert none == 0.0
    assert not nothing.any()
    steered(profiles, "ann")
    together, _, scale = profiles.sums(profiles.person("ann", NOW_MS), model, 1.0, NOW_MS)
    assert together[1] * scale == pytest.approx(0.6 / 1.6)
    profiles.forget_person("ann")
    assert profiles.person("ann", NOW_MS) is None


def test_a_large_catalogue_keeps_fewer_sums() -> None:
    model = handmade(shop(24))
    profiles = Profiles(LiveSettings(vectors_bytes_limit=2 * PRODUCT_BYTES * model.size))
    for number in range(5):
        steered(profiles, f"person {number}")
        person = profiles.person(f"person {number}", NOW_MS)
        profiles.sums(person, model, 1.0, NOW_MS)
    assert profiles.sums_held == 2
