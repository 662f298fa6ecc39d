"""Carts: whose they are, what is in them."""

import re
from asyncio import Future
from collections.abc import Iterable
from typing import TypeVar

from sqlalchemy import Connection

from commerce import cart as rules
from commerce.cart import Cart, Line
from commerce.db import carts as rows
from commerce.db import drops, gifts, holds, inventory, purchases
from commerce.db.unit import Unit
from commerce.errors import ConflictError, InvalidRequestError, NotAllowedError, SoldOutError
from commerce.holding import AddLine, SetQuantity, add_line_fingerprint
from commerce.service.combiner import Combiner
from commerce.service.context import Context
from commerce.validation import check_id, check_key, check_quantity, fingerprint, not_found
from commerce.views import CartView
from commerce.waiting_line import wait_in_line

T = TypeVar("T")

_SHARED_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Carts:
    """Use cases of carts."""

    def __init__(self, context: Context, combiner: Combiner) -> None:
        self._context = context
        self._combiner = combiner

    async def of_person(self, person_id: str) -> CartView:
        """The person's current cart; a personal one is made when there is none."""
        check_id(person_id, "person_id")

        def find(connection: Connection) -> Cart | None:
            cart_id = rows.current(connection, [person_id]).get(person_id)
            return rows.load_one(connection, cart_id) if cart_id else None

        found = await self._context.store.read(find)
        if found is None:
            found = await self._context.store.write(lambda unit: self._current(unit, person_id))
        return self._view(found)

    async def by_id(self, cart_id: str) -> CartView:
        """Raises CART_NOT_FOUND."""
        check_id(cart_id, "cart_id")
        found = await self._context.store.read(
            lambda connection: rows.load_one(connection, cart_id)
        )
        if found is None:
            raise not_found("cart")
        return self._view(found)

    async def join(self, cart_id: str, person_id: str) -> CartView:
        """Move the person, their lines and holds into a shared cart, made when it is new."""
        check_id(person_id, "person_id")
        if not isinstance(cart_id, str) or not _SHARED_ID.fullmatch(cart_id):
            raise InvalidRequestError(
                "INVALID_ID",
                "The id of a shared cart is 1 to 64 letters, digits, hyphens or underscores.",
                {"field": "cart_id"},
            )
        return self._view(
            await self._context.store.write(lambda u: self._join(u, cart_id, person_id))
        )

    def _join(self, unit: Unit, cart_id: str, person_id: str) -> Cart:
        settings = self._context.settings
        before = rows.ensure_current(unit, [person_id], self._context.new_id)[person_id]
        rows.lock(unit, {before, cart_id})
        target = rows.load_one(unit.connection, cart_id)
        if target is not None:
            if target.personal_of is not None:
                raise NotAllowedError("This cart is somebody's own and cannot be shared.")
            if person_id in target.members:
                return target
            target.require_open()
            if len(target.members) >= settings.members_per_cart_max:
                maximum = settings.members_per_cart_max
                raise rules.limit_reached(
                    "members_per_cart_max", maximum, f"{maximum} people can share a cart at most."
                )
        source = self._loaded(unit, before)
        source.require_open()
        own = source.owned_by(person_id)
        if target is None:
            rows.create_shared(unit, cart_id)
            target = self._loaded(unit, cart_id)
        rules.check_lines(len(target.lines) + len(own), settings)
        catalogue = self._context.catalogue
        both = (*target.lines.values(), *own)
        rules.check_pieces(both, settings, catalogue.kits)
        rules.check_same_currency(catalogue.sku(line.sku)[0].currency for line in both)
        rows.enter(unit, cart_id, person_id)
        rows.move_lines(unit, own, target)
        gifts.take_back(unit, *(line.line_id for line in own))
        rows.touch(unit, source.cart_id)
        rows.touch(unit, cart_id)
        return self._loaded(unit, cart_id)

    async def leave(self, person_id: str) -> tuple[CartView, CartView]:
        """Move the person, their lines and holds back into their own cart."""
        check_id(person_id, "person_id")
        shared, own = await self._context.store.write(lambda unit: self._leave(unit, person_id))
        return self._view(shared), self._view(own)

    def _leave(self, unit: Unit, person_id: str) -> tuple[Cart, Cart]:
        before = rows.ensure_current(unit, [person_id], self._context.new_id)[person_id]
        personal = rows.ensure_personal(unit, [person_id], self._context.new_id)
        rows.lock(unit, {before, personal[person_id]})
        shared = self._loaded(unit, before)
        if shared.personal_of is not None:
            raise ConflictError("NOT_IN_SHARED_CART", "You are not sharing a cart just now.")
        shared.require_open()
        own = self._loaded(unit, personal[person_id])
        rows.enter(unit, own.cart_id, person_id)
        lines = shared.owned_by(person_id)
        rows.move_lines(unit, lines, own)
        # Whom they were for shares the cart no longer, and could not even decline.
        gifts.take_back(unit, *(line.line_id for line in lines))
        rows.touch(unit, shared.cart_id)
        rows.touch(unit, own.cart_id)
        return self._loaded(unit, shared.cart_id), self._loaded(unit, own.cart_id)

    def add(self, person_id: str, sku: str, quantity: int, key: str) -> "Future[CartView]":
        """`quantity` more of a SKU, held at once."""
        check_id(person_id, "person_id")
        check_id(sku, "sku")
        check_quantity(quantity)
        self._context.catalogue.sku(sku)
        body = add_line_fingerprint(sku, quantity)
        scope = f"add:{person_id}"
        return self._combiner.submit(AddLine(person_id, scope, check_key(key), body, quantity, sku))

    def set_quantity(
        self, person_id: str, line_id: str, quantity: int, key: str
    ) -> "Future[CartView]":
        """A line shall have `quantity` pieces; only the difference is asked of the stock."""
        check_id(person_id, "person_id")
        check_id(line_id, "line_id")
        check_quantity(quantity)
        body = fingerprint({"line_id": line_id, "quantity": quantity})
        scope = f"set:{person_id}"
        return self._combiner.submit(
            SetQuantity(person_id, scope, check_key(key), body, quantity, line_id)
        )

    async def remove(self, person_id: str, line_id: str) -> CartView:
        """Take a line out of the person's current cart; its stock is free at once."""
        check_id(person_id, "person_id")
        check_id(line_id, "line_id")

        def remove(unit: Unit) -> Cart:
            cart = self._current(unit, person_id)
            line = cart.line(line_id)
            cart.require_open()
            holds.release(unit, [line])
            rows.delete_lines(unit, [line_id])
            rows.touch(unit, cart.cart_id)
            return self._loaded(unit, cart.cart_id)

        return self._view(await self._context.store.write(remove))

    async def clear(self, person_id: str) -> CartView:
        """Take out all lines of the person, as somebody who is to be forgotten does; their stock is
        free at once. In a shared cart those of the others stay."""
        check_id(person_id, "person_id")

        def clear(unit: Unit) -> Cart:
            cart = self._current(unit, person_id)
            lines = cart.owned_by(person_id)
            if not lines:
                return cart
            cart.require_open()
            holds.release(unit, lines)
            rows.delete_lines(unit, [line.line_id for line in lines])
            rows.touch(unit, cart.cart_id)
            return self._loaded(unit, cart.cart_id)

        return self._view(await self._context.store.write(clear))

    async def pass_line(self, person_id: str, line_id: str, to_id: str) -> CartView:
        """Make another member the owner of a line; its hold goes with it and runs on. What was
        offered or accepted as a gift is none any more."""
        check_id(person_id, "person_id")
        check_id(line_id, "line_id")
        check_id(to_id, "to_id")
        return self._view(
            await self._context.store.write(lambda u: self._pass(u, person_id, line_id, to_id))
        )

    def _pass(self, unit: Unit, person_id: str, line_id: str, to_id: str) -> Cart:
        catalogue, settings = self._context.catalogue, self._context.settings
        cart = self._current(unit, person_id)
        line = cart.line(line_id)
        cart.require_open()
        if to_id not in cart.members:
            raise not_found("member")
        if line.owner_id == to_id:
            return cart
        self._check_purchase_limits(unit, line, cart.owned_by(to_id), to_id)
        other = cart.line_of(line.sku, to_id)
        if other is not None and (other.hold is None) != (line.hold is None):
            # One line of both would be held as a whole: more is taken from the stock.
            self._require_admission(unit, line.sku, to_id)
        kept = rules.hand_over(cart, line, to_id, settings, catalogue.kits)
        if not holds.hand_over(unit, line, kept):
            left = inventory.available(unit, [line.sku]).get(line.sku, 0)
            alternatives = inventory.in_stock(unit, catalogue, line.sku, settings.alternatives_max)
            name = catalogue.sku(line.sku)[0].name
            raise SoldOutError(line.sku, name, left, alternatives)
        # Whoever was to pay for a gift is not its owner any more, or has another line now.
        gifts.take_back(unit, line_id, kept.line_id)
        rows.touch(unit, cart.cart_id)
        return self._loaded(unit, cart.cart_id)

    def _check_purchase_limits(
        self, unit: Unit, line: Line, others: Iterable[Line], to_id: str
    ) -> None:
        kits, connection = self._context.catalogue.kits, unit.connection
        wanted = kits.counted(line.sku, line.quantity)
        limits = purchases.limits(connection, wanted)
        if limits:
            rows_of_person = purchases.bought(connection, limits, (to_id,))
            bought = {sku: pieces for (sku, _), pieces in rows_of_person.items()}
            rules.check_purchase_limits(wanted, others, bought, limits, kits)

    def _require_admission(self, unit: Unit, sku: str, person_id: str) -> None:
        counted = self._context.catalogue.kits.counted(sku)
        let_in = drops.admitted(unit.connection, counted, (person_id,), unit.now_ms)
        for name, people in sorted(let_in.items()):
            if person_id not in people:
                raise wait_in_line(name)

    def _current(self, unit: Unit, person_id: str) -> Cart:
        cart_of = rows.ensure_current(unit, [person_id], self._context.new_id)
        return self._loaded(unit, cart_of[person_id])

    def _loaded(self, unit: Unit, cart_id: str) -> Cart:
        cart = rows.load_one(unit.connection, cart_id)
        if cart is None:
            raise not_found("cart")
        return cart

    def _view(self, cart: Cart) -> CartView:
        context = self._context
        return rules.view_of(cart, context.catalogue, context.settings, context.clock())
