"""Shoppers of a story: each does one thing after the other, as people do, and knows what they see.

What somebody does is drawn from the number of the step, so that a story with a step left out still
is the same story.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from commerce import CartView, CheckoutView, Commerce, CommerceError, HandOffView
from commerce.payments.test_cards import (
    ASKS,
    CAPTURES_SILENTLY,
    DECLINES,
    NEVER_ARRIVES,
    PAYS,
    PROMISES_SILENTLY,
)
from commerce.views import ShareView
from tests.sim.commerce.shop import COUPONS, PRICE, LostError
from tests.sim.commerce.world import World

T = TypeVar("T")

PARTY = "party"
WAYS = (
    *([PAYS] * 10), DECLINES, DECLINES, ASKS, ASKS, ASKS, PROMISES_SILENTLY, NEVER_ARRIVES,
    CAPTURES_SILENTLY, "credit:", "credit:", "gift:", "gift:",
)  # fmt: skip
PHONE_TRIES_MAX = 3


class Shopper:
    """Somebody with a cart."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.steps: asyncio.Queue[int | None] = asyncio.Queue()
        self._chance = random.Random(0)
        self._number = 0
        self._keys = 0
        self._now_id: str | None = None

    async def live(self) -> None:
        """Do what comes, until there is nothing more to come."""
        while (number := await self.steps.get()) is not None:
            self._number, self._keys = number, 0
            self._chance = random.Random(number)
            try:
                await self._act()
            except (CommerceError, LostError):
                # It is in the log; people shrug and go on.
                continue

    async def _act(self) -> None:
        cart = await self._look()
        if cart.checkout_id is not None:
            await self._at_till(cart.checkout_id)
        elif self._now_id is not None:
            now_id, self._now_id = self._now_id, None
            await self._at_till(now_id)
        else:
            await self._in_shop(cart)

    async def _look(self) -> CartView:
        return await self._request("look", lambda shop: shop.cart_of(self.name))

    async def _request(self, what: str, call: Callable[[Commerce], Awaitable[T]]) -> T:
        return await self.world.request(self.name, what, call, self._chance)

    def _key(self, what: str) -> str:
        self._keys += 1
        return f"{what}-{self._number}-{self._keys}"

    async def _twice(self, what: str, call: Callable[[Commerce], Awaitable[T]]) -> T:
        """A double click, now and then: two questions with one key have one answer."""
        if self._chance.random() >= 0.2:
            return await self._request(what, call)
        deaths = self.world.deaths
        twins = [self.world.spawn(self._request(f"{what} (clicked twice)", call)) for _ in range(2)]
        await asyncio.wait(twins)
        errors = [twin.exception() for twin in twins]
        done = [twin for twin in twins if twin.exception() is None]
        codes = {error.code for error in errors if isinstance(error, CommerceError)}
        calm = deaths == self.world.deaths and not self.world.contended
        if done and codes and calm:
            self.world.wrongs.append(f"{self.name}: {what} was done and refused with {codes}.")
        return (done or twins)[0].result()

    # --- in the shop ----------------------------------------------------------------------------

    async def _in_shop(self, cart: CartView) -> None:
        mine = [line for line in cart.lines if line.owner_id == self.name]
        lot = self._chance.random()
        if self._alone(cart) and self.world.sociable and self._chance.random() < 0.6:
            await self._request("join", lambda shop: shop.join_cart(PARTY, self.name))
        elif self.name in self.world.gifted or 0.70 <= lot < 0.73:
            self.world.gifted.discard(self.name)
            await self._answer_gifts()
        elif cart.lines and lot < 0.40:
            await self._lock(cart)
        elif 0.40 <= lot < 0.47:
            await self._come_and_go(cart)
        elif mine and lot < 0.55:
            await self._set_quantity(cart)
        elif mine and lot < 0.60:
            line_id = self._chance.choice(mine).line_id
            await self._request("remove", lambda shop: shop.remove_line(self.name, line_id))
        elif mine and 0.60 <= lot < 0.67 and len(cart.members) > 1:
            await self._give(cart)
        elif 0.67 <= lot < 0.70:
            await self._buy_now()
        elif 0.73 <= lot < 0.79 and cart.lines:
            code = self._chance.choice(COUPONS).code
            await self._request(f"coupon {code}", lambda shop: shop.coupons.apply(self.name, code))
        else:
            await self._add(cart)

    async def _add(self, cart: CartView) -> None:
        sku = self._chance.choice(tuple(PRICE))
        if self.world.wanted is not None and self._chance.random() < 0.5:
            sku = self.world.wanted
        quantity = self._chance.choice((1, 1, 1, 2, 3))
        key = self._key("add")

        def call(shop: Commerce) -> Awaitable[CartView]:
            return shop.add_line(self.name, sku, quantity, idempotency_key=key)

        try:
            after = await self._twice(f"add {quantity} {sku}", call)
        except CommerceError as error:
            if error.code == "WAIT_IN_LINE":
                await self._request(
                    f"line {sku}", lambda shop: shop.drops.join(self.name, sku, "network")
                )
            raise
        if self._alone(cart):
            self._expect(after, sku, _pieces(cart, sku) + quantity)
            if self._chance.random() < 0.3:
                self._expect(
                    await self._request(f"add {sku} again", call), sku, _pieces(after, sku)
                )

    async def _set_quantity(self, cart: CartView) -> None:
        line = self._chance.choice(cart.lines)
        quantity, key = self._chance.randint(1, 4), self._key("set")
        after = await self._twice(
            f"set {line.sku} to {quantity}",
            lambda shop: shop.set_quantity(self.name, line.line_id, quantity, idempotency_key=key),
        )
        if self._alone(cart):
            self._expect(after, line.sku, quantity)

    def _alone(self, cart: CartView) -> bool:
        """Whether nobody else can change this cart."""
        return not cart.id.startswith(PARTY)

    def _expect(self, cart: CartView, sku: str, pieces: int) -> None:
        if _pieces(cart, sku) != pieces:
            self.world.wrongs.append(
                f"{self.name} has {_pieces(cart, sku)} {sku} in the cart and wanted {pieces}."
            )

    async def _come_and_go(self, cart: CartView) -> None:
        if not self._alone(cart):
            others = [person for person in cart.members if person != self.name]
            if others and cart.lines and self._chance.random() < 0.7:
                line, to_id = self._chance.choice(cart.lines), self._chance.choice(others)
                await self._pass(line.line_id, line.sku, to_id)
                return
            await self._request("leave", lambda shop: shop.leave_cart(self.name))
            return
        await self._request("join", lambda shop: shop.join_cart(PARTY, self.name))

    async def _pass(self, line_id: str, what: str, to_id: str) -> None:
        await self._request(
            f"pass {what} to {to_id}", lambda shop: shop.pass_line(self.name, line_id, to_id)
        )

    async def _give(self, cart: CartView) -> None:
        line = self._chance.choice([line for line in cart.lines if line.owner_id == self.name])
        receiver = self._chance.choice([*(set(cart.members) - {self.name}), None])
        await self._request(
            f"give {line.sku} to {receiver}",
            lambda shop: shop.offer_gift(self.name, line.line_id, receiver_id=receiver),
        )
        if receiver is None:
            return
        self.world.gifted.add(receiver)
        if self._chance.random() < 0.2:
            # Then let them have it and pay for it themselves.
            await self._pass(line.line_id, line.sku, receiver)

    async def _answer_gifts(self) -> None:
        for gift in await self._request("gifts", lambda shop: shop.gifts_for(self.name)):
            accept = self._chance.random() < 0.8
            await self._request(
                f"gift accepted: {accept}",
                lambda shop, gift=gift, accept=accept: shop.answer_gift(  # type: ignore[misc]
                    self.name, gift.line_id, accept=accept
                ),
            )
            if accept and self._chance.random() < 0.2:
                await self._pass(gift.line_id, "a gift", self.name)

    async def _lock(self, cart: CartView) -> None:
        lot, key = self._chance.random(), self._key("lock")
        expected = None if lot < 0.6 else cart.total_minor + (lot > 0.95)
        self.world.asked.lock_keys[self.name].add(key)
        view = await self._twice(
            f"lock for {expected}",
            lambda shop: shop.lock(self.name, idempotency_key=key, expected_total_minor=expected),
        )
        if self._chance.random() < 0.8:
            await self._at_till(view.id)

    async def _buy_now(self) -> None:
        sku, key = self._chance.choice(tuple(PRICE)), self._key("now")
        self.world.asked.lock_keys[self.name].add(key)
        view = await self._twice(
            f"buy {sku} now",
            lambda shop: shop.buy_now(self.name, sku, 1, idempotency_key=key),
        )
        self._now_id = view.id

    # --- at the till ----------------------------------------------------------------------------

    async def _at_till(self, checkout_id: str) -> None:
        view = await self._request("till", lambda shop: shop.checkout(self.name, checkout_id))
        lot = self._chance.random()
        challenge = view.challenge
        if view.state not in ("locked", "paying"):
            return
        if challenge is not None and challenge.person_id == self.name:
            if lot < 0.8:
                await self._confirm(view, "approve" if lot < 0.65 else "reject")
        elif view.state == "paying" and lot < 0.12:
            await self._request("give_up", lambda shop: shop.give_up(self.name, view.id))
        elif view.state == "locked" and lot < 0.06:
            await self._request("unlock", lambda shop: shop.unlock(self.name, view.id))
        elif view.cart_id.startswith(PARTY) and lot < 0.42:
            await self._divide(view)
        elif lot < 0.50:
            await self._by_phone(view)
        else:
            await self._pay(view)
        if view.cart_id.startswith("now-"):
            self._now_id = view.id

    async def _divide(self, view: CheckoutView) -> None:
        others = [share.person_id for share in view.shares if share.person_id != self.name]
        if others and (view.locked_by != self.name or self._chance.random() < 0.5):
            whom, covers = self._chance.choice(others), self._chance.random() < 0.8
            await self._request(
                f"cover {whom}: {covers}",
                lambda shop: shop.cover(self.name, view.id, for_person_id=whom, covers=covers),
            )
            return
        plan = self._chance.choice(("own_lines", "equal", "equal", "custom"))
        amounts = await self._amounts(view) if plan == "custom" else None
        await self._request(
            f"split {plan} {amounts or ''}",
            lambda shop: shop.split(self.name, view.id, plan=plan, amounts=amounts),
        )

    async def _amounts(self, view: CheckoutView) -> dict[str, int]:
        """As the party agreed; now and then somebody has counted wrongly."""
        members = (await self._look()).members
        left, amounts = view.total_minor, dict[str, int]()
        for person in members[:-1]:
            amounts[person] = self._chance.randint(0, left)
            left -= amounts[person]
        amounts[members[-1]] = left + (self._chance.random() < 0.1)
        return amounts

    async def _by_phone(self, view: CheckoutView) -> None:
        hand_off = await self._request("hand_off", lambda shop: shop.hand_off(self.name, view.id))
        # A decline leaves the code; that it was used does not keep people from trying either.
        for _ in range(PHONE_TRIES_MAX):
            await self._pay_by_code(hand_off)
            if self._chance.random() < 0.5:
                return

    async def _pay_by_code(self, hand_off: HandOffView) -> None:
        key, way = self._key("phone"), self._way()
        # The same key by another code is another deed.
        self.world.asked.pay_keys[self.name].add(f"{hand_off.code} {key}")
        after = await self._twice(
            f"phone {hand_off.amount_minor} by {way}",
            lambda shop: shop.pay_hand_off(hand_off.code, payment_method=way, idempotency_key=key),
        )
        self._paid(after)

    async def _pay(self, view: CheckoutView, *, the_rest: bool = False) -> None:
        chance, way = self._chance, self._way()
        part = sum(_minor(share) for share in view.shares if _payer(share) == self.name)
        expected = (part if view.shares else view.total_minor) + (chance.random() < 0.03)
        amount = None
        often = 0.7 if self.world.piecemeal else 0.15
        if view.due_minor and not the_rest and chance.random() < often:
            amount = chance.randint(1, view.due_minor)
        key = self._key("pay")
        self.world.asked.pay_keys[self.name].add(key)

        def call(shop: Commerce) -> Awaitable[CheckoutView]:
            return shop.pay(
                self.name,
                view.id,
                payment_method=way,
                expected_total_minor=expected,
                amount_minor=amount,
                idempotency_key=key,
            )

        after = await self._twice(f"pay {amount or expected} by {way}", call)
        self._paid(after)
        if amount is not None and after.state == "paying" and after.due_minor:
            # The rest with something else.
            await self._pay(after, the_rest=True)
        elif chance.random() < 0.2:
            self._paid(await self._request("pay again, same key", call))

    async def _confirm(self, view: CheckoutView, response: str) -> None:
        challenge = view.challenge
        if challenge is None:
            return
        if challenge.url is not None:
            # Answered outside; the shop is told by a webhook, by looking, or by this person.
            self.world.answer_bank(challenge.url, response == "approve")
            if self._chance.random() < 0.5:
                return
        self._paid(
            await self._twice(
                f"confirm {response}",
                lambda shop: shop.confirm(
                    self.name, view.id, challenge_id=challenge.challenge_id, response=response
                ),
            )
        )

    def _way(self) -> str:
        if self.world.piecemeal and self._chance.random() < 0.7:
            return PAYS
        way = self._chance.choice((*WAYS, *self.world.ways))
        if way != "gift:":
            return way
        codes = self.world.gift_codes
        return f"gift:{self._chance.choice(codes)}" if codes else PAYS

    def _paid(self, view: CheckoutView) -> None:
        """What somebody was told once has to stay so."""
        self.world.seen[f"answered {view.state}"] += 1
        if view.state == "paying" and self._chance.random() < 0.8:
            # "Your turn!"
            for share in view.shares:
                if share.state == "open" and _payer(share) != self.name:
                    self.world.nudge(_payer(share), self._number + 1)
        if view.order_id is not None:
            self.world.orders[view.order_id] = view.id
        if (view.order_id is None) is (view.state == "paid"):
            self.world.wrongs.append(f"{view.id} is {view.state} with the order {view.order_id}.")


def _pieces(cart: CartView, sku: str) -> int:
    return sum(line.quantity for line in cart.lines if line.sku == sku)


def _payer(share: ShareView) -> str:
    return share.covered_by or share.person_id


def _minor(share: ShareView) -> int:
    return share.amount_minor or 0
