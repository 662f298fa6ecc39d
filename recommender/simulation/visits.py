"""A party's visit: a shelf is filled for them again and again, they look, talk, add and tire.

At each round every member looks at a place with probability k ** -GAZE_EXPONENT for the k-th one.
What they look at holds them for seconds in proportion to its worth and to what boredom has left of
it. When two or more looked at the same thing and it is worth something to both, they may talk about
it and hand it over, and what was talked about is added more readily. That friends' talk raises the
wish to buy is the assumption behind co-display, and here it is one number: `talk_lift`. Who talked
about a thing may vote for it.

All chance of a visit comes from a seed of study, party and round, so the same people under another
rule have the same luck, and differences are those of the rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from recommender.impressions import Showing, Surface
from recommender.interactions import ConsentClass, Interaction, Recommendation, Signal
from recommender.service import RecommenderService
from recommender.simulation.shoppers import Article, Shopper

GAZE_EXPONENT = 0.5
DWELL_S = 20.0
"""Longest look, at something worth everything."""

PICK_UP, ADD, TALK, VOTE = 0.6, 0.25, 0.8, 0.5
"""Probabilities at worth 1: to pick up, to add, to talk when two look at the same, to vote for what
was talked about."""

BUY = 0.6
"""Share of what is in the cart at the end that is bought."""

ROUND_MS = 30_000
CONSENT = frozenset({ConsentClass.SESSION, ConsentClass.PERSONAL})


class Rule(StrEnum):
    """Who sees what."""

    ONE_FOR_ALL = "one for all"
    PER_PERSON = "per person"
    CO_DISPLAY = "co-display"


class VirtualClock:
    """Time of a simulation, in milliseconds; only `advance` moves it."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms

    def advance(self, elapsed_ms: int) -> None:
        self.now_ms += elapsed_ms


@dataclass(slots=True)
class Outcome:
    """What a party had of its visit.

    Attributes:
        joy: worth of what a member looked at, boredom taken off, a member and round.
        worst: the same for the member who had least.
        least: satisfaction of the least satisfied member, 0..1: joy over what a shelf of their own
            favourites, new to them at each round, would have given (after Stratigi, Nummenmaa,
            Pitoura, Stefanidis, SAC 2020, who judge a sequence of group lists so).
        disagreement: satisfaction of the most satisfied member, less the least (same source).
        talks: things talked about and handed over, a visit.
        votes: votes for what was talked about, a member.
        adds: things put in the cart, a member.
        talked_adds: of the adds, those of things just talked about, a member.
        new_seen: share of the places that went to products launched during the study.
        new_adds: of the adds, those of such products, a member.
        different: different products shown, a visit.
    """

    joy: float = 0.0
    worst: float = 0.0
    least: float = 0.0
    disagreement: float = 0.0
    talks: float = 0.0
    votes: float = 0.0
    adds: float = 0.0
    talked_adds: float = 0.0
    new_seen: float = 0.0
    new_adds: float = 0.0
    different: float = 0.0


@dataclass(slots=True)
class _Diary:
    """What one member has seen and done during a visit."""

    joy: float = 0.0
    adds: int = 0
    talked_adds: int = 0
    new_adds: int = 0
    votes: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    cart: set[str] = field(default_factory=set)


