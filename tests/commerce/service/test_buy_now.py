"""One thing bought at once, guests with an address, and rules of the shop told all at once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from commerce import CheckoutState, CheckoutView, Commerce, CommerceError, HoldState
from commerce.contact import Contact
from commerce.payments.settings import PaymentSettings
from commerce.payments.test_cards import DECLINES, PAYS
from commerce.settings import HOUR_MS
from tests.commerce.shops import (
    BLUE,
    BOWL,
    LAST,
    SHOP_FILE,
    TurnedClock,
    add,
    available,
    lock,
    locked,
    open_shop,
    pay,
    place_seeded,
    problem_codes,
    problems_of,
    rows_of,
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


async def test_nobody_is_in_their_own_way(shop: Commerce) -> None:
    await shop.stock_room.limit_purchases(LAST, 1)
    await add(shop, "ada", LAST)
    view = await shop.buy_now("ada", LAST, 1, idempotency_key="now")
    (line,) = (await shop.cart_of("ada")).lines
    assert (line.sku, line.hold_state) == (LAST, HoldState.EXPIRED)
    assert await problem_codes(lock(shop, "ada")) == ["LIMIT_REACHED"], "it is at the till already"
    assert await problem_codes(shop.buy_now("bert", LAST, 1, idempotency_key="now")) == ["SOLD_OUT"]
    assert (await pay(shop, "ada", view)).order_id


async def test_a_hold_in_the_cart_is_kept_while_others_are_left(shop: Commerce) -> None:
    cart = await add(shop, "ada", BLUE, 4)
    await add(shop, "bert", BLUE, 10)
    await shop.buy_now("ada", BLUE, 6, idempotency_key="now")
    assert await shop.cart_of("ada") == cart
    # Hers is not enough either: then it stays where it is.
    asked = shop.buy_now("ada", BLUE, 5, idempotency_key="more")
    assert await problem_codes(asked) == ["SOLD_OUT"]
    assert await shop.cart_of("ada") == cart


async def test_what_is_at_the_till_stays_there(shop: Commerce) -> None:
    await locked(shop, "ada", LAST)
    assert await problem_codes(shop.buy_now("ada", LAST, 1, idempotency_key="now")) == ["SOLD_OUT"]


async def test_the_cart_and_what_is_bought_at_once_are_limited_together(
    tmp_path: Path, clock: TurnedClock
) -> None:
    async with open_shop(tmp_path, clock, quantity_per_person_max=4) as shop:
        await add(shop, "ada", BOWL, 3)
        with pytest.raises(CommerceError) as raised:
            await shop.buy_now("ada", BLUE, 2, idempotency_key="now")
        assert raised.value.code == "LIMIT_REACHED"
        assert raised.value.data == {"limit": "quantity_per_person_max", "maximum": 4}
        await shop.buy_now("ada", BLUE, 1, idempotency_key="now")
        clock.turn(10 * 60_000)
        await shop.sweep()
        await shop.buy_now("ada", BLUE, 4, idempotency_key="later")


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


async def test_an_address_is_asked_for_and_can_be_kept(tmp_path: Path, clock: TurnedClock) -> None:
    await place_seeded(tmp_path)
    payment = PaymentSettings(shipping_countries=("AT",))
    shop = await Commerce.open(settings_in(tmp_path), clock, payment=payment)
    await shop.seed(seeds())
    await add(shop, "ada", BLUE)
    (missing,) = await problems_of(lock(shop, "ada"))
    assert (missing["code"], missing["countries"]) == ("CONTACT_MISSING", ["AT"])
    now = shop.buy_now("ada", BLUE, 1, idempotency_key="now")
    assert await problem_codes(now) == ["CONTACT_MISSING"]
    await shop.keep_contact("ada", replace(ADA, country="DE"))
    assert await problem_codes(lock(shop, "ada")) == ["SHIPPING_NOT_POSSIBLE"]
    await shop.keep_contact("ada", ADA)
    assert await shop.contact_of("ada") == ADA
    view = await lock(shop, "ada")
    assert sent_to(tmp_path, view.id) == [("ada@example.org", "Ada", "Vienna")]
    await shop.forget_contact("ada")
    with pytest.raises(CommerceError) as raised:
        await shop.contact_of("ada")
    assert raised.value.code == "CONTACT_NOT_FOUND"
    assert sent_to(tmp_path, view.id), "an order keeps its own"
    await shop.close()


async def test_an_address_that_comes_along_goes_first(
    shop: Commerce, tmp_path: Path, clock: TurnedClock
) -> None:
    await shop.keep_contact("ada", ADA)
    await shop.keep_contact("bert", replace(ADA, name="Bert"))
    await add(shop, "ada", BLUE)
    mother = replace(ADA, name="Her mother", city="Graz")
    view = await shop.lock("ada", idempotency_key="lock", contact=mother)
    assert sent_to(tmp_path, view.id) == [("ada@example.org", "Her mother", "Graz")]
    view = await shop.buy_now("ada", BLUE, 1, idempotency_key="now")
    assert sent_to(tmp_path, view.id) == [("ada@example.org", "Ada", "Vienna")]
    clock.turn(60 * 24 * HOUR_MS)
    await shop.keep_contact("bert", ADA)
    clock.turn(31 * 24 * HOUR_MS)
    await shop.sweep()
    await shop.prune()
    assert rows_of(tmp_path / SHOP_FILE, "SELECT person_id FROM person_contacts") == [("bert",)]


def sent_to(folder: Path, checkout_id: str) -> list[tuple[str, ...]]:
    query = "SELECT checkout_id, email, name, city FROM checkout_contacts"
    return [row[1:] for row in rows_of(folder / SHOP_FILE, query) if row[0] == checkout_id]


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
