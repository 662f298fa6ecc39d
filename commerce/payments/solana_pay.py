"""Solana Pay: the payer's wallet sends a token to the shop's, with a reference we look for.

    solana:         a transfer request; its address goes into a QR code or opens a wallet

A transfer request (https://docs.solanapay.com/spec) names recipient, token, amount and a reference:
32 bytes made from our key of the attempt, which the wallet adds to the transaction. We ask a node
for transactions with that reference and check that it was this token, to this recipient, at least
this amount, without an error. What is `confirmed` counts as promised, what is `finalized` as paid.

A transfer cannot be taken back by us: a refund is paid by hand, from the wallet of the shop. One
transaction pays one attempt, even when it names several references: the database keeps its
signature once. A transfer that comes after the attempt was given up is a finding of the audit.
"""

import asyncio
import hashlib
import logging
from typing import Any, Self
from urllib.parse import quote

import httpx

from commerce.errors import PaymentMethodUnknownError
from commerce.money import Money, exponent
from commerce.payments.base58 import base58
from commerce.payments.settings import SolanaSettings
from commerce.ports import (
    Charge,
    ChargeState,
    GatewayUnavailableError,
    References,
    ReferenceTakenError,
    Refund,
    RefundState,
)

log = logging.getLogger(__name__)

METHOD = "solana:"
PROVIDER, REQUESTS = "solana", "solana-request"
LEVELS = ("processed", "confirmed", "finalized")


def reference_of(key: str) -> str:
    """The reference of an attempt: nobody can guess it who does not know the attempt."""
    return base58(hashlib.sha256(f"galleria-solana-pay:{key}".encode()).digest())


