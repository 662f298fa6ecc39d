"""Store credit and gift cards: our own ledger behind the port of a payment provider.

    credit:          the payer's own store credit; a part of 0 needs no account
    gift:CODE        a gift card; whoever has the code can spend it

What is authorised is reserved, from the payer's first word on; what is captured leaves the account,
what is given up is free again, and a refund goes back where it came from. Codes are bearer money:
only their hash is kept.
"""

from collections.abc import Awaitable
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection

from commerce.codes import ALPHABET, normal
from commerce.db import credit as rows
from commerce.db.engine import Store
from commerce.db.unit import Unit
from commerce.errors import CommerceError, PaymentMethodUnknownError
from commerce.money import Money
from commerce.ports import Charge, ChargeState, GatewayUnavailableError, Refund, RefundState

T = TypeVar("T")

CREDIT, GIFT = "credit", "gift"
CODE_LENGTH = 20
"""100 random bits: nobody finds a card by trying."""

SHORT, REJECTED = "INSUFFICIENT_CREDIT", "CHALLENGE_REJECTED"


class StoreCredit:
    """A `PaymentGateway` whose bank is the shop's own database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def accepts(self, payment_method: str) -> bool:
        """Whether this is store credit, or has the form of a gift card."""
        prefix, _, code = payment_method.partition(":")
        if prefix == CREDIT:
            return payment_method == f"{CREDIT}:"
        plain = normal(code)
        return prefix == GIFT and len(plain) == CODE_LENGTH and set(plain) <= set(ALPHABET)

    async def authorise(
        self, key: str, amount_minor: int, currency: str, payment_method: str, payer_id: str
    ) -> Charge:
        """Reserve the amount, once for one key."""
        state = ChargeState.AUTHORISED
        return await self._reserve(key, amount_minor, currency, payment_method, payer_id, state)

    async def ask(
        self, key: str, amount_minor: int, currency: str, payment_method: str, payer_id: str
    ) -> Charge:
        """Reserve the amount, once for one key, and ask the payer whether they mean it."""
        state = ChargeState.CHALLENGE
        return await self._reserve(key, amount_minor, currency, payment_method, payer_id, state)

    async def _reserve(
        self,
        key: str,
        amount_minor: int,
        currency: str,
        payment_method: str,
        payer_id: str,
        state: ChargeState,
    ) -> Charge:
        if not self.accepts(payment_method):
            raise PaymentMethodUnknownError
        prefix, _, code = payment_method.partition(":")

        def reserve(unit: Unit) -> Charge:
            known = rows.charge(unit.connection, key)
            if known is not None:
                return _told(known[0])
            if prefix == CREDIT:
                account_id = rows.account_of(unit.connection, payer_id, currency)
            else:
                account_id = rows.card(unit.connection, normal(code))
            charge = Charge(key, state, amount_minor, currency, f"credit-{key}")
            if prefix == CREDIT and not amount_minor:
                # Who has nothing to pay needs no account for it.
                account_id = None
            elif account_id is None or not rows.reserve(unit, account_id, currency, amount_minor):
                charge = replace(charge, state=ChargeState.DECLINED, code=SHORT)
            rows.put_charge(unit, charge, account_id)
            return _told(charge)

        return await _asked(self._store.write(reserve))

    async def confirm(self, key: str, challenge_id: str, response: str) -> Charge:  # noqa: ARG002 - one question at a time
        """The payer's answer: "approve" promises what is reserved, anything else frees it."""

        def confirm(unit: Unit) -> Charge | None:
            known = rows.charge(unit.connection, key)
            if known is None or known[0].state is not ChargeState.CHALLENGE:
                return None if known is None else _told(known[0])
            charge, account_id = known
            if response == "approve":
                answered = replace(charge, state=ChargeState.AUTHORISED)
            else:
                answered = replace(charge, state=ChargeState.DECLINED, code=REJECTED)
                if account_id is not None:
                    rows.release(unit, account_id, charge.amount_minor)
            rows.move_charge(
                unit, key, charge.state, answered.state, charge.amount_minor, answered.code
            )
            return _told(answered)

        charge = await _asked(self._store.write(confirm))
        if charge is None:
            raise GatewayUnavailableError(f"no charge {key}")
        return charge

    async def capture(self, key: str, amount_minor: int | None = None) -> Charge:
        """Take what was reserved out of the account, or a part of it; the rest is free again."""

        def capture(unit: Unit) -> Charge | None:
            known = rows.charge(unit.connection, key)
            if known is None:
                return None
            charge, account_id = known
            if charge.state is not ChargeState.AUTHORISED:
                return _told(charge)
            taken = charge.amount_minor if amount_minor is None else amount_minor
            taken = min(taken, charge.amount_minor)
            rows.move_charge(unit, key, charge.state, ChargeState.CAPTURED, taken)
            if account_id is not None:
                rows.release(unit, account_id, charge.amount_minor)
                rows.book(unit, account_id, -taken, "capture", key)
            return replace(charge, state=ChargeState.CAPTURED, amount_minor=taken)

        captured = await _asked(self._store.write(capture))
        if captured is None:
            raise GatewayUnavailableError(f"no charge {key}")
        return captured

    async def void(self, key: str) -> Charge:
        """Free what was reserved; a key that is not known yet can never be charged afterwards."""

        def void(unit: Unit) -> Charge:
            known = rows.charge(unit.connection, key)
            if known is None:
                voided = Charge(key, ChargeState.VOIDED, 0, rows.NO_CURRENCY, f"credit-{key}")
                rows.put_charge(unit, voided, None)
                return voided
            charge, account_id = known
            if charge.state not in rows.RESERVED:
                return _told(charge)
            amount = charge.amount_minor
            rows.move_charge(unit, key, charge.state, ChargeState.VOIDED, amount)
            if account_id is not None:
                rows.release(unit, account_id, amount)
            return replace(charge, state=ChargeState.VOIDED)

        return await _asked(self._store.write(void))

    async def refund(self, key: str, refund_key: str, amount_minor: int) -> Refund:
        """Put a part of a captured charge back into its account, once for one refund key."""

        def refund(unit: Unit) -> bool:
            known = rows.charge(unit.connection, key)
            if known is None or known[0].state is not ChargeState.CAPTURED or known[1] is None:
                return False
            reason = rows.refund_reason(key)
            if rows.booked(unit.connection, known[1], reason, refund_key):
                return True
            left = known[0].amount_minor - rows.given_back(unit.connection, key)
            if amount_minor > left:
                return False
            rows.book(unit, known[1], amount_minor, reason, refund_key)
            return True

        if await _asked(self._store.write(refund)):
            return Refund(refund_key, RefundState.SUCCEEDED, amount_minor, refund_key)
        return Refund(refund_key, RefundState.FAILED, amount_minor, "", "REFUND_TOO_LARGE")

    async def lookup(self, key: str) -> Charge | None:
        """What the ledger has about this key."""

        def look(connection: Connection) -> Charge | None:
            known = rows.charge(connection, key)
            return None if known is None else _told(known[0])

        return await _asked(self._store.read(look))

    async def captured(self) -> dict[str, tuple[int, str]]:
        """All captured charges."""
        return await _asked(self._store.read(rows.captured, long=True))

    async def refunded(self) -> dict[str, int]:
        """All refunds."""
        return await _asked(self._store.read(rows.refunded, long=True))

    async def close(self) -> None:
        """The database is the shop's."""


def _told(charge: Charge) -> Charge:
    """The charge, with its question, or a sentence when it was refused."""
    amount = Money(charge.amount_minor, charge.currency)
    if charge.state is ChargeState.CHALLENGE:
        question = f"Do you want to pay {amount} out of your credit?"
        return replace(charge, challenge_id=charge.reference, instructions=question)
    if charge.code == SHORT:
        message = f"There is less than {amount} on it. Pay a part with it and the rest by card."
        return replace(charge, message=message)
    if charge.code == REJECTED:
        return replace(charge, message="You said no. Nothing was taken from your credit.")
    return charge


async def _asked(asking: Awaitable[T]) -> T:
    try:
        return await asking
    except CommerceError as error:
        raise GatewayUnavailableError(error.code) from error
