"""Drops: opening them, waiting in their lines, letting people in."""

from collections.abc import Sequence
from functools import partial

from commerce import waiting_line as rules
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
            _require(unit, sku)
            rows.close_drop(unit, sku)
            unit.events.append(LineMoved(UNNUMBERED, sku, (), None, 0))

        await self._context.store.write(close)

    async def join(self, person_id: str, sku: str, network: str = "") -> Standing:
        """Take a place in the line, next to one's party; who has one keeps it.

        `network` says where the person comes from, such as a hash of their address; empty: unknown.
        Raises DROP_NOT_FOUND, or LIMIT_REACHED for too many of one network.
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
            drop = _require(unit, sku)
            party_id = cart_rows.ensure_current(unit, [person_id], self._context.new_id)[person_id]
            places = self._tidied(unit, sku)
            number = rows.next_number(unit.connection, sku)
            place = rules.join(
                places,
                Place(person_id, party_id, number, network),
                self._context.settings.line_places_per_network_max,
                unit.now_ms,
                self._context.settings.members_per_cart_max,
            )
            if place not in places:
                rows.take(unit, sku, place, new_number=place.number == number)
            return self._moved(unit, drop, person_id)

        return await self._context.store.write(join)

    async def leave(self, person_id: str, sku: str) -> None:
        """Give up one's place. Raises DROP_NOT_FOUND; who has no place has left already."""
        check_id(person_id, "person_id")
        check_id(sku, "sku")

        def leave(unit: Unit) -> None:
            drop = _require(unit, sku)
            rows.leave(unit, sku, [person_id])
            self._let_in(unit, drop)

        await self._context.store.write(leave)

    async def standing(self, person_id: str, sku: str) -> Standing:
        """Where a person stands. Raises DROP_NOT_FOUND, or PLACE_NOT_FOUND after its time."""
        check_id(person_id, "person_id")
        check_id(sku, "sku")
        now_ms = self._context.clock()
        drop, places = await self._context.store.read(
            lambda c: (rows.find(c, sku), rows.places(c, sku))
        )
        if drop is None:
            raise not_found("drop")
        found = rules.standing(places, person_id, drop, now_ms)
        if found is None:
            raise not_found("place")
        return found

    async def standings(self, sku: str, person_ids: Sequence[str]) -> dict[str, Standing]:
        """Where these people stand, read once; who has no place, or not any more, is not in it.
        Raises DROP_NOT_FOUND."""
        check_id(sku, "sku")
        now_ms = self._context.clock()
        drop, places = await self._context.store.read(
            lambda c: (rows.find(c, sku), rows.places(c, sku))
        )
        if drop is None:
            raise not_found("drop")
        found = {p: rules.standing(places, p, drop, now_ms) for p in person_ids}
        return {person_id: place for person_id, place in found.items() if place is not None}

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
        before = len(rows.places(unit.connection, sku))
        left = before - len(self._tidied(unit, sku))
        return self._let_in(unit, drop, announce=left > 0)

    def _tidied(self, unit: Unit, sku: str) -> list[Place]:
        """The line, after those have left whose admission is over."""
        places = rows.places(unit.connection, sku)
        gone = {place.person_id for place in rules.overdue(places, unit.now_ms)}
        if gone:
            rows.leave(unit, sku, sorted(gone))
        return [place for place in places if place.person_id not in gone]

    def _moved(self, unit: Unit, drop: Drop, person_id: str) -> Standing:
        self._let_in(unit, drop, announce=False)
        places = rows.places(unit.connection, drop.sku)
        fresh = rows.find(unit.connection, drop.sku) or drop
        found = rules.standing(places, person_id, fresh, unit.now_ms)
        if found is None:
            raise not_found("place")
        return found

    def _let_in(self, unit: Unit, drop: Drop, *, announce: bool = True) -> int:
        places = rows.places(unit.connection, drop.sku)
        available = inventory.available(unit, [drop.sku]).get(drop.sku, 0)
        let_in = rules.admit(places, drop, available, unit.now_ms)
        if let_in:
            rows.admit(unit, drop.sku, let_in)
        if let_in or announce:
            waiting = sum(place.admitted_until_ms is None for place in places) - len(let_in)
            until_ms = let_in[0].admitted_until_ms if let_in else None
            people = tuple(place.person_id for place in let_in)
            unit.events.append(LineMoved(UNNUMBERED, drop.sku, people, until_ms, waiting))
        return len(let_in)


def _require(unit: Unit, sku: str) -> Drop:
    drop = rows.find(unit.connection, sku)
    if drop is None:
        raise not_found("drop")
    return drop
