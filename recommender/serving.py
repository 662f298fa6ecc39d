"""Lists for people and parties, in memory and at once: the synchronous half of the service.

Everything here runs on one thread and never waits. The model is one attribute, read once a call,
so a list is made from one whole model. A person's scores are those of `recommender.own_lists`.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from recommender.codisplay import usable_weights
from recommender.display import DisplayCell, Viewer, display
from recommender.diversity import diverse_positions
from recommender.exploration import Explorer
from recommender.exposure import Exposure
from recommender.fairness import Fairness, list_satisfaction
from recommender.group import combined_scores, party_share
from recommender.interactions import KeptInteraction, Product, Recommendation, Signal
from recommender.live import Profile
from recommender.model import Floats, Model, empty_model
from recommender.own_lists import Kept, OwnLists, Tired
from recommender.preferences import Preferences
from recommender.profiles import Profiles
from recommender.reasons import NEW, explain
from recommender.rules import HouseRules
from recommender.settings import ExposureSettings, LiveSettings, PolicySettings


class Ranked(NamedTuple):
    """A person's list: positions, best first, and which of them are there because they are new."""

    kept: Kept
    tired: Tired
    positions: list[int]
    new: frozenset[int]


class Serving:
    """Live profiles over a model; all methods are synchronous and O(products)."""

    def __init__(
        self,
        settings: LiveSettings,
        products_limit: int,
        policy: PolicySettings | None = None,
        exposure: Exposure | None = None,
    ) -> None:
        self._settings = settings
        self._policy = policy or PolicySettings()
        if exposure is None:
            exposure = Exposure(ExposureSettings(), 1, products_limit)
        self.exposure = exposure
        self._model = empty_model()
        self._products: Mapping[str, Product] = {}
        self.profiles = Profiles(settings)
        self.rules = HouseRules(self._policy.margin_limit, products_limit)
        self._explorer = Explorer(self._policy, self.exposure.slots)
        self._fairness: OrderedDict[str, Fairness] = OrderedDict()
        self.own = OwnLists(settings, self._policy, self.profiles, self.rules, exposure)

    # --- what is known ----------------------------------------------------------------------

    @property
    def model(self) -> Model:
        return self._model

    @property
    def people(self) -> int:
        return self.profiles.people

    @property
    def parties(self) -> int:
        return self.profiles.parties

    def numbers(self) -> dict[str, float]:
        """Gauges of the model in service and of what is kept in memory."""
        model = self._model
        second = model.second
        return {
            "model_version": float(model.version),
            "model_people": float(model.people),
            "model_products": float(model.size),
            "model_trees": float(second is not None and second.trees is not None),
            "model_line": float(second is not None and second.line is not None),
            "live_people": float(self.people),
            "live_parties": float(self.parties),
            "kept_lists": float(self.own.kept),
            "new_products": float(self._explorer.new_products),
        }

    @property
    def sums_held(self) -> int:
        """Profiles that hold score sums in memory."""
        return self.profiles.sums_held

    def knows(self, product_id: str) -> bool:
        return product_id in self._products

    def has_history(self, person_id: str) -> bool:
        return self.profiles.has_history(person_id)

    def replace(self, model: Model, products: Sequence[Product]) -> None:
        """Put a model and its catalogue into service; `model` must be over `products`."""
        self._products = {product.product_id: product for product in products}
        self.rules.replace(model)
        self._explorer.replace(model, self._settings.reason_people_minimum)
        self.own.replace(model, self._products)
        self._model = model

    def set_available(self, product_id: str, available: bool) -> None:
        """Whether a product may be listed; remembered also for products still to come."""
        self.rules.set_available(product_id, available)

    def set_preferences(self, person_id: str, preferences: Preferences) -> None:
        """What a person told the store they like; empty: nothing."""
        self.own.set_preferences(person_id, preferences)

    def steer(
        self,
        person_id: str,
        party_id: str | None,
        product_id: str,
        signal: Signal,
        value: float,
        at_ms: int,
        kept: bool,
    ) -> None:
        """Let one interaction move the lists of its person and party."""
        self.profiles.steer(person_id, party_id, product_id, signal, value, at_ms, kept)

    def load(self, interactions: Iterable[KeptInteraction]) -> None:
        """Take stored interactions with an id, oldest first, as the history of their people."""
        self.profiles.load(interactions)

    def forget_person(self, person_id: str) -> None:
        """Erase a person from all live state, parties included."""
        self.profiles.forget_person(person_id)
        self.exposure.forget(person_id)
        self._explorer.forget(person_id)
        self.own.forget(person_id)
        for fairness in self._fairness.values():
            fairness.forget(person_id)

    def end_session(self, person_id: str) -> None:
        """Forget what the person allowed for the session only, and their part in parties."""
        self.profiles.end_session(person_id)
        self.own.end_session(person_id)
        for fairness in self._fairness.values():
            fairness.forget(person_id)

    def sweep(self, now_ms: int) -> None:
        """End the sessions that have been silent for too long."""
        self.profiles.sweep(now_ms)
        # What was for the session only must not live on in kept lists; they are short-lived anyway.
        self.own.forget_lists()

    def note_party_list(
        self, party_id: str, person_id: str, product_ids: Sequence[str], now_ms: int
    ) -> None:
        """A member was shown the party's list: whoever got little from it counts more next time."""
        position = self._model.position
        shown = [position[product_id] for product_id in product_ids if product_id in position]
        if not shown or not self.own.is_known(person_id, now_ms):
            return
        allowed = self.rules.allowed((), [], now_ms)
        allowed[shown] = True
        scores = self.own.scores(person_id, self._settings, now_ms)
        fairness = self._fairness.setdefault(party_id, Fairness())
        self._fairness.move_to_end(party_id)
        if len(self._fairness) > self._settings.parties_limit:
            self._fairness.popitem(last=False)
        satisfaction = {person_id: list_satisfaction(scores, shown, allowed)}
        limit = self._settings.party_members_limit
        fairness.note(satisfaction, self._policy.fairness_memory, limit)

    # --- lists ------------------------------------------------------------------------------

    def for_person(
        self,
        person_id: str,
        count: int,
        now_ms: int,
        exclude: Collection[str],
        live: LiveSettings | None = None,
        party_id: str | None = None,
    ) -> list[Recommendation]:
        """The person's list, best first; a stranger gets what is popular.

        `live` are the settings of the reader's arm when a test runs. What rests for the party, like
        what it has just rejected, is not listed for its members either.
        """
        live = live or self._settings
        ranked = self.ranked(person_id, count, now_ms, exclude, live, party_id)
        if ranked is None:
            return []
        kept, tired, places, new = ranked
        return self.own.advice(person_id, kept, tired, places, new, live, now_ms)

    def ranked(
        self,
        person_id: str,
        count: int,
        now_ms: int,
        exclude: Collection[str],
        live: LiveSettings,
        party_id: str | None = None,
    ) -> Ranked | None:
        """The products of the person's list, without scores and reasons; None: there are none."""
        model = self._model
        wanted = max(0, min(count, live.list_limit))
        if wanted == 0 or model.size == 0:
            return None
        profile = self.profiles.person(person_id, now_ms)
        history = None if profile is None else profile.history
        party = None if party_id is None else self.profiles.party(party_id, now_ms)
        shared_history = None if party is None else party.history
        allowed = self.rules.allowed(exclude, [history, shared_history], now_ms)
        by_rules = None if exclude or party is not None else allowed
        kept, tired = self.own.shortlist(person_id, profile, live, now_ms, by_rules)
        columns = self.own.chosen(kept, tired, allowed, wanted, live)
        if columns is not None:
            chosen = kept.shortlist.positions[columns]
        else:
            scores = self.own.scores(person_id, live, now_ms)
            chosen = diverse_positions(
                model, scores, allowed, wanted, live.diversity, live.pool_factor
            )

        def own_scores() -> Floats:
            return self.own.scores(person_id, live, now_ms)

        chosen, new = self._explorer.explored(model, chosen, own_scores, allowed, person_id, now_ms)
        positions = chosen.tolist()
        return Ranked(kept, tired, positions, frozenset(positions[place] for place in new))

    def for_party(
        self,
        party_id: str,
        members: Sequence[str],
        count: int,
        now_ms: int,
        exclude: Collection[str],
        live: LiveSettings | None = None,
    ) -> list[Recommendation]:
        """The party's list, best first; members of whom nothing is known do not count."""
        model, live = self._model, live or self._settings
        wanted = max(0, min(count, live.list_limit))
        if wanted == 0 or model.size == 0:
            return []
        party = self.profiles.party(party_id, now_ms)
        history = None if party is None else party.history
        known = self._known_members(members, now_ms)
        scores = self._party_scores(party_id, known, live, now_ms)
        allowed = self.rules.allowed(exclude, [history], now_ms)
        chosen = diverse_positions(model, scores, allowed, wanted, live.diversity, live.pool_factor)
        chosen, new = self._explorer.explored(
            model, chosen, lambda: scores, allowed, party_id, now_ms
        )
        reasons = explain(
            model, self._products, history, chosen, prior_weight=live.prior_weight,
            people_minimum=live.reason_people_minimum, party=True,
        )  # fmt: skip
        for place in new:
            reasons[place] = NEW
        return [
            Recommendation(model.product_ids[place], score, code, sentence)
            for place, score, (code, sentence) in zip(
                chosen.tolist(), scores[chosen].tolist(), reasons, strict=True
            )
        ]

    def for_display(
        self,
        party_id: str,
        members: Sequence[str],
        weights: Sequence[float] | int,
        now_ms: int,
        exclude: Collection[str],
        live: LiveSettings | None = None,
    ) -> dict[str, list[DisplayCell]]:
        """What each member sees on each place of a shelf; `weights`: how much places are looked at.

        Members of whom nothing is known see what the party as a whole would like.
        """
        model, live = self._model, live or self._settings
        if isinstance(weights, int):
            weights = self.exposure.slots.propensities(min(weights, live.list_limit))
        weights = usable_weights(weights, live.list_limit)
        viewers = list(dict.fromkeys(members))[: live.party_members_limit]
        if not viewers or not weights or model.size == 0:
            return {viewer: [] for viewer in viewers}
        party = self.profiles.party(party_id, now_ms)
        shared_history = None if party is None else party.history
        scores = {
            member: self.own.scores(member, live, now_ms)
            for member in self._known_members(viewers, now_ms)
        }
        if len(scores) < len(viewers):
            stranger = self._stranger_scores(party, list(scores.values()), live, now_ms)
            scores = dict.fromkeys(viewers, stranger) | scores
        seen = []
        for viewer in viewers:
            profile = self.profiles.person(viewer, now_ms)
            history = None if profile is None else profile.history
            allowed = self.rules.allowed(exclude, [history, shared_history], now_ms)
            seen.append(Viewer(viewer, scores[viewer], allowed, history))
        return display(model, self._products, seen, weights, live, self._policy)

    # --- parts ------------------------------------------------------------------------------

    def _known_members(self, members: Sequence[str], now_ms: int) -> list[str]:
        several = list(dict.fromkeys(members))[: self._settings.party_members_limit]
        return [member for member in several if self.own.is_known(member, now_ms)]

    def _party_scores(
        self, party_id: str, known: Sequence[str], live: LiveSettings, now_ms: int
    ) -> Floats:
        """Scores in 0..1 of every product for a party with these known members."""
        party = self.profiles.party(party_id, now_ms)
        own, share = self._party_own(party, live, now_ms)
        fairness = self._fairness.get(party_id)
        neglected = None if fairness is None else fairness.neglected(known, self._policy)
        return combined_scores(
            [self.own.scores(member, live, now_ms) for member in known],
            own,
            share,
            live.average_share,
            neglected,
        )

    def _party_own(
        self, party: Profile | None, live: LiveSettings, now_ms: int
    ) -> tuple[Floats, float]:
        """Log-odds by what the party did together, and the share of them in its lists."""
        share = 0.0
        if party is not None:
            mass = party.history.mass * party.history.scale_at(now_ms)
            share = party_share(mass, live.prior_weight, live.party_share_limit)
        together, text, scale = self.profiles.sums(party, self._model, live.prior_weight, now_ms)
        own = self._model.blended(together, text, scale)
        if self.rules.margins is not None:
            own += self.rules.margins
        return own, share

    def _stranger_scores(
        self, party: Profile | None, known: Sequence[Floats], live: LiveSettings, now_ms: int
    ) -> Floats:
        """Log-odds for somebody of whom nothing is known: the party's and the members' mean."""
        own, share = self._party_own(party, live, now_ms)
        if not known:
            return own
        return np.asarray(share * own + (1.0 - share) * np.mean(known, axis=0), dtype=np.float32)
