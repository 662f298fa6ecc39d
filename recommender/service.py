"""The recommender as the server uses it.

Observing and ranking are synchronous and take microseconds; writing, refitting and erasing are
asynchronous and never in their way. One service belongs to one event loop.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence

from recommender.db.store import Store
from recommender.display import DisplayCell
from recommender.errors import ClosedError, RecommenderError
from recommender.exposure import Exposure
from recommender.impressions import Showing
from recommender.interactions import Interaction, Product, Recommendation, check_catalogue
from recommender.model import Model, aligned, text_model
from recommender.observing import Observer
from recommender.preferences import Preferences
from recommender.refit import FitReport
from recommender.refitter import Refitter
from recommender.remembering import Remembering
from recommender.returns import taken_back
from recommender.serving import Serving
from recommender.settings import MINUTE_MS, RecommenderSettings
from recommender.writer import Writer

logger = logging.getLogger("recommender")

COUNTERS = ("erased", "purged", "lists", "displays", "serve_microseconds")


class RecommenderService:
    """See the module; made by `open`."""

    def __init__(
        self, settings: RecommenderSettings, clock: Callable[[], int], store: Store
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._store = store
        self._exposure = Exposure(
            settings.exposure, settings.aggregate_grain_ms, settings.catalogue_limit
        )
        self._serving = Serving(
            settings.live, settings.catalogue_limit, settings.policy, self._exposure
        )
        self._products: tuple[Product, ...] = ()
        self._counts = dict.fromkeys(COUNTERS, 0.0)
        self._changing = asyncio.Lock()
        self._refitting = asyncio.Lock()
        self._refitter = Refitter(settings, clock)
        self._writer = Writer(
            store, settings.queue_limit, settings.flush_batch_limit, self._refitter.add_news
        )
        self._observer = Observer(
            settings, clock, self._serving, self._exposure, self._writer.intake
        )
        self._remembering = Remembering(
            settings, store, self._serving, self._writer, self._refitter
        )
        self._closed = False
        self._counted_row, self._swept_ms = 0, clock()

    @classmethod
    async def open(
        cls, settings: RecommenderSettings, clock: Callable[[], int]
    ) -> "RecommenderService":
        """Connect, load the catalogue, newest valid model and recent histories of before.

        `clock` gives integer milliseconds since the Unix epoch. Raises StoreError when the database
        cannot be opened.
        """
        store = await Store.open(settings.database_url, settings.database_busy_timeout_ms)
        service = cls(settings, clock, store)
        try:
            await service._load()
        except BaseException:
            await store.close()
            raise
        return service

    async def _load(self) -> None:
        refitter = self._refitter
        await asyncio.to_thread(refitter.load_newest)
        await self._serve_catalogue(await self._remembering.catalogue())
        through_id = refitter.fitted.data_through_id if refitter.fitted is not None else 0
        refitter.news, self._counted_row = await self._store.news_after(through_id)
        await self._remembering.warm(self._settings)

    # --- catalogue --------------------------------------------------------------------------

    async def set_catalogue(self, products: Sequence[Product]) -> None:
        """Replace the catalogue; products new to the model are listed by their words at once.

        Raises:
            InvalidCatalogueError: too many products, or an id twice; nothing changed.
            StoreError: the catalogue serves already but could not be stored.
        """
        self._check_open()
        check_catalogue(products, self._settings.catalogue_limit)
        catalogue = tuple(products)
        if catalogue == self._products:
            return
        await self._serve_catalogue(catalogue)
        await self._store.set_products(catalogue)

    async def _serve_catalogue(self, products: tuple[Product, ...]) -> None:
        async with self._changing:
            model = await asyncio.to_thread(self._model_over, self._refitter.fitted, products)
            self._products = products
            self._serving.replace(model, products)

    def _model_over(self, fitted: Model | None, products: tuple[Product, ...]) -> Model:
        neighbours_limit = self._settings.fit.neighbours_limit
        if fitted is None:
            return text_model(products, neighbours_limit)
        return aligned(fitted, products, neighbours_limit)

    def set_available(self, product_id: str, available: bool) -> None:
        """Sold-out products are not recommended; unknown ids are remembered for later."""
        self._serving.set_available(product_id, available)

    def set_margins(self, margins: Mapping[str, float]) -> None:
        """Replace the house's margins: shares of the price, -1 to 1, by product id.

        They move a product by at most `margin_limit`.

        Raises:
            InvalidCatalogueError: a margin is out of range; nothing changed.
        """
        self._serving.rules.set_margins(margins)

    def knows(self, product_id: str) -> bool:
        """Whether a product is in the catalogue."""
        return self._serving.knows(product_id)

    # --- behaviour --------------------------------------------------------------------------

    def observe(self, interaction: Interaction) -> bool:
        """Take an interaction as far as its consent goes: into live lists, and to be stored.

        Returns False when nothing of it was taken: no consent, too fast, an unknown product, or a
        closed service. A time ahead of the clock counts as now.
        """
        return not self._closed and self._observer.observe(interaction)

    async def returned(self, person_id: str, product_id: str, occurred_ms: int) -> bool:
        """Somebody gave back what they bought. All processes are told; the one that fits takes it.

        False: nothing was taken. Raises StoreError when the database did not answer.
        """
        if not self._settings.fits:
            return False
        await self.flush()
        await self.load_person(person_id)
        limit = 4 * self._settings.live.history_limit
        stored = await self._store.recent_personal(limit, person_id)
        interaction = taken_back(stored, person_id, product_id, occurred_ms)
        return interaction is not None and self.observe(interaction)

    def show(self, showing: Showing) -> bool:
        """Somebody sees a list or shelf from now on; the one before on its surface is over.

        It is stored as far as the person's consent goes, tires them, and is counted by place.
        False: nothing was taken (no consent, or closed). A time ahead of the clock counts as now.
        """
        return not self._closed and self._observer.show(showing)

    def end_session(self, person_id: str) -> None:
        """The person has left: forget what was allowed for the session only."""
        self._observer.end_session(person_id)

    async def load_person(self, person_id: str) -> None:
        """Bring back what is stored of somebody, if it is not live already.

        With other processes at the same database it is read each time.

        Raises:
            StoreError: the database did not answer.
        """
        self._check_open()
        await self._remembering.load(person_id)

    async def set_preferences(self, person_id: str, preferences: Preferences) -> None:
        """Store what a person says they like; empty preferences take it back.

        Raises:
            StoreError: the database did not answer; nothing changed.
        """
        self._check_open()
        await self._remembering.set_preferences(person_id, preferences)

    async def preferences(self, person_id: str) -> Preferences:
        """What the person said they like.

        Raises:
            StoreError: the database did not answer.
        """
        self._check_open()
        return await self._store.preferences(person_id)

    # --- lists ------------------------------------------------------------------------------

    def for_person(
        self,
        person_id: str,
        count: int,
        now_ms: int,
        exclude: Collection[str] = (),
        party_id: str | None = None,
    ) -> list[Recommendation]:
        """At most `count` products for one person, best first. Strangers get what is popular.

        `party_id` is the party the person is in: they share its arm of a running test, and what it
        has rejected.
        """
        began_ns = time.perf_counter_ns()
        live = self._observer.experiment.live(party_id or person_id)
        found = self._serving.for_person(person_id, count, now_ms, exclude, live, party_id)
        self._served(began_ns)
        return found

    def for_party(
        self,
        party_id: str,
        members: Sequence[str],
        count: int,
        now_ms: int,
        exclude: Collection[str] = (),
    ) -> list[Recommendation]:
        """At most `count` products for a party of these people, best first."""
        began_ns = time.perf_counter_ns()
        live = self._observer.experiment.live(party_id)
        found = self._serving.for_party(party_id, members, count, now_ms, exclude, live)
        self._served(began_ns)
        return found

    def for_display(
        self,
        party_id: str,
        members: Sequence[str],
        weights: Sequence[float] | int,
        now_ms: int,
        exclude: Collection[str] = (),
    ) -> dict[str, list[DisplayCell]]:
        """What each member sees on each place of a shelf: the same where it is worth talking about.

        `weights` say how much each place is looked at, relative to the others (`usable_weights`); a
        number of places: as much as those of lists have been (`recommender.slots`).
        """
        live = self._observer.experiment.live(party_id)
        self._counts["displays"] += 1
        return self._serving.for_display(party_id, members, weights, now_ms, exclude, live)

    def _served(self, began_ns: int) -> None:
        self._counts["lists"] += 1
        self._counts["serve_microseconds"] += (time.perf_counter_ns() - began_ns) / 1_000

    # --- storage ----------------------------------------------------------------------------

    async def flush(self) -> None:
        """Write what is queued.

        Raises:
            StoreError: the database failed; what was not written is queued again.
        """
        await self._writer.flush()

    async def erase(self, person_id: str) -> int:
        """Remove a person from queue, database and live state. Returns how many rows went.

        The model in service holds sums and no ids; the next one is fitted without the person, soon.

        Raises:
            StoreError: the database did not answer; live state and queue are erased already.
        """
        self._check_open()
        async with self._writer.lock:
            self._refitter.person_erased()
            removed = self._observer.forget(person_id)
            removed += await self._store.erase(person_id)
        self._counts["erased"] += removed
        return removed

    # --- refit ------------------------------------------------------------------------------

    async def refit(self) -> FitReport:
        """Fit in another process, judge, and put the model into service unless it is worse.

        Raises:
            FitError: the process failed or took too long.
            ArtefactError: it wrote a file that cannot be used.
            StoreError: the database did not answer.
            ClosedError: the service was closed meanwhile.
            In all cases the model in service stays.
        """
        async with self._refitting:
            self._check_open()
            await self.flush()
            await self._purge()
            report = await self._refitter.refit(self._serving.model.version, self._put_into_service)
        logger.info("refit %s: %s", "accepted" if report.accepted else "refused", report)
        return report

    async def _put_into_service(self, model: Model, adopt: Callable[[], bool]) -> bool:
        """Swap models if `adopt` says so; nothing can come between its yes and the swap."""
        async with self._changing:
            products, limit = self._products, self._settings.fit.neighbours_limit
            served = await asyncio.to_thread(aligned, model, products, limit)
            if not adopt():
                return False
            self._serving.replace(served, products)
        return True

    async def _purge(self) -> None:
        before_ms = max(0, self._clock() - self._settings.retention_ms)
        self._counts["purged"] += await self._store.purge(before_ms)

    # --- life -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Flush and refit for ever; cancel it to stop. Failures are logged, counted and retried."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._writer.run(self._settings.flush_interval_ms, self._sweep))
            group.create_task(self._refit_when_due())

    def _sweep(self) -> None:
        now_ms = self._clock()
        if abs(now_ms - self._swept_ms) >= MINUTE_MS:
            self._serving.sweep(now_ms)
            self._swept_ms = now_ms

    async def _refit_when_due(self) -> None:
        while not self._closed:
            await asyncio.sleep(self._settings.refit_poll_ms / 1_000)
            try:
                if not self._settings.fits:
                    await self.take_newest()
                    continue
                if self._settings.shared:
                    await self.count_news()
                if self._refitter.due(self._clock(), self._serving.model):
                    await self.refit()
            except ClosedError:
                return
            except RecommenderError as error:
                logger.warning("%s %s", error.message, error.data)

    async def count_news(self) -> None:
        """Count what all processes have written since the last look."""
        count, self._counted_row = await self._store.news_after(self._counted_row)
        self._refitter.news += count

    async def take_newest(self) -> bool:
        """Put what another process has fitted into service; False when there is nothing newer."""
        async with self._refitting:
            model = await asyncio.to_thread(self._refitter.newest)
            return model is not None and await self._put_into_service(model, lambda: True)

    async def close(self) -> None:
        """Stop a fit, write what is queued, disconnect. Lists still come from memory."""
        if self._closed:
            return
        self._closed = self._writer.closed = True
        self._refitter.stop()
        async with self._refitting:
            try:
                await self.flush()
            except RecommenderError as error:
                logger.warning(
                    "%d interactions are lost: %s", len(self._writer.intake), error.message
                )
            finally:
                await self._store.close()

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError("The recommender is closed.")

    def numbers(self) -> dict[str, float]:
        """Counters (since start) and gauges for `/metrics`, all finite."""
        return {
            **self._observer.counts,
            **self._counts,
            **self._refitter.counts,
            **self._exposure.slots.numbers(),
            **self._observer.experiment.numbers(),
            **self._writer.numbers(),
            **self._serving.numbers(),
            "refit_running": float(self._refitter.running),
            "news": float(self._refitter.news),
            "viewers": float(len(self._exposure)),
        }
