"""Webhooks of providers: checked, taken once, and never believed.

A notice is only a hint that something happened. What happened is asked of the provider itself, so
notices may come out of order, twice, or never (then `reconcile` asks).
"""

import logging
from collections import Counter

from commerce.db import references
from commerce.db.unit import Unit
from commerce.errors import WebhookRefusedError
from commerce.ports import GatewayUnavailableError, NotifyingGateway
from commerce.service.context import Context
from commerce.service.payment import Payments
from commerce.validation import not_found

log = logging.getLogger(__name__)

TAKEN, DOUBLED, UNKNOWN, REFUSED = "taken", "doubled", "unknown", "refused"


class Notices:
    """Use case of webhooks. `counts`: how many came to which end since the start."""

    def __init__(self, context: Context, payments: Payments) -> None:
        self._context = context
        self._payments = payments
        self.counts: Counter[str] = Counter()

    async def take(self, provider: str, body: bytes, signature: str) -> str:
        """Take a webhook: `taken`, `doubled` (had before) or `unknown` (about nothing of ours).

        Raises PROVIDER_NOT_FOUND, WEBHOOK_REFUSED for a wrong or old signature, UNAVAILABLE errors
        when it should be sent again.
        """
        try:
            gateway = self._context.gateway_of(provider)
        except GatewayUnavailableError as error:
            raise not_found("provider") from error
        if not isinstance(gateway, NotifyingGateway):
            raise not_found("provider")
        try:
            notice = gateway.notice(body, signature, self._context.clock())
        except WebhookRefusedError as error:
            self.counts[REFUSED] += 1
            log.warning("a webhook of %s was refused: %s", provider, error.data["reason"])
            raise

        def known(unit: Unit) -> bool:
            return references.take_event(unit, provider, notice.event_id)

        key = notice.key
        if key is None and notice.reference is not None:
            key = await gateway.key_of(notice.reference)
        ours = key is not None and await self._payments.look(key)
        # Remembered after the work: a crash in between has it sent again, and asking twice is safe.
        outcome = TAKEN if ours else UNKNOWN
        if not await self._context.store.write(known):
            outcome = DOUBLED
        self.counts[outcome] += 1
        if outcome is UNKNOWN:
            log.warning("a webhook of %s is about nothing of ours: %s", provider, notice.kind)
        return outcome
