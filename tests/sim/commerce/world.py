"""Everything there is in a story: time, the bank, the shop and its lives, and what was heard."""

import asyncio
import itertools
import random
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from commerce import Commerce, CommerceError, CommerceEvent, OrderPaid, StockChanged
from commerce.errors import UnavailableError
from commerce.service.faults import FaultPoint
from tests.sim.commerce.bank import Bank
from tests.sim.commerce.places import Place
from tests.sim.commerce.shop import PAYMENT, STARTED_MS, LostError, Shop
from tests.sim.commerce.timeline import Timeline

T = TypeVar("T")

NEVER = ("STORE_FAILED", "STORE_FULL", "COMMERCE_CLOSED", "BUSY")
"""Nothing in a story is a reason for these."""

DOWN_MS = (10, 500, 3_000, 15_000)


@dataclass(slots=True)
class Asked:
    """What people have asked of the shop, which is the most that it may have done."""

    pay_keys: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    lock_keys: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    refunds: dict[str, dict[str, int | None]] = field(default_factory=lambda: defaultdict(dict))
    restocked: dict[str, tuple[str, int]] = field(default_factory=dict)
    credited: dict[str, int] = field(default_factory=dict)


class Outside(Protocol):
    """A payment provider, as its own books have it, by our keys."""

    def captured(self) -> dict[str, tuple[int, str]]:
        """Money that moved: minor units and currency."""

    def refunded(self) -> dict[str, int]:
        """Refunds that were made."""

    def promised(self) -> set[str]:
        """What was ever promised."""

    def kept(self) -> dict[str, str]:
        """What is still kept from somebody, or asked of them, and in which state."""


