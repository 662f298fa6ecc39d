"""Live profiles of people and parties: bounded, the one used longest ago goes first."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence

import numpy as np

from recommender.interactions import KeptInteraction, Signal
from recommender.live import Profile
from recommender.model import Floats, Model
from recommender.settings import LiveSettings
from recommender.singles import Singles, singles_of
from recommender.weighting import interaction_weight

PRODUCT_BYTES = 6 * 4 + 1
"""Of the two sums, four numbers of single products and one mark that are kept for each product."""


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


class Profiles:
    """Profiles of people and parties, and which of them hold score sums in memory."""

    def __init__(self, settings: LiveSettings) -> None:
        self._settings = settings
        self._people = _Recent(settings.people_limit)
        self._parties = _Recent(settings.parties_limit)
        self._with_sums: OrderedDict[int, Profile] = OrderedDict()

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

    def has_history(self, person_id: str) -> bool:
        return person_id in self._people

    def is_loaded(self, person_id: str) -> bool:
        """Whether the history holds all that is stored of the person, since `reload`."""
        profile = self._people.get(person_id)
        return profile is not None and profile.loaded is not None

    def person(self, person_id: str, now_ms: int) -> Profile | None:
        """The person's profile without what should be forgotten by now, or None."""
        return self._current(self._people, person_id, now_ms)

    def party(self, party_id: str, now_ms: int) -> Profile | None:
        """The same for a party."""
        return self._current(self._parties, party_id, now_ms)

    def sums(
        self, profile: Profile | None, model: Model, prior_weight: float, now_ms: int
    ) -> tuple[Floats, Floats, float]:
        """The two sums of a profile over a model, not to be changed, and their factor.

        Without a profile they are 0, so that popularity alone is left.
        """
        if profile is None:
            nothing = np.zeros(model.size, dtype=np.float32)
            return nothing, nothing, 0.0
        self._with_sums[id(profile)] = profile
        self._with_sums.move_to_end(id(profile))
        bytes_each = max(1, PRODUCT_BYTES * model.size)
        limit = min(self._settings.vectors_limit, self._settings.vectors_bytes_limit // bytes_each)
        while len(self._with_sums) > max(1, limit):
            _, oldest = self._with_sums.popitem(last=False)
            oldest.release_sums()
        together, text = profile.sums(model)
        return together, text, profile.scale(prior_weight, now_ms)

    def singles(self, profile: Profile | None, model: Model) -> Singles | None:
        """What the newest products of a profile say one by one; None without any of the model."""
        if profile is None:
            return None
        if profile.singles is None or profile.singles.model is not model:
            profile.singles = singles_of(model, profile.history)
        return profile.singles

    # --- what happens -----------------------------------------------------------------------

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

    def reload(self, person_id: str, kept: Sequence[KeptInteraction]) -> None:
        """Make a history anew from all that is kept of the person, oldest first.

        What steers the session only comes after that; nothing changes when it is known already.
        """
        digest = hash(tuple(kept))
        profile = self._people.get(person_id)
        if not kept if profile is None else profile.loaded == digest:
            return
        profile = self._opened(self._people, person_id)
        self._with_sums.pop(id(profile), None)
        profile.rebuild(lambda: self.load(kept))
        profile.loaded = digest

    def unload(self, person_id: str) -> None:
        """Something that is stored of the person is not live any more: it must be read again."""
        profile = self._people.get(person_id)
        if profile is not None:
            profile.loaded = None

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
