"""Each provider with what is outside of it, ready to be asked, for tests of what all of them do."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commerce.db import credit as credit_rows
from commerce.db.engine import Store
from commerce.db.references import ReferenceRows
from commerce.db.unit import Unit
from commerce.payments.base58 import base58
from commerce.payments.credit import StoreCredit
from commerce.payments.settings import SolanaSettings, StripeSettings
from commerce.payments.solana_pay import SolanaPay
from commerce.payments.stripe_cards import StripeCards
from commerce.payments.test_cards import ASKS, DECLINES, PAYS, TestCards
from commerce.ports import Charge, PaymentGateway
from tests.commerce.db.stores import open_store
from tests.commerce.shops import TurnedClock
from tests.stand_ins.solana_node import SolanaNode
from tests.stand_ins.stripe_server import ASKS as STRIPE_ASKS
from tests.stand_ins.stripe_server import StripeServer
from tests.stand_ins.web import serving

WALLET = base58(bytes(range(1, 33)))
STRIPE_WARNING = "ignore:Use 'content=<...>' to upload raw bytes:DeprecationWarning"
"""Of httpx, about how the client of Stripe calls it; nothing of ours."""

WEBHOOK_SECRET = "whsec_stand_in"


def no_answer(_charge: Charge) -> None:
    """The bank is answered by `confirm` itself."""


@dataclass
class AtWork:
    """A provider, what it takes, and how a payer answers outside of it."""

    name: str
    gateway: PaymentGateway
    currency: str
    pays: str
    declines: str | None = None
    asks: str | None = None
    approve: Callable[[Charge], Any] = no_answer
    refunds_by_hand: bool = False
    outside: Any = None
    closing: AsyncExitStack = field(default_factory=AsyncExitStack)


def stripe_settings(url: str) -> StripeSettings:
    """An account at the stand-in."""
    return StripeSettings(
        "sk_stand_in",
        WEBHOOK_SECRET,
        "https://shop.example/paid",
        base_address=url,
    )


def solana_settings(url: str) -> SolanaSettings:
    """A wallet and the stand-in of a node."""
    return SolanaSettings(WALLET, url, currency="EUR")


@asynccontextmanager
async def at_work(name: str, folder: Path) -> AsyncIterator[AtWork]:
    """One provider."""
    clock = TurnedClock()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(folder, clock))
        if name == "test":
            cards = await TestCards.open(folder / "ledger.sqlite3")
            made = AtWork(name, cards, "EUR", PAYS, DECLINES, ASKS)
        elif name == "credit":
            await _fund(store)
            made = AtWork(name, StoreCredit(store), "EUR", "credit:")
        elif name == "stripe":
            server = StripeServer(lambda: clock.now_ms // 1_000, WEBHOOK_SECRET)
            url = await stack.enter_async_context(serving(server))
            stripe = StripeCards.open(stripe_settings(url), ReferenceRows(store))
            made = AtWork(
                name,
                stripe,
                "EUR",
                "stripe:pm_card_visa",
                "stripe:pm_card_chargeDeclined",
                f"stripe:{STRIPE_ASKS}",
                lambda charge: server.answer_bank(charge.reference, approve=True),
                outside=server,
            )
        else:
            node = SolanaNode()
            url = await stack.enter_async_context(serving(node))
            solana = SolanaPay.open(solana_settings(url), ReferenceRows(store))
            made = AtWork(
                name,
                solana,
                "EUR",
                "solana:",
                None,
                "solana:",
                lambda charge: node.pay(charge.challenge_url or ""),
                refunds_by_hand=True,
                outside=node,
            )
        stack.push_async_callback(made.gateway.close)
        yield made


async def _fund(store: Store) -> None:
    def fund(unit: Unit) -> None:
        credit_rows.open_account(unit, "account-1", "EUR", owner_id="ada")
        credit_rows.book(unit, "account-1", 100_000, "grant", "g-1")

    await store.write(fund)
