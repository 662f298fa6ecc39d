"""Whatever a party does at the till, in whatever order: nobody is charged for nothing, nobody gets
anything for nothing, and the books balance."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commerce import CheckoutState, Commerce, CommerceError
from commerce.payments.test_cards import (
    ASKS,
    CAPTURES_SILENTLY,
    DECLINES,
    NEVER_ARRIVES,
    PAYS,
    PROMISES_SILENTLY,
)
from tests.commerce.service.parties import party, pay_part
from tests.commerce.shops import TurnedClock, charges_in, open_shop

PEOPLE = ("ada", "bert", "cleo")

DEEDS = st.lists(
    st.one_of(
        st.tuples(
            st.just("pay"),
            st.sampled_from(PEOPLE),
            st.sampled_from([PAYS, PAYS, "credit:", DECLINES, ASKS, PROMISES_SILENTLY]),
        ),
        st.tuples(
            st.just("pay"),
            st.sampled_from(PEOPLE),
            st.sampled_from([PAYS, CAPTURES_SILENTLY, NEVER_ARRIVES]),
        ),
        st.tuples(st.just("part"), st.sampled_from(PEOPLE), st.sampled_from(["credit:", PAYS])),
        st.tuples(
            st.just("answer"), st.sampled_from(PEOPLE), st.sampled_from(["approve", "reject"])
        ),
        st.tuples(st.just("cover"), st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)),
        st.tuples(st.just("give_up"), st.sampled_from(PEOPLE), st.just("")),
        st.tuples(st.just("unlock"), st.just("ada"), st.just("")),
        st.tuples(st.just("wait"), st.just(""), st.sampled_from(["1", "100", "400"])),
    ),
    max_size=9,
)


@pytest.mark.only("sqlite")
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(DEEDS, st.sampled_from(["own_lines", "equal", ""]))
def test_any_order(
    tmp_path_factory: pytest.TempPathFactory, deeds: list[tuple[str, str, str]], plan: str
) -> None:
    asyncio.run(_live(tmp_path_factory.mktemp("party"), deeds, plan))


async def _live(folder: Path, deeds: list[tuple[str, str, str]], plan: str) -> None:
    clock = TurnedClock()
    async with open_shop(folder, clock) as shop:
        await shop.grant_credit("ada", amount_minor=800, currency="EUR", idempotency_key="g")
        view = await party(shop, *PEOPLE, plan=plan)
        for what, person, how in deeds:
            refused = 0
            try:
                await _do(shop, clock, view.id, (what, person, how))
            except CommerceError as error:
                refused = error.http_status
            assert refused < 500
            report = await shop.audit()
            assert report.ok, (what, person, how, report.problems)
        clock.turn(3_600_000)
        for _ in range(4):
            await shop.reconcile()
            await shop.sweep()
        ended = await shop.checkout("ada", view.id)
        assert ended.state in (CheckoutState.PAID, CheckoutState.RELEASED)
        report = await shop.audit()
        figures = report.figures
        assert figures["held"] == 0
        assert figures["captured_minor"] == figures["orders_minor"] + figures["set_aside_minor"]
        if ended.state is CheckoutState.RELEASED:
            assert figures["captured_minor"] == figures["refunded_minor"]
        assert "authorised" not in {state for state, _ in charges_in(folder)}


async def _do(
    shop: Commerce, clock: TurnedClock, checkout_id: str, deed: tuple[str, str, str]
) -> None:
    what, person, how = deed
    if what == "pay":
        await pay_part(shop, person, checkout_id, how)
    elif what == "part":
        await pay_part(shop, person, checkout_id, how, 300)
    elif what == "answer":
        view = await shop.checkout(person, checkout_id)
        if view.challenge is not None:
            name = view.challenge.challenge_id
            await shop.confirm(person, checkout_id, challenge_id=name, response=how)
    elif what == "cover":
        await shop.cover(person, checkout_id, for_person_id=how)
    elif what == "give_up":
        await shop.give_up(person, checkout_id)
    elif what == "unlock":
        await shop.unlock(person, checkout_id)
    else:
        clock.turn(int(how) * 1_000)
        await shop.reconcile()
        await shop.sweep()
