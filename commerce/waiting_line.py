"""The waiting line of a drop: many want a SKU at the same moment, and are let in one by one.

Theory of operation
-------------------
A drop is a SKU that can only be held by those who are admitted. Who joins gets a place; places are
numbered as people come, and the members of a party share one, so a party is admitted together.
Strictly first come, first served: when the next party does not fit, nobody overtakes it.

An admission belongs to a person and cannot be handed on. It ends by time or with a purchase, and
then its owner's place is gone: who still wants something joins anew, at the end. As many people are
admitted at the same time as the drop allows, and never more parties than there are pieces left.

A person has one place in a line. So many people of one network can have a place, so that a machine
with a thousand names gets a few places and not a thousand. Who joins a party whose members have as
many places as a cart has members gets a place of their own at the end, so that a place at the front
is not worth selling.

Everything here is decided from the rows of the line, so the line survives a restart. It can be
long, and nobody reads all of it: to join takes the places around, to let people in those at the
front, and everything else is counted where it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from commerce.errors import ConflictError


@dataclass(frozen=True, slots=True)
class Drop:
    """The rules of a line, and what has become of it: times in ms, `admitted` counts people."""

    sku: str
    admitted_max: int
    admission_ttl_ms: int
    opened_ms: int
    admitted: int


@dataclass(frozen=True, slots=True)
class Place:
    """A person's place. Members of a party have the same `number`; None: not admitted yet."""

    person_id: str
    party_id: str
    number: int
    network: str
    admitted_until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Inside:
    """How many people are let in just now, and in how many parties they came."""

    people: int
    parties: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person sees: how many people come before them, and how long that may take.

    `estimate_ms` is None as long as nobody was admitted. Admitted: `ahead` is 0.
    """

    sku: str
    ahead: int
    waiting: int
    estimate_ms: int | None
    admitted_until_ms: int | None


def wait_in_line(sku: str) -> ConflictError:
    """WAIT_IN_LINE: this SKU is only for those who were admitted."""
    return ConflictError(
        "WAIT_IN_LINE",
        "Many people want this just now. Join the line; you will be let in when it is your turn.",
        {"sku": sku},
    )


def join(
    places: Sequence[Place],
    newcomer: Place,
    per_network_max: int,
    now_ms: int,
    per_party_max: int | None = None,
) -> Place:
    """The place of a person who joins: the one they have, their party's, or the newcomer's own.

    `places` are those of the person, of their party and of their network, in the order of the line;
    others make no difference. Raises LIMIT_REACHED when too many of one network are in the line.
    """
    for place in places:
        if place.person_id == newcomer.person_id:
            return place
    neighbours = sum(place.network == newcomer.network for place in places)
    if newcomer.network and neighbours >= per_network_max:
        raise ConflictError(
            "LIMIT_REACHED",
            f"{per_network_max} people of one network can be in a line at most.",
            {"limit": "line_places_per_network_max", "maximum": per_network_max},
        )
    party = [
        place
        for place in places
        if place.party_id == newcomer.party_id and not _is_over(place, now_ms)
    ]
    if not party or (per_party_max is not None and len(party) >= per_party_max):
        return newcomer
    return replace(newcomer, number=party[0].number, admitted_until_ms=party[0].admitted_until_ms)


def parties_max(inside: Inside, drop: Drop, available: int) -> int:
    """How many parties can be let in at most, if each is one person; 0 or less: none."""
    people = drop.admitted_max - inside.people
    return min(available - inside.parties, max(people, 1) if inside.people == 0 else people)


def admit(
    front: Sequence[Place], inside: Inside, drop: Drop, available: int, now_ms: int
) -> list[Place]:
    """Who of those at the front is let in now, with the end of their admission.

    A party that is larger than the drop allows is let in when nobody else is.
    """
    people, parties = inside.people, inside.parties
    waiting: dict[int, list[Place]] = {}
    for place in front:
        waiting.setdefault(place.number, []).append(place)
    until_ms = now_ms + drop.admission_ttl_ms
    admitted: list[Place] = []
    for members in waiting.values():
        fits = people == 0 or people + len(members) <= drop.admitted_max
        if not fits or parties >= available:
            break
        people, parties = people + len(members), parties + 1
        admitted += [replace(member, admitted_until_ms=until_ms) for member in members]
    return admitted


def standing(own: Place, ahead: int, waiting: int, drop: Drop, now_ms: int) -> Standing | None:
    """What somebody sees who has this place, with so many people before them and waiting in all;
    None: their admission is over."""
    if _is_over(own, now_ms):
        return None
    if own.admitted_until_ms is not None:
        return Standing(drop.sku, 0, waiting, 0, own.admitted_until_ms)
    estimate_ms = None
    if drop.admitted:
        # At the pace of this drop so far.
        estimate_ms = (ahead + 1) * (now_ms - drop.opened_ms) // drop.admitted
    return Standing(drop.sku, ahead, waiting, estimate_ms, None)


def _is_over(place: Place, now_ms: int) -> bool:
    return place.admitted_until_ms is not None and place.admitted_until_ms <= now_ms
