"""Puts requests for stock that come at the same time into one transaction.

A commit costs far more than the change in it. So requests wait until `combine_window_ms` have
passed or `combine_batch_max` have come together, and share one transaction; while it runs, the next
batch gathers. First come, first served: a batch is taken from the front of the queue and decided in
that order, so of many who want the last piece the first gets it. Each request gets its own answer
or its own refusal. When the transaction fails, its batch gets the (retryable) error and nothing was
done; the queue behind it goes on.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

from commerce.cart import Cart, view_of
from commerce.db import inventory
from commerce.db.unit import Unit
from commerce.errors import BusyError, ClosedError, CommerceError
from commerce.holding import AddLine, HoldRequest
from commerce.service.context import Context
from commerce.service.faults import FaultPoint
from commerce.views import CartView

Answer = CartView | CommerceError


class Combiner:
    """The queue of requests for stock. It drains itself as long as there is something in it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._queue: deque[tuple[HoldRequest, asyncio.Future[CartView]]] = deque()
        self._full_batch = asyncio.Event()
        self._drain: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return len(self._queue)

    async def submit(self, request: HoldRequest) -> CartView:
        """Queue a request and wait for its answer: the cart as it is afterwards.

        Raises what `Bench.decide` raises, BUSY when the queue is full, or an error of the store.
        """
        settings = self._context.settings
        if self._closed:
            raise ClosedError
        if len(self._queue) >= settings.hold_queue_max:
            raise BusyError("hold_queue", settings.hold_queue_max)
        answer: asyncio.Future[CartView] = asyncio.get_running_loop().create_future()
        self._queue.append((request, answer))
        if len(self._queue) >= settings.combine_batch_max:
            self._full_batch.set()
        if self._drain is None:
            self._drain = asyncio.create_task(self._run())
        return await answer

    async def close(self) -> None:
        """Take no more requests and answer those in the queue."""
        self._closed = True
        self._full_batch.set()
        if self._drain is not None:
            await self._drain

    async def _run(self) -> None:
        try:
            while self._queue:
                await self._gather()
                count = min(len(self._queue), self._context.settings.combine_batch_max)
                batch = [self._queue.popleft() for _ in range(count)]
                await self._answer(batch)
        finally:
            self._drain = None

    async def _gather(self) -> None:
        """Wait until a batch is full or the window has passed."""
        settings = self._context.settings
        if len(self._queue) >= settings.combine_batch_max or not settings.combine_window_ms:
            return
        self._full_batch.clear()
        try:
            async with asyncio.timeout(settings.combine_window_ms / 1_000):
                await self._full_batch.wait()
        except TimeoutError:
            return

    async def _answer(self, batch: Sequence[tuple[HoldRequest, asyncio.Future[CartView]]]) -> None:
        requests = [request for request, _ in batch]
        try:
            answers = await self._context.store.write(lambda unit: self._decide(unit, requests))
        except Exception as error:  # noqa: BLE001 - each request of the batch raises it
            answers = None
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
        if answers is None:
            return
        self._context.faults(FaultPoint.HOLD_COMMITTED)
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, CommerceError):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    def _decide(self, unit: Unit, requests: Sequence[HoldRequest]) -> list[Answer]:
        context = self._context
        skus = {request.sku for request in requests if isinstance(request, AddLine)}
        bench = inventory.load_bench(
            unit, requests, skus, context.catalogue, context.settings, context.new_id
        )
        decided: list[Cart | CommerceError] = []
        for request in requests:
            try:
                decided.append(bench.decide(request))
            except CommerceError as refusal:
                decided.append(refusal)
        inventory.save_bench(unit, bench)
        context.faults(FaultPoint.HOLD_DECIDED)
        views: dict[str, CartView] = {}
        answers: list[Answer] = []
        for outcome in decided:
            if isinstance(outcome, Cart):
                if outcome.cart_id not in views:
                    views[outcome.cart_id] = view_of(outcome, context.catalogue, context.settings)
                answers.append(views[outcome.cart_id])
            else:
                answers.append(outcome)
        return answers
