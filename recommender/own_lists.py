"""What one person would like, kept until something that matters to it changes.

A person's scores are, in log-odds,

    model (history)  +  margin (capped)  +  stated wishes  -  tiredness of what was shown

The best of them, in the order of the second stage, are kept with their likeness and their reasons
until an event of the person, another model, other rules, or `shortlist_ms`. A list then costs
what it takes to choose from `shortlist` products; an event costs one row of the model and one short
list.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from recommender.diversity import diverse_order
from recommender.exposure import Exposure
from recommender.interactions import Product, Recommendation
from recommender.live import Profile
from recommender.model import Floats, Model, empty_model, probability
from recommender.preferences import Preferences, Wishes, wishes_over
from recommender.profiles import Profiles
from recommender.reasons import NEW, Reason, explain_own, usual_reason, wished
from recommender.rules import HouseRules
from recommender.settings import LiveSettings, PolicySettings
from recommender.shortlist import Shortlist, shortlist

Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]

STRANGER = ""
"""Whose short list is that of everybody of whom nothing is known."""

ALL = slice(None)

Tired = dict[int, float]
"""By how much what somebody was shown and passed over sinks, by position."""


@dataclass(slots=True)
class Kept:
    """A short list, what it was made from, and what was found out about its products since."""

    key: tuple[object, ...]
    shortlist: Shortlist
    tired: Tired
    reasons: dict[int, Reason] = field(default_factory=dict)
    told: tuple[object, list[Recommendation]] = ((), [])
    """Which list was told last, while nobody was tired of anything."""

    def columns_of(self, places: Sequence[int]) -> Positions:
        """The places in the short list of these positions, int64; -1 for what is not on it."""
        same = np.array(places, dtype=np.int64)[:, None] == self.shortlist.positions
        return np.where(same.any(axis=1), same.argmax(axis=1), -1)


class OwnLists:
    """Scores and short lists of people over the model in service."""

    def __init__(
        self,
        settings: LiveSettings,
        policy: PolicySettings,
        profiles: Profiles,
        rules: HouseRules,
        exposure: Exposure,
    ) -> None:
        self._settings = settings
        self._policy = policy
        self._profiles = profiles
        self._rules = rules
        self._exposure = exposure
        self._model = empty_model()
        self._products: Mapping[str, Product] = {}
        self._wishes: OrderedDict[str, tuple[Preferences, Wishes | None]] = OrderedDict()
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._usual_reasons: dict[int, Reason] = {}

    def replace(self, model: Model, products: Mapping[str, Product]) -> None:
        """Another model is in service."""
        self._model, self._products = model, products
        self._usual_reasons.clear()
        self.forget_lists()

    def set_preferences(self, person_id: str, preferences: Preferences) -> None:
        """What a person told the store they like; empty: nothing."""
        self._wishes.pop(person_id, None)
        if preferences:
            self._wishes[person_id] = (preferences, None)
            if len(self._wishes) > self._settings.people_limit:
                oldest, _ = self._wishes.popitem(last=False)
                self._profiles.unload(oldest)

    def forget(self, person_id: str) -> None:
        """Erase a person."""
        self._kept.pop(person_id, None)
        self._wishes.pop(person_id, None)

    def end_session(self, person_id: str) -> None:
        """The person has left: a kept list knows what was allowed for the session only."""
        self._kept.pop(person_id, None)

    def forget_lists(self) -> None:
        """Make every list anew; what is known of people stays."""
        self._kept.clear()

    @property
    def kept(self) -> int:
        """Short lists in memory."""
        return len(self._kept)

    def is_known(self, person_id: str, now_ms: int) -> bool:
        """Whether anything is known that moves this person's list."""
        return person_id in self._wishes or self._profiles.person(person_id, now_ms) is not None

    def wishes(self, person_id: str) -> Wishes | None:
        """The stated wishes over the model in service, worked out when they are first asked for."""
        found = self._wishes.get(person_id)
        if found is None:
            return None
        model = self._model
        preferences, wishes = found
        if wishes is None or wishes.model is not model:
            wishes = wishes_over(preferences, model, self._products, self._policy)
            self._wishes[person_id] = (preferences, wishes)
        return wishes

    def _boosts(self, wishes: Wishes | None, tired: Tired) -> Floats | None:
        """What the house, the reader and tiredness add to log-odds, float32 (products,)."""
        margins = self._rules.margins
        if margins is None and wishes is None and not tired:
            return None
        boosts = np.zeros(self._model.size, dtype=np.float32) if margins is None else margins.copy()
        if wishes is not None:
            boosts += wishes.boosts
        for position, sinks in tired.items():
            boosts[position] -= sinks
        return boosts

    def _tired(self, person_id: str, now_ms: int) -> Tired:
        positions = self._model.position
        return {
            positions[product_id]: sinks
            for product_id, sinks in self._exposure.tiredness(person_id, now_ms)
            if product_id in positions
        }

    def shortlist(
        self,
        person_id: str,
        profile: Profile | None,
        live: LiveSettings,
        now_ms: int,
        allowed: Mask | None = None,
    ) -> tuple[Kept, Tired]:
        """The person's short list, kept or made anew, and what they are tired of by now.

        `allowed`: what the house's rules and the person's history allow, if that is known already.
        """
        model = self._model
        wishes = self.wishes(person_id)
        tired = self._tired(person_id, now_ms)
        known = profile is not None or wishes is not None or tired
        reader = person_id if known else STRANGER
        revision = 0 if profile is None else profile.revision
        window = now_ms // live.shortlist_ms
        key = (profile, revision, wishes, live.prior_weight, self._rules.revision, window)
        kept = self._kept.get(reader)
        if kept is not None and kept.key == key:
            self._kept.move_to_end(reader)
            return kept, tired
        history = None if profile is None else profile.history
        together, text, scale = self._profiles.sums(profile, model, live.prior_weight, now_ms)
        if allowed is None:
            allowed = self._rules.allowed((), [history], now_ms)
        made = shortlist(
            model, history, (together, text), scale, allowed, now_ms, live.shortlist,
            self._boosts(wishes, tired), self._profiles.singles(profile, model),
        )  # fmt: skip
        kept = self._kept[reader] = Kept(key, made, tired)
        self._kept.move_to_end(reader)
        if len(self._kept) > self._settings.vectors_limit:
            self._kept.popitem(last=False)
        return kept, tired

    def _scores_now(self, kept: Kept, tired: Tired) -> Floats:
        """The short list's log-odds with what the person is tired of by now."""
        if not tired and not kept.tired:
            return kept.shortlist.scores
        scores = kept.shortlist.scores.copy()
        changed = list(tired.keys() | kept.tired.keys())
        for position, column in zip(changed, kept.columns_of(changed).tolist(), strict=True):
            if column >= 0:
                scores[column] += kept.tired.get(position, 0.0) - tired.get(position, 0.0)
        return scores

    def chosen(
        self, kept: Kept, tired: Tired, allowed: Mask, wanted: int, live: LiveSettings
    ) -> Positions | None:
        """Places in the short list that make a diverse list, or None when it is too short."""
        found = kept.shortlist
        size = wanted * live.pool_factor if live.diversity > 0 else wanted
        columns = allowed.take(found.positions).nonzero()[0]
        if columns.size < min(size, 2 * wanted) and found.positions.size < found.model.size:
            return None
        scores = self._scores_now(kept, tired)[columns]
        if tired or kept.tired:
            order = np.argsort(-scores, kind="stable")
            columns, scores = columns[order], scores[order]
        columns, scores = columns[:size], scores[:size]
        if live.diversity <= 0 or columns.size < 2:
            return columns[:wanted]
        reach = int(columns.max()) + 1
        likeness = found.likeness(reach)
        if columns.size < reach or tired or kept.tired:
            likeness = likeness[columns[:, None], columns]
        return columns[diverse_order(scores, likeness, wanted, live.diversity)]

    def _scores_at(
        self,
        person_id: str,
        kept: Kept,
        tired: Tired,
        places: Sequence[int],
        live: LiveSettings,
        now_ms: int,
    ) -> Floats:
        """Log-odds of these positions, float32 (places,)."""
        columns = kept.columns_of(places)
        scores = self._scores_now(kept, tired).take(columns)
        if columns.min(initial=0) < 0:
            below = (columns < 0).nonzero()[0]
            unlisted = [places[place] for place in below.tolist()]
            scores[below] = self._below(person_id, tired, live, now_ms, unlisted)
            scores[below] -= np.float32(kept.shortlist.sinks)
        return scores

    def _below(
        self,
        person_id: str,
        tired: Tired,
        live: LiveSettings,
        now_ms: int,
        places: list[int] | slice = ALL,
    ) -> Floats:
        """The first stage's log-odds, boosts added, of all products or of some positions."""
        model = self._model
        profile = self._profiles.person(person_id, now_ms)
        together, text, scale = self._profiles.sums(profile, model, live.prior_weight, now_ms)
        scores = model.blended(together, text, scale, places)
        boosts = self._boosts(self.wishes(person_id), tired)
        if boosts is not None:
            scores += boosts[places]
        return scores

    def advice(
        self,
        person_id: str,
        kept: Kept,
        tired: Tired,
        places: Sequence[int],
        new: Collection[int],
        live: LiveSettings,
        now_ms: int,
    ) -> list[Recommendation]:
        """These positions with scores and reasons; `new`: which of them are there because they are
        new. What was told of a kept list is told again."""
        asked, reasons = (places, new), kept.reasons
        fresh = not tired and not kept.tired
        if fresh and kept.told[0] == asked:
            return kept.told[1].copy()
        untold = [place for place in places if place not in reasons]
        if untold:
            told = self._reasons(person_id, untold, live, now_ms)
            reasons.update(zip(untold, told, strict=True))
        shown = probability(self._scores_at(person_id, kept, tired, places, live, now_ms))
        ids = self._model.product_ids
        found = [
            Recommendation(ids[place], score, *(NEW if place in new else reasons[place]))
            for place, score in zip(places, shown.tolist(), strict=True)
        ]
        if fresh:
            kept.told = asked, found.copy()
        return found

    def _reasons(
        self, person_id: str, places: Sequence[int], live: LiveSettings, now_ms: int
    ) -> list[Reason]:
        model, chosen = self._model, np.array(places, dtype=np.int64)
        profile = self._profiles.person(person_id, now_ms)
        together, text, scale = self._profiles.sums(profile, model, live.prior_weight, now_ms)
        reasons = explain_own(
            model, self._products, self._profiles.singles(profile, model), (together, text), scale,
            chosen, self._usual_reason,
        )  # fmt: skip
        wishes = self.wishes(person_id)
        return reasons if wishes is None else wished(reasons, chosen, wishes.named)

    def _usual_reason(self, place: int) -> Reason:
        """What there is to say of a product without any history; kept with the model."""
        found = self._usual_reasons.get(place)
        if found is None:
            minimum = self._settings.reason_people_minimum
            found = usual_reason(self._model, self._products, place, minimum, party=False)
            self._usual_reasons[place] = found
        return found

    def scores(self, person_id: str, live: LiveSettings, now_ms: int) -> Floats:
        """Log-odds of every product for one person, both stages; a new array."""
        profile = self._profiles.person(person_id, now_ms)
        kept, tired = self.shortlist(person_id, profile, live, now_ms)
        scores = self._below(person_id, tired, live, now_ms)
        kept.shortlist.lay_over(scores, self._scores_now(kept, tired))
        return scores
