"""Lists for people and parties, in memory and at once: the synchronous half of the service.

Everything here runs on one thread and never waits. The model is one attribute, read once a call,
so a list is made from one whole model. A person's scores are, in log-odds,

    model (history)  +  margin (capped)  +  stated wishes  -  tiredness of what was shown
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.codisplay import NOTHING, Board, Plan, assign, talk_worth
from recommender.diversity import best_positions, diverse_positions
from recommender.exploration import Explorer
from recommender.exposure import Exposure
from recommender.fairness import Fairness, list_satisfaction
from recommender.group import combined_scores, party_share, unit_scale
from recommender.interactions import KeptInteraction, Product, Recommendation, Signal
from recommender.live import History
from recommender.model import Floats, Model, empty_model, probability
from recommender.preferences import Preferences, Wishes, wishes_over
from recommender.profiles import Profiles
from recommender.reasons import TOGETHER, explain, wished
from recommender.rules import HouseRules
from recommender.settings import ExposureSettings, LiveSettings, PolicySettings

Mask = npt.NDArray[np.bool_]

DISPLAY_POOL = 32
"""Best products of each viewer that a display is filled from."""


@dataclass(frozen=True, slots=True)
class DisplayCell:
    """What one viewer sees on one place (from 0) of a display, and who sees the same there."""

    place: int
    recommendation: Recommendation
    shared_with: tuple[str, ...]


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
        self._wishes: OrderedDict[str, tuple[Preferences, Wishes | None]] = OrderedDict()

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

    @property
    def sums_held(self) -> int:
        """Profiles that hold score sums in memory."""
        return self.profiles.sums_held

    @property
    def new_products(self) -> int:
        """Products that may be explored."""
        return self._explorer.new_products

    def knows(self, product_id: str) -> bool:
        return product_id in self._products

    def has_history(self, person_id: str) -> bool:
        return self.profiles.has_history(person_id)

    def replace(self, model: Model, products: Sequence[Product]) -> None:
        """Put a model and its catalogue into service; `model` must be over `products`."""
        self._products = {product.product_id: product for product in products}
        self.rules.replace(model)
        self._explorer.replace(model, self._settings.reason_people_minimum)
        self._model = model

    def set_available(self, product_id: str, available: bool) -> None:
        """Whether a product may be listed; remembered also for products still to come."""
        self.rules.set_available(product_id, available)

    def set_preferences(self, person_id: str, preferences: Preferences) -> None:
        """What a person told the store they like; empty: nothing."""
        self._wishes.pop(person_id, None)
        if preferences:
            self._wishes[person_id] = (preferences, None)
            if len(self._wishes) > self._settings.people_limit:
                self._wishes.popitem(last=False)

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
        self._wishes.pop(person_id, None)
        for fairness in self._fairness.values():
            fairness.forget(person_id)

    def end_session(self, person_id: str) -> None:
        """Forget what the person allowed for the session only, and their part in parties."""
        self.profiles.end_session(person_id)
        for fairness in self._fairness.values():
            fairness.forget(person_id)

    def sweep(self, now_ms: int) -> None:
        """End the sessions that have been silent for too long."""
        self.profiles.sweep(now_ms)

    def note_party_list(
        self, party_id: str, person_id: str, product_ids: Sequence[str], now_ms: int
    ) -> None:
        """A member was shown the party's list: whoever got little from it counts more next time."""
        model, position = self._model, self._model.position
        shown = [position[product_id] for product_id in product_ids if product_id in position]
        if not shown or not self._is_known(person_id, now_ms):
            return
        allowed = self.rules.allowed((), [], now_ms)
        allowed[shown] = True
        scores = self._own_scores(person_id, model, self._settings, now_ms)
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
    ) -> list[Recommendation]:
        """The person's list, best first; a stranger gets what is popular.

        `live` are the settings of the reader's arm when a test runs.
        """
        model, live = self._model, live or self._settings
        profile = self.profiles.person(person_id, now_ms)
        history = None if profile is None else profile.history
        scores = self._own_scores(person_id, model, live, now_ms)
        allowed = self.rules.allowed(exclude, [history], now_ms)
        wishes = self._wishes_over(person_id, model)
        return self._list(
            scores, allowed, count, history, live, person_id, now_ms, wishes=wishes, party=False
        )

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
        live = live or self._settings
        party = self.profiles.party(party_id, now_ms)
        history = None if party is None else party.history
        known = self._known_members(members, now_ms)
        scores = self._party_scores(party_id, known, live, now_ms)
        allowed = self.rules.allowed(exclude, [history], now_ms)
        return self._list(
            scores, allowed, count, history, live, party_id, now_ms, wishes=None, party=True
        )

    def for_display(
        self,
        party_id: str,
        members: Sequence[str],
        weights: Sequence[float],
        now_ms: int,
        exclude: Collection[str],
    ) -> dict[str, list[DisplayCell]]:
        """What each member sees on each place of a shelf; `weights`: how much places are looked at.

        Members of whom nothing is known see what the party as a whole would like.
        """
        model, live = self._model, self._settings
        viewers = list(dict.fromkeys(members))[: live.party_members_limit]
        if not viewers or not weights or model.size == 0:
            return {viewer: [] for viewer in viewers}
        party = self.profiles.party(party_id, now_ms)
        shared_history = None if party is None else party.history
        known = set(self._known_members(viewers, now_ms))
        group = self._party_scores(party_id, sorted(known), live, now_ms)
        scores, masks, histories = [], [], []
        for viewer in viewers:
            profile = self.profiles.person(viewer, now_ms)
            history = None if profile is None else profile.history
            own = self._own_scores(viewer, model, live, now_ms) if viewer in known else group
            scores.append(own)
            masks.append(self.rules.allowed(exclude, [history, shared_history], now_ms))
            histories.append(history)
        wanted = DISPLAY_POOL + len(weights)
        pool = np.unique(
            np.concatenate(
                [best_positions(own, mask, wanted) for own, mask in zip(scores, masks, strict=True)]
            )
        )
        wants = np.stack([unit_scale(own[pool]) for own in scores]).astype(np.float64)
        party_scale = unit_scale(group)[pool] if shared_history is not None else np.zeros(len(pool))
        board = Board(
            wants=wants,
            talk=talk_worth(wants, np.asarray(party_scale), self._policy.talk_weight),
            kinds=self._kinds(model, pool),
            weights=np.asarray(weights, dtype=np.float64),
            diversity=live.diversity,
            allowed=np.stack([mask[pool] for mask in masks]),
        )
        plans = assign(board)
        return {
            viewer: self._cells(number, plans, pool, viewers, scores[number], histories[number])
            for number, viewer in enumerate(viewers)
        }

    # --- parts ------------------------------------------------------------------------------

    def _is_known(self, person_id: str, now_ms: int) -> bool:
        return person_id in self._wishes or self.profiles.person(person_id, now_ms) is not None

    def _known_members(self, members: Sequence[str], now_ms: int) -> list[str]:
        several = list(dict.fromkeys(members))[: self._settings.party_members_limit]
        return [member for member in several if self._is_known(member, now_ms)]

    def _own_scores(self, person_id: str, model: Model, live: LiveSettings, now_ms: int) -> Floats:
        """Log-odds of every product for one person; a new array."""
        profile = self.profiles.person(person_id, now_ms)
        scores = self.profiles.scores(profile, model, live.prior_weight, now_ms)
        self.rules.add_margins(scores)
        wishes = self._wishes_over(person_id, model)
        if wishes is not None:
            scores += wishes.boosts
        for product_id, sinks in self.exposure.tiredness(person_id, now_ms):
            place = model.position.get(product_id)
            if place is not None:
                scores[place] -= sinks
        return scores

    def _party_scores(
        self, party_id: str, known: Sequence[str], live: LiveSettings, now_ms: int
    ) -> Floats:
        """Scores in 0..1 of every product for a party with these known members."""
        model = self._model
        party = self.profiles.party(party_id, now_ms)
        share = 0.0
        if party is not None:
            mass = party.history.mass * party.history.scale_at(now_ms)
            share = party_share(mass, live.prior_weight, live.party_share_limit)
        own = self.profiles.scores(party, model, live.prior_weight, now_ms)
        self.rules.add_margins(own)
        fairness = self._fairness.get(party_id)
        weights = None if fairness is None else fairness.weights(known, self._policy)
        return combined_scores(
            [self._own_scores(member, model, live, now_ms) for member in known],
            own,
            share,
            live.average_share,
            weights if known else None,
        )

    def _wishes_over(self, person_id: str, model: Model) -> Wishes | None:
        """The stated wishes over the model in service, worked out when they are first asked for."""
        found = self._wishes.get(person_id)
        if found is None:
            return None
        preferences, wishes = found
        if wishes is None or wishes.model is not model:
            wishes = wishes_over(preferences, model, self._products, self._policy)
            self._wishes[person_id] = (preferences, wishes)
        return wishes

    def _kinds(self, model: Model, pool: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        names: dict[str, int] = {}
        kinds = []
        for place in pool.tolist():
            product = self._products.get(model.product_ids[place])
            name = product.department if product is not None else ""
            kinds.append(names.setdefault(name, len(names)))
        return np.array(kinds, dtype=np.int64)

    def _cells(
        self,
        number: int,
        plans: Sequence[Plan],
        pool: npt.NDArray[np.int64],
        viewers: Sequence[str],
        scores: Floats,
        history: History | None,
    ) -> list[DisplayCell]:
        """One viewer's places, with reasons that name only what this viewer did."""
        settings = self._settings
        shown = [(p, plan) for p, plan in enumerate(plans) if plan.products[number] != NOTHING]
        chosen = pool[[plan.products[number] for _, plan in shown]]
        reasons = explain(
            self._model, self._products, history, chosen, prior_weight=settings.prior_weight,
            people_minimum=settings.reason_people_minimum, party=False,
        )  # fmt: skip
        chances = probability(scores[chosen])
        cells: list[DisplayCell] = []
        for column, (place, plan) in enumerate(shown):
            shared = plan.shared != NOTHING and number in plan.sharing
            code, sentence = TOGETHER if shared else reasons[column]
            product_id = self._model.product_ids[chosen[column]]
            friends = tuple(viewers[v] for v in plan.sharing if v != number) if shared else ()
            advice = Recommendation(product_id, float(chances[column]), code, sentence)
            cells.append(DisplayCell(place, advice, friends))
        return cells

    def _list(
        self,
        scores: Floats,
        allowed: Mask,
        count: int,
        history: History | None,
        live: LiveSettings,
        reader: str,
        now_ms: int,
        *,
        wishes: Wishes | None,
        party: bool,
    ) -> list[Recommendation]:
        model = self._model
        wanted = max(0, min(count, live.list_limit))
        if wanted == 0 or model.size == 0:
            return []
        chosen = diverse_positions(model, scores, allowed, wanted, live.diversity, live.pool_factor)
        chosen, new = self._explorer.explored(model, chosen, scores, allowed, reader, now_ms)
        reasons = explain(
            model, self._products, history, chosen, prior_weight=live.prior_weight,
            people_minimum=live.reason_people_minimum, party=party,
        )  # fmt: skip
        if wishes is not None or new:
            reasons = wished(reasons, chosen, wishes.named if wishes is not None else {}, new)
        shown = scores[chosen] if party else probability(scores[chosen])
        return [
            Recommendation(model.product_ids[place], score, code, sentence)
            for place, score, (code, sentence) in zip(
                chosen.tolist(), shown.tolist(), reasons, strict=True
            )
        ]
