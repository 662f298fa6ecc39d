"""Store credit and gift cards: never below nothing, and what was reserved is there or free."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from commerce import CheckoutState, Commerce, CommerceError
from commerce.db import credit as rows
from commerce.db.schema_payments import credit_accounts
from commerce.db.unit import Unit
from commerce.payments.credit import StoreCredit
from commerce.payments.test_cards import DECLINES, PAYS
from commerce.ports import ChargeState, RefundState
from tests.commerce.db.stores import open_store
from tests.commerce.service.parties import pay_part
from tests.commerce.shops import (
    TurnedClock,
    bytes_in,
    charges_in,
    give_back_databases,
    locked,
    pay,
)


async def grant(shop: Commerce, person: str, amount_minor: int) -> None:
    await shop.grant_credit(
        person, amount_minor=amount_minor, currency="EUR", idempotency_key=f"grant-{person}"
    )


async def test_credit_and_card_together(shop: Commerce, tmp_path: Path) -> None:
    await grant(shop, "ada", 500)
    checkout = await locked(shop, "ada")
    part = await pay_part(shop, "ada", checkout.id, "credit:", 500)
    assert (part.state, part.due_minor, part.in_doubt) == (CheckoutState.PAYING, 990, False)
    assert (await shop.credit("ada", "EUR")).available_minor == 0
    paid = await pay_part(shop, "ada", checkout.id, PAYS)
    assert paid.state is CheckoutState.PAID
    assert charges_in(tmp_path) == [("captured", 990)]
    assert (await shop.credit("ada", "EUR")).balance_minor == 0
    order_id = paid.order_id or ""
    back = await shop.refund("staff", order_id, idempotency_key="k")
    assert sorted((entry.amount_minor, entry.state) for entry in back) == [
        (500, "succeeded"),
        (990, "succeeded"),
    ]
    assert (await shop.credit("ada", "EUR")).balance_minor == 500


async def test_the_card_is_declined_and_the_credit_is_free_again(shop: Commerce) -> None:
    await grant(shop, "ada", 500)
    checkout = await locked(shop, "ada")
    await pay_part(shop, "ada", checkout.id, "credit:", 500)
    declined = await pay_part(shop, "ada", checkout.id, DECLINES)
    assert declined.state is CheckoutState.LOCKED
    assert (await shop.credit("ada", "EUR")).available_minor == 500


async def test_not_enough(shop: Commerce) -> None:
    checkout = await locked(shop, "ada")
    for person_has in (0, 1_489):
        if person_has:
            await grant(shop, "ada", person_has)
        view = await pay(shop, "ada", checkout, "credit:", f"k-{person_has}")
        assert view.last_failure is not None
        assert view.last_failure.code == "INSUFFICIENT_CREDIT"
        assert "14.90 EUR" in view.last_failure.message


async def test_gift_cards(shop: Commerce, clock: TurnedClock, tmp_path: Path) -> None:
    card = await shop.issue_gift_card(amount_minor=2_000, currency="EUR")
    assert card.code.encode() not in bytes_in(tmp_path)
    shown = await shop.gift_card(f" {card.code[:5].lower()}-{card.code[5:]} ")
    assert shown.available_minor == 2_000
    paid = await pay(shop, "bert", await locked(shop, "bert"), f"gift:{card.code}")
    assert paid.state is CheckoutState.PAID
    assert (await shop.gift_card(card.code)).balance_minor == 510
    assert card.code.encode() not in bytes_in(tmp_path)
    old = await shop.issue_gift_card(
        amount_minor=2_000, currency="EUR", expires_ms=clock.now_ms + 1_000
    )
    clock.turn(1_000)
    view = await pay(shop, "cleo", await locked(shop, "cleo"), f"gift:{old.code}")
    assert view.last_failure is not None
    for code in ("", "A" * 20):
        with pytest.raises(CommerceError) as raised:
            await shop.gift_card(code)
        assert raised.value.code == "CREDIT_NOT_FOUND"
    with pytest.raises(CommerceError) as raised:
        await pay(shop, "ada", await locked(shop, "ada"), "gift:guess")
    assert raised.value.code == "PAYMENT_METHOD_UNKNOWN"


async def test_granted_once(shop: Commerce) -> None:
    await asyncio.gather(*(grant(shop, "ada", 500) for _ in range(5)))
    await grant(shop, "ada", 500)
    assert (await shop.credit("ada", "EUR")).balance_minor == 500
    for amount, code in ((0, "INVALID_AMOUNT"), (-5, "INVALID_AMOUNT")):
        with pytest.raises(CommerceError) as raised:
            await shop.grant_credit("ada", amount_minor=amount, currency="EUR", idempotency_key="k")
        assert raised.value.code == code


async def test_two_checkouts_want_the_same_credit(shop: Commerce) -> None:
    card = await shop.issue_gift_card(amount_minor=2_000, currency="EUR")
    checkouts = [(person, await locked(shop, person)) for person in ("ada", "bert", "cleo")]
    views = await asyncio.gather(
        *(pay(shop, person, checkout, f"gift:{card.code}") for person, checkout in checkouts)
    )
    assert sorted(view.state for view in views) == ["locked", "locked", "paid"]
    assert (await shop.gift_card(card.code)).balance_minor == 510


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(
            ["authorise", "ask", "approve", "reject", "capture", "part", "void", "refund"]
        ),
        st.sampled_from(["a", "b", "c"]),
        st.integers(1, 700),
    ),
    max_size=14,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DEEDS)
def test_whatever_is_done_the_ledger_balances(
    tmp_path_factory: pytest.TempPathFactory, deeds: list[tuple[str, str, int]]
) -> None:
    asyncio.run(_do(tmp_path_factory.mktemp("credit"), deeds))
    give_back_databases()


async def _do(folder: Path, deeds: list[tuple[str, str, int]]) -> None:
    async with open_store(folder) as store:

        def fund(unit: Unit) -> None:
            rows.open_account(unit, "x", "EUR", owner_id="ada")
            rows.book(unit, "x", 1_000, "grant", "g")

        await store.write(fund)
        ledger = StoreCredit(store)
        for number, (deed, key, amount) in enumerate(deeds):
            known = await ledger.lookup(key)
            if deed == "authorise":
                await ledger.authorise(key, amount, "EUR", "credit:", "ada")
            elif deed == "ask":
                await ledger.ask(key, amount, "EUR", "credit:", "ada")
            elif deed in ("approve", "reject") and known is not None:
                await ledger.confirm(key, known.challenge_id or "", deed)
            elif deed == "void":
                await ledger.void(key)
            elif deed == "refund":
                await ledger.refund(key, f"r-{number}", amount)
            elif known is not None:
                await ledger.capture(key, amount if deed == "part" else None)
            assert await store.read(rows.misfits) == []
        view = await store.read(lambda c: rows.view(c, "x"))
        assert view is not None
        taken = sum(amount for amount, _ in (await ledger.captured()).values())
        back = sum((await ledger.refunded()).values())
        assert view.balance_minor == 1_000 - taken + back
        assert 0 <= view.available_minor <= view.balance_minor <= 1_000


async def test_the_database_keeps_it_above_nothing(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.write(lambda u: rows.open_account(u, "x", "EUR", owner_id="ada"))

        def overspend(unit: Unit, **values: int) -> None:
            unit.connection.execute(update(credit_accounts).values(**values))

        for values in ({"balance_minor": -1}, {"reserved_minor": 1}):
            with pytest.raises(IntegrityError):
                await store.write(lambda u, v=values: overspend(u, **v))  # type: ignore[misc]
        ledger = StoreCredit(store)
        assert (await ledger.authorise("k", 1, "EUR", "credit:", "ada")).state is (
            ChargeState.DECLINED
        )
        assert (await ledger.refund("k", "r", 1)).state is RefundState.FAILED
