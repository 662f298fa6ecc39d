"""Puts requests for stock that come at the same time into one transaction.

A commit costs far more than the change in it. So requests wait until `combine_window_ms` have
passed or `combine_batch_max` have come together, and share one transaction; while it runs, the next
batch gathers. Whoever comes after a pause goes at once, and the others gather behind. First come,
first served: a batch is taken from the front of the queue and decided in that order, so of many who
want the last piece the first gets it. Each request gets its own answer or its own refusal. When the
transaction fails, its batch gets the (retryable) error and nothing was done; the queue behind it
goes on.

Carts that a batch has loaded are kept for those that follow (`KeptCarts`), as long as what is done
with them is committed.

Whoever wants more than there was when the batch began is refused before anybody's cart is looked
at: in a sale almost everybody is, and a refusal has to cost almost nothing. Once a SKU was sold out
in a batch, those who come for it next are refused by a reader, without waiting for a commit of
those who pay: they want nothing written.

A double click, or a client that repeats what it has not heard the end of, shares the wait and the
answer of the first.
"""

import asyncio
import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from commerce.cart import Cart, view_of
from commerce.db import idempotency, inventory
from commerce.db.unit import Unit
from commerce.errors import (
    BusyError,
    ClosedError,
    CommerceError,
    IdempotencyKeyReusedError,
    SoldOutError,
)
from commerce.holding import AddLine, HoldRequest, refuse_hopeless
from commerce.kept_carts import KeptCarts
from commerce.service.context import Context
from commerce.service.faults import FaultPoint
from commerce.views import CartView

Answer = CartView | CommerceError


@dataclass(slots=True, eq=False)
class _Wish:
    """A request, and who waits for its answer: the one who asked, and those who asked the same."""

    request: HoldRequest
    claim: tuple[str, str]
    waiting: "asyncio.Future[CartView]"
    twins: "tuple[asyncio.Future[CartView], ...]" = ()

    def answer(self, answer: Answer | BaseException) -> None:
        for future in (self.waiting, *self.twins):
            if future.done():
                continue
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)


class Combiner:
    """The queue of requests for stock. It drains itself as long as there is something in it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._queue: deque[_Wish] = deque()
        self._wishes: dict[tuple[str, str], _Wish] = {}
        self._kept = KeptCarts(context.settings.carts_kept_max)
        self._sold_out: set[str] = set()
        self._gathered: asyncio.Future[None] | None = None
        self._idle_from_s = -math.inf
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
            twin.twins = (*twin.twins, answer)
            return answer
        if len(self._queue) >= settings.hold_queue_max:
            raise BusyError("hold_queue", settings.hold_queue_max)
        wish = self._wishes[claim] = _Wish(request, claim, answer)
        self._queue.append(wish)
        if self._gathered is not None and len(self._queue) >= settings.combine_batch_max:
            self._stop_gathering()
        if self._drain is None:
            self._drain = asyncio.create_task(self._run())
        return answer

    async def close(self) -> None:
        """Take no more requests and answer those in the queue."""
        self._closed = True
        self._stop_gathering()
        if self._drain is not None:
            await self._drain

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        window_s = self._context.settings.combine_window_ms / 1_000
        try:
            # After a pause nobody is likely to come with the first one: it would wait in vain.
            alone = loop.time() - self._idle_from_s > window_s
            while self._queue:
                if not alone:
                    await self._gather(loop, window_s)
                alone = False
                count = min(len(self._queue), self._context.settings.combine_batch_max)
                await self._answer([self._queue.popleft() for _ in range(count)])
        finally:
            self._idle_from_s = loop.time()
            self._drain = None

    async def _gather(self, loop: asyncio.AbstractEventLoop, window_s: float) -> None:
        """Wait until a batch is full or the window has passed."""
        is_full = len(self._queue) >= self._context.settings.combine_batch_max
        if is_full or not window_s or self._closed:
            return
        self._gathered = loop.create_future()
        timer = loop.call_later(window_s, self._stop_gathering)
        try:
            await self._gathered
        finally:
            timer.cancel()
            self._gathered = None

    def _stop_gathering(self) -> None:
        if self._gathered is not None and not self._gathered.done():
            self._gathered.set_result(None)

    async def _answer(self, batch: Sequence[_Wish]) -> None:
        context = self._context
        answers: Sequence[CartView | BaseException]
        try:
            if self._sold_out and context.store.has_one_writer:
                batch = await self._refuse_at_once(batch)
                if not batch:
                    return
            # Many wait for one answer, and others in the queue have their stock already.
            answers, carts = await context.store.write(
                lambda unit: self._decide(unit, batch), first=True
            )
        except Exception as error:  # noqa: BLE001 - each request of the batch raises it
            answers = [error] * len(batch)
            self._kept.forget()
        else:
            self._kept.keep(carts)
            context.faults(FaultPoint.HOLD_COMMITTED)
        for wish, answer in zip(batch, answers, strict=True):
            del self._wishes[wish.claim]
            wish.answer(answer)
            if type(answer) is SoldOutError and isinstance(wish.request, AddLine):
                self._sold_out.add(wish.request.sku)

    async def _refuse_at_once(self, batch: Sequence[_Wish]) -> Sequence[_Wish]:
        """Tell those who want what was sold out before and still is; the others of the batch."""
        requests = [wish.request for wish in batch]
        hoped_for = {request.sku for request in requests if isinstance(request, AddLine)}
        if hoped_for.isdisjoint(self._sold_out):
            return batch
        context = self._context

        def look(connection: Connection) -> Mapping[int, SoldOutError]:
            unit = Unit(connection, context.clock(), context.store.kits)
            answered = idempotency.used(unit, [wish.claim for wish in batch])
            return self._refuse(unit, requests, answered)

        refused = await context.store.read(look)
        self._sold_out -= hoped_for
        others = list[_Wish]()
        for number, wish in enumerate(batch):
            refusal = refused.get(number)
            if refusal is None:
                others.append(wish)
                continue
            if isinstance(wish.request, AddLine):
                self._sold_out.add(wish.request.sku)
            del self._wishes[wish.claim]
            wish.answer(refusal)
        return others

    def _refuse(
        self,
        unit: Unit,
        requests: Sequence[HoldRequest],
        answered: Mapping[tuple[str, str], str],
    ) -> Mapping[int, SoldOutError]:
        context = self._context
        skus = {request.sku for request in requests if isinstance(request, AddLine)}
        return refuse_hopeless(
            requests,
            answered,
            inventory.available(unit, sorted(skus)),
            context.catalogue,
            inventory.alternatives(unit, context.catalogue, context.settings),
        )

    def _decide(self, unit: Unit, batch: Sequence[_Wish]) -> tuple[list[Answer], Iterable[Cart]]:
        """The answers, and the carts as they are once this is committed."""
        context = self._context
        requests = [wish.request for wish in batch]
        answered = idempotency.used(unit, [wish.claim for wish in batch])
        refused = self._refuse(unit, requests, answered)
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
