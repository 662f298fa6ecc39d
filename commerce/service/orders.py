"""Orders, tracking and the audit."""

from commerce.db import audit
from commerce.db import orders as rows
from commerce.ports import GatewayUnavailableError
from commerce.service.context import Context
from commerce.validation import check_id, not_found
from commerce.views import AuditReport, OrderView, TrackingView


class Orders:
    """Use cases of orders."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def of_person(self, person_id: str) -> tuple[OrderView, ...]:
        """Orders the person paid or shared, the newest first."""
        check_id(person_id, "person_id")
        limit = self._context.settings.orders_max
        found = await self._context.store.read(lambda c: rows.of_person(c, person_id, limit))
        return tuple(found)

    async def one(self, person_id: str, order_id: str) -> OrderView:
        """Raises ORDER_NOT_FOUND, for other people's orders as well."""
        check_id(person_id, "person_id")
        check_id(order_id, "order_id")
        found = await self._context.store.read(lambda c: rows.of_person(c, person_id, 1, order_id))
        if not found:
            raise not_found("order")
        return found[0]

    async def for_staff(self, order_id: str) -> OrderView:
        """An order with all its payments. Raises ORDER_NOT_FOUND."""
        check_id(order_id, "order_id")
        found = await self._context.store.read(lambda c: rows.load(c, order_id))
        if found is None:
            raise not_found("order")
        return found

    async def track(self, order_id: str) -> TrackingView:
        """Raises ORDER_NOT_FOUND."""
        check_id(order_id, "order_id")
        found = await self._context.store.read(lambda c: rows.track(c, order_id))
        if found is None:
            raise not_found("order")
        return found

    async def audit(self) -> AuditReport:
        """Add up stock and money, ours and the gateway's. Only reads, beside the event loop."""
        context = self._context
        grace_ms = context.settings.sweep_grace_ms
        before = await context.store.read(audit.books, long=True)
        now_ms = context.clock()
        findings = await context.store.read(lambda c: audit.examine(c, now_ms, grace_ms), long=True)
        ledger: dict[str, tuple[int, str]] = {}
        refunded: dict[str, int] = {}
        try:
            for gateway in context.providers.all():
                ledger |= await gateway.captured()
                refunded |= await gateway.refunded()
        except GatewayUnavailableError:
            findings.complain(["The ledger of a payment provider could not be read."])
        else:
            after = await context.store.read(audit.books, long=True)
            findings.complain(audit.compare_ledger(before, ledger, after))
            findings.complain(audit.compare_refunds(before, refunded, after))
            findings.figures["captured_at_gateway_minor"] = sum(a for a, _ in ledger.values())
            findings.figures["refunded_at_gateway_minor"] = sum(refunded.values())
        return AuditReport(tuple(findings.problems), findings.figures)
