"""Lists for people and parties, in memory and at once: the synchronous half of the service.

Everything here runs on one thread and never waits. The model is one attribute, read once a call,
so a list is made from one whole model.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from recommender.diversity import diverse_positions
from recommender.group import combined_scores, party_share
from recommender.interactions import KeptInteraction, Product, Recommendation, Signal
from recommender.live import History, Profile
from recommender.model import Floats, Model, empty_model, probability
from recommender.reasons import explain
from recommender.settings import LiveSettings
from recommender.weighting import interaction_weight


class _Recent(OrderedDict[str, Profile]):
    """Profiles by id, the one used last at the end, at most `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def used(self, key: str) -> Profile | None:
        profile = super().get(key)
        if profile is not None:
            self.move_to_end(key)
        return profile


class Serving:
    """Live profiles over a model; all methods are synchronous and O(products)."""

    def __init__(self, settings: LiveSettings, products_limit: int) -> None:
        self._settings = settings
        self._products_limit = products_limit
        self._model = empty_model()
        self._products: Mapping[str, Product] = {}
        self._unavailable: set[str] = set()
        self._offered: npt.NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)
        self._people = _Recent(settings.people_limit)
        self._parties = _Recent(settings.parties_limit)
        self._with_sums: OrderedDict[int, Profile] = OrderedDict()

    # --- what is known ----------------------------------------------------------------------

    @property
    def model(self) -> Model:
        return self._model

    @property
    def people(self) -> int:
        return len(self._people)

    @property
    def parties(self) -> int:
        return len(self._parties)

    @property
    def sums_held(self) -> int:
        """Profiles that hold score sums in memory."""
        return len(self._with_sums)

    def knows(self, product_id: str) -> bool:
        return product_id in self._products

    def has_history(self, person_id: str) -> bool:
        return person_id in self._people

    def replace(self, model: Model, products: Sequence[Product]) -> None:
        """Put a model and its catalogue into service; `model` must be over `products`."""
        self._products = {product.product_id: product for product in products}
        offered = np.ones(model.size, dtype=np.bool_)
        for product_id in self._unavailable:
            place = model.position.get(product_id)
            if place is not None:
                offered[place] = False
        self._offered = offered
        self._model = model

    def set_available(self, product_id: str, available: bool) -> None:
        """Whether a product may be listed; remembered also for products still to come."""
        if available:
            self._unavailable.discard(product_id)
        elif len(self._unavailable) < 2 * self._products_limit:
            self._unavailable.add(product_id)
        place = self._model.position.get(product_id)
        if place is not None:
            self._offered[place] = available

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
        weight = interaction_weight(signal, value, self._settings.signal_weights)
        if weight == 0.0:
            return
        profile = self._opened(self._people, person_id)
        profile.take(product_id, person_id, signal, weight, at_ms, kept)
        if party_id is not None:
            # Party behaviour always ends with the party's visit, whatever its people keep.
            party = self._opened(self._parties, party_id)
            profile.party_ids.add(party_id)
            party.take(product_id, person_id, signal, weight, at_ms, kept=False)

    def load(self, interactions: Iterable[KeptInteraction]) -> None:
        """Take stored interactions with an id, oldest first, as the history of their people."""
        for kept in interactions:
            if kept.person_id is not None:
                self.steer(
                    kept.person_id, None, kept.product_id, kept.signal, kept.value,
                    kept.occurred_ms, kept=True,
                )  # fmt: skip

    def forget_person(self, person_id: str) -> None:
        """Erase a person from all live state, parties included."""
        profile = self._people.pop(person_id, None)
        if profile is not None:
            self._with_sums.pop(id(profile), None)
        # Every party is asked: the person's own profile may have been forgotten for lack of room.
        for party_id in list(self._parties):
            self._leave_party(party_id, person_id)

    def end_session(self, person_id: str) -> None:
        """Forget what the person allowed for the session only, and their part in parties."""
        profile = self._people.get(person_id)
        if profile is None:
            return
        for party_id in profile.party_ids:
            self._leave_party(party_id, person_id)
        profile.end_session()
        if not profile.history.entries:
            self._discard(self._people, person_id)

    def sweep(self, now_ms: int) -> None:
        """End the sessions that have been silent for too long."""
        silent_ms = now_ms - self._settings.session_idle_ms
        for table in (self._people, self._parties):
            for key, profile in list(table.items()):
                if profile.session_only and profile.history.as_of_ms <= silent_ms:
                    profile.end_session()
                    if not profile.history.entries:
                        self._discard(table, key)

    # --- lists ------------------------------------------------------------------------------

    def for_person(
        self, person_id: str, count: int, now_ms: int, exclude: Collection[str]
    ) -> list[Recommendation]:
        """The person's list, best first; a stranger gets what is popular."""
        model = self._model
        profile = self._current(self._people, person_id, now_ms)
        history = None if profile is None else profile.history
        scores = self._scores(profile, model, now_ms)
        allowed = self._allowed(model, exclude, [history], now_ms)
        return self._list(model, scores, allowed, count, history, party=False)

    def for_party(
        self,
        party_id: str,
        members: Sequence[str],
        count: int,
        now_ms: int,
        exclude: Collection[str],
    ) -> list[Recommendation]:
        """The party's list, best first; members of whom nothing is known do not count."""
        model, settings = self._model, self._settings
        party = self._current(self._parties, party_id, now_ms)
        known = [
            profile
            for person_id in list(dict.fromkeys(members))[: settings.party_members_limit]
            if (profile := self._current(self._people, person_id, now_ms)) is not None
        ]
        history = None if party is None else party.history
        share = 0.0
        if history is not None:
            mass = history.mass * history.scale_at(now_ms)
            share = party_share(mass, settings.prior_weight, settings.party_share_limit)
        scores = combined_scores(
            [self._scores(profile, model, now_ms) for profile in known],
            self._scores(party, model, now_ms),
            share,
            settings.average_share,
        )
        allowed = self._allowed(model, exclude, [history], now_ms)
        return self._list(model, scores, allowed, count, history, party=True)

    # --- parts ------------------------------------------------------------------------------

    def _opened(self, table: _Recent, key: str) -> Profile:
        profile = table.used(key)
        if profile is None:
            profile = table[key] = Profile(self._settings)
            if len(table) > table.limit:
                _, oldest = table.popitem(last=False)
                self._with_sums.pop(id(oldest), None)
        return profile

    def _leave_party(self, party_id: str, person_id: str) -> None:
        party = self._parties.get(party_id)
        if party is None:
            return
        party.drop(lambda entry: entry.person_id == person_id)
        if not party.history.entries:
            self._discard(self._parties, party_id)

    def _discard(self, table: _Recent, key: str) -> None:
        profile = table.pop(key)
        self._with_sums.pop(id(profile), None)

    def _current(self, table: _Recent, key: str, now_ms: int) -> Profile | None:
        """The profile without what should be forgotten by now."""
        profile = table.used(key)
        if profile is None:
            return None
        idle_ms = now_ms - profile.history.as_of_ms
        if profile.session_only and idle_ms >= self._settings.session_idle_ms:
            profile.end_session()
        if not profile.history.entries:
            self._discard(table, key)
            return None
        return profile

    def _scores(self, profile: Profile | None, model: Model, now_ms: int) -> Floats:
        """Log-odds for a profile, or by popularity alone."""
        if profile is None:
            nothing = np.zeros(model.size, dtype=np.float32)
            return model.blended(nothing, nothing, 0.0)
        self._with_sums[id(profile)] = profile
        self._with_sums.move_to_end(id(profile))
        if len(self._with_sums) > self._settings.vectors_limit:
            _, oldest = self._with_sums.popitem(last=False)
            oldest.release_sums()
        return profile.scores(model, self._settings.prior_weight, now_ms)

    def _allowed(
        self,
        model: Model,
        exclude: Collection[str],
        histories: Sequence[History | None],
        now_ms: int,
    ) -> npt.NDArray[np.bool_]:
        allowed = self._offered.copy()
        unwanted = [*exclude]
        for history in histories:
            if history is not None:
                unwanted.extend(history.resting(now_ms))
        for product_id in unwanted:
            place = model.position.get(product_id)
            if place is not None:
                allowed[place] = False
        return allowed

    def _list(
        self,
        model: Model,
        scores: Floats,
        allowed: npt.NDArray[np.bool_],
        count: int,
        history: History | None,
        *,
        party: bool,
    ) -> list[Recommendation]:
        settings = self._settings
        wanted = max(0, min(count, settings.list_limit))
        if wanted == 0 or model.size == 0:
            return []
        chosen = diverse_positions(
            model, scores, allowed, wanted, settings.diversity, settings.pool_factor
        )
        reasons = explain(
            model, self._products, history, chosen,
            prior_weight=settings.prior_weight,
            people_minimum=settings.reason_people_minimum,
            party=party,
        )  # fmt: skip
        shown = scores[chosen] if party else probability(scores[chosen])
        return [
            Recommendation(model.product_ids[place], float(score), code, sentence)
            for place, score, (code, sentence) in zip(chosen, shown, reasons, strict=True)
        ]