class SolanaPay:
    """A `PaymentGateway` that asks a node of the network."""

    def __init__(
        self, settings: SolanaSettings, references: References, client: httpx.AsyncClient
    ) -> None:
        self._settings = settings
        self._references = references
        self._client = client

    @classmethod
    def open(cls, settings: SolanaSettings, references: References) -> Self:
        """Make the client; nothing is asked yet."""
        client = httpx.AsyncClient(timeout=settings.request_timeout_ms / 1_000)
        return cls(settings, references, client)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    def accepts(self, payment_method: str) -> bool:
        """Whether this is the method above."""
        return payment_method == METHOD

    async def authorise(
        self,
        key: str,
        amount_minor: int,
        currency: str,
        payment_method: str,
        payer_id: str,  # noqa: ARG002 - a wallet says nothing about its owner
    ) -> Charge:
        """Ask for a transfer, once for one key: the challenge has the address for the wallet."""
        if not self.accepts(payment_method):
            raise PaymentMethodUnknownError
        if currency != self._settings.currency or amount_minor == 0:
            return Charge(
                key,
                ChargeState.DECLINED,
                amount_minor,
                currency,
                "",
                code="CURRENCY_NOT_TAKEN",
                message=f"A wallet can pay {self._settings.currency} only. Take another way.",
            )
        await self._references.remember(REQUESTS, key, f"{key} {amount_minor} {currency}")
        charge = await self.lookup(key)
        if charge is None:
            raise GatewayUnavailableError("the request was not kept")
        return charge

    async def confirm(self, key: str, challenge_id: str, response: str) -> Charge:  # noqa: ARG002 - one question at a time
        """Look whether the transfer is there. "reject" gives it up."""
        charge = await self.lookup(key) if response == "approve" else await self.void(key)
        if charge is None:
            raise GatewayUnavailableError("no such request")
        return charge

    async def capture(self, key: str, amount_minor: int | None = None) -> Charge:  # noqa: ARG002 - the whole came already
        """The money moved long ago: wait until the network will not turn it back."""
        return await self._paid_or(key, await self._known(key))

    async def _paid_or(self, key: str, charge: Charge) -> Charge:
        if charge.state is not ChargeState.AUTHORISED:
            return charge
        level = await self._level(charge.reference)
        if LEVELS.index(level) < LEVELS.index(self._settings.capture_level):
            raise GatewayUnavailableError(f"the transfer is only {level}")
        return Charge(
            key, ChargeState.CAPTURED, charge.amount_minor, charge.currency, charge.reference
        )

    async def void(self, key: str) -> Charge:
        """Look no longer for the transfer. One that is there stays, and is paid."""
        charge = await self.lookup(key)
        if charge is not None and charge.state is ChargeState.AUTHORISED:
            return await self._paid_or(key, charge)
        await self._references.remember(PROVIDER, key, "")
        amount, currency = await self._request(key) or (0, "XXX")
        return Charge(key, ChargeState.VOIDED, amount, currency, "")

    async def refund(self, key: str, refund_key: str, amount_minor: int) -> Refund:  # noqa: ARG002
        """Somebody has to send it back from the wallet of the shop."""
        return Refund(refund_key, RefundState.MANUAL, amount_minor, "")

    async def lookup(self, key: str) -> Charge | None:
        """How the transfer stands; None: it was never asked for."""
        request = await self._request(key)
        kept = await self._references.find(PROVIDER, key)
        if request is None:
            return None if kept is None else Charge(key, ChargeState.VOIDED, 0, "XXX", "")
        amount_minor, currency = request
        if kept == "":
            return Charge(key, ChargeState.VOIDED, amount_minor, currency, "")
        signature = kept or await self._claimed(key, amount_minor, currency)
        if signature is not None:
            return Charge(key, ChargeState.AUTHORISED, amount_minor, currency, signature)
        reference = reference_of(key)
        return Charge(
            key,
            ChargeState.CHALLENGE,
            amount_minor,
            currency,
            reference,
            challenge_id=reference,
            challenge_url=self._url(amount_minor, currency, reference),
            instructions=f"Send {Money(amount_minor, currency)} from your wallet.",
        )

    async def captured(self) -> dict[str, tuple[int, str]]:
        """What arrived for any request, those too that were given up: such money is nobody's."""
        found: dict[str, tuple[int, str]] = {}
        requests = await self._references.all(REQUESTS, self._settings.audit_charges_max)
        for key, request in requests.items():
            _, amount, currency = request.rsplit(" ", 2)
            kept = await self._references.find(PROVIDER, key)
            signature = kept or await self._transfer(key, int(amount), currency)
            if signature is None:
                continue
            if kept is None or await self._references.key_of(PROVIDER, signature) in (None, key):
                found[key] = (int(amount), currency)
        return found

    async def refunded(self) -> dict[str, int]:
        """None that we made."""
        return {}

    def _url(self, amount_minor: int, currency: str, reference: str) -> str:
        """https://docs.solanapay.com/spec#specification-transfer-request"""
        amount = Money(amount_minor, currency).decimal()
        label = quote(self._settings.label, safe="")
        return (
            f"solana:{self._settings.recipient}?amount={amount}&spl-token={self._settings.paid_in}"
            f"&reference={reference}&label={label}"
        )

    async def _request(self, key: str) -> tuple[int, str] | None:
        kept = await self._references.find(REQUESTS, key)
        if not kept:
            return None
        _, amount, currency = kept.rsplit(" ", 2)
        return int(amount), currency

    async def _known(self, key: str) -> Charge:
        charge = await self.lookup(key)
        if charge is None:
            raise GatewayUnavailableError("no such request")
        return charge

    async def _claimed(self, key: str, amount_minor: int, currency: str) -> str | None:
        """The transfer that pays this attempt, and from then on no other one."""
        signature = await self._transfer(key, amount_minor, currency)
        if signature is None:
            return None
        try:
            return await self._references.remember(PROVIDER, key, signature)
        except ReferenceTakenError:
            log.warning("one transaction names several payments: %s", key)
            return None

    async def _transfer(self, key: str, amount_minor: int, currency: str) -> str | None:
        """The oldest transaction that pays what was asked for."""
        reference, level = reference_of(key), self._settings.confirm_level
        found = await self._ask(
            "getSignaturesForAddress",
            reference,
            {"limit": self._settings.signatures_max, "commitment": level},
        )
        wanted = amount_minor * 10 ** (self._settings.token_decimals - exponent(currency))
        for entry in reversed(found):
            if entry["err"] is None and await self._pays(entry["signature"], reference, wanted):
                return str(entry["signature"])
        return None

    async def _pays(self, signature: str, reference: str, wanted: int) -> bool:
        """Whether a transaction sent so much of our token to us, with this reference."""
        transaction = await self._ask(
            "getTransaction",
            signature,
            {
                "encoding": "jsonParsed",
                "commitment": self._settings.confirm_level,
                "maxSupportedTransactionVersion": 0,
            },
        )
        if transaction is None or transaction["meta"]["err"] is not None:
            return False
        keys = {k["pubkey"] for k in transaction["transaction"]["message"]["accountKeys"]}
        meta = transaction["meta"]
        before, after = (
            sum(
                int(entry["uiTokenAmount"]["amount"])
                for entry in meta[name] or ()
                if entry["owner"] == self._settings.recipient
                and entry["mint"] == self._settings.paid_in
            )
            for name in ("preTokenBalances", "postTokenBalances")
        )
        return reference in keys and after - before >= wanted

    async def _level(self, signature: str) -> str:
        """https://solana.com/docs/rpc/http/getsignaturestatuses"""
        answer = await self._ask(
            "getSignatureStatuses", [signature], {"searchTransactionHistory": True}
        )
        status = answer["value"][0]
        if status is None or status["err"] is not None:
            raise GatewayUnavailableError("the network does not know the transfer any more")
        level = status["confirmationStatus"]
        return level if level in LEVELS else LEVELS[0]

    async def _ask(self, method: str, *params: Any) -> Any:
        """One request to the node: https://solana.com/docs/rpc"""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        try:
            async with asyncio.timeout(self._settings.request_timeout_ms / 1_000):
                response = await self._client.post(self._settings.rpc_url, json=body)
            response.raise_for_status()
            answer = response.json()
            return answer["result"]
        except (httpx.HTTPError, TimeoutError, ValueError, KeyError, TypeError) as error:
            # The address of the node may carry a key: it is in the error, and not repeated.
            log.warning("the node did not answer %s: %s", method, type(error).__name__)
            raise GatewayUnavailableError(type(error).__name__) from None
