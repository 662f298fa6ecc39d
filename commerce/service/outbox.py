"""Hands the events of the outbox to whoever subscribed: at least once, in their order.

The position is written down after the events were handed over, so a crash repeats some and loses
none. Every process that tells consumers has a position of its own, and tells what all processes
did. Nobody subscribed: the events wait. A consumer that raises is logged and does not stop the
others; it was told, and is not told again.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from time import monotonic

from commerce.db import outbox
from commerce.db.outbox import OutboxReader
from commerce.events import CommerceEvent, Consumer
from commerce.service.context import Context
from commerce.service.faults import FaultPoint

GATHERED_MS = 5
"""After the first of some events: what happens meanwhile is read and told with it."""

log = logging.getLogger(__name__)


class Dispatcher:
    """Reads the outbox and calls the consumers."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._consumers: list[Consumer] = []
        self._wake = asyncio.Event()
        self._wake.set()
        self._turn = asyncio.Lock()
        self._reader: OutboxReader | None = None

    def subscribe(self, consumer: Consumer) -> Callable[[], None]:
        """Tell this consumer from now on; call what is returned to stop."""
        self._consumers.append(consumer)
        self._wake.set()

        def unsubscribe() -> None:
            if consumer in self._consumers:
                self._consumers.remove(consumer)

        return unsubscribe

    def wake(self) -> None:
        """There is something new."""
        self._wake.set()

    async def wait(self) -> None:
        """Wait until there is something new, or until another process may have written something.

        When an event may be missing only because its transaction is not through yet, briefly.
        """
        settings = self._context.settings
        wait_ms = settings.outbox_gap_poll_ms if self._held_up() else settings.outbox_poll_ms
        try:
            async with asyncio.timeout(wait_ms / 1_000):
                await self._wake.wait()
                # Where many pay at once there is a commit every millisecond or two.
                await asyncio.sleep(GATHERED_MS / 1_000)
        except TimeoutError:
            return

    async def dispatch(self) -> int:
        """Hand over everything that waits; how many events that were.

        What stands behind an event that may still come is waited for, but not for ever.
        """
        settings = self._context.settings
        delivered = 0
        async with self._turn:
            self._wake.clear()
            until = monotonic() + settings.outbox_gap_wait_ms / 1_000
            while self._consumers:
                batch = await self._next()
                if batch:
                    delivered += await self._deliver(batch)
                elif self._held_up() and monotonic() < until:
                    await asyncio.sleep(settings.outbox_gap_poll_ms / 1_000)
                else:
                    break
        return delivered

    async def _deliver(self, batch: Sequence[CommerceEvent]) -> int:
        for event in batch:
            self._tell(event)
        self._context.faults(FaultPoint.EVENTS_DELIVERED)
        await self._mark(batch[-1].event_id)
        self._context.faults(FaultPoint.EVENTS_MARKED)
        return len(batch)

    def _held_up(self) -> bool:
        return self._reader is not None and self._reader.waits

    async def _mark(self, event_id: int) -> None:
        consumer = self._context.settings.process_name
        if self._reader is not None:
            self._reader.position = event_id
        await self._context.store.write(lambda u: outbox.save_position(u, consumer, event_id))

    async def _next(self) -> list[CommerceEvent]:
        store, settings = self._context.store, self._context.settings
        if self._reader is None:
            consumer = settings.process_name
            self._reader = OutboxReader(await store.write(lambda u: outbox.join(u, consumer)))
        reader = self._reader
        return await store.read(lambda c: reader.next(c, settings.outbox_batch_max), alone=True)

    def _tell(self, event: CommerceEvent) -> None:
        for consumer in tuple(self._consumers):
            try:
                consumer(event)
            except Exception:
                log.exception("a consumer failed on %s %d", type(event).__name__, event.event_id)
