"""Carries what commerce tells (stock, carts, checkouts, orders) to the rooms that show it.

Commerce delivers its outbox at least once and in order. Stock is translated as it comes; a changed
cart or checkout is fetched anew, and many changes of one cart that arrive while a fetch runs lead
to one more fetch, so the work is bounded by the number of carts. Everybody in a party gets what
rooms show, so a checkout is fetched in its public view: no price of a gift, no word of a bank.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable

import structlog

from commerce import Commerce, CommerceError, StoreBusyError
from commerce import events as commerce_events
from commerce.drop_events import LineMoved
from recommender.errors import RecommenderError
from recommender.service import RecommenderService
from rooms.commands import Command
from server import translate, translate_together
from server.effects import EffectRunner

log = structlog.get_logger(__name__)

BUSY_PAUSE_S = 0.25
"""Between two tries to fetch what changed while the database is busy."""

ORDERS_LIMIT = 10_000
"""Refunds that wait to be looked at, and orders that are known to be returned; on full: the oldest
goes. A return that is told of again is taken as far as its purchase is still kept."""

REFUNDED = "refunded"
"""The status of an order of which everything was given back. Of a part nobody can tell which thing
it was for."""


class CommerceFeed:
    """Consumer of commerce events.

    `rooms_with_party` and `rooms_with_product` name the rooms that show a party or a product;
    `submit` puts a command into a room.
    """

    def __init__(
        self,
        commerce: Commerce,
        recommender: RecommenderService,
        effects: EffectRunner,
        *,
        rooms_with_party: Callable[[str], Iterable[str]],
        rooms_with_product: Callable[[str], Iterable[str]],
        submit: Callable[[str, Command], object],
        product_names: dict[str, str],
    ) -> None:
        self._commerce = commerce
        self._recommender = recommender
        self._effects = effects
        self._rooms_with_party = rooms_with_party
        self._rooms_with_product = rooms_with_product
        self._submit = submit
        self._product_names = product_names
        self._available: dict[str, dict[str, int]] = {}
        self._product_of_sku: dict[str, str] = {}
        self._last_event_id = 0
        self._dirty: dict[tuple[str, str], commerce_events.OrderPaid | None] = {}
        self._returned: OrderedDict[str, None] = OrderedDict()
        self._refunded: deque[str] = deque(maxlen=ORDERS_LIMIT)
        self._wake = asyncio.Event()

    def consume(self, event: commerce_events.CommerceEvent) -> None:
        """Take one event; a doubled one (at-least-once delivery) is dropped."""
        if event.event_id <= self._last_event_id:
            return
        self._last_event_id = event.event_id
        match event:
            case commerce_events.StockChanged():
                self.stock(event.sku, event.product_id, event.available)
                for room_id in self._rooms_with_product(event.product_id):
                    self._submit(room_id, translate.stock_updated(event))
            case commerce_events.CartChanged():
                self._mark(event.cart_id, "")
            case commerce_events.CheckoutChanged():
                self._mark(event.cart_id, event.checkout_id)
            case commerce_events.OrderPaid():
                self._mark(event.cart_id, event.checkout_id, event)
            case commerce_events.OrderRefunded():
                self._refunded.append(event.order_id)
                self._wake.set()
            case commerce_events.HoldExpired():
                self._to_party(event.cart_id, translate.hold_expired(event))
            case LineMoved():
                for room_id in self._rooms_with_product(self._product_of_sku.get(event.sku, "")):
                    self._submit(room_id, translate_together.line_moved(event))

    def stock(self, sku: str, product_id: str, available: int) -> None:
        """Tell the recommender when a product is sold out, or back."""
        self._product_of_sku[sku] = product_id
        skus = self._available.setdefault(product_id, {})
        skus[sku] = available
        self._recommender.set_available(product_id, any(skus.values()))

    async def run(self) -> None:
        """Fetch what changed, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self.take_returns()
            while self._dirty:
                key = next(iter(self._dirty))
                order = self._dirty.pop(key)
                try:
                    await self._refresh(*key, order)
                except StoreBusyError:
                    # It is told later: an order that was paid must not be lost on its way.
                    self._dirty[key] = order or self._dirty.get(key)
                    log.warning("cart_refresh_waits", cart_id=key[0])
                    await asyncio.sleep(BUSY_PAUSE_S)
                except CommerceError as error:
                    log.warning("cart_refresh_failed", cart_id=key[0], code=error.code)

    async def take_returns(self) -> None:
        """Tell the recommender of what came back, whenever it was bought."""
        while self._refunded:
            order_id = self._refunded.popleft()
            if order_id in self._returned:
                continue
            try:
                order = await self._commerce.order_for_staff(order_id)
                if order.status == REFUNDED:
                    self._returned[order_id] = None
                    if len(self._returned) > ORDERS_LIMIT:
                        self._returned.popitem(last=False)
                    now_ms = order.timeline[-1].at_ms
                    for line in order.lines:
                        await self._recommender.returned(line.owner_id, line.product_id, now_ms)
            except (CommerceError, RecommenderError) as error:
                # It moves lists a little; nobody waits for it.
                log.warning("return_not_learned", order_id=order_id, code=error.code)

    def _mark(
        self, cart_id: str, checkout_id: str, order: commerce_events.OrderPaid | None = None
    ) -> None:
        if any(True for _ in self._rooms_with_party(cart_id)):
            key = (cart_id, checkout_id)
            self._dirty[key] = order or self._dirty.get(key)
            self._wake.set()

    async def _refresh(
        self, cart_id: str, checkout_id: str, order: commerce_events.OrderPaid | None
    ) -> None:
        cart = await self._commerce.cart(cart_id)
        commands: list[Command] = []
        if checkout_id:
            shown = await self._effects.together.checkout_updated(checkout_id, cart.members)
            commands.append(shown)
            if order is not None:
                # The total of the event would tell people what their gifts cost.
                total_minor = shown.checkout.total_minor
                commands.append(translate.order_paid(order, total_minor, self._product_name))
        commands.append(self._effects.cart_updated(cart))
        if len(cart.members) > 1:
            commands.append(await self._effects.together.gifts_updated(cart))
        for command in commands:
            self._to_party(cart_id, command)

    def _to_party(self, party_id: str, command: Command) -> None:
        for room_id in self._rooms_with_party(party_id):
            self._submit(room_id, command)

    def _product_name(self, product_id: str) -> str:
        return self._product_names.get(product_id, product_id)
