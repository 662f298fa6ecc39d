"""Made-up travel groups: each likes one region, and so do the groups that share its members."""

from typing import NamedTuple

import numpy as np

from recommender.group_blend import BlendSettings
from recommender.group_tables import GroupTables, counted

REGIONS, PLACES = 6, 8
GROUPS, PEOPLE = 48, 60

QUICK = BlendSettings(
    parts=2,
    passes_limit=2,
    examples=100,
    negatives=20,
    models=1,
    trees=20,
    leaf_rows_minimum=10,
    crowd=5,
)
"""Learns in a second what the defaults learn in a minute."""


class Trips(NamedTuple):
    """Pairs of (group, person), (person, place) and (group, place)."""

    members: list[tuple[int, int]]
    alone: list[tuple[int, int]]
    together: list[tuple[int, int]]


def planted_trips(seed: int = 3) -> Trips:
    """Group g goes to places of region g % REGIONS with people of that region; two stray."""
    random = np.random.default_rng(seed)
    trips = Trips([], [], [])
    for person in range(PEOPLE):
        for place in random.choice(REGIONS * PLACES, 3, replace=False).tolist():
            trips.alone.append((person, place))
    for group in range(GROUPS):
        region = group % REGIONS
        crowd = np.arange(region, PEOPLE, REGIONS)
        trips.members.extend(
            (group, person) for person in random.choice(crowd, 3, replace=False).tolist()
        )
        places = region * PLACES + random.choice(PLACES, 4, replace=False)
        trips.together.extend((group, place) for place in places.tolist())
    return trips


def tables_of(trips: Trips, untouched: int = 0) -> GroupTables:
    """The trips as tables; `untouched` places more than anybody went to."""
    places = REGIONS * PLACES + untouched
    return GroupTables(
        counted(trips.members, (GROUPS, PEOPLE)),
        counted(trips.alone, (PEOPLE, places)),
        counted(trips.together, (GROUPS, places)),
    )
