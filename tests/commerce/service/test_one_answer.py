"""One key at two processes: one call of the gateway, and the same answer from both."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from commerce import CheckoutState, CheckoutView, Commerce
from commerce.payments.test_cards import DECLINES, NEVER_ARRIVES, PAYS, TestCards, cut_off
from tests.commerce.shops import (
    LEDGER_FILE,
    TurnedClock,
    charges_in,
    locked,
    open_shop,
    pay,
    settings_in,
)

BANK_TAKES_S = 0.15


class SlowCards(TestCards):
    """The bank takes its time."""

    async def authorise(self, *arguments: Any) -> Any:
        await asyncio.sleep(BANK_TAKES_S)
        return await super().authorise(*arguments)


async def both(
    folder: Path, clock: TurnedClock, method: str, timeout_ms: int = 20_000
) -> tuple[CheckoutView, CheckoutView]:
    """The answers to one click that reaches two processes."""
    settings: dict[str, Any] = {"busy_timeout_ms": 20_000, "gateway_timeout_ms": timeout_ms}
    cards = await SlowCards.open(folder / LEDGER_FILE, silence=cut_off)
    async with open_shop(folder, clock, gateway=cards, process_name="one", **settings) as one:
        two = await Commerce.open(
            settings_in(folder, process_name="two", **settings),
            clock,
            gateway=await SlowCards.open(folder / LEDGER_FILE, silence=cut_off),
            settle=False,
        )
        checkout = await locked(one, "ada")
        answers = await asyncio.gather(
            *(pay(shop, "ada", checkout, method, "one-key") for shop in (one, two))
        )
        await two.close()
        assert await one.reconcile() == answers[0].in_doubt
    return answers[0], answers[1]


@pytest.mark.parametrize(
    ("method", "state"),
    [
        (PAYS, CheckoutState.PAID),
        (DECLINES, CheckoutState.LOCKED),
        (NEVER_ARRIVES, CheckoutState.PAYING),
    ],
)
async def test_two_processes_give_one_answer(
    tmp_path: Path, clock: TurnedClock, method: str, state: CheckoutState
) -> None:
    one, two = await both(tmp_path, clock, method)
    assert one == two
    assert (one.state, one.in_doubt) == (state, state is CheckoutState.PAYING)
    assert len(charges_in(tmp_path)) == 1


async def test_nobody_waits_longer_than_the_gateway_may_take(
    tmp_path: Path, clock: TurnedClock
) -> None:
    for answer in await both(tmp_path, clock, PAYS, timeout_ms=100):
        assert answer.in_doubt
