"""Brings what may be stored from the queue into the database, in batches, none twice."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from recommender.db.store import Store
from recommender.errors import RecommenderError
from recommender.impressions import KeptImpression
from recommender.intake import Intake, Kept
from recommender.interactions import KeptInteraction

logger = logging.getLogger("recommender")


class Writer:
    """Owns the queue. `written` is told how many interactions of a batch are in the database."""

    def __init__(
        self, store: Store, queue_limit: int, batch_limit: int, written: Callable[[int], None]
    ) -> None:
        self.intake = Intake(queue_limit)
        self._store = store
        self._batch_limit = batch_limit
        self._written = written
        self.lock = asyncio.Lock()
        """Held while a batch is under way; who erases takes it, so that nothing comes after."""
        self.closed = False
        self.batches = 0
        """Batches that have been written; while it stays the same, none has ended."""
        self._under_way: Sequence[Kept] = ()
        self.failures = 0
        self.stored = 0
        self.stored_impressions = 0

    def numbers(self) -> dict[str, float]:
        """Counters since the start, and how much is waiting."""
        return {
            "stored": float(self.stored),
            "stored_impressions": float(self.stored_impressions),
            "flush_failures": float(self.failures),
            "dropped": float(self.intake.dropped),
            "queued": float(len(self.intake)),
        }

    def waiting_of(self, person_id: str) -> list[KeptInteraction]:
        """What a person did that is not known to be in the database yet, oldest first."""
        return [
            kept
            for kept in (*self._under_way, *self.intake)
            if kept.person_id == person_id and isinstance(kept, KeptInteraction)
        ]

    async def run(self, interval_ms: int, meanwhile: Callable[[], None]) -> None:
        """Flush every so often until closed or cancelled, and do something else as often.

        That the database does not answer is logged when it begins, and tried again.
        """
        failing = False
        while not self.closed:
            await asyncio.sleep(interval_ms / 1_000)
            meanwhile()
            try:
                await self.flush()
                failing = False
            except RecommenderError as error:
                if not failing:
                    logger.warning("%s %s", error.message, error.data)
                failing = True

    async def flush(self) -> None:
        """Write what is queued.

        Raises:
            StoreError: the database failed; what was not written is queued again.
        """
        while len(self.intake):
            async with self.lock:
                await self._write(self.intake.take(self._batch_limit))

    async def _write(self, batch: list[Kept]) -> None:
        did = [kept for kept in batch if isinstance(kept, KeptInteraction)]
        saw = [kept for kept in batch if isinstance(kept, KeptImpression)]
        self._under_way = batch
        writing = asyncio.ensure_future(self._store.add(did, saw))
        try:
            # A transaction that has begun is seen to its end, so that no row is lost or doubled
            # when the service is stopped just now.
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            if writing.exception() is not None:
                self.intake.give_back(batch)
            else:
                self._count(did, saw)
            raise
        except RecommenderError:
            self.failures += 1
            self.intake.give_back(batch)
            raise
        finally:
            self._under_way = ()
        self._count(did, saw)

    def _count(self, did: list[KeptInteraction], saw: list[KeptImpression]) -> None:
        self.batches += 1
        self.stored += len(did)
        self.stored_impressions += len(saw)
        self._written(len(did))
