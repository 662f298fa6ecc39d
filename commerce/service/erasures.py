"""Erasing people: once, in one transaction, and then everywhere else.

    erase    all of it in the shop, and who it was written down: committed, and told by an event
    outside  whoever hears of it forgets the person; `opened` says so again after a crash
    finish   payment providers forget them; once more what came meanwhile; then who it was

A crash between any two of these leaves an open erasure, and doing any of them twice is no harm.
"""

import logging

from sqlalchemy import Connection

from commerce import erasure as rules
from commerce.db import erasures as rows
from commerce.db import estates
from commerce.db.unit import UNNUMBERED, Unit
from commerce.erasure import Erasure, OpenErasure
from commerce.errors import ConflictError
from commerce.events import PersonErased
from commerce.ports import GatewayUnavailableError, KeepingGateway
from commerce.service.context import Context
from commerce.service.drops import Drops
from commerce.validation import check_id

log = logging.getLogger(__name__)


class Erasures:
    """Use cases of people who ask to be forgotten."""

    def __init__(self, context: Context, drops: Drops) -> None:
        self._context = context
        self._drops = drops

    async def erase(self, person_id: str, *, forfeit: bool = False) -> Erasure:
        """Forget a person: what only was for them goes, what the books need loses its name.

        `forfeit`: store credit is given up. Asked again, it gives the same answer. Raises
        CART_LOCKED while they are at a till or a payment is under way, CREDIT_LEFT; then nothing
        has changed.
        """
        check_id(person_id, "person_id")
        name = self._new_name()

        def erase(unit: Unit) -> Erasure:
            estate = estates.load(unit, person_id)
            # Looked up under the locks: of two requests side by side the second one finds it.
            before = rows.find(unit.connection, person_id)
            if before is not None:
                return before
            plan = rules.decide(estate, forfeit=forfeit)
            erased = rows.erase(unit, estate, plan, name)
            self._drops.move_up(unit, estate.lined_up)
            rows.note(unit, person_id, erased)
            unit.events.append(PersonErased(UNNUMBERED, person_id))
            return erased

        known = await self.find(person_id)
        if known is not None:
            return known
        return await self._context.store.write(erase, long=True)

    async def find(self, person_id: str) -> Erasure | None:
        """What came of the erasure of a person; None: they were not erased."""
        return await self._context.store.read(lambda c: rows.find(c, person_id))

    async def opened(self) -> tuple[OpenErasure, ...]:
        """Erasures that may not have been carried out everywhere, the oldest first."""
        return tuple(await self._context.store.read(rows.opened))

    async def subjects(self, limit: int) -> tuple[str, ...]:
        """Who was erased, the newest first, as `commerce.erasure.subject_of` says it."""
        return tuple(await self._context.store.read(lambda c: rows.subjects(c, limit)))

    async def finish(self, person_id: str) -> bool:
        """Forget who an open erasure was about, when everything else has been done; whether it is
        over now.

        What they had begun when they were erased, and has come to be since, is erased as well. It
        is not over while a process has not been told, a provider does not answer, or the person is
        at a till.
        """
        check_id(person_id, "person_id")

        def told(connection: Connection) -> bool:
            return rows.is_told(connection, person_id)

        if not await self._context.store.read(told, long=True):
            return False
        try:
            for gateway in self._context.providers.all():
                if isinstance(gateway, KeepingGateway):
                    await gateway.forget_payer(person_id)
        except GatewayUnavailableError:
            log.warning("an erasure waits for a payment provider")
            return False
        name = self._new_name()

        def finish(unit: Unit) -> None:
            estate = estates.load(unit, person_id)
            plan = rules.decide(estate, forfeit=True)
            rows.erase(unit, estate, plan, name)
            self._drops.move_up(unit, estate.lined_up)
            rows.close(unit, person_id)

        try:
            await self._context.store.write(finish, long=True)
        except ConflictError as error:
            log.warning("an erasure waits: %s", error.code)
            return False
        return True

    async def prune(self) -> None:
        """Forget who was erased so long ago that no token of theirs is good."""
        retention_ms = self._context.settings.erasure_retention_ms
        await self._context.store.write(lambda u: rows.prune(u, u.now_ms - retention_ms))

    def _new_name(self) -> str:
        return rules.NAME_PREFIX + self._context.new_id()
