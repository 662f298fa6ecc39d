"""Drops: opening them, waiting in their lines, letting people in."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection

from commerce import waiting_line as rules
from commerce.cart import limit_reached
from commerce.db import carts as cart_rows
from commerce.db import drops as rows
from commerce.db import inventory
from commerce.db.unit import UNNUMBERED, Unit
from commerce.drop_events import LineMoved
from commerce.errors import InvalidRequestError
from commerce.service.context import Context
from commerce.validation import check_id, check_quantity, not_found
from commerce.waiting_line import Drop, Place, Standing

NETWORK_LENGTH_MAX = 64


class Drops:
    """Use cases of waiting lines."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def open(self, sku: str, admitted_max: int) -> None:
        """From now on only who is admitted can hold this SKU, so many people at the same time.

        Raises SKU_NOT_FOUND or INVALID_QUANTITY.
        """
        self._context.catalogue.sku(check_id(sku, "sku"))
        check_quantity(admitted_max)
        ttl_ms = self._context.settings.admission_ttl_ms
        await self._context.store.write(lambda u: rows.open_drop(u, sku, admitted_max, ttl_ms))

    async def close(self, sku: str) -> None:
        """End a drop: the line goes home, and everybody can hold the SKU again."""
        check_id(sku, "sku")

        def close(unit: Unit) -> None:
            _require(unit.connection, sku)
            rows.close_drop(unit, sku)
            unit.events.append(LineMoved(UNNUMBERED, sku, (), None, 0))

        await self._context.store.write(close)

    async def join(self, person_id: str, sku: str, network: str = "") -> Standing:
        """Take a place in the line, next to one's party; who has one keeps it.

        `network` says where the person comes from, such as a hash of their address; empty: unknown.
        Raises DROP_NOT_FOUND, or LIMIT_REACHED for too many of one network or in all.
        """
        check_id(person_id, "person_id")
        check_id(sku, "sku")
        if not isinstance(network, str) or len(network) > NETWORK_LENGTH_MAX:
            raise InvalidRequestError(
                "INVALID_NETWORK",
                f"A network is named by {NETWORK_LENGTH_MAX} characters at most.",
                {"field": "network"},
            )

        def join(unit: Unit) -> Standing:
            drop = _require(unit.connection, sku)
            party_id = cart_rows.ensure_current(unit, [person_id], self._context.new_id)[person_id]
            rows.end_overdue(unit, sku)
            number = rows.next_number(unit.connection, sku)
            newcomer = Place(person_id, party_id, number, network)
            places = rows.around(unit.connection, sku, newcomer)
            settings = self._context.settings
            place = rules.join(
                places,
                newcomer,
                settings.line_places_per_network_max,
                unit.now_ms,
                settings.members_per_cart_max,
            )
            if place not in places:
                _require_room(unit, sku, settings.line_places_max)
                rows.take(unit, sku, place, new_number=place.number == number)
            self._let_in(unit, drop, announce=False)
            found = _standings(unit.connection, sku, [person_id], unit.now_ms)
            return found[person_id]

        return await self._context.store.write(join)

    async def leave(self, person_id: str, sku: str) -> None:
        """Give up one's place. Raises DROP_NOT_FOUND; who has no place has left already."""
        check_id(person_id, "person_id")
        check_id(sku, "sku")

        def leave(unit: Unit) -> None:
            drop = _require(unit.connection, sku)
            rows.leave(unit, sku, person_id)
            self._let_in(unit, drop)

        await self._context.store.write(leave)

    async def standing(self, person_id: str, sku: str) -> Standing:
        """Where a person stands. Raises DROP_NOT_FOUND, or PLACE_NOT_FOUND after its time."""
        check_id(person_id, "person_id")
        found = await self.standings(sku, [person_id])
        if person_id not in found:
            raise not_found("place")
        return found[person_id]

    async def standings(self, sku: str, person_ids: Sequence[str]) -> dict[str, Standing]:
        """Where these people stand, read once; who has no place, or not any more, is not in it.
        Raises DROP_NOT_FOUND."""
        check_id(sku, "sku")
        now_ms = self._context.clock()
        return await self._context.store.read(lambda c: _standings(c, sku, person_ids, now_ms))

    async def advance(self) -> int:
        """End admissions whose time is over and let the next ones in; how many were let in."""
        let_in = 0
        for sku in await self._context.store.read(rows.open_skus):
            let_in += await self._context.store.write(partial(self._advance, sku))
        return let_in

    def move_up(self, unit: Unit, skus: Sequence[str]) -> None:
        """Somebody has left these lines, whose drops are locked: let the next ones in."""
        for sku in skus:
            drop = rows.find(unit.connection, sku)
            if drop is not None:
                self._let_in(unit, drop)

    def _advance(self, sku: str, unit: Unit) -> int:
        drop = rows.find(unit.connection, sku)
        if drop is None:
            return 0
        left = rows.end_overdue(unit, sku)
        return self._let_in(unit, drop, announce=left > 0)

    def _let_in(self, unit: Unit, drop: Drop, *, announce: bool = True) -> int:
        inside = rows.inside(unit.connection, drop.sku, unit.now_ms)
        available = inventory.available(unit, [drop.sku]).get(drop.sku, 0)
        parties = rules.parties_max(inside, drop, available)
        front = rows.front(unit.connection, drop.sku, parties)
        let_in = rules.admit(front, inside, drop, available, unit.now_ms)
        if let_in:
            rows.admit(unit, drop.sku, let_in)
        if let_in or announce:
            waiting = rows.waiting(unit.connection, drop.sku)
            until_ms = let_in[0].admitted_until_ms if let_in else None
            people = tuple(place.person_id for place in let_in)
            unit.events.append(LineMoved(UNNUMBERED, drop.sku, people, until_ms, waiting))
        return len(let_in)


def _require(connection: Connection, sku: str) -> Drop:
    drop = rows.find(connection, sku)
    if drop is None:
        raise not_found("drop")
    return drop


def _require_room(unit: Unit, sku: str, maximum: int) -> None:
    inside = rows.inside(unit.connection, sku, unit.now_ms)
    if inside.people + rows.waiting(unit.connection, sku) >= maximum:
        raise limit_reached("line_places_max", maximum, "The line is full. Please try again later.")


def _standings(
    connection: Connection, sku: str, person_ids: Sequence[str], now_ms: int
) -> dict[str, Standing]:
    drop = _require(connection, sku)
    waiting = rows.waiting(connection, sku)
    found = rows.standing(connection, sku, person_ids)
    seen = {p: rules.standing(*found[p], waiting, drop, now_ms) for p in person_ids if p in found}
    return {person_id: place for person_id, place in seen.items() if place is not None}
