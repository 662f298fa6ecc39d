"""Which object of a provider belongs to which key of ours, as rows; and webhooks already taken."""

from collections.abc import Awaitable, Mapping
from typing import TypeVar

from sqlalchemy import Connection, delete, insert, select

from commerce.db.engine import Store
from commerce.db.schema_payments import gateway_references, webhook_events
from commerce.db.unit import Unit
from commerce.errors import CommerceError
from commerce.ports import GatewayUnavailableError, ReferenceTakenError

T = TypeVar("T")

NONE_EVER = ""
"""What `remember` answers for a key that never gets a reference."""


class ReferenceRows:
    """`References` in the shop's database. What cannot be written is no answer of the provider."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def remember(self, provider: str, key: str, reference: str) -> str:
        """Keep the reference of a key, once."""

        def keep(unit: Unit) -> str | None:
            kept = _find(unit.connection, provider, key)
            if kept is not None:
                return kept
            if reference != NONE_EVER:
                owner = _key_of(unit.connection, provider, reference)
                if owner is not None:
                    return None
            unit.connection.execute(
                insert(gateway_references),
                {
                    "provider": provider,
                    "key": key,
                    "reference": reference or None,
                    "created_ms": unit.now_ms,
                },
            )
            return reference

        kept = await self._asked(self._store.write(keep))
        if kept is None:
            raise ReferenceTakenError
        return kept

    async def find(self, provider: str, key: str) -> str | None:
        """The reference of a key."""
        return await self._asked(self._store.read(lambda c: _find(c, provider, key)))

    async def key_of(self, provider: str, reference: str) -> str | None:
        """The key that a reference belongs to."""
        return await self._asked(self._store.read(lambda c: _key_of(c, provider, reference)))

    async def all(self, provider: str, limit: int) -> Mapping[str, str]:
        """The references of a provider by key, the newest `limit`."""

        def read(connection: Connection) -> dict[str, str]:
            rows = connection.execute(
                select(gateway_references.c.key, gateway_references.c.reference)
                .where(
                    gateway_references.c.provider == provider,
                    gateway_references.c.reference.is_not(None),
                )
                .order_by(gateway_references.c.created_ms.desc(), gateway_references.c.key)
                .limit(limit)
            )
            return {row.key: row.reference for row in rows}

        return await self._asked(self._store.read(read))

    async def _asked(self, asking: Awaitable[T]) -> T:
        try:
            return await asking
        except CommerceError as error:
            raise GatewayUnavailableError(error.code) from error


def _find(connection: Connection, provider: str, key: str) -> str | None:
    row = connection.execute(
        select(gateway_references.c.reference).where(
            gateway_references.c.provider == provider, gateway_references.c.key == key
        )
    ).first()
    if row is None:
        return None
    return row.reference or NONE_EVER


def _key_of(connection: Connection, provider: str, reference: str) -> str | None:
    return connection.execute(
        select(gateway_references.c.key).where(
            gateway_references.c.provider == provider,
            gateway_references.c.reference == reference,
        )
    ).scalar()


def take_event(unit: Unit, provider: str, event_id: str) -> bool:
    """Whether this webhook is taken for the first time."""
    known = unit.connection.execute(
        select(webhook_events.c.event_id).where(
            webhook_events.c.provider == provider, webhook_events.c.event_id == event_id
        )
    ).first()
    if known is not None:
        return False
    unit.connection.execute(
        insert(webhook_events),
        {"provider": provider, "event_id": event_id, "received_ms": unit.now_ms},
    )
    return True


def forget_events(unit: Unit, before_ms: int) -> None:
    """Forget webhooks that are too old to be sent again."""
    unit.connection.execute(delete(webhook_events).where(webhook_events.c.received_ms < before_ms))
