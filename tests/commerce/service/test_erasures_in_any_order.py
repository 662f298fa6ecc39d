"""Whatever somebody did before they asked to be forgotten, in whatever order: no table knows them
afterwards, or nothing has changed, and the books balance."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from commerce import CartView, Commerce, CommerceError, ConflictError
from commerce.payments.test_cards import DECLINES, PAYS
from commerce.promotions import Coupon, CouponKind
from tests.commerce.service.parties import pay_part
from tests.commerce.service.test_erasures import (
    ADA,
    BERT,
    CONTACT,
    MINUTE_MS,
    SECRETS,
    finished,
    found_in,
)
from tests.commerce.shops import BLUE, BOWL, LAMP, SHOP_FILE, TurnedClock, open_shop, rows_of

Deed = Callable[[Commerce, str, CartView, str], Awaitable[object]]


async def _give(shop: Commerce, person: str, cart: CartView, _key: str) -> None:
    await shop.offer_gift(person, _mine(cart, person), receiver_id=_other(person))


async def _accept(shop: Commerce, person: str, _cart: CartView, _key: str) -> None:
    for gift in await shop.gifts_for(person):
        await shop.answer_gift(person, gift.line_id, accept=True)


def _mine(cart: CartView, person: str) -> str:
    """A line of theirs; one that is not there when they have none."""
    return next((line.line_id for line in cart.lines if line.owner_id == person), "none")


def _other(person: str) -> str:
    return BERT if person == ADA else ADA


DEEDS: Mapping[str, Deed] = {
    "add": lambda shop, who, _, key: shop.add_line(who, BLUE, 1, idempotency_key=key),
    "join": lambda shop, who, *_: shop.join_cart("party-1", who),
    "leave": lambda shop, who, *_: shop.leave_cart(who),
    "pass": lambda shop, who, cart, _: shop.pass_line(who, _mine(cart, who), _other(who)),
    "give": _give,
    "accept": _accept,
    "lock": lambda shop, who, _, key: shop.lock(
        who, idempotency_key=key, contact=CONTACT if who == ADA else None
    ),
    "pay": lambda shop, who, cart, _: pay_part(shop, who, cart.checkout_id or "", PAYS),
    "decline": lambda shop, who, cart, _: pay_part(shop, who, cart.checkout_id or "", DECLINES),
    "split": lambda shop, who, cart, _: shop.split(who, cart.checkout_id or "", plan="equal"),
    "buy": lambda shop, who, _, key: shop.buy_now(who, BOWL, 1, idempotency_key=key),
    "wait": lambda shop, who, *_: shop.drops.join(who, LAMP),
    "coupon": lambda shop, who, *_: shop.coupons.apply(who, "TEN"),
    "phone": lambda shop, who, cart, _: shop.hand_off(who, cart.checkout_id or ""),
    "grant": lambda shop, who, _, key: shop.grant_credit(
        who, amount_minor=9, currency="EUR", idempotency_key=key
    ),
}

LIVES = st.lists(
    st.tuples(st.sampled_from(["add", "add", *DEEDS, "time"]), st.sampled_from([ADA, ADA, BERT])),
    max_size=14,
)
TOGETHER = (
    "add ada", "join ada", "join bert", "give ada", "accept bert", "lock bert", "split bert",
    "pay ada", "pay bert", "add bert", "lock ada", "phone ada", "pay ada",
)  # fmt: skip


@pytest.mark.only("sqlite")
@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(LIVES)
@example([(what, ADA if who == "ada" else BERT) for what, who in map(str.split, TOGETHER)])
def test_whatever_somebody_did_is_forgotten_or_refused(
    tmp_path_factory: pytest.TempPathFactory, life: list[tuple[str, str]]
) -> None:
    asyncio.run(_live(tmp_path_factory.mktemp("life"), life))


async def _live(folder: Path, life: list[tuple[str, str]]) -> None:
    clock = TurnedClock()
    async with open_shop(folder, clock) as shop:
        await shop.coupons.create(Coupon("TEN", CouponKind.PERCENT, 1_000, "EUR"))
        await shop.stock_room.limit_purchases(BLUE, 4)
        await shop.drops.open(LAMP, 1)
        for number, (what, person) in enumerate(life):
            with suppress(CommerceError):
                if what == "time":
                    clock.turn(MINUTE_MS)
                    await shop.sweep()
                else:
                    cart = await shop.cart_of(person)
                    await DEEDS[what](shop, person, cart, f"key-{number}")
        if not await _is_erased(shop, folder):
            # In the end nobody is at a till.
            clock.turn(60 * MINUTE_MS)
            for _ in range(4):
                await shop.reconcile()
                await shop.sweep()
            assert await _is_erased(shop, folder)
        assert (await shop.audit()).ok
        assert found_in(folder, *SECRETS) <= {"erasures.person_id", "outbox.payload"}
        await finished(shop, ADA)
        assert found_in(folder, *SECRETS) == set()


async def _is_erased(shop: Commerce, folder: Path) -> bool:
    """Ask; a refusal has changed nothing."""
    told = "SELECT COUNT(*) FROM outbox"
    before = rows_of(folder / SHOP_FILE, told)
    refused = ""
    try:
        await shop.erasures.erase(ADA, forfeit=True)
    except ConflictError as error:
        refused = error.code
    assert refused in ("", "CART_LOCKED")
    assert (rows_of(folder / SHOP_FILE, told) == before) is bool(refused)
    return not refused
