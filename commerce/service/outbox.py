"""Hands the events of the outbox to whoever subscribed: at least once, in their order.

The position is written down after the events were handed over, so a crash repeats some and loses
none. Nobody subscribed: the events wait. A consumer that raises is logged and does not stop the
others; it was told, and is not told again.
"""

import asyncio
import logging
from collections.abc import Callable

from commerce.db import outbox
from commerce.events import CommerceEvent, Consumer
from commerce.service.context import Context
from commerce.service.faults import FaultPoint

log = logging.getLogger(__name__)


class Dispatcher:
    """Reads the outbox and calls the consumers."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._consumers: list[Consumer] = []
        self._wake = asyncio.Event()
        self._wake.set()
        self._turn = asyncio.Lock()
        self._position: int | None = None

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
        """Wait until there is something new."""
        await self._wake.wait()

    async def dispatch(self) -> int:
        """Hand over everything that waits; how many events that were."""
        delivered = 0
        async with self._turn:
            self._wake.clear()
            while self._consumers and (batch := await self._next()):
                for event in batch:
                    self._tell(event)
                self._context.faults(FaultPoint.EVENTS_DELIVERED)
                last = batch[-1].event_id
                self._position = last
                delivered += len(batch)
                await self._mark(last)
                self._context.faults(FaultPoint.EVENTS_MARKED)
        return delivered

    async def _mark(self, event_id: int) -> None:
        await self._context.store.write(lambda unit: outbox.save_position(unit, event_id))

    async def _next(self) -> list[CommerceEvent]:
        store, limit = self._context.store, self._context.settings.outbox_batch_max
        position = self._position
        if position is None:
            position = self._position = await store.read(outbox.position)
        return await store.read(lambda c: outbox.after(c, position, limit))

    def _tell(self, event: CommerceEvent) -> None:
        for consumer in tuple(self._consumers):
            try:
                consumer(event)
            except Exception:
                log.exception("a consumer failed on %s %d", type(event).__name__, event.event_id)
