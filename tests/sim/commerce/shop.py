"""The shop of a story: it dies at any step, and is opened again on what it had written."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from inspect import CORO_CREATED, getcoroutinestate, iscoroutine
from typing import TYPE_CHECKING, Any, TypeVar

from commerce import Commerce, CommerceEvent, CommerceSettings, ProductSeed, SkuSeed
from commerce.errors import UnavailableError
from commerce.payments.settings import PaymentSettings
from commerce.ports import PaymentGateway
from commerce.promotions import Coupon, CouponKind
from commerce.service.faults import FaultPoint
from commerce.settings import SQLITE_PREFIX, HoldFrom

if TYPE_CHECKING:
    from tests.sim.commerce.places import Place

T = TypeVar("T")

STARTED_MS = 1_900_000_000_000
MUG, LAST, BOWL, LAMP, CARD, SET = "MUG", "LAST", "BOWL", "LAMP", "CARD", "SET"
PRICE = {MUG: 1_493, LAST: 1_990, BOWL: 3_001, LAMP: 4_999, CARD: 0, SET: 5_551}
STOCK = {MUG: 9, LAST: 1, BOWL: 5, LAMP: 6, CARD: 3, SET: 0}
IN_SET = {MUG: 2, BOWL: 1}
LIMIT = {LAMP: 3}
"""Pieces of a SKU that one person can buy."""

PRODUCTS = {"kitchen": (MUG, LAST, BOWL, SET), "parlour": (LAMP, CARD)}
COUPONS = (
    Coupon("TENTH", CouponKind.PERCENT, 1_111, "EUR", uses_max=3, uses_per_person_max=1),
    Coupon("FIVER", CouponKind.AMOUNT, 499, "EUR", minimum_minor=3_000, uses_max=3),
)

NEVER_GONE = (MUG, CARD)
"""A product has one SKU at least."""

CREDIT = {"ada": 2_500, "bert": 4_000}

MAIN, NORTH = "main", "north"
GATEWAY_TIMEOUT_MS = 5_000
UPKEEP_S = 3
"""Between two of its works, which are four."""


class DiedError(BaseException):
    """Goes through everything, as the end of a process does."""


class LostError(Exception):
    """The shop died before it answered."""


def settings_of(url: str, hold_from: HoldFrom = "cart") -> CommerceSettings:
    """Times short enough for all of them to run out within a story."""
    return CommerceSettings(
        database_url=url,
        gateway_database_url=f"{SQLITE_PREFIX}unused.sqlite3",
        sqlite_synchronous="NORMAL",
        hold_from=hold_from,
        light_hold_ttl_ms=40_000,
        light_hold_cap_ms=90_000,
        firm_hold_ttl_ms=25_000,
        challenge_ttl_ms=20_000,
        admission_ttl_ms=30_000,
        gateway_timeout_ms=GATEWAY_TIMEOUT_MS,
        busy_timeout_ms=500,
        # A group of transactions ends by its number, never by the time of this machine.
        write_slice_ms=10**6,
    )


PAYMENT = PaymentSettings(
    shared_lock_ttl_ms=40_000, tries_per_person_max=100, tries_per_card_max=1_000
)


def seeds(price: Mapping[str, int], gone: frozenset[str] = frozenset()) -> list[ProductSeed]:
    """The catalogue at these prices, less the SKUs that are not sold any more."""
    return [
        ProductSeed(
            id=product_id,
            name=product_id.title(),
            brand="Hearth",
            description=f"Things of the {product_id}.",
            department="all",
            tags=(),
            price_minor=price[skus[0]],
            currency="EUR",
            alt_text=f"A picture of the {product_id}.",
            weight_g=400,
            skus=tuple(_sku(sku, price[sku]) for sku in skus if sku not in gone),
        )
        for product_id, skus in PRODUCTS.items()
    ]


def _sku(sku: str, price_minor: int) -> SkuSeed:
    components = IN_SET if sku == SET else {}
    options = {"kind": sku.title()}
    return SkuSeed(sku, options, "#2f5d8a", price_minor, STOCK[sku], components)


async def furnish(service: Commerce) -> str:
    """What is there on the first day; the code of a gift card."""
    await service.seed(seeds(PRICE))
    await service.stock_room.add_warehouse(NORTH, "North")
    for sku, pieces_max in LIMIT.items():
        await service.stock_room.limit_purchases(sku, pieces_max)
    for coupon in COUPONS:
        await service.coupons.create(coupon)
    for person, amount_minor in CREDIT.items():
        await service.grant_credit(
            person, amount_minor=amount_minor, currency="EUR", idempotency_key="first day"
        )
    made = await service.issue_gift_card(amount_minor=6_000, currency="EUR")
    return made.code


class Shop:
    """One life of the process: from its opening to its death or its end.

    `on_point` is told every fault point that is passed, and says whether the process dies there.
    """

    def __init__(
        self,
        place: "Place",
        settings: CommerceSettings,
        payment: PaymentSettings,
        on_point: Callable[[FaultPoint], bool],
    ) -> None:
        self.settings = settings
        self.payment = payment
        self._place = place
        self.alive = True
        self.died = asyncio.Event()
        self.service: Commerce | None = None
        self._on_point = on_point

    async def open(
        self,
        clock: Callable[[], int],
        bank: PaymentGateway,
        new_id: Callable[[], str],
        consumer: Callable[[CommerceEvent], None],
    ) -> None:
        """Open it and keep its upkeep going; it can die on the way."""

        def hear(event: CommerceEvent) -> None:
            if self.alive:
                consumer(event)

        async def work() -> None:
            service = await Commerce.open(
                self.settings,
                clock,
                gateway=bank,
                payment=self.payment,
                new_id=new_id,
                faults=self._pass,
            )
            service.subscribe(hear)
            self.service = service
            self._upkeep = asyncio.ensure_future(_keep_up(service))

        await self._while_alive(asyncio.ensure_future(work()))

    async def serve(self, request: Callable[[Commerce], Awaitable[T]]) -> T:
        """Answer a request. Raises LostError when the process dies meanwhile."""
        service = self.service
        if service is None or not self.alive:
            raise LostError

        async def work() -> T:
            return await request(service)

        return await self._while_alive(asyncio.ensure_future(work()))

    async def _while_alive(self, task: "asyncio.Task[T]") -> T:
        task.add_done_callback(_looked_at)
        death = asyncio.ensure_future(self.died.wait())
        try:
            await asyncio.wait((task, death), return_when=asyncio.FIRST_COMPLETED)
        finally:
            death.cancel()
        if not self.alive:
            raise LostError
        return task.result()

    def _pass(self, point: FaultPoint) -> None:
        if not self.alive or self._on_point(point):
            self.die()
            raise DiedError

    def die(self) -> None:
        """At this very moment: what is in the files is what is left."""
        if self.alive:
            self.alive = False
            self._place.die()
            self.died.set()

    async def bury(self, others: set[asyncio.Task[Any]]) -> None:
        """End what the dead process was doing, let go of its files, and put back what it had
        written when it died. `others` are tasks that are not its own."""
        others = others | {task for task in (asyncio.current_task(),) if task is not None}
        while own := asyncio.all_tasks() - others:
            # A task that was cancelled before its first line could not tidy up after itself.
            begun = {task for task in own if _has_begun(task)}
            for task in begun:
                task.cancel()
                task.add_done_callback(_looked_at)
            await asyncio.sleep(0)
        if self.service is not None:
            await self.service.close()
        self._place.restore()

    async def close(self) -> None:
        """End in an orderly way."""
        self._upkeep.cancel()
        await asyncio.wait((self._upkeep,))
        if self.service is not None:
            await self.service.close()
        self.alive = False


async def _keep_up(service: Commerce) -> None:
    """What `Commerce.run` does, in larger steps: most of a story is not upkeep."""
    while True:
        for work in (service.dispatch, service.sweep, service.dispatch, service.reconcile):
            await asyncio.sleep(UPKEEP_S)
            # A busy database is tried again the next time.
            with suppress(UnavailableError):
                await work()


def _has_begun(task: asyncio.Task[Any]) -> bool:
    work = task.get_coro()
    return not iscoroutine(work) or getcoroutinestate(work) != CORO_CREATED


def _looked_at(task: asyncio.Task[Any]) -> None:
    """Nobody needs to complain of an error in a process that is dead."""
    if not task.cancelled():
        task.exception()
