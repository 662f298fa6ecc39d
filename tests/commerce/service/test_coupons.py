"""Coupons in a shop: put into a cart, frozen by the lock, counted, and given back."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from commerce import CheckoutState, Commerce, CommerceError
from commerce.payments.test_cards import PAYS
from commerce.promotions import Coupon, CouponKind
from commerce.split import SplitPlan
from tests.commerce.shops import (
    BLUE,
    BOWL,
    TurnedClock,
    add,
    charges_in,
    lock,
    open_shop,
    pay,
)

HOUR_MS = 3_600_000


async def refused(asked: Awaitable[object]) -> CommerceError:
    with pytest.raises(CommerceError) as raised:
        await asked
    return raised.value


async def problems_of(shop: Commerce, person: str, **options: Any) -> list[dict[str, Any]]:
    error = await refused(shop.lock(person, idempotency_key="problems", **options))
    assert error.code == "CHECKOUT_PROBLEMS"
    found: Any = error.data["problems"]
    return list(found)


def tenth(**changes: Any) -> Coupon:
    return Coupon("TENTH", CouponKind.PERCENT, 1_000, "EUR", **changes)


def five(**changes: Any) -> Coupon:
    return Coupon("FIVE", CouponKind.AMOUNT, 500, "EUR", **changes)


async def used(shop: Commerce) -> int:
    (coupon,) = await shop.coupons.all()
    return coupon.used


async def test_from_the_cart_to_the_order(shop: Commerce, tmp_path: Path) -> None:
    await shop.coupons.create(tenth())
    await add(shop, "ada", BLUE, 2)
    await add(shop, "ada", BOWL)
    cart = await shop.coupons.apply("ada", "tenth")
    assert cart.coupon is not None
    assert (cart.coupon.code, cart.coupon.discount_minor, cart.coupon.problem) == (
        "TENTH",
        598,
        None,
    )
    assert cart.total_minor == 5_980 - 598
    assert await shop.cart_of("ada") == cart
    later = await add(shop, "ada", BOWL)
    assert (later.coupon and later.coupon.discount_minor, later.total_minor) == (898, 8_082)
    view = await shop.lock("ada", idempotency_key="l", expected_total_minor=8_082)
    assert (view.total_minor, view.coupon_code) == (8_082, "TENTH")
    assert [line.discount_minor for line in view.lines] == [298, 600]
    assert await used(shop) == 1
    paid = await pay(shop, "ada", view)
    order = await shop.order("ada", paid.order_id or "")
    assert (order.total_minor, [line.discount_minor for line in order.lines]) == (8_082, [298, 600])
    assert charges_in(tmp_path) == [("captured", 8_082)]
    assert (await shop.cart_of("ada")).coupon is None
    assert await used(shop) == 1


async def test_it_is_a_problem_when_it_has_ended(shop: Commerce, clock: TurnedClock) -> None:
    await shop.coupons.create(five(ends_ms=clock.now_ms + HOUR_MS))
    await add(shop, "ada", BLUE)
    await shop.coupons.apply("ada", "FIVE")
    clock.turn(HOUR_MS)
    cart = await shop.cart_of("ada")
    assert cart.coupon is not None
    assert (cart.coupon.discount_minor, cart.total_minor) == (0, 1_490)
    assert cart.coupon.problem == "The time of the coupon FIVE is over."
    found = await problems_of(shop, "ada", expected_total_minor=990)
    assert [problem["code"] for problem in found] == ["COUPON_ENDED", "TOTAL_CHANGED"]
    assert (found[0]["coupon"], found[0]["reason"]) == ("FIVE", "over")
    assert (await shop.coupons.remove("ada")).coupon is None
    assert (await lock(shop, "ada")).total_minor == 1_490
    assert (await refused(shop.coupons.apply("bert", "FIVE"))).code == "COUPON_ENDED"


async def test_a_lock_keeps_what_it_promised(shop: Commerce, clock: TurnedClock) -> None:
    await shop.coupons.create(five(ends_ms=clock.now_ms + 60_000))
    await add(shop, "ada", BLUE)
    await shop.coupons.apply("ada", "FIVE")
    view = await lock(shop, "ada")
    clock.turn(90_000)
    assert (await pay(shop, "ada", view)).state is CheckoutState.PAID


async def test_a_withdrawn_coupon_is_not_paid_with(shop: Commerce, tmp_path: Path) -> None:
    await shop.coupons.create(five())
    await add(shop, "ada", BLUE)
    await shop.coupons.apply("ada", "FIVE")
    view = await lock(shop, "ada")
    assert (await shop.coupons.withdraw("five")).withdrawn
    error = await refused(pay(shop, "ada", view))
    assert (error.code, error.data) == ("COUPON_ENDED", {"coupon": "FIVE", "reason": "withdrawn"})
    assert charges_in(tmp_path) == []
    await shop.unlock("ada", view.id)
    assert [problem["code"] for problem in await problems_of(shop, "ada")] == ["COUPON_ENDED"]
    await shop.coupons.remove("ada")
    assert (await pay(shop, "ada", await lock(shop, "ada"), key="again")).order_id


async def test_a_use_comes_back_with_the_lock(shop: Commerce, clock: TurnedClock) -> None:
    await shop.coupons.create(five(uses_max=1, uses_per_person_max=1))
    for person in ("ada", "bert"):
        await add(shop, person, BLUE)
        await shop.coupons.apply(person, "FIVE")
    view = await lock(shop, "ada")
    (problem,) = await problems_of(shop, "bert")
    assert (problem["code"], problem["reason"]) == ("COUPON_ENDED", "used_up")
    await shop.unlock("ada", view.id)
    assert await used(shop) == 0
    await lock(shop, "bert")
    clock.turn(3 * 60_000)
    await shop.sweep()
    assert await used(shop) == 0
    assert (await pay(shop, "ada", await lock(shop, "ada"))).order_id
    assert (await refused(shop.coupons.apply("cleo", "FIVE"))).data["reason"] == "used_up"


async def test_one_person_uses_it_so_often(shop: Commerce) -> None:
    await shop.coupons.create(five(uses_per_person_max=1))
    await add(shop, "ada", BLUE)
    await shop.coupons.apply("ada", "FIVE")
    await pay(shop, "ada", await lock(shop, "ada"))
    await add(shop, "ada", BLUE)
    await shop.coupons.apply("ada", "FIVE")
    (problem,) = await problems_of(shop, "ada")
    assert (problem["code"], problem["reason"]) == ("COUPON_ENDED", "used_by_you")
    assert await used(shop) == 1


async def test_the_last_use_goes_to_one(shop: Commerce) -> None:
    await shop.coupons.create(five(uses_max=1))
    people = [f"person-{number}" for number in range(8)]
    for person in people:
        await add(shop, person, BLUE)
        await shop.coupons.apply(person, "FIVE")
    outcomes = await asyncio.gather(
        *(lock(shop, person) for person in people), return_exceptions=True
    )
    won = [view for view in outcomes if not isinstance(view, BaseException)]
    assert [view.total_minor for view in won] == [990]
    assert await used(shop) == 1


async def test_shares_are_of_what_is_paid(shop: Commerce) -> None:
    await shop.coupons.create(five())
    for person in ("ada", "bert"):
        await shop.join_cart("party-1", person)
    await add(shop, "ada", BLUE, 2)
    await add(shop, "bert", BOWL)
    await shop.coupons.apply("bert", "FIVE")
    view = await lock(shop, "ada")
    assert view.total_minor == 5_480
    for plan in (SplitPlan.OWN_LINES, SplitPlan.EQUAL):
        view = await shop.split("ada", view.id, plan=plan)
        assert sum(share.amount_minor or 0 for share in view.shares) == 5_480
    for person in ("ada", "bert"):
        await shop.pay(
            person,
            view.id,
            payment_method=PAYS,
            expected_total_minor=2_740,
            idempotency_key=f"part-{person}",
        )
    assert (await shop.checkout("ada", view.id)).state is CheckoutState.PAID


async def test_everything_for_nothing(shop: Commerce) -> None:
    await shop.coupons.create(Coupon("FREE", CouponKind.PERCENT, 10_000, "EUR"))
    await add(shop, "ada", BLUE)
    assert (await shop.coupons.apply("ada", "FREE")).total_minor == 0
    view = await pay(shop, "ada", await lock(shop, "ada"))
    assert view.order_id is not None
    assert (await shop.order("ada", view.order_id)).total_minor == 0
    # Where no card can be charged with nothing, store credit pays it, even of those who have none.
    await add(shop, "bert", BLUE)
    await shop.coupons.apply("bert", "FREE")
    checkout = await lock(shop, "bert")
    assert (await pay(shop, "bert", checkout, "credit:", "bert-1")).order_id is not None
    await add(shop, "bert", BLUE)
    assert (await pay(shop, "bert", await lock(shop, "bert"), "credit:", "bert-2")).order_id is None


async def test_bad_requests(tmp_path: Path, clock: TurnedClock) -> None:
    async with open_shop(tmp_path, clock) as shop:
        await shop.coupons.create(five(minimum_minor=3_000))
        await shop.coupons.create(
            Coupon("DOLLAR", CouponKind.AMOUNT, 100, "USD", starts_ms=clock.now_ms)
        )
        await shop.coupons.create(
            Coupon("SOON", CouponKind.AMOUNT, 100, "EUR", starts_ms=clock.now_ms + 1)
        )
        await add(shop, "ada", BLUE, 2)
        before = await shop.cart_of("ada")
        for asked, code in (
            (shop.coupons.create(five()), "COUPON_EXISTS"),
            (shop.coupons.withdraw("NOTHING"), "COUPON_NOT_FOUND"),
            (shop.coupons.apply("ada", "NOTHING"), "COUPON_NOT_FOUND"),
            (shop.coupons.apply("ada", "%"), "INVALID_COUPON"),
            (shop.coupons.apply("ada", "FIVE"), "COUPON_NOT_APPLICABLE"),
            (shop.coupons.apply("ada", "DOLLAR"), "COUPON_NOT_APPLICABLE"),
            (shop.coupons.apply("ada", "SOON"), "COUPON_ENDED"),
            (shop.coupons.all(0), "INVALID_PAGE"),
        ):
            assert (await refused(asked)).code == code
        assert await shop.cart_of("ada") == before
        (line,) = (await add(shop, "ada", BLUE)).lines
        await shop.coupons.apply("ada", "FIVE")
        cart = await shop.set_quantity("ada", line.line_id, 1, idempotency_key="fewer")
        assert cart.coupon is not None
        assert cart.coupon.problem is not None
        (problem,) = await problems_of(shop, "ada")
        assert (problem["code"], problem["minimum_minor"]) == ("COUPON_NOT_APPLICABLE", 3_000)
        await shop.coupons.remove("ada")
        await lock(shop, "ada")
        for asked in (shop.coupons.apply("ada", "FIVE"), shop.coupons.remove("ada")):
            assert (await refused(asked)).code == "CART_LOCKED"


async def test_the_limits_are_rules_of_the_database(shop: Commerce) -> None:
    await shop.coupons.create(five(uses_max=1, uses_per_person_max=1))
    await add(shop, "ada", BLUE)
    await shop.coupons.apply("ada", "FIVE")
    await lock(shop, "ada")
    for change in (
        "UPDATE coupons SET used = 2",
        "UPDATE coupons SET used = -1",
        "UPDATE coupon_people SET uses = 2",
        "UPDATE checkout_lines SET discount_minor = 1491",
        "UPDATE checkout_lines SET discount_minor = -1",
    ):
        with pytest.raises(IntegrityError):
            await shop._context.store.write(
                lambda unit, change=change: unit.connection.exec_driver_sql(change)  # type: ignore[misc]
            )


async def test_the_audit_counts_uses(shop: Commerce) -> None:
    await shop.coupons.create(five())
    await add(shop, "ada", BLUE)
    await shop.coupons.apply("ada", "FIVE")
    await lock(shop, "ada")
    for statement, wrong in (
        ("UPDATE coupons SET used = 2", True),
        ("UPDATE coupons SET used = 1", False),
    ):
        await shop._context.store.write(
            lambda unit, statement=statement: unit.connection.exec_driver_sql(statement)  # type: ignore[misc]
        )
        problems = (await shop.audit()).problems
        assert ("The coupon FIVE counts 2 uses, but 1 checkouts have it." in problems) is wrong
