"""What is stored of people, brought back into live lists, and what they say they like.

A history is made anew from the database and from what is still on its way there, so that nothing
counts twice and nothing is missing, also what another process has written. What may steer the
session only is nowhere but in memory; it comes after that and stays.
"""

import logging

from recommender.db.store import Store
from recommender.errors import StoreError
from recommender.interactions import KeptInteraction, Product
from recommender.preferences import Preferences
from recommender.refitter import Refitter
from recommender.serving import Serving
from recommender.settings import RecommenderSettings
from recommender.writer import Writer

logger = logging.getLogger("recommender")

READS_LIMIT = 4
"""Reads of one history while batches are written; then the next batch waits for the read."""


class Remembering:
    """What reads or writes may raise `StoreError`; then live state is as it was."""

    def __init__(
        self,
        settings: RecommenderSettings,
        store: Store,
        serving: Serving,
        writer: Writer,
        refitter: Refitter,
    ) -> None:
        self._shared = settings.shared
        self._rows_limit = 4 * settings.live.history_limit
        self._store = store
        self._serving = serving
        self._writer = writer
        self._refitter = refitter
        self._said = 0

    async def catalogue(self) -> tuple[Product, ...]:
        """The catalogue of before; nothing when it is damaged, as the shop gives its own anyway."""
        try:
            return tuple(await self._store.products())
        except StoreError as error:
            logger.warning("%s %s", error.message, error.data)
            return ()

    async def warm(self, settings: RecommenderSettings) -> None:
        """Bring back the newest interactions, and what was learned from what people were shown."""
        self._serving.load(await self._store.recent_personal(settings.warm_interactions_limit))
        before = await self._store.recent_showings(settings.warm_impressions_limit)
        person_limit = settings.exposure.counted_product_limit
        self._serving.exposure.slots.restore(before, person_limit)

    async def load(self, person_id: str) -> None:
        """Bring back history and wishes, unless they are live and nobody else can change them."""
        profiles = self._serving.profiles
        if not self._shared and profiles.is_loaded(person_id):
            return
        before = self._refitter.erasures, self._said
        preferences = await self._store.preferences(person_id)
        kept = await self._kept_of(person_id)
        erasures, said = self._refitter.erasures, self._said
        if erasures != before[0]:
            return
        if said == before[1]:
            self._serving.set_preferences(person_id, preferences)
        profiles.reload(person_id, kept)

    async def set_preferences(self, person_id: str, preferences: Preferences) -> None:
        """Store what a person says they like, then let their lists follow."""
        async with self._writer.lock:
            await self._store.set_preferences(person_id, preferences)
            self._said += 1
            self._serving.set_preferences(person_id, preferences)

    async def _kept_of(self, person_id: str) -> list[KeptInteraction]:
        """All that is kept of a person, oldest first: in the database, and on the way there."""
        for _ in range(READS_LIMIT):
            batches = self._writer.batches
            stored = await self._store.recent_personal(self._rows_limit, person_id)
            if batches == self._writer.batches:
                break
        else:
            async with self._writer.lock:
                stored = await self._store.recent_personal(self._rows_limit, person_id)
        # A batch under way may be in the database already, though nobody has heard of it.
        known = set(stored)
        return stored + [kept for kept in self._writer.waiting_of(person_id) if kept not in known]
