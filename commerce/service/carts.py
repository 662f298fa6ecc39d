"""Carts: whose they are, what is in them."""

import re
from typing import TypeVar

from sqlalchemy import Connection

from commerce import cart as rules
from commerce.cart import Cart
from commerce.db import carts as rows
from commerce.db import holds
from commerce.db.unit import Unit
from commerce.errors import ConflictError, InvalidRequestError, NotAllowedError
from commerce.holding import AddLine, HoldRequest, SetQuantity
from commerce.service.combiner import Combiner
from commerce.service.context import Context
from commerce.service.once import Once
from commerce.validation import check_id, check_key, check_quantity, fingerprint, not_found
from commerce.views import CartView

T = TypeVar("T")

_SHARED_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Carts:
    """Use cases of carts."""

    def __init__(self, context: Context, combiner: Combiner) -> None:
        self._context = context
        self._combiner = combiner
        self._once: Once[CartView] = Once()

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
        source = self._current(unit, person_id)
        source.require_open()
        own = source.owned_by(person_id)
        if target is None:
            rows.create_shared(unit, cart_id)
            target = self._loaded(unit, cart_id)
        rules.check_lines(len(target.lines) + len(own), settings)
        catalogue = self._context.catalogue
        both = (*target.lines.values(), *own)
        rules.check_same_currency(catalogue.sku(line.sku)[0].currency for line in both)
        rows.enter(unit, cart_id, person_id)
        rows.move_lines(unit, own, target)
        rows.touch(unit, source.cart_id)
        rows.touch(unit, cart_id)
        return self._loaded(unit, cart_id)

    async def leave(self, person_id: str) -> tuple[CartView, CartView]:
        """Move the person, their lines and holds back into their own cart."""
        check_id(person_id, "person_id")
        shared, own = await self._context.store.write(lambda unit: self._leave(unit, person_id))
        return self._view(shared), self._view(own)

    def _leave(self, unit: Unit, person_id: str) -> tuple[Cart, Cart]:
        shared = self._current(unit, person_id)
        if shared.personal_of is not None:
            raise ConflictError("NOT_IN_SHARED_CART", "You are not sharing a cart just now.")
        shared.require_open()
        personal = rows.ensure_personal(unit, [person_id], self._context.new_id)
        own = self._loaded(unit, personal[person_id])
        rows.enter(unit, own.cart_id, person_id)
        rows.move_lines(unit, shared.owned_by(person_id), own)
        rows.touch(unit, shared.cart_id)
        rows.touch(unit, own.cart_id)
        return self._loaded(unit, shared.cart_id), self._loaded(unit, own.cart_id)

    async def add(self, person_id: str, sku: str, quantity: int, key: str) -> CartView:
        """`quantity` more of a SKU, held at once."""
        check_id(person_id, "person_id")
        check_id(sku, "sku")
        check_quantity(quantity)
        self._context.catalogue.sku(sku)
        body = fingerprint({"sku": sku, "quantity": quantity})
        scope = f"add:{person_id}"
        return await self._hold(AddLine(person_id, scope, check_key(key), body, quantity, sku))

    async def set_quantity(self, person_id: str, line_id: str, quantity: int, key: str) -> CartView:
        """A line shall have `quantity` pieces; only the difference is asked of the stock."""
        check_id(person_id, "person_id")
        check_id(line_id, "line_id")
        check_quantity(quantity)
        body = fingerprint({"line_id": line_id, "quantity": quantity})
        scope = f"set:{person_id}"
        return await self._hold(
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

    async def finish(self) -> None:
        """Wait for what is under way."""
        await self._once.finish()

    async def _hold(self, request: HoldRequest) -> CartView:
        return await self._once.run(
            (request.scope, request.key),
            request.body_hash,
            lambda: self._combiner.submit(request),
        )

    def _current(self, unit: Unit, person_id: str) -> Cart:
        cart_of = rows.ensure_current(unit, [person_id], self._context.new_id)
        return self._loaded(unit, cart_of[person_id])

    def _loaded(self, unit: Unit, cart_id: str) -> Cart:
        cart = rows.load_one(unit.connection, cart_id)
        if cart is None:
            raise not_found("cart")
        return cart

    def _view(self, cart: Cart) -> CartView:
        return rules.view_of(cart, self._context.catalogue, self._context.settings)