class Visit:
    """One party on one day, on the service as the server uses it."""

    def __init__(
        self,
        service: RecommenderService,
        clock: VirtualClock,
        shop: Mapping[str, Article],
        party_id: str,
        members: Sequence[Shopper],
        *,
        rule: Rule,
        places: int,
        talk_lift: float,
        launched: frozenset[str],
        seed: tuple[int, ...],
    ) -> None:
        self._service = service
        self._clock = clock
        self._shop = shop
        self._party_id = party_id
        self._members = {member.person_id: member for member in members}
        self._diaries = {member.person_id: _Diary() for member in members}
        self._rule = rule
        self._places = places
        self._talk_lift = talk_lift
        self._launched = launched
        self._seed = seed
        self._outcome = Outcome()
        self._shown: set[str] = set()
        self._filled = 0

    def run(self, rounds: int) -> Outcome:
        """Walk past the shelf `rounds` times and leave."""
        for number in range(rounds):
            self._round(np.random.default_rng((*self._seed, number)))
        self._pay(np.random.default_rng((*self._seed, rounds)))
        for person_id in self._members:
            self._service.end_session(person_id)
        outcome, people = self._outcome, len(self._members)
        joys = [diary.joy / rounds for diary in self._diaries.values()]
        outcome.joy, outcome.worst = sum(joys) / people, min(joys)
        satisfied = [
            joy / self._best_joy(member)
            for joy, member in zip(joys, self._members.values(), strict=True)
        ]
        outcome.least, outcome.disagreement = min(satisfied), max(satisfied) - min(satisfied)
        for name in ("adds", "talked_adds", "new_adds", "votes"):
            total = sum(getattr(diary, name) for diary in self._diaries.values())
            setattr(outcome, name, total / people)
        outcome.different = float(len(self._shown))
        outcome.new_seen /= max(1, self._filled)
        return outcome

    def _best_joy(self, member: Shopper) -> float:
        """What a round in front of their own favourites would give somebody who is not bored."""
        worth = sorted((member.worth(article) for article in self._shop.values()), reverse=True)
        return sum(
            value * float((place + 1) ** -GAZE_EXPONENT)
            for place, value in enumerate(worth[: self._places])
        )

    def _pay(self, random: np.random.Generator) -> None:
        """Everybody buys some of what is in their cart."""
        for person_id, diary in self._diaries.items():
            for product_id in sorted(diary.cart):
                if random.random() < BUY:
                    self._observe(person_id, product_id, Signal.BUY)

    def _round(self, random: np.random.Generator) -> None:
        shelf = self._shelf()
        # Drawn for all places of all members, whatever is on them, so that luck stays the same.
        draws = {person_id: random.random((4, self._places)) for person_id in self._members}
        looked: dict[str, list[str]] = {}
        for person_id, entries in shelf.items():
            self._show(person_id, entries)
            for place, entry in enumerate(entries):
                if draws[person_id][0, place] < (place + 1) ** -GAZE_EXPONENT:
                    looked.setdefault(entry.product_id, []).append(person_id)
        self._clock.advance(ROUND_MS)
        talked = self._talk(looked, random.random(self._places * len(self._members)))
        for person_id, entries in shelf.items():
            for place, entry in enumerate(entries):
                if person_id in looked.get(entry.product_id, ()):
                    lifted = entry.product_id in talked
                    self._react(person_id, entry.product_id, draws[person_id][:, place], lifted)

    def _shelf(self) -> dict[str, list[Recommendation]]:
        service, now_ms, places = self._service, self._clock(), self._places
        people = list(self._members)
        if self._rule is Rule.ONE_FOR_ALL:
            common = service.for_party(self._party_id, people, places, now_ms)
            return dict.fromkeys(people, common)
        if self._rule is Rule.PER_PERSON:
            return {p: service.for_person(p, places, now_ms) for p in people}
        weights = [(place + 1) ** -GAZE_EXPONENT for place in range(places)]
        cells = service.for_display(self._party_id, people, weights, now_ms)
        return {p: [cell.recommendation for cell in cells[p]] for p in people}

    def _show(self, person_id: str, entries: Sequence[Recommendation]) -> None:
        product_ids = tuple(entry.product_id for entry in entries)
        self._shown.update(product_ids)
        self._filled += len(product_ids)
        self._outcome.new_seen += sum(each in self._launched for each in product_ids)
        party = self._rule is Rule.ONE_FOR_ALL
        self._service.show(
            Showing(
                person_id,
                Surface.PARTY if party else Surface.DISPLAY,
                product_ids,
                self._clock(),
                CONSENT,
                self._party_id,
                explored=frozenset(e.product_id for e in entries if e.reason_code == "new"),
            )
        )

    def _talk(self, looked: Mapping[str, Sequence[str]], draws: np.ndarray) -> set[str]:
        """What two or more who looked at it talk about, and hand over."""
        talked: set[str] = set()
        for product_id, people in looked.items():
            if len(people) < 2:
                continue
            interests = sorted((self._interest(p, product_id), p) for p in people)[-2:]
            # Both must care, so the less interested of the two decides.
            number = int(self._shop[product_id].product.product_id.rpartition("-")[2])
            if draws[number % draws.size] < TALK * interests[0][0]:
                talked.add(product_id)
                self._outcome.talks += 1
                for _, person_id in interests:
                    self._observe(person_id, product_id, Signal.HAND_OVER)
        return talked

    def _react(self, person_id: str, product_id: str, draws: np.ndarray, lifted: bool) -> None:
        diary, interest = self._diaries[person_id], self._interest(person_id, product_id)
        diary.joy += interest
        diary.seen[product_id] = diary.seen.get(product_id, 0) + 1
        self._observe(person_id, product_id, Signal.DWELL, DWELL_S * interest)
        if draws[1] < PICK_UP * interest:
            self._observe(person_id, product_id, Signal.PICK_UP)
        if lifted and draws[3] < VOTE * interest:
            diary.votes += 1
            self._observe(person_id, product_id, Signal.VOTE_UP)
        lift = self._talk_lift if lifted else 1.0
        if product_id not in diary.cart and draws[2] < ADD * lift * interest:
            diary.cart.add(product_id)
            diary.adds += 1
            diary.talked_adds += lifted
            diary.new_adds += product_id in self._launched
            self._observe(person_id, product_id, Signal.ADD)

    def _interest(self, person_id: str, product_id: str) -> float:
        """Worth to this person, less for each time they have seen it today."""
        member, diary = self._members[person_id], self._diaries[person_id]
        times = diary.seen.get(product_id, 0)
        return member.worth(self._shop[product_id]) * member.boredom**times

    def _observe(self, person_id: str, product_id: str, signal: Signal, value: float = 1.0) -> None:
        self._service.observe(
            Interaction(
                person_id, product_id, signal, self._clock(), CONSENT, self._party_id, value=value
            )
        )
