"""Puts requests for stock that come at the same time into one transaction.

A commit costs far more than the change in it. So requests wait until `combine_window_ms` have
passed or `combine_batch_max` have come together, and share one transaction; while it runs, the next
batch gathers. First come, first served: a batch is taken from the front of the queue and decided in
that order, so of many who want the last piece the first gets it. Each request gets its own answer
or its own refusal. When the transaction fails, its batch gets the (retryable) error and nothing was
done; the queue behind it goes on.

Carts that a batch has loaded are kept for those that follow (`KeptCarts`), as long as what is done
with them is committed.

Whoever wants more than there was when the batch began is refused before anybody's cart is looked
at: in a sale almost everybody is, and a refusal has to cost almost nothing.

A double click, or a client that repeats what it has not heard the end of, shares the wait and the
answer of the first.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from commerce.cart import Cart, view_of
from commerce.db import idempotency, inventory
from commerce.db.unit import Unit
from commerce.errors import BusyError, ClosedError, CommerceError, IdempotencyKeyReusedError
from commerce.holding import AddLine, HoldRequest, refuse_hopeless
from commerce.kept_carts import KeptCarts
from commerce.service.context import Context
from commerce.service.faults import FaultPoint
from commerce.views import CartView

Answer = CartView | CommerceError


@dataclass(slots=True, eq=False)
class _Wish:
    """A request and those who wait for its answer."""

    request: HoldRequest
    claim: tuple[str, str]
    waiting: "list[asyncio.Future[CartView]]"

    def answer(self, answer: Answer | BaseException) -> None:
        for future in self.waiting:
            if future.done():
                continue
            if isinstance(answer, CartView):
                future.set_result(answer)
            else:
                future.set_exception(answer)


class Combiner:
    """The queue of requests for stock. It drains itself as long as there is something in it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._queue: deque[_Wish] = deque()
        self._wishes: dict[tuple[str, str], _Wish] = {}
        self._kept = KeptCarts(context.settings.carts_kept_max)
        self._full_batch = asyncio.Event()
        self._drain: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return len(self._queue)

    def submit(self, request: HoldRequest) -> "asyncio.Future[CartView]":
        """Queue a request; its answer is the cart as it is afterwards.

        Raises what `Bench.decide` raises, BUSY when the queue is full, or an error of the store.
        """
        settings = self._context.settings
        if self._closed:
            raise ClosedError
        answer: asyncio.Future[CartView] = asyncio.get_running_loop().create_future()
        claim = (request.scope, request.key)
        twin = self._wishes.get(claim)
        if twin is not None:
            if twin.request.body_hash != request.body_hash:
                raise IdempotencyKeyReusedError
            twin.waiting.append(answer)
            return answer
        if len(self._queue) >= settings.hold_queue_max:
            raise BusyError("hold_queue", settings.hold_queue_max)
        wish = self._wishes[claim] = _Wish(request, claim, [answer])
        self._queue.append(wish)
        if len(self._queue) >= settings.combine_batch_max:
            self._full_batch.set()
        if self._drain is None:
            self._drain = asyncio.create_task(self._run())
        return answer

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
                await self._answer([self._queue.popleft() for _ in range(count)])
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

    async def _answer(self, batch: Sequence[_Wish]) -> None:
        answers: Sequence[CartView | BaseException]
        try:
            # Many wait for one answer, and others in the queue have their stock already.
            answers, carts = await self._context.store.write(
                lambda unit: self._decide(unit, batch), first=True
            )
        except Exception as error:  # noqa: BLE001 - each request of the batch raises it
            answers = [error] * len(batch)
            self._kept.forget()
        else:
            self._kept.keep(carts)
            self._context.faults(FaultPoint.HOLD_COMMITTED)
        for wish, answer in zip(batch, answers, strict=True):
            del self._wishes[wish.claim]
            wish.answer(answer)

    def _decide(self, unit: Unit, batch: Sequence[_Wish]) -> tuple[list[Answer], Iterable[Cart]]:
        """The answers, and the carts as they are once this is committed."""
        context = self._context
        requests = [wish.request for wish in batch]
        answered = idempotency.used(unit, [wish.claim for wish in batch])
        skus = {request.sku for request in requests if isinstance(request, AddLine)}
        refused = refuse_hopeless(
            requests,
            answered,
            inventory.available(unit, sorted(skus)),
            context.catalogue,
            inventory.alternatives(unit, context.catalogue, context.settings),
        )
        hopeful = requests
        if refused:
            hopeful = [entry for number, entry in enumerate(requests) if number not in refused]
        decided, carts = self._decide_hopeful(unit, hopeful, answered)
        context.faults(FaultPoint.HOLD_DECIDED)
        if not refused:
            return decided, carts
        rest = iter(decided)
        return [refused.get(number) or next(rest) for number in range(len(requests))], carts

    def _decide_hopeful(
        self,
        unit: Unit,
        requests: Sequence[HoldRequest],
        answered: dict[tuple[str, str], str],
    ) -> tuple[list[Answer], Iterable[Cart]]:
        if not requests:
            return [], ()
        context = self._context
        catalogue, settings = context.catalogue, context.settings
        bench = inventory.load_bench(
            unit, requests, answered, catalogue, settings, context.new_id, self._kept
        )
        decided: list[Cart | CommerceError] = []
        for request in requests:
            try:
                decided.append(bench.decide(request))
            except CommerceError as refusal:
                decided.append(refusal)
        inventory.save_bench(unit, bench)
        views: dict[str, CartView] = {}
        answers: list[Answer] = []
        for outcome in decided:
            if isinstance(outcome, CommerceError):
                answers.append(outcome)
                continue
            view = views.get(outcome.cart_id)
            if view is None:
                view = view_of(outcome, catalogue, settings, unit.now_ms)
                views[outcome.cart_id] = view
            answers.append(view)
        return answers, bench.carts.values()
