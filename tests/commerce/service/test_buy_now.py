"""One thing bought at once, guests with an address, and rules of the shop told all at once."""

from pathlib import Path
from typing import Any

import pytest

from commerce import CheckoutState, CheckoutView, Commerce, CommerceError
from commerce.contact import Contact
from commerce.payments.settings import PaymentSettings
from commerce.payments.test_cards import DECLINES, PAYS
from tests.commerce.shops import (
    BLUE,
    BOWL,
    LAST,
    TurnedClock,
    add,
    available,
    pay,
    place_seeded,
    seeds,
    settings_in,
)

ADA = Contact("ada@example.org", "Ada", "Some Street 1", "Vienna", "1010", "AT")


async def test_the_cart_is_not_touched(shop: Commerce) -> None:
    cart = await add(shop, "ada", BOWL)
    view = await shop.buy_now("ada", BLUE, 2, idempotency_key="now", contact=ADA)
    assert view == await shop.buy_now("ada", BLUE, 2, idempotency_key="now", contact=ADA)
    assert (view.total_minor, len(view.lines)) == (2_980, 1)
    assert await available(shop) == 18
    assert (await pay(shop, "ada", view)).state is CheckoutState.PAID
    assert await shop.cart_of("ada") == cart
    (order,) = await shop.orders("ada")
    assert order.total_minor == 2_980


async def test_let_go(shop: Commerce, clock: TurnedClock) -> None:
    view = await shop.buy_now("ada", LAST, 1, idempotency_key="now")
    with pytest.raises(CommerceError) as raised:
        await shop.buy_now("bert", LAST, 1, idempotency_key="now")
    assert raised.value.code == "CHECKOUT_PROBLEMS"
    assert (await shop.unlock("ada", view.id)).state is CheckoutState.RELEASED
    assert await available(shop, LAST) == 1
    await shop.buy_now("ada", LAST, 1, idempotency_key="again")
    clock.turn(120_000)
    await shop.sweep()
    assert await available(shop, LAST) == 1


@pytest.mark.parametrize(
    ("sku", "quantity", "code"),
    [
        (BLUE, 0, "INVALID_QUANTITY"),
        (BLUE, 1.5, "INVALID_QUANTITY"),
        (BLUE, 11, "LIMIT_REACHED"),
        ("NOTHING", 1, "SKU_NOT_FOUND"),
    ],
)
async def test_refused(shop: Commerce, sku: str, quantity: Any, code: str) -> None:
    with pytest.raises(CommerceError) as raised:
        await shop.buy_now("ada", sku, quantity, idempotency_key="k")
    assert raised.value.code == code


async def test_all_problems_at_once(tmp_path: Path, clock: TurnedClock) -> None:
    await place_seeded(tmp_path)
    payment = PaymentSettings(minimum_order_minor=5_000, shipping_countries=("DE",))
    shop = await Commerce.open(settings_in(tmp_path), clock, payment=payment)
    await shop.seed(seeds())
    cart = await add(shop, "ada", BLUE)
    with pytest.raises(CommerceError) as raised:
        await shop.lock("ada", idempotency_key="k", expected_total_minor=1, contact=ADA)
    problems: Any = raised.value.data["problems"]
    assert [problem["code"] for problem in problems] == [
        "TOTAL_CHANGED",
        "BELOW_MINIMUM",
        "SHIPPING_NOT_POSSIBLE",
    ]
    assert all(problem["message"].endswith(".") for problem in problems)
    assert await shop.cart_of("ada") == cart
    assert len(await shop.stock()) == 4
    await shop.close()


async def test_tries_from_one_address(tmp_path: Path, clock: TurnedClock) -> None:
    await place_seeded(tmp_path)
    payment = PaymentSettings(tries_per_address_max=3)
    shop = await Commerce.open(settings_in(tmp_path), clock, payment=payment)
    await shop.seed(seeds())

    async def pays(person: str, method: str, address: str) -> CheckoutView:
        view = await shop.buy_now(person, BLUE, 1, idempotency_key="now")
        return await shop.pay(
            person,
            view.id,
            payment_method=method,
            expected_total_minor=1_490,
            idempotency_key=f"from-{address}",
            address=address,
        )

    for number in range(5):
        # Those that pay do not count.
        await pays(f"person-{number}", PAYS if number % 2 else DECLINES, "203.0.113.7")
    with pytest.raises(CommerceError) as raised:
        await pays("one-more", PAYS, "203.0.113.7")
    assert (raised.value.code, raised.value.data["counted"]) == ("TOO_MANY_PAYMENTS", "address")
    assert (await pays("one-more", PAYS, "203.0.113.8")).order_id
    await shop.close()


def test_contacts_are_checked_all_at_once() -> None:
    with pytest.raises(CommerceError) as raised:
        Contact("no address", "", "x" * 201, "Vienna", "1010", "at")
    assert raised.value.code == "INVALID_CONTACT"
    assert raised.value.data == {"fields": ["email", "name", "line1", "country"]}