class World:
    """The stage. `wrongs` are sentences about what must never be."""

    def __init__(self, place: Place, timeline: Timeline, chance: random.Random) -> None:
        self.place = place
        self.timeline = timeline
        self.chance = chance
        self.skew_ms = 0
        self.contended = False
        """Whether another process may have had the database at some time."""
        self.deaths = 0
        self.dies_at: Callable[[FaultPoint], bool] = lambda _point: False
        self.asked = Asked()
        self.orders: dict[str, str] = {}
        """Orders that somebody was told of, by answer or event: the checkout by order."""
        self.told_ids: set[int] = set()
        self.told_orders: Counter[str] = Counter()
        self.available: dict[str, tuple[int, int]] = {}
        """What one who listens believes: version and available pieces by SKU."""
        self.wrongs: list[str] = []
        self.seen: Counter[str] = Counter()
        self.log: list[str] = []
        self.price: dict[str, int] = {}
        self.gone: frozenset[str] = frozenset()
        self.gift_codes: list[str] = []
        self.piecemeal = False
        """Whether people pay in several ways."""
        self.nudge: Callable[[str, int], None] = lambda _name, _number: None
        """Asks somebody to do something now."""
        self.had: dict[str, int] = {}
        """Pieces by SKU and person when staff limited the SKU."""
        self.gifted: set[str] = set()
        """Who has been offered a gift just now."""
        self.wanted: str | None = None
        """What everybody wants today."""
        self.sociable = False
        """Whether people come together."""
        self.tasks: set[asyncio.Task[Any]] = set()
        self._ids = itertools.count(1)
        self._last_told = 0
        self._up = asyncio.Event()
        self._ending = asyncio.Event()
        self.payment = PAYMENT
        self.settings = place.settings()
        self.shop = Shop(place, self.settings, PAYMENT, self._dies_here)
        self.bank = Bank(chance, self.spawn)
        self.outside: list[Outside] = [self.bank]
        self.ways: tuple[str, ...] = ()
        """More ways to pay."""
        self.answer_bank: Callable[[str, bool], None] = lambda _url, _approve: None
        """Answers the question at an address outside of the shop."""

    # --- time and tasks -------------------------------------------------------------------------

    def now_ms(self) -> int:
        return STARTED_MS + round(self.timeline.time() * 1_000) + self.skew_ms

    def note(self, sentence: str) -> None:
        self.log.append(f"{round(self.timeline.time() * 1_000):>8} {sentence}")

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start something that does not belong to the shop."""
        task = asyncio.ensure_future(work)
        self.keep(task)
        return task

    def keep(self, task: asyncio.Task[Any] | None) -> None:
        """This one does not belong to the shop either."""
        if task is not None:
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    def new_id(self) -> str:
        return f"{next(self._ids):032x}"

    # --- the shop -------------------------------------------------------------------------------

    async def run_shop(self) -> None:
        """Open it, and again whenever it has died."""
        while not self._ending.is_set():
            shop = self.shop = Shop(self.place, self.settings, self.payment, self._dies_here)
            self._last_told = 0
            try:
                line = self.bank.line(lambda shop=shop: shop.alive)  # type: ignore[misc]
                await shop.open(self.now_ms, line, self.new_id, self._hear)
                self.note("the shop is open")
                self._up.set()
                await shop.died.wait()
            except LostError:
                pass
            except UnavailableError as error:
                # Whoever watches over the process starts it again.
                self.note(f"the shop cannot be opened: {error.code}")
                if error.code != "STORE_BUSY" or not self.contended:
                    self.wrongs.append(f"The shop was not opened: {error.code}.")
                    return
                shop.alive = False
                await asyncio.sleep(1)
                continue
            self._up.clear()
            if self._ending.is_set():
                return
            self.deaths += 1
            self.note("the shop has died")
            self.place.close_books()
            await shop.bury(self.tasks)
            self.place.close_books()
            await asyncio.sleep(self.chance.choice(DOWN_MS) / 1_000)

    def _dies_here(self, point: FaultPoint) -> bool:
        self.seen[f"point {point}"] += 1
        if not self.dies_at(point):
            return False
        self.dies_at = lambda _point: False
        self.seen[f"died {point}"] += 1
        self.note(f"it dies at {point}")
        return True

    async def ask(self, request: Callable[[Commerce], Awaitable[T]]) -> T:
        """Ask the shop, when it is open. Raises LostError when it dies before it answers."""
        await self._up.wait()
        return await self.shop.serve(request)

    async def stop(self) -> None:
        """Close it for ever."""
        self._ending.set()
        await self._up.wait()
        await self.shop.close()
        self.shop.died.set()

    # --- what is heard --------------------------------------------------------------------------

    def _hear(self, event: CommerceEvent) -> None:
        if event.event_id <= self._last_told:
            self.wrongs.append(f"Event {event.event_id} was told after {self._last_told}.")
        self._last_told = event.event_id
        self.told_ids.add(event.event_id)
        if isinstance(event, OrderPaid):
            self.told_orders[event.order_id] += 1
            self.orders[event.order_id] = event.checkout_id
        elif isinstance(event, StockChanged):
            known = self.available.get(event.sku, (0, 0))
            if event.version >= known[0]:
                self.available[event.sku] = (event.version, event.available)

    async def request(
        self,
        who: str,
        what: str,
        call: Callable[[Commerce], Awaitable[T]],
        chance: random.Random,
    ) -> T:
        """Ask as a person does: what got lost is asked again, with the same key, or given up.

        Raises CommerceError or LostError.
        """
        while True:
            try:
                answer = await self.ask(call)
            except LostError:
                self._count(who, what, "lost")
                if chance.random() < 0.3:
                    raise
            except CommerceError as error:
                self._count(who, what, error.code)
                if error.code in NEVER or (error.code == "STORE_BUSY" and not self.contended):
                    self.wrongs.append(f"{who} was told {error.code} for {what}.")
                if not error.retryable or chance.random() < 0.5:
                    raise
                await asyncio.sleep(0.2)
            except Exception as error:
                self.wrongs.append(f"{who} got {type(error).__name__} for {what}: {error}")
                raise LostError from error
            else:
                self._count(who, what, "ok")
                return answer

    def _count(self, who: str, what: str, outcome: str) -> None:
        self.seen[f"{what.split(maxsplit=1)[0]} {outcome}"] += 1
        self.note(f"{who}: {what} -> {outcome}")

    # --- what the providers say -----------------------------------------------------------------

    def captured(self) -> dict[str, tuple[int, str]]:
        """All money that moved outside of the shop."""
        return {
            key: taken for provider in self.outside for key, taken in provider.captured().items()
        }

    def refunded(self) -> dict[str, int]:
        """All money that was given back outside of the shop."""
        return {
            key: amount for provider in self.outside for key, amount in provider.refunded().items()
        }

    # --- looking into the books -----------------------------------------------------------------

    def books(self) -> AbstractContextManager[sqlite3.Connection]:
        """The shop's database as it is at this moment."""
        return self.place.books()

    def close(self) -> None:
        """Let go of everything."""
        self.place.close_books()
        self.bank.close()
