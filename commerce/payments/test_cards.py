"""The embedded payment provider: test cards, so that a shop can be tried without any key.

It behaves like an outside service: it has a ledger of its own, remembers across a kill, does its
work once for one key, and can fail to answer. The numbers start with 0, which no real card does
(ISO/IEC 7812: 0 is reserved), so a real number can never be taken for a test card.

    test:0000000000000001   pays
    test:0000000000000002   is declined: not enough money
    test:0000000000000003   asks a question (in the way of 3-D Secure): "approve" pays, "reject" not
    test:0000000000000004   never answers, but the money was promised
    test:0000000000000005   never answers, and nothing happened
    test:0000000000000006   pays, but the answer to the capture is lost
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

from commerce.db.card_ledger import CardLedger
from commerce.errors import PaymentMethodUnknownError
from commerce.money import Money
from commerce.ports import (
    Charge,
    ChargeState,
    GatewayUnavailableError,
    NewId,
    Refund,
    RefundState,
    random_id,
)

T = TypeVar("T")

PREFIX = "test:"
PAYS, DECLINES, ASKS, PROMISES_SILENTLY, NEVER_ARRIVES, CAPTURES_SILENTLY = (
    f"{PREFIX}{number:016d}" for number in range(1, 7)
)
METHODS = frozenset((PAYS, DECLINES, ASKS, PROMISES_SILENTLY, NEVER_ARRIVES, CAPTURES_SILENTLY))

APPROVE, REJECT = "approve", "reject"

SILENT_CAPTURE = "silent_capture"
"""Code of a charge whose capture will not be answered the first time."""

_OPEN = (ChargeState.CHALLENGE, ChargeState.AUTHORISED)

Silence = Callable[[], Awaitable[Charge]]
"""What a call does that gets no answer: it raises GatewayUnavailableError, sooner or later."""


async def never() -> Charge:
    """Wait for ever; the one who asks has a time limit."""
    await asyncio.get_running_loop().create_future()
    raise GatewayUnavailableError


async def cut_off() -> Charge:
    """The line breaks at once. Raises GatewayUnavailableError."""
    raise GatewayUnavailableError("the line broke")


class TestCards:
    """A `PaymentGateway` whose bank is a file."""

    __test__ = False

    def __init__(
        self,
        ledger: CardLedger,
        thread: ThreadPoolExecutor,
        new_id: NewId,
        silence: Silence = never,
    ) -> None:
        self._ledger = ledger
        self._thread = thread
        self._new_id = new_id
        self._silence = silence
        self._waiting: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = []
        self._asking: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, path: Path, new_id: NewId = random_id, *, silence: Silence = never) -> Self:
        """Open the ledger, made when it is missing. Raises GatewayUnavailableError."""
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="test-cards")
        try:
            loop = asyncio.get_running_loop()
            ledger = await loop.run_in_executor(thread, CardLedger, path)
        except sqlite3.Error as error:
            thread.shutdown(wait=False)
            raise GatewayUnavailableError from error
        return cls(ledger, thread, new_id, silence)

    async def close(self) -> None:
        """Let go of the ledger and its thread."""
        while self._asking is not None:
            await asyncio.wait([self._asking])
        await self._in_thread(self._ledger.close)
        self._thread.shutdown(wait=False)

    def accepts(self, payment_method: str) -> bool:
        """Whether this is one of the numbers above."""
        return payment_method in METHODS

    async def authorise(
        self,
        key: str,
        amount_minor: int,
        currency: str,
        payment_method: str,
        payer_id: str,  # noqa: ARG002 - a card is nobody's in particular
    ) -> Charge:
        """Ask for the money, once for one key."""
        if payment_method not in METHODS:
            raise PaymentMethodUnknownError
        charge = Charge(
            key, ChargeState.AUTHORISED, amount_minor, currency, f"charge-{self._new_id()}"
        )
        if payment_method == DECLINES:
            charge = replace(
                charge,
                state=ChargeState.DECLINED,
                code="INSUFFICIENT_FUNDS",
                message="The bank declined: there is not enough money. Please take another card.",
            )
        elif payment_method == ASKS:
            charge = replace(
                charge,
                state=ChargeState.CHALLENGE,
                challenge_id=f"challenge-{self._new_id()}",
                instructions=f"Your bank asks whether you pay {Money(amount_minor, currency)}. "
                "This is a test bank: answer approve or reject.",
            )
        elif payment_method == CAPTURES_SILENTLY:
            charge = replace(charge, code=SILENT_CAPTURE)
        known, written = await self._run(
            lambda: self._ledger.begin(charge, arrives=payment_method != NEVER_ARRIVES)
        )
        if known is not None:
            return known
        if written is None or payment_method == PROMISES_SILENTLY:
            return await self._silence()
        return written

    async def confirm(self, key: str, challenge_id: str, response: str) -> Charge:
        """Hand the payer's answer to the bank; anything but "approve" is a no."""
        known = await self._known(key)
        if known.state is not ChargeState.CHALLENGE or known.challenge_id != challenge_id:
            return known
        before = (ChargeState.CHALLENGE,)
        if response == APPROVE:
            return await self._moved(key, before, ChargeState.AUTHORISED)
        return await self._moved(
            key,
            before,
            ChargeState.DECLINED,
            "CHALLENGE_REJECTED",
            "The bank's question was answered with no. You were not charged.",
        )

    async def capture(self, key: str, amount_minor: int | None = None) -> Charge:
        """Move the money of an authorised charge: all of it, or only so much."""
        known, charge = await self._run(lambda: self._ledger.capture(key, amount_minor))
        if known is None or charge is None:
            raise GatewayUnavailableError(f"no charge {key}")
        if known.state is ChargeState.AUTHORISED and known.code == SILENT_CAPTURE:
            return await self._silence()
        return charge

    async def void(self, key: str) -> Charge:
        """Give the charge up; a key that is not known yet can never be charged afterwards."""
        tombstone = Charge(key, ChargeState.VOIDED, 0, "XXX", f"void-{self._new_id()}")
        await self._run(lambda: self._ledger.put(tombstone))
        return await self._moved(key, _OPEN, ChargeState.VOIDED)

    async def refund(self, key: str, refund_key: str, amount_minor: int) -> Refund:
        """Give back a part of a captured charge, once for one refund key."""
        made = await self._run(lambda: self._ledger.refund(refund_key, key, amount_minor))
        if made is None:
            return Refund(refund_key, RefundState.FAILED, amount_minor, "", "REFUND_TOO_LARGE")
        return Refund(refund_key, RefundState.SUCCEEDED, made, f"refunded-{refund_key}")

    async def refunded(self) -> dict[str, int]:
        """All refunds."""
        return await self._run(self._ledger.refunded)

    async def lookup(self, key: str) -> Charge | None:
        """What the ledger has about this key."""
        return await self._run(lambda: self._ledger.get(key))

    async def captured(self) -> dict[str, tuple[int, str]]:
        """All captured charges."""
        return await self._run(self._ledger.captured)

    async def _known(self, key: str) -> Charge:
        charge = await self.lookup(key)
        if charge is None:
            raise GatewayUnavailableError(f"no charge {key}")
        return charge

    async def _moved(
        self,
        key: str,
        before: tuple[ChargeState, ...],
        after: ChargeState,
        code: str | None = None,
        message: str | None = None,
    ) -> Charge:
        charge = await self._run(lambda: self._ledger.move(key, before, after, code, message))
        if charge is None:
            raise GatewayUnavailableError(f"no charge {key}")
        return charge

    async def _run(self, work: Callable[[], T]) -> T:
        """Do something at the bank; what is asked while it is at work shares its next commit."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, answer))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return await answer

    async def _ask(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, []
                works = [work for work, _ in asked]
                try:
                    results = await self._in_thread(partial(self._ledger.together, works))
                except sqlite3.Error as error:
                    for _, answer in asked:
                        if not answer.done():
                            answer.set_exception(_unanswered(error))
                    continue
                for (_, answer), result in zip(asked, results, strict=True):
                    if not answer.done():
                        answer.set_result(result)
        finally:
            self._asking = None

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _unanswered(error: Exception) -> GatewayUnavailableError:
    unanswered = GatewayUnavailableError("the ledger cannot be written")
    unanswered.__cause__ = error
    return unanswered
