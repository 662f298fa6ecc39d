"""The bank of a story: the embedded test cards with a ledger in memory, behind a bad line.

The bank lives outside the shop: what has reached it is done, also when the one who asked has died
or does not wait any more. The line loses questions and answers, answers with errors, and is slow.
"""

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from commerce.db.card_ledger import CardLedger
from commerce.payments.test_cards import TestCards
from commerce.ports import Charge, ChargeState, GatewayUnavailableError, Refund

QUICK_MS = (0, 0, 0, 1, 5, 40, 300)
SLOW_MS = (3_000, 5_500, 11_000)
"""Below and above `GATEWAY_TIMEOUT_MS` of the shop."""

WEATHER = ("lost", "dropped", "refused", "failed", "slow")
"""Done and not answered; not done and not answered; an error with nothing done; an error with all
done; late."""


_NO_THREAD = ThreadPoolExecutor(max_workers=1)
"""Never started: the loop of a story runs everything itself."""


class Spawn(Protocol):
    """Starts something that goes on whatever happens to the shop."""

    def __call__(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]: ...


class Bank:
    """Charges and refunds, and which keys were ever promised."""

    def __init__(self, chance: random.Random, spawn: Spawn) -> None:
        numbers = itertools.count(1)
        self.ledger = CardLedger(Path(":memory:"))
        self.cards = TestCards(self.ledger, _NO_THREAD, lambda: f"{next(numbers):06d}")
        self.trouble = 0.0
        """Of so many questions something goes wrong."""
        self.short = 0.0
        """So many promises are of less than was asked for."""
        self.lapsing = 0.0
        """So many promises are gone when they are to be captured."""
        self._promised: set[str] = set()
        self._heard: set[str] = set()
        self.on_capture: Callable[[str], None] = lambda _key: None
        """Called with the key, just before money moves."""
        self._chance = chance
        self._spawn = spawn

    def captured(self) -> dict[str, tuple[int, str]]:
        return self.ledger.captured()

    def refunded(self) -> dict[str, int]:
        return self.ledger.refunded()

    def promised(self) -> set[str]:
        """Keys that were ever promised."""
        return self._promised

    def kept(self) -> dict[str, str]:
        """Keys for which money is still kept from somebody, or asked of them."""
        found = {key: self.ledger.get(key) for key in self._heard}
        return {
            key: str(charge.state)
            for key, charge in found.items()
            if charge is not None
            and charge.state in (ChargeState.CHALLENGE, ChargeState.AUTHORISED)
        }

    def close(self) -> None:
        self.ledger.close()

    def line(self, alive: Callable[[], bool]) -> "BankLine":
        """What a shop asks through, as long as it is alive."""
        return BankLine(self, alive)

    def promises(self, amount_minor: int) -> int:
        """How much it promises when it is asked for so much."""
        if amount_minor and self._chance.random() < max(self.short, self.trouble / 3):
            return amount_minor - 1
        return amount_minor

    async def ask(self, name: str, work: Callable[[], Awaitable[Any]], key: str) -> Any:
        """Send a question; the answer, if there is one."""
        weather = "fine"
        if self._chance.random() < self.trouble:
            weather = self._chance.choice(WEATHER)
        if weather == "refused":
            raise GatewayUnavailableError("the bank answers with an error")
        if weather == "dropped":
            return await _silence()
        delays = SLOW_MS if weather == "slow" else QUICK_MS
        delay_s = self._chance.choice(delays) / 1_000
        there = self._spawn(self._do(name, work, key, delay_s))
        if weather == "lost":
            return await _silence()
        answer = await asyncio.shield(there)
        if weather == "failed":
            raise GatewayUnavailableError("the bank answers with an error")
        return answer

    async def _do(
        self, name: str, work: Callable[[], Awaitable[Any]], key: str, delay_s: float
    ) -> Any:
        await asyncio.sleep(delay_s)
        self._heard.add(key)
        if name == "capture":
            if self._chance.random() < self.lapsing:
                # It was promised too long ago.
                await self.cards.void(key)
            known = await self.cards.lookup(key)
            if known is not None and known.state is ChargeState.AUTHORISED:
                self.on_capture(key)
        try:
            answer = await work()
        except GatewayUnavailableError as error:
            # Told by the one who asked; nobody may be there any more.
            answer = error
        known = await self.cards.lookup(key)
        if known is not None and known.state in (ChargeState.AUTHORISED, ChargeState.CAPTURED):
            self._promised.add(key)
        return answer


async def _silence() -> None:
    """Never answer; the one who asks has a time limit."""
    await asyncio.get_running_loop().create_future()


class BankLine:
    """Implements `PaymentGateway` for one life of the shop."""

    def __init__(self, bank: Bank, alive: Callable[[], bool]) -> None:
        self._bank = bank
        self._alive = alive

    def accepts(self, payment_method: str) -> bool:
        return self._bank.cards.accepts(payment_method)

    async def _ask(self, name: str, key: str, *more: Any) -> Any:
        if not self._alive():
            raise GatewayUnavailableError("nobody is there to ask")
        work = getattr(self._bank.cards, name)
        answer = await self._bank.ask(name, lambda: work(key, *more), key)
        if isinstance(answer, GatewayUnavailableError):
            raise answer
        return answer

    async def authorise(
        self, key: str, amount_minor: int, currency: str, payment_method: str, payer_id: str
    ) -> Charge:
        more = (self._bank.promises(amount_minor), currency, payment_method, payer_id)
        charge: Charge = await self._ask("authorise", key, *more)
        return charge

    async def confirm(self, key: str, challenge_id: str, response: str) -> Charge:
        charge: Charge = await self._ask("confirm", key, challenge_id, response)
        return charge

    async def capture(self, key: str, amount_minor: int | None = None) -> Charge:
        charge: Charge = await self._ask("capture", key, amount_minor)
        return charge

    async def void(self, key: str) -> Charge:
        charge: Charge = await self._ask("void", key)
        return charge

    async def refund(self, key: str, refund_key: str, amount_minor: int) -> Refund:
        refund: Refund = await self._ask("refund", key, refund_key, amount_minor)
        return refund

    async def lookup(self, key: str) -> Charge | None:
        charge: Charge | None = await self._ask("lookup", key)
        return charge

    async def captured(self) -> dict[str, tuple[int, str]]:
        return await self._bank.cards.captured()

    async def refunded(self) -> dict[str, int]:
        return await self._bank.cards.refunded()

    async def close(self) -> None:
        """The bank stays open."""
