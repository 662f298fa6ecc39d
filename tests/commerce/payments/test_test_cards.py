"""The embedded provider: an outside service that forgets nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from commerce.errors import PaymentMethodUnknownError
from commerce.payments.test_cards import (
    ASKS,
    CAPTURES_SILENTLY,
    DECLINES,
    METHODS,
    NEVER_ARRIVES,
    PAYS,
    PROMISES_SILENTLY,
    TestCards,
    cut_off,
)
from commerce.ports import ChargeState, GatewayUnavailableError


@pytest.fixture
async def bank(tmp_path: Path) -> AsyncIterator[TestCards]:
    opened = await TestCards.open(tmp_path / "ledger.sqlite3")
    yield opened
    await opened.close()


async def unanswered(awaitable: Any) -> None:
    with pytest.raises(GatewayUnavailableError, match="the line broke"):
        await awaitable


async def test_authorise_then_capture(bank: TestCards) -> None:
    charge = await bank.authorise("k", 1_490, "EUR", PAYS, "ada")
    assert (charge.state, charge.amount_minor, charge.currency) == (
        ChargeState.AUTHORISED,
        1_490,
        "EUR",
    )
    assert await bank.authorise("k", 1_490, "EUR", PAYS, "ada") == charge
    assert await bank.captured() == {}
    captured = await bank.capture("k")
    assert captured.state is ChargeState.CAPTURED
    assert await bank.capture("k") == captured
    assert await bank.captured() == {"k": (1_490, "EUR")}
    assert (await bank.void("k")).state is ChargeState.CAPTURED, "what is captured stays captured"


async def test_decline(bank: TestCards) -> None:
    charge = await bank.authorise("k", 1, "EUR", DECLINES, "ada")
    assert (charge.state, charge.code) == (ChargeState.DECLINED, "INSUFFICIENT_FUNDS")
    assert (await bank.capture("k")).state is ChargeState.DECLINED


@pytest.mark.parametrize(
    ("response", "state"),
    [("approve", ChargeState.AUTHORISED), ("reject", ChargeState.DECLINED)],
)
async def test_challenge(bank: TestCards, response: str, state: ChargeState) -> None:
    charge = await bank.authorise("k", 1_490, "EUR", ASKS, "ada")
    assert charge.state is ChargeState.CHALLENGE
    assert charge.challenge_id
    assert "14.90 EUR" in (charge.instructions or "")
    assert (await bank.capture("k")).state is ChargeState.CHALLENGE
    assert (await bank.confirm("k", "another", response)).state is ChargeState.CHALLENGE
    answered = await bank.confirm("k", charge.challenge_id, response)
    assert answered.state is state
    for again in ("approve", "reject"):
        assert (await bank.confirm("k", charge.challenge_id, again)).state is state


async def test_silence_lasts(bank: TestCards) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await bank.authorise("lost", 1, "EUR", NEVER_ARRIVES, "ada")


async def test_what_is_done_without_an_answer(tmp_path: Path) -> None:
    bank = await TestCards.open(tmp_path / "ledger.sqlite3", silence=cut_off)
    await unanswered(bank.authorise("promised", 1, "EUR", PROMISES_SILENTLY, "ada"))
    await unanswered(bank.authorise("lost", 1, "EUR", NEVER_ARRIVES, "ada"))
    promised = await bank.lookup("promised")
    assert promised is not None
    assert promised.state is ChargeState.AUTHORISED
    assert await bank.lookup("lost") is None
    await bank.authorise("silent", 1, "EUR", CAPTURES_SILENTLY, "ada")
    await unanswered(bank.capture("silent"))
    assert (await bank.capture("silent")).state is ChargeState.CAPTURED
    await bank.close()


async def test_a_void_comes_before_a_late_request(bank: TestCards) -> None:
    assert (await bank.void("k")).state is ChargeState.VOIDED
    assert (await bank.authorise("k", 1_490, "EUR", PAYS, "ada")).state is ChargeState.VOIDED
    assert (await bank.capture("k")).state is ChargeState.VOIDED
    await bank.authorise("open", 1, "EUR", PAYS, "ada")
    assert (await bank.void("open")).state is ChargeState.VOIDED
    assert await bank.captured() == {}


async def test_twins_make_one_charge(bank: TestCards) -> None:
    charges = await asyncio.gather(*(bank.authorise("k", 1, "EUR", PAYS, "ada") for _ in range(10)))
    assert len({charge.reference for charge in charges}) == 1


async def test_it_remembers(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    first = await TestCards.open(path)
    charge = await first.authorise("k", 1_490, "EUR", PAYS, "ada")
    await first.close()
    second = await TestCards.open(path)
    assert await second.lookup("k") == charge
    await second.close()


async def test_unknown(bank: TestCards) -> None:
    assert all(bank.accepts(method) for method in METHODS)
    for method in ("", "test:", "test:1", "test:0000000000000007", "TEST:0000000000000001"):
        assert not bank.accepts(method)
        with pytest.raises(PaymentMethodUnknownError):
            await bank.authorise("k", 1, "EUR", method, "ada")
    for ask in (bank.capture("nothing"), bank.confirm("nothing", "c", "approve")):
        with pytest.raises(GatewayUnavailableError):
            await ask


def test_no_number_is_a_real_card() -> None:
    assert all(method.removeprefix("test:")[0] == "0" for method in METHODS)
    assert all(len(method) == len("test:") + 16 for method in METHODS)


async def test_a_ledger_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(GatewayUnavailableError):
        await TestCards.open(tmp_path / "missing" / "ledger.sqlite3")
