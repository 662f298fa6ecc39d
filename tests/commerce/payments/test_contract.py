"""What every provider promises, tried on each of them: test cards, Stripe, Solana Pay, credit."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from commerce.errors import PaymentMethodUnknownError
from commerce.ports import Charge, ChargeState, RefundState
from tests.commerce.payments.providers_at_work import STRIPE_WARNING, AtWork, at_work

pytestmark = [
    pytest.mark.loop_slice(1_500),  # importing the client of Stripe
    pytest.mark.filterwarnings(STRIPE_WARNING),
]


@pytest.fixture(params=["test", "stripe", "solana", "credit"])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AtWork]:
    async with at_work(request.param, tmp_path) as made:
        yield made


async def promised(bench: AtWork, key: str = "k", amount_minor: int = 1_490) -> Charge:
    """An authorised charge, the payer asked or not."""
    gateway = bench.gateway
    charge = await gateway.authorise(key, amount_minor, bench.currency, bench.pays, "ada")
    if charge.state is ChargeState.CHALLENGE:
        bench.approve(charge)
        charge = await gateway.confirm(key, charge.challenge_id or "", "approve")
    assert charge.state is ChargeState.AUTHORISED
    return charge


async def test_authorise_then_capture(bench: AtWork) -> None:
    gateway = bench.gateway
    charge = await promised(bench)
    assert (charge.amount_minor, charge.currency, charge.key) == (1_490, bench.currency, "k")
    assert await gateway.lookup("k") == charge
    again = await gateway.authorise("k", 1_490, bench.currency, bench.pays, "ada")
    assert again.state is ChargeState.AUTHORISED, "asked twice, done once"
    captured = await gateway.capture("k")
    assert (captured.state, captured.amount_minor) == (ChargeState.CAPTURED, 1_490)
    assert (await gateway.capture("k")).state is ChargeState.CAPTURED
    assert await gateway.captured() == {"k": (1_490, bench.currency)}
    stays = await gateway.void("k")
    assert stays.state is ChargeState.CAPTURED, "what is captured stays captured"


async def test_void(bench: AtWork) -> None:
    gateway = bench.gateway
    charge = await gateway.authorise("k", 500, bench.currency, bench.pays, "ada")
    assert charge.state in (ChargeState.AUTHORISED, ChargeState.CHALLENGE)
    for _ in range(2):
        assert (await gateway.void("k")).state is ChargeState.VOIDED
    assert (await gateway.capture("k")).state is ChargeState.VOIDED
    assert await gateway.captured() == {}


async def test_a_void_comes_before_a_late_request(bench: AtWork) -> None:
    gateway = bench.gateway
    assert await gateway.lookup("late") is None
    assert (await gateway.void("late")).state is ChargeState.VOIDED
    late = await gateway.authorise("late", 500, bench.currency, bench.pays, "ada")
    assert late.state is ChargeState.VOIDED
    assert await gateway.captured() == {}


async def test_decline(bench: AtWork) -> None:
    if bench.declines is None:
        return
    charge = await bench.gateway.authorise("k", 500, bench.currency, bench.declines, "ada")
    assert charge.state is ChargeState.DECLINED
    found = await bench.gateway.lookup("k")
    assert found is not None
    assert found.state is ChargeState.DECLINED
    assert (await bench.gateway.capture("k")).state is ChargeState.DECLINED


async def test_a_question(bench: AtWork) -> None:
    if bench.asks is None:
        return
    gateway = bench.gateway
    asked = await gateway.authorise("k", 500, bench.currency, bench.asks, "ada")
    assert asked.state is ChargeState.CHALLENGE
    assert asked.challenge_id
    assert asked.instructions
    assert await gateway.lookup("k") == asked
    refused = await gateway.confirm("k", asked.challenge_id, "reject")
    assert refused.state in (ChargeState.DECLINED, ChargeState.VOIDED)
    assert await gateway.captured() == {}


async def test_refunds(bench: AtWork) -> None:
    gateway = bench.gateway
    await promised(bench)
    await gateway.capture("k")
    if bench.refunds_by_hand:
        made = await gateway.refund("k", "r-1", 490)
        assert made.state is RefundState.MANUAL
        return
    for _ in range(2):
        made = await gateway.refund("k", "r-1", 490)
        assert (made.state, made.amount_minor) == (RefundState.SUCCEEDED, 490)
    too_much = await gateway.refund("k", "r-2", 1_001)
    assert too_much.state is RefundState.FAILED
    assert too_much.code
    rest = await gateway.refund("k", "r-3", 1_000)
    assert rest.state is RefundState.SUCCEEDED
    assert await gateway.refunded() == {"r-1": 490, "r-3": 1_000}


async def test_a_part_is_captured(bench: AtWork) -> None:
    if bench.name == "solana":
        return
    await promised(bench)
    captured = await bench.gateway.capture("k", 1_000)
    assert (captured.state, captured.amount_minor) == (ChargeState.CAPTURED, 1_000)
    assert await bench.gateway.captured() == {"k": (1_000, bench.currency)}
    assert (await bench.gateway.refund("k", "r", 1_001)).state is RefundState.FAILED


async def test_twins(bench: AtWork) -> None:
    await promised(bench)
    charges = await asyncio.gather(*(bench.gateway.capture("k") for _ in range(5)))
    assert {charge.state for charge in charges} == {ChargeState.CAPTURED}
    assert len(await bench.gateway.captured()) == 1


async def test_methods_of_others_are_not_taken(bench: AtWork) -> None:
    for method in ("", bench.name, f"{bench.name}:nonsense!", "visa:4000000000000000", "x" * 500):
        assert not bench.gateway.accepts(method)
        with pytest.raises(PaymentMethodUnknownError):
            await bench.gateway.authorise("k", 1, bench.currency, method, "ada")
