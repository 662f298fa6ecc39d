"""Opens the payment providers that a shop is set up for. What is not used is not even imported."""

import asyncio
from importlib import import_module
from pathlib import Path

from commerce.db.engine import Store
from commerce.db.references import ReferenceRows
from commerce.payments.credit import CREDIT, GIFT, StoreCredit
from commerce.payments.providers import Providers
from commerce.payments.settings import PaymentSettings
from commerce.payments.test_cards import TestCards
from commerce.ports import NewId, PaymentGateway


async def open_providers(
    settings: PaymentSettings,
    store: Store,
    test_ledger: Path,
    new_id: NewId,
    test: PaymentGateway | None = None,
) -> Providers:
    """The providers by prefix; `test` stands in for the test cards. Raises
    GatewayUnavailableError."""
    references, credit = ReferenceRows(store), StoreCredit(store)
    found: dict[str, PaymentGateway] = {CREDIT: credit, GIFT: credit}
    try:
        if settings.stripe is not None:
            # A third of a second, which the event loop is not held for.
            stripe = await asyncio.to_thread(import_module, "commerce.payments.stripe_cards")
            found["stripe"] = stripe.StripeCards.open(settings.stripe, references)
        if settings.solana is not None:
            from commerce.payments.solana_pay import SolanaPay

            found["solana"] = SolanaPay.open(settings.solana, references)
        if test is not None or settings.takes_test_cards:
            found["test"] = test or await TestCards.open(test_ledger, new_id)
    except BaseException:
        await Providers(found).close()
        raise
    return Providers(found)
