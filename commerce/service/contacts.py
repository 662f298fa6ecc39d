"""Addresses that people leave for their orders, so that nobody has to type one in a headset."""

from commerce.contact import Contact
from commerce.db import contacts as rows
from commerce.service.context import Context
from commerce.validation import check_id, not_found


class Contacts:
    """Use cases of kept addresses."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def keep(self, person_id: str, contact: Contact) -> None:
        """Keep this instead of what was kept."""
        check_id(person_id, "person_id")
        await self._context.store.write(lambda unit: rows.keep(unit, person_id, contact))

    async def of_person(self, person_id: str) -> Contact:
        """Raises CONTACT_NOT_FOUND."""
        check_id(person_id, "person_id")
        found = await self._context.store.read(lambda c: rows.of_person(c, person_id))
        if found is None:
            raise not_found("contact")
        return found

    async def forget(self, person_id: str) -> None:
        """Keep nothing any more; when nothing was kept, that is fine."""
        check_id(person_id, "person_id")
        await self._context.store.write(lambda unit: rows.forget(unit, person_id))
