"""The shop: everything that others can ask of commerce."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Self

from commerce.catalog import ProductSeed
from commerce.db.engine import Store
from commerce.errors import CommerceError, StoreFailedError
from commerce.events import Consumer
from commerce.payments.opening import open_providers
from commerce.payments.settings import PaymentSettings
from commerce.ports import Clock, GatewayUnavailableError, NewId, PaymentGateway, random_id
from commerce.service.carts import Carts
from commerce.service.catalog import Products
from commerce.service.combiner import Combiner
from commerce.service.context import Context
from commerce.service.coupons import Coupons
from commerce.service.drops import Drops
from commerce.service.erasures import Erasures
from commerce.service.expiry import Expiry, Swept
from commerce.service.faults import FaultPoint, Faults, no_faults
from commerce.service.orders import Orders
from commerce.service.outbox import Dispatcher
from commerce.service.stock import StockRoom
from commerce.service.till import Till
from commerce.settings import SQLITE_PREFIX, CommerceSettings
from commerce.views import (
    AuditReport,
    CartView,
    OrderView,
    Page,
    ProductView,
    SeedReport,
    StockView,
    TrackingView,
)

log = logging.getLogger(__name__)


class Commerce(Till):
    """Catalogue, stock, carts, checkout, payment and orders of one shop.

    Open it with `Commerce.open`, keep `run` going beside it, `close` it at the end. Times are ms
    since the Unix epoch, amounts minor units. Every failure is a `CommerceError`; a failure changes
    nothing. People are known by ids that the caller vouches for.
    """

    def __init__(self, context: Context) -> None:
        """For `open`; the parts share the context."""
        super().__init__(context)
        self._combiner = Combiner(context)
        self._products = Products(context)
        self.drops = Drops(context)
        """Waiting lines for what everybody wants."""
        self.erasures = Erasures(context, self.drops)
        """People who ask to be forgotten."""
        self.stock_room = StockRoom(context)
        """What staff do: warehouses, arrivals, transfers, purchase limits."""
        self.coupons = Coupons(context)
        """Coupons: made by staff, put into carts by shoppers."""
        self._carts = Carts(context, self._combiner)
        self._orders = Orders(context)
        self._expiry = Expiry(context)
        self._dispatcher = Dispatcher(context)
        context.store.on_events = self._dispatcher.wake

    @classmethod
    async def open(
        cls,
        settings: CommerceSettings,
        clock: Clock,
        *,
        gateway: PaymentGateway | None = None,
        payment: PaymentSettings | None = None,
        new_id: NewId = random_id,
        faults: Faults = no_faults,
        settle: bool = True,
    ) -> Self:
        """Open the database, bring its tables up to date and finish what a crash left behind.

        `payment` says which providers there are; without a `gateway` for `test:`, the embedded
        test cards. `settle=False` only looks: payments in doubt
        and holds that ran out are left alone, for tools that look into a shop that is running
        elsewhere.

        Raises STORE_FAILED when the database or the gateway's ledger cannot be opened.
        """
        _make_folders(settings)
        payment = payment or PaymentSettings()
        store = await Store.open(settings, clock)
        if faults is not no_faults:
            store.on_decided = partial(faults, FaultPoint.TRANSACTION_DECIDED)
            store.on_committed = partial(faults, FaultPoint.TRANSACTION_COMMITTED)
        try:
            providers = await open_providers(
                payment, store, _path_of(settings.gateway_database_url), new_id, gateway
            )
        except GatewayUnavailableError as error:
            await store.close()
            raise StoreFailedError("The ledger of the test cards cannot be opened.") from error
        except BaseException:
            await store.close()
            raise
        shop = cls(Context(settings, clock, new_id, store, providers, faults, payment))
        try:
            await shop._products.load()
            if settle:
                await shop._reconciler.reconcile(opening=True)
                await shop._expiry.sweep()
        except BaseException:
            await shop.close()
            raise
        return shop

    async def run(self) -> None:
        """Tell consumers, let go of what ran out, settle what is in doubt; until cancelled."""
        settings = self._context.settings
        async with asyncio.TaskGroup() as group:
            group.create_task(self._dispatching())
            group.create_task(self._sweeping())
            for work, interval_ms in (
                (self.reconcile, settings.reconcile_interval_ms),
                (self.prune, settings.prune_interval_ms),
            ):
                group.create_task(_every(interval_ms, work))

    async def close(self) -> None:
        """Answer what is under way and let go of files. Nothing can be asked afterwards."""
        await self._combiner.close()
        await self.finish_payments()
        await self._context.store.close()
        await self._context.providers.close()

    # --- catalogue ------------------------------------------------------------------------------

    async def seed(self, products: Sequence[ProductSeed]) -> SeedReport:
        """Insert or update products; the stock of a SKU that exists is never reset."""
        return await self._products.seed(products)

    async def products(
        self, *, page: int = 1, size: int = 50, department: str | None = None
    ) -> Page:
        """A page of the catalogue, counted from 1. Raises INVALID_PAGE."""
        return await self._products.page(page, size, department)

    async def product(self, product_id: str) -> ProductView:
        """One product with its stock. Raises PRODUCT_NOT_FOUND."""
        return await self._products.product(product_id)

    async def search(self, term: str, limit: int = 20) -> tuple[ProductView, ...]:
        """Products that all words fit: whole, as a beginning, or with a small typing mistake."""
        return await self._products.search(term, limit)

    async def stock(self) -> tuple[StockView, ...]:
        """How many of each SKU can be bought."""
        return await self._products.stock()

    # --- carts ----------------------------------------------------------------------------------

    async def cart_of(self, person_id: str) -> CartView:
        """The person's current cart, made when there is none."""
        return await self._carts.of_person(person_id)

    async def cart(self, cart_id: str) -> CartView:
        """A cart by its id. Raises CART_NOT_FOUND."""
        return await self._carts.by_id(cart_id)

    async def join_cart(self, cart_id: str, person_id: str) -> CartView:
        """Share a cart, made when it is new: the person's own lines and holds come along.

        Raises CART_LOCKED while either cart is at the till, LIMIT_REACHED, CURRENCY_MISMATCH, or
        NOT_ALLOWED for somebody's own cart.
        """
        return await self._carts.join(cart_id, person_id)

    async def leave_cart(self, person_id: str) -> tuple[CartView, CartView]:
        """Take the own lines and holds back: the shared cart and the person's own afterwards.

        Raises CART_LOCKED, or NOT_IN_SHARED_CART.
        """
        return await self._carts.leave(person_id)

    async def add_line(
        self, person_id: str, sku: str, quantity: int, *, idempotency_key: str
    ) -> CartView:
        """Put pieces of a SKU into the current cart and hold them.

        Raises SOLD_OUT with `available` and `alternatives`, SKU_NOT_FOUND, DISCONTINUED,
        CART_LOCKED, LIMIT_REACHED, CURRENCY_MISMATCH, INVALID_QUANTITY, IDEMPOTENCY_KEY_REUSED,
        BUSY.
        """
        return await self._carts.add(person_id, sku, quantity, idempotency_key)

    async def set_quantity(
        self, person_id: str, line_id: str, quantity: int, *, idempotency_key: str
    ) -> CartView:
        """Change a line of the current cart to `quantity` pieces. Raises like `add_line`."""
        return await self._carts.set_quantity(person_id, line_id, quantity, idempotency_key)

    async def remove_line(self, person_id: str, line_id: str) -> CartView:
        """Take a line out; its stock is free at once. Raises LINE_NOT_FOUND, CART_LOCKED."""
        return await self._carts.remove(person_id, line_id)

    async def clear_cart(self, person_id: str) -> CartView:
        """Take out all that is the person's; its stock is free at once. Raises CART_LOCKED."""
        return await self._carts.clear(person_id)

    async def pass_line(self, person_id: str, line_id: str, to_id: str) -> CartView:
        """Make another member of the cart the owner of a line; its hold goes with it. Who has it
        pays for it: a gift is none any more.

        Raises LINE_NOT_FOUND, MEMBER_NOT_FOUND, CART_LOCKED, LIMIT_REACHED, SOLD_OUT.
        """
        return await self._carts.pass_line(person_id, line_id, to_id)

    # --- orders ---------------------------------------------------------------------------------

    async def orders(self, person_id: str) -> tuple[OrderView, ...]:
        """Orders the person paid or shared, the newest first."""
        return await self._orders.of_person(person_id)

    async def order(self, person_id: str, order_id: str) -> OrderView:
        """One of them. Raises ORDER_NOT_FOUND."""
        return await self._orders.one(person_id, order_id)

    async def order_for_staff(self, order_id: str) -> OrderView:
        """An order with everything in it, whoever paid it. Raises ORDER_NOT_FOUND. For staff."""
        return await self._orders.for_staff(order_id)

    async def track(self, order_id: str) -> TrackingView:
        """Where an order is, for whoever knows its id. Raises ORDER_NOT_FOUND."""
        return await self._orders.track(order_id)

    # --- events and upkeep ----------------------------------------------------------------------

    def subscribe(self, consumer: Consumer) -> Callable[[], None]:
        """Call `consumer` with every event, in order, on the event loop, while `run` runs.

        It has to be quick. An event can come twice: its `event_id` tells. Returns how to stop.
        """
        return self._dispatcher.subscribe(consumer)

    async def dispatch(self) -> int:
        """Tell consumers what waits in the outbox; how many events. `run` does this by itself."""
        return await self._dispatcher.dispatch()

    async def sweep(self) -> Swept:
        """Let go of holds, locks and admissions that ran out. `run` does this by itself."""
        swept = await self._expiry.sweep()
        await self.drops.advance()
        return swept

    async def reconcile(self) -> int:
        """Settle payments and refunds in doubt, and give back what waits for parts that nobody paid
        in time; how many payments were asked about. `run` does this by itself."""
        return await self._reconciler.reconcile()

    async def prune(self) -> None:
        """Forget delivered events and old keys. `run` does this by itself."""
        await self._expiry.prune()
        await self.erasures.prune()
        await self.prune_payments()

    async def audit(self) -> AuditReport:
        """Whether stock and money add up, ours and the gateway's."""
        return await self._orders.audit()

    async def _dispatching(self) -> None:
        while True:
            await self._dispatcher.wait()
            try:
                await self._dispatcher.dispatch()
            except CommerceError as error:
                log.warning("the outbox waits: %s", error.code)
                await asyncio.sleep(self._context.settings.sweep_interval_ms / 1_000)
                self._dispatcher.wake()

    async def _sweeping(self) -> None:
        """Sweep when something can have run out: a shop at rest is not to be woken for nothing."""
        while True:
            quiet_ms = self._context.settings.sweep_interval_ms
            try:
                await self.sweep()
                quiet_ms = await self._expiry.quiet_ms()
            except CommerceError as error:
                log.warning("holds wait to be let go: %s", error.code)
            await asyncio.sleep(quiet_ms / 1_000)


async def _every(interval_ms: int, work: Callable[[], Awaitable[object]]) -> None:
    """Do `work` again and again; what is wrong with the store now may be right the next time."""
    while True:
        await asyncio.sleep(interval_ms / 1_000)
        try:
            await work()
        except CommerceError as error:
            log.warning("upkeep waits: %s", error.code)


def _make_folders(settings: CommerceSettings) -> None:
    for url in (settings.database_url, settings.gateway_database_url):
        if not url.startswith(SQLITE_PREFIX):
            continue
        try:
            _path_of(url).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreFailedError("The folder of the shop's database cannot be made.") from error


def _path_of(url: str) -> Path:
    return Path(url.removeprefix(SQLITE_PREFIX))
