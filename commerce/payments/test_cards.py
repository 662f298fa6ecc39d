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
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Self, TypeVar

from commerce.db.card_ledger import CardLedger
from commerce.errors import PaymentMethodUnknownError
from commerce.money import Money
from commerce.ports import Charge, ChargeState, GatewayUnavailableError, NewId, random_id

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


class TestCards:
    """A `PaymentGateway` whose bank is a file."""

    __test__ = False

    def __init__(self, ledger: CardLedger, thread: ThreadPoolExecutor, new_id: NewId) -> None:
        self._ledger = ledger
        self._thread = thread
        self._new_id = new_id

    @classmethod
    async def open(cls, path: Path, new_id: NewId = random_id) -> Self:
        """Open the ledger, made when it is missing. Raises GatewayUnavailableError."""
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="test-cards")
        try:
            loop = asyncio.get_running_loop()
            ledger = await loop.run_in_executor(thread, CardLedger, path)
        except sqlite3.Error as error:
            thread.shutdown(wait=False)
            raise GatewayUnavailableError from error
        return cls(ledger, thread, new_id)

    async def close(self) -> None:
        """Let go of the ledger and its thread."""
        await self._run(self._ledger.close)
        self._thread.shutdown(wait=False)

    def accepts(self, payment_method: str) -> bool:
        """Whether this is one of the numbers above."""
        return payment_method in METHODS

    async def authorise(
        self, key: str, amount_minor: int, currency: str, payment_method: str
    ) -> Charge:
        """Ask for the money, once for one key."""
        if payment_method not in METHODS:
            raise PaymentMethodUnknownError
        known = await self.lookup(key)
        if known is not None:
            return known
        if payment_method == NEVER_ARRIVES:
            return await _silence()
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
        written = await self._run(lambda: self._ledger.put(charge))
        if payment_method == PROMISES_SILENTLY:
            return await _silence()
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

    async def capture(self, key: str) -> Charge:
        """Move the money of an authorised charge."""
        known = await self._known(key)
        before = (ChargeState.AUTHORISED,)
        charge = await self._moved(key, before, ChargeState.CAPTURED)
        if known.state is ChargeState.AUTHORISED and known.code == SILENT_CAPTURE:
            return await _silence()
        return charge

    async def void(self, key: str) -> Charge:
        """Give the charge up; a key that is not known yet can never be charged afterwards."""
        tombstone = Charge(key, ChargeState.VOIDED, 0, "XXX", f"void-{self._new_id()}")
        await self._run(lambda: self._ledger.put(tombstone))
        return await self._moved(key, _OPEN, ChargeState.VOIDED)

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
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.Error as error:
            raise GatewayUnavailableError from error


async def _silence() -> Charge:
    """Never answer; the one who asks has a time limit."""
    await asyncio.get_running_loop().create_future()
    raise GatewayUnavailableError
