"""The line of a drop: first come, first served, parties together, nobody twice."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commerce.errors import CommerceError
from commerce.waiting_line import (
    Drop,
    Inside,
    Place,
    Standing,
    admit,
    join,
    parties_max,
    standing,
)

TTL_MS = 1_000
PEOPLE = [f"person-{number}" for number in range(12)]


def drop(admitted_max: int = 3, admitted: int = 0) -> Drop:
    return Drop("SKU", admitted_max, TTL_MS, 0, admitted)


def admitted(places: Sequence[Place], rules: Drop, available: int, now_ms: int) -> list[Place]:
    """Who is let in of a whole line, in which no admission is over."""
    let_in = [place for place in places if place.admitted_until_ms is not None]
    inside = Inside(len(let_in), len({place.number for place in let_in}))
    line = sorted(set(places) - set(let_in), key=lambda place: (place.number, place.person_id))
    numbers = sorted({place.number for place in line})
    first = numbers[: max(0, parties_max(inside, rules, available))]
    front = [place for place in line if place.number in first]
    found = admit(front, inside, rules, available, now_ms)
    assert found == admit(line, inside, rules, available, now_ms), "the others make no difference"
    return found


@dataclass
class Line:
    """A line as the database keeps it."""

    rules: Drop
    places: list[Place] = field(default_factory=list)
    next_number: int = 1
    order: list[int] = field(default_factory=list)

    def join(self, person_id: str, party_id: str, now_ms: int) -> None:
        newcomer = Place(person_id, party_id, self.next_number, "")
        place = join(self.places, newcomer, 100, now_ms)
        if place not in self.places:
            self.places.append(place)
            self.next_number += place.number == self.next_number

    def advance(self, available: int, now_ms: int) -> list[Place]:
        self.places = [p for p in self.places if (p.admitted_until_ms or now_ms + 1) > now_ms]
        let_in = admitted(self.places, self.rules, available, now_ms)
        names = {place.person_id for place in let_in}
        self.places = [place for place in self.places if place.person_id not in names] + let_in
        self.order += sorted({place.number for place in let_in})
        return let_in

    def inside(self) -> list[Place]:
        return [place for place in self.places if place.admitted_until_ms is not None]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.sampled_from(PEOPLE), st.integers(0, 5)),
        st.tuples(st.just("time"), st.just(""), st.integers(0, 600)),
        st.tuples(st.just("advance"), st.just(""), st.integers(0, 5)),
    ),
    max_size=60,
)


@given(steps, st.integers(1, 4))
@example(
    [
        ("join", "person-0", 0),
        ("join", "person-2", 1),
        ("advance", "", 2),
        ("join", "person-1", 0),
        ("time", "", 0),
    ],
    2,
)
def test_whatever_happens_the_line_is_fair(
    steps: Sequence[tuple[str, str, int]], admitted_max: int
) -> None:
    line, now_ms = Line(drop(admitted_max)), 0
    for step, person, number in steps:
        if step == "join":
            line.join(person, f"party-{number}", now_ms)
        elif step == "time":
            now_ms += number
        else:
            let_in = line.advance(number, now_ms)
            assert len({place.number for place in line.inside()}) <= max(
                number, len({p.number for p in line.inside()} - {p.number for p in let_in})
            )
            # Who follows their party may be one too many; then nobody else is let in.
            alone = len({place.number for place in line.inside()}) == 1
            assert not let_in or len(line.inside()) <= admitted_max or alone
        people = [place.person_id for place in line.places]
        assert len(people) == len(set(people)), "one place a person"
        parties = {place.number for place in line.inside()}
        waiting = {place.number for place in line.places if place.admitted_until_ms is None}
        assert not waiting & parties, "a party is let in together"
    # A party that lost its place joins with a new number: numbers only grow.
    assert line.order == sorted(set(line.order)), "nobody overtakes"


def test_a_small_party_does_not_overtake_a_large_one() -> None:
    places = [
        Place("ada", "a", 1, "", 5_000),
        Place("bert", "b", 2, ""),
        Place("cleo", "b", 2, ""),
        Place("dora", "b", 2, ""),
        Place("emil", "c", 3, ""),
    ]
    assert admitted(places, drop(3), 10, 0) == []
    let_in = admitted(places[1:], drop(2), 10, 0)
    assert [place.person_id for place in let_in] == ["bert", "cleo", "dora"], "alone, it fits"
    assert {place.admitted_until_ms for place in let_in} == {TTL_MS}
    assert admitted(places[1:], drop(2), 0, 0) == [], "nothing is left"


def test_where_people_stand() -> None:
    ada, dora = Place("ada", "a", 1, "", 400), Place("dora", "c", 3, "")
    assert standing(ada, 0, 3, drop(), 100) == Standing("SKU", 0, 3, 0, 400)
    assert standing(ada, 0, 3, drop(), 400) is None
    assert standing(dora, 0, 3, drop(), 100) == Standing("SKU", 0, 3, None, None)
    assert standing(dora, 2, 3, drop(admitted=2), 100) == Standing("SKU", 2, 3, 150, None)


def test_one_network_gets_a_few_places() -> None:
    places = [Place(f"bot-{number}", f"p{number}", number, "net") for number in range(3)]
    with pytest.raises(CommerceError) as raised:
        join(places, Place("bot-9", "p9", 9, "net"), 3, 0)
    assert raised.value.code == "LIMIT_REACHED"
    assert join(places, Place("ada", "p9", 9, "other"), 3, 0).number == 9
    assert join(places, Place("ada", "p9", 9, ""), 3, 0).number == 9
    assert join(places, Place("bot-1", "p9", 9, "net"), 3, 0) == places[1], "they have one"
    assert join(places, Place("ada", "p1", 9, "other"), 3, 0).number == 1, "next to their party"


def test_a_party_gets_as_many_places_as_it_has_members() -> None:
    places = [Place(f"friend-{number}", "party", 1, "", 5_000) for number in range(3)]
    late = Place("late", "party", 9, "")
    assert join(places, late, 100, 0, per_party_max=4).admitted_until_ms == 5_000
    assert join(places, late, 100, 0, per_party_max=3) == late
    assert join(places, late, 100, 5_000, per_party_max=4) == late, "their time is over"
