"""Store credit and gift cards: issued by staff, looked at by their owners."""

from commerce.codes import code_from, normal
from commerce.db import credit as rows
from commerce.db import erasures, idempotency
from commerce.db.unit import Unit
from commerce.errors import InvalidRequestError
from commerce.money import check_currency
from commerce.payments.credit import CODE_LENGTH
from commerce.service.context import Context
from commerce.service.once import Once
from commerce.validation import check_amount, check_id, check_key, fingerprint, not_found
from commerce.views import CreditView, GiftCardView


class Credit:
    """Use cases of store credit."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._once: Once[CreditView] = Once()

    async def grant(self, person_id: str, amount_minor: int, currency: str, key: str) -> CreditView:
        """Add to a person's store credit, once for one key. Raises PERSON_NOT_FOUND for somebody
        who was erased."""
        check_id(person_id, "person_id")
        check_key(key)
        _check(amount_minor, currency)
        body = fingerprint({"amount_minor": amount_minor, "currency": currency})

        def grant(unit: Unit) -> CreditView:
            if erasures.find(unit.connection, person_id) is not None:
                raise not_found("person")
            account_id = rows.account_of(unit.connection, person_id, currency)
            if account_id is None:
                account_id = f"credit-{self._context.new_id()}"
                rows.open_account(unit, account_id, currency, owner_id=person_id)
            if idempotency.claim(unit, f"grant:{person_id}", key, body, account_id) is None:
                entry = f"grant-{self._context.new_id()}"
                rows.book(unit, account_id, amount_minor, "grant", entry)
            view = rows.view(unit.connection, account_id)
            if view is None:
                raise LookupError(account_id)
            return view

        async def run() -> CreditView:
            return await self._context.store.write(grant)

        return await self._once.run((f"grant:{person_id}", key), body, run)

    async def issue_card(
        self, amount_minor: int, currency: str, expires_ms: int | None
    ) -> GiftCardView:
        """Make a gift card. Its code is told here and never again."""
        _check(amount_minor, currency)
        code = code_from(self._context.new_id(), CODE_LENGTH)

        def issue(unit: Unit) -> CreditView:
            account_id = f"gift-{self._context.new_id()}"
            hashed = rows.code_hash(code)
            rows.open_account(unit, account_id, currency, hashed=hashed, expires_ms=expires_ms)
            rows.book(unit, account_id, amount_minor, "issue", account_id)
            view = rows.view(unit.connection, account_id)
            if view is None:
                raise LookupError(account_id)
            return view

        made = await self._context.store.write(issue)
        return GiftCardView(code, made)

    async def of_person(self, person_id: str, currency: str) -> CreditView:
        """A person's store credit. Raises CREDIT_NOT_FOUND when they never had any."""
        check_id(person_id, "person_id")
        check_currency(currency)
        found = await self._context.store.read(lambda c: rows.account_of(c, person_id, currency))
        return await self._view(found)

    async def of_card(self, code: str) -> CreditView:
        """What is on a gift card. Raises CREDIT_NOT_FOUND."""
        found = await self._context.store.read(lambda c: rows.card(c, normal(code)))
        return await self._view(found)

    async def _view(self, account_id: str | None) -> CreditView:
        if account_id is None:
            raise not_found("credit")
        found = await self._context.store.read(lambda c: rows.view(c, account_id))
        if found is None:
            raise not_found("credit")
        return found

    async def finish(self) -> None:
        """Wait for what is under way."""
        await self._once.finish()


def _check(amount_minor: int, currency: str) -> None:
    check_currency(currency)
    if check_amount(amount_minor, "amount_minor") == 0:
        raise InvalidRequestError(
            "INVALID_AMOUNT", "There is nothing to add.", {"field": "amount_minor"}
        )
