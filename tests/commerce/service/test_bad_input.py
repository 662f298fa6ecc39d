"""What a hostile or broken client sends: each gets a typed error, and no row of any table changes.

Who is who is in `hostile`: Mallory has nothing, and tries everything.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from commerce import CheckoutState, Commerce, CommerceError
from commerce.payments.settings import PaymentSettings
from commerce.payments.test_cards import ASKS, PAYS
from commerce.promotions import Coupon, CouponKind
from commerce.validation import QUANTITY_MAX
from commerce.warehouses import MAIN, Place
from tests.commerce.payments.providers_at_work import (
    STRIPE_WARNING,
    WEBHOOK_SECRET,
    stripe_settings,
)
from tests.commerce.service.hostile import (
    ADDRESS,
    NO_AMOUNTS,
    NO_IDS,
    NO_KEYS,
    NO_QUANTITIES,
    World,
    hostile_world,
)
from tests.commerce.shops import (
    BLUE,
    BOWL,
    LAST,
    TurnedClock,
    add,
    lock,
    locked,
    open_shop,
    pay,
    place_seeded,
    product,
    seeds,
    settings_in,
    sku_seed,
)
from tests.stand_ins.stripe_server import DAY_S, StripeServer
from tests.stand_ins.web import serving


@pytest.fixture
async def world(shop: Commerce) -> AsyncIterator[World]:
    async with hostile_world(shop) as made:
        yield made


async def test_quantities(world: World) -> None:
    shop, room = world.shop, world.shop.stock_room

    def with_quantity(quantity: Any) -> list[Callable[[], Awaitable[object]]]:
        return [
            lambda: add(shop, "bert", BLUE, quantity),
            lambda: shop.set_quantity("bert", world.line_id, quantity, idempotency_key="s"),
            lambda: shop.buy_now("bert", BLUE, quantity, idempotency_key="n"),
            lambda: shop.drops.open(BLUE, quantity),
            lambda: room.restock(BLUE, MAIN, quantity, "note"),
            lambda: room.limit_purchases(BLUE, quantity),
        ]

    await world.refuses(
        *((ask, "INVALID_QUANTITY") for each in NO_QUANTITIES for ask in with_quantity(each))
    )


async def test_more_than_the_shop_lets_have(world: World) -> None:
    shop = world.shop
    await world.refuses(
        (lambda: add(shop, "bert", BLUE, 11), "LIMIT_REACHED"),
        (lambda: add(shop, "bert", BLUE, QUANTITY_MAX), "SOLD_OUT"),
        (
            lambda: shop.set_quantity("bert", world.line_id, 11, idempotency_key="s"),
            "LIMIT_REACHED",
        ),
        (lambda: shop.buy_now("bert", BLUE, 11, idempotency_key="n"), "LIMIT_REACHED"),
        (lambda: shop.buy_now("bert", LAST, 2, idempotency_key="n"), "CHECKOUT_PROBLEMS"),
        (lambda: add(shop, "bert", LAST, 2), "SOLD_OUT"),
    )


async def test_amounts(world: World) -> None:
    shop = world.shop

    def with_amount(amount: Any) -> list[Callable[[], Awaitable[object]]]:
        credit = {"amount_minor": amount, "currency": "EUR"}
        asked = [
            world.pay(expected=amount),
            lambda: shop.grant_credit("ada", **credit, idempotency_key="g"),
            lambda: shop.issue_gift_card(**credit),
        ]
        if amount is None:
            # Left out: all there is to pay, or to give back.
            return asked
        return [
            *asked,
            world.pay(amount_minor=amount),
            lambda: shop.lock("bert", idempotency_key="l", expected_total_minor=amount),
            lambda: shop.refund("staff", world.order_id, idempotency_key="r", amount_minor=amount),
        ]

    await world.refuses(
        *((ask, "INVALID_AMOUNT") for each in NO_AMOUNTS for ask in with_amount(each))
    )


async def test_forged_totals(world: World) -> None:
    shop = world.shop
    with pytest.raises(CommerceError) as raised:
        await shop.lock("bert", idempotency_key="l", expected_total_minor=1)
    problems: Any = raised.value.data["problems"]
    assert [(entry["code"], entry["total_minor"]) for entry in problems] == [
        ("TOTAL_CHANGED", 3_000)
    ]

    def split(amounts: Any, code: str = "INVALID_SPLIT") -> Any:
        return (
            lambda: shop.split("cleo", world.checkout.id, plan="custom", amounts=amounts),
            code,
        )

    await world.refuses(
        (
            lambda: shop.lock("bert", idempotency_key="l", expected_total_minor=1),
            "CHECKOUT_PROBLEMS",
        ),
        (world.pay(expected=0), "TOTAL_CHANGED"),
        (world.pay(expected=1_489), "TOTAL_CHANGED"),
        (world.pay(expected=6_390), "TOTAL_CHANGED"),
        (world.pay(amount_minor=1_491), "INVALID_AMOUNT"),
        (world.pay(amount_minor=0), "INVALID_AMOUNT"),
        split({"cleo": 1, "dora": 1}),
        split({"cleo": 7_390, "dora": -1_000}),
        split({"cleo": 6_390.0}),
        split({"mallory": 6_390}),
        (
            lambda: shop.refund("staff", world.order_id, idempotency_key="r", amount_minor=1_491),
            "REFUND_TOO_LARGE",
        ),
    )


async def test_currencies(world: World) -> None:
    shop = world.shop
    dollars = product(
        "map", "Map", "tableware", currency="USD", skus=(sku_seed("MAP"), sku_seed("MAP-2"))
    )
    await shop.seed([dollars])
    await add(shop, "mallory", "MAP")
    await shop.coupons.create(Coupon("DOLLAR", CouponKind.AMOUNT, 100, "USD"))
    await world.refuses(
        (lambda: add(shop, "bert", "MAP"), "CURRENCY_MISMATCH"),
        (lambda: shop.coupons.apply("bert", "DOLLAR"), "COUPON_NOT_APPLICABLE"),
        *(
            (
                lambda currency=currency: shop.grant_credit(
                    "ada", amount_minor=1, currency=currency, idempotency_key="g"
                ),
                "INVALID_CURRENCY",
            )
            for currency in ("eur", "EURO", "", None, 978, "ÄÖÜ")
        ),
    )
    await shop.join_cart("party-2", "bert")
    await world.refuses((lambda: shop.join_cart("party-2", "mallory"), "CURRENCY_MISMATCH"))


async def test_what_belongs_to_others(world: World) -> None:
    shop, checkout_id, line_id = world.shop, world.checkout.id, world.line_id
    line, checkout = "LINE_NOT_FOUND", "CHECKOUT_NOT_FOUND"
    await world.refuses(
        (lambda: shop.set_quantity("mallory", line_id, 2, idempotency_key="s"), line),
        (lambda: shop.remove_line("mallory", line_id), line),
        (lambda: shop.pass_line("mallory", line_id, "mallory"), line),
        (lambda: shop.offer_gift("mallory", line_id, receiver_id="bert"), line),
        (lambda: shop.answer_gift("mallory", line_id, accept=True), "GIFT_NOT_FOUND"),
        (lambda: shop.join_cart(world.cart_id, "mallory"), "NOT_ALLOWED"),
        (lambda: shop.checkout("mallory", checkout_id), checkout),
        (lambda: shop.unlock("mallory", checkout_id), checkout),
        (world.pay("mallory", 6_390), checkout),
        (lambda: shop.split("mallory", checkout_id, plan="equal"), checkout),
        (lambda: shop.cover("mallory", checkout_id, for_person_id="cleo"), checkout),
        (lambda: shop.give_up("mallory", checkout_id), checkout),
        (lambda: shop.hand_off("mallory", checkout_id), checkout),
        (lambda: shop.order("mallory", world.order_id), "ORDER_NOT_FOUND"),
        (lambda: shop.credit("mallory", "EUR"), "CREDIT_NOT_FOUND"),
        # Dora is of the party, and still cannot do what is Cleo's.
        (lambda: shop.unlock("dora", checkout_id), "NOT_ALLOWED"),
        (lambda: shop.split("dora", checkout_id, plan="equal"), "NOT_ALLOWED"),
        (lambda: add(shop, "dora", BLUE), "CART_LOCKED"),
    )
    asked = await shop.pay(
        "dora",
        checkout_id,
        payment_method=ASKS,
        expected_total_minor=4_900,
        idempotency_key="dora",
    )
    assert asked.challenge is not None
    challenge_id = asked.challenge.challenge_id

    def answer(person: str, response: str = "approve") -> Callable[[], Awaitable[object]]:
        return lambda: shop.confirm(
            person, checkout_id, challenge_id=challenge_id, response=response
        )

    await world.refuses(
        (answer("cleo"), "NOT_ALLOWED"),
        (answer("mallory"), checkout),
        (answer("dora", "yes"), "INVALID_RESPONSE"),
    )
    assert await shop.orders("mallory") == ()


async def test_ids_and_keys(world: World) -> None:
    shop = world.shop

    def with_id(wrong: Any) -> list[Callable[[], Awaitable[object]]]:
        return [
            lambda: add(shop, wrong, BLUE),
            lambda: add(shop, "bert", wrong),
            lambda: shop.cart_of(wrong),
            lambda: shop.lock(wrong, idempotency_key="l"),
            lambda: shop.checkout("cleo", wrong),
            lambda: shop.order("ada", wrong),
            lambda: shop.drops.join(wrong, BLUE),
            lambda: shop.coupons.apply(wrong, "CODE"),
        ]

    def with_key(wrong: Any) -> list[Callable[[], Awaitable[object]]]:
        return [
            lambda: shop.add_line("bert", BLUE, 1, idempotency_key=wrong),
            lambda: shop.lock("bert", idempotency_key=wrong),
            world.pay(key=wrong),
            lambda: shop.refund("staff", world.order_id, idempotency_key=wrong),
        ]

    await world.refuses(
        *((ask, "INVALID_ID") for each in NO_IDS for ask in with_id(each)),
        *((ask, "INVALID_IDEMPOTENCY_KEY") for each in NO_KEYS for ask in with_key(each)),
    )


async def test_a_key_for_something_else(world: World) -> None:
    shop, code = world.shop, "IDEMPOTENCY_KEY_REUSED"
    await shop.add_line("bert", BLUE, 1, idempotency_key="k")
    await shop.buy_now("bert", BLUE, 1, idempotency_key="k")
    await world.pay(key="k")()
    await world.refuses(
        (lambda: shop.add_line("bert", BLUE, 2, idempotency_key="k"), code),
        (lambda: shop.buy_now("bert", BLUE, 2, idempotency_key="k"), code),
        (world.pay(key="k", amount_minor=1), code),
    )


async def test_tokens_that_were_used_or_have_ended(world: World, clock: TurnedClock) -> None:
    shop, ended = world.shop, "HAND_OFF_ENDED"

    def by(code: str, key: str = "phone") -> Callable[[], Awaitable[object]]:
        return lambda: shop.pay_hand_off(code, payment_method=PAYS, idempotency_key=key)

    first = await shop.hand_off("cleo", world.checkout.id)
    second = await shop.hand_off("cleo", world.checkout.id)
    await shop.drops.open(LAST, 1)
    await shop.drops.join("mallory", LAST)
    await world.refuses(
        (by(first.code), ended),
        (lambda: shop.open_hand_off(first.code), ended),
        (by("A" * 10), "HAND_OFF_NOT_FOUND"),
        (by(""), "HAND_OFF_NOT_FOUND"),
    )
    await by(second.code)()
    await world.refuses((by(second.code, "again"), ended))
    third = await shop.hand_off("dora", world.checkout.id)
    clock.turn(4 * 60_000)
    await world.refuses(
        (by(third.code), ended),
        (lambda: add(shop, "mallory", LAST), "WAIT_IN_LINE"),
        (lambda: shop.drops.standing("mallory", LAST), "PLACE_NOT_FOUND"),
    )
    clock.turn(60_000)
    await world.refuses((world.pay("dora", 4_900), "CHECKOUT_EXPIRED"))


async def test_addresses_and_places(world: World) -> None:
    room = world.shop.stock_room

    def contact(**changes: str) -> Callable[[], Awaitable[object]]:
        return lambda: world.shop.lock(
            "bert", idempotency_key="l", contact=replace(ADDRESS, **changes)
        )

    await world.refuses(
        *(
            (contact(**change), "INVALID_CONTACT")
            for change in (
                {"email": "ada"},
                {"country": "at"},
                {"name": ""},
                {"city": "x" * 201},
                {"line1": "a\nb"},
                {"postal_code": "1" * 33},
            )
        ),
        (lambda: room.set_region("AT", "", Place(91_000_000, 0)), "INVALID_REGION"),
        (lambda: room.set_region("AT", "%", Place(0, 0)), "INVALID_REGION"),
    )


async def test_a_gift_card_of_yesterday_pays_nothing(world: World, clock: TurnedClock) -> None:
    shop = world.shop
    card = await shop.issue_gift_card(
        amount_minor=9_999, currency="EUR", expires_ms=clock.now_ms + 1_000
    )
    clock.turn(1_000)
    checkout = await locked(shop, "mallory")
    view = await pay(shop, "mallory", checkout, f"gift:{card.code}")
    assert (view.state, view.order_id) == (CheckoutState.LOCKED, None)
    assert view.last_failure is not None
    assert (await shop.gift_card(card.code)).balance_minor == 9_999


@pytest.mark.loop_slice(1_500)
@pytest.mark.filterwarnings(STRIPE_WARNING)
async def test_webhooks(tmp_path: Path, clock: TurnedClock) -> None:
    server = StripeServer(lambda: clock.now_ms // 1_000, WEBHOOK_SECRET)
    await place_seeded(tmp_path)
    async with serving(server) as url:
        payment = PaymentSettings(test_cards=True, stripe=stripe_settings(url))
        shop = await Commerce.open(settings_in(tmp_path), clock, payment=payment)
        await shop.seed(seeds())
        try:
            async with hostile_world(shop) as world:
                await _try_webhooks(world, server, clock)
            assert (await shop.audit()).ok
        finally:
            await shop.close()


async def _try_webhooks(world: World, server: StripeServer, clock: TurnedClock) -> None:
    shop = world.shop
    stranger = {"id": "pi_stranger", "object": "payment_intent", "metadata": {}}
    forged = {**stranger, "metadata": {"galleria_attempt": "attempt-0"}}
    for claimed in (stranger, forged):
        server.tell("payment_intent.succeeded", claimed)
    body, signature = server.signed(server.events[0])
    _, old = server.signed(server.events[0], at_s=clock.now_ms // 1_000 - DAY_S)

    def send(content: bytes, seal: str, provider: str = "stripe") -> Any:
        return lambda: shop.take_notice(provider, content, seal)

    code = "WEBHOOK_REFUSED"
    await world.refuses(
        (send(body, ""), code),
        (send(body, signature[:-1] + "x"), code),
        (send(body + b" ", signature), code),
        (send(body, old), code),
        (send(b"", signature), code),
        (send(b"\xff\xfe", signature), code),
        (send(body, signature, "nobody"), "PROVIDER_NOT_FOUND"),
        (send(body, signature, "test"), "PROVIDER_NOT_FOUND"),
    )
    before = await world.rows()
    for event in server.events:
        assert await shop.take_notice("stripe", *server.signed(event)) == "unknown"
        assert await shop.take_notice("stripe", *server.signed(event)) == "doubled"
    clock.turn(DAY_S * 1_000)
    await world.refuses((send(body, signature), code))
    # Sealed anew, it is known all the same.
    assert await shop.take_notice("stripe", *server.signed(server.events[0])) == "doubled"
    after = await world.rows()
    assert len(after.pop("webhook_events")) == len(before.pop("webhook_events")) + 2
    assert after == before
    assert shop.notice_counts() == {"refused": 7, "unknown": 2, "doubled": 3}
    clock.turn(-DAY_S * 1_000)


async def test_hold_and_price_survive_all_of_it(tmp_path: Path, clock: TurnedClock) -> None:
    """After hundreds of refusals the honest ones still get what they had."""
    async with open_shop(tmp_path, clock) as shop, hostile_world(shop) as world:
        for quantity in NO_QUANTITIES:
            with pytest.raises(CommerceError):
                await add(shop, "mallory", BOWL, quantity)
        for person, part in (("cleo", 1_490), ("dora", 4_900)):
            await world.pay(person, part, f"key-{person}")()
        assert (await shop.checkout("cleo", world.checkout.id)).state is CheckoutState.PAID
        assert (await pay(shop, "bert", await lock(shop, "bert"), key="bert")).order_id
