"""One at a time for each checkout, whatever the gateway says."""

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from commerce import CheckoutState, Commerce
from commerce.payments.test_cards import ASKS, PAYS, TestCards
from commerce.ports import Charge, ChargeState, GatewayUnavailableError
from commerce.service.context import Context
from commerce.service.settlement import Settlement
from tests.commerce.service.parties import party, pay_part
from tests.commerce.shops import LEDGER_FILE, TurnedClock, charges_in, locked, open_shop, pay


class BrokenLine(TestCards):
    """The embedded provider behind a line that breaks in one call, once."""

    breaks = ""

    async def _through(self, name: str, answer: Charge | None) -> Any:
        if self.breaks == name:
            self.breaks = ""
            raise GatewayUnavailableError
        return answer

    async def authorise(self, *arguments: Any) -> Charge:
        charge: Charge = await self._through("authorise", await super().authorise(*arguments))
        return charge

    async def confirm(self, *arguments: Any) -> Charge:
        charge: Charge = await self._through("confirm", await super().confirm(*arguments))
        return charge

    async def capture(self, key: str, amount_minor: int | None = None) -> Charge:
        captured = await super().capture(key, amount_minor)
        charge: Charge = await self._through("capture", captured)
        return charge

    async def lookup(self, key: str) -> Charge | None:
        charge: Charge | None = await super().lookup(key)
        return charge


@pytest.mark.parametrize("broken", ["authorise", "confirm", "capture"])
async def test_a_lost_answer_is_asked_for(tmp_path: Path, clock: TurnedClock, broken: str) -> None:
    gateway = await BrokenLine.open(tmp_path / LEDGER_FILE)
    async with open_shop(tmp_path, clock, gateway=gateway) as shop:
        checkout = await locked(shop, "ada")
        gateway.breaks = "authorise" if broken == "authorise" else ""
        view = await pay(shop, "ada", checkout, ASKS if broken != "authorise" else PAYS)
        if view.challenge is not None:
            gateway.breaks = broken
            view = await shop.confirm(
                "ada", view.id, challenge_id=view.challenge.challenge_id, response="approve"
            )
        assert (view.state, view.in_doubt) == (CheckoutState.PAYING, True)
        await shop.reconcile()
        assert (await shop.checkout("ada", view.id)).state is CheckoutState.PAID
    assert charges_in(tmp_path) == [("captured", 1_490)]


async def test_a_question_in_doubt_can_be_answered_again(
    tmp_path: Path, clock: TurnedClock
) -> None:
    """The answer never reached the bank: the bank still asks, so the payer may answer again."""
    gateway = await BrokenLine.open(tmp_path / LEDGER_FILE)
    async with open_shop(tmp_path, clock, gateway=gateway) as shop:
        asked = await pay(shop, "ada", await locked(shop, "ada"), ASKS)
        assert asked.challenge is not None
        confirm: Any = gateway.confirm

        async def lost(*_arguments: Any) -> Charge:
            raise GatewayUnavailableError

        gateway.confirm = lost  # type: ignore[method-assign]
        doubt = await shop.confirm(
            "ada", asked.id, challenge_id=asked.challenge.challenge_id, response="approve"
        )
        assert (doubt.in_doubt, doubt.challenge) == (True, asked.challenge)
        gateway.confirm = confirm  # type: ignore[method-assign]
        await shop.reconcile()
        again = await shop.checkout("ada", asked.id)
        assert (again.in_doubt, again.challenge) == (False, asked.challenge)
        paid = await shop.confirm(
            "ada", asked.id, challenge_id=asked.challenge.challenge_id, response="approve"
        )
        assert paid.state is CheckoutState.PAID


async def test_a_decline_without_words(tmp_path: Path, clock: TurnedClock) -> None:
    class Terse(TestCards):
        async def authorise(self, *arguments: Any) -> Charge:
            charge = await super().authorise(*arguments)
            return dataclasses.replace(charge, state=ChargeState.DECLINED)

    gateway = await Terse.open(tmp_path / LEDGER_FILE)
    async with open_shop(tmp_path, clock, gateway=gateway) as shop:
        view = await pay(shop, "ada", await locked(shop, "ada"))
        assert view.last_failure is not None
        assert view.last_failure.code == "CARD_DECLINED"
        assert view.last_failure.message.endswith(".")


async def test_turns(shop: Commerce) -> None:
    context: Context = shop._context
    settlement = Settlement(context)
    order: list[str] = []

    async def take(name: str, checkout_id: str) -> None:
        async with settlement.turn(checkout_id):
            assert settlement.busy(checkout_id)
            order.append(f"{name} begins")
            await asyncio.sleep(0)
            order.append(f"{name} ends")

    await asyncio.gather(take("a", "one"), take("b", "one"), take("c", "two"))
    assert order.index("a ends") < order.index("b begins")
    assert order.index("c begins") < order.index("a ends")
    assert not settlement.busy("one")


async def test_one_part_cannot_be_captured(tmp_path: Path, clock: TurnedClock) -> None:
    """The bank breaks its promise after another part was taken: that part is given back."""

    class Promises(TestCards):
        broken: str = ""

        async def authorise(self, *arguments: Any) -> Charge:
            self.broken = arguments[0]
            return await super().authorise(*arguments)

        async def capture(self, key: str, amount_minor: int | None = None) -> Charge:
            charge = await super().capture(key, amount_minor)
            if key != self.broken or charge.state is not ChargeState.CAPTURED:
                return charge
            self._ledger.move(key, (ChargeState.CAPTURED,), ChargeState.DECLINED)
            return dataclasses.replace(charge, state=ChargeState.DECLINED)

    gateway = await Promises.open(tmp_path / LEDGER_FILE)
    async with open_shop(tmp_path, clock, gateway=gateway) as shop:
        view = await party(shop, "ada", "bert")
        await pay_part(shop, "ada", view.id)
        broken = await pay_part(shop, "bert", view.id)
        assert (broken.state, broken.order_id) == (CheckoutState.LOCKED, None)
        clock.turn(30_000)
        await shop.reconcile()
        figures = (await shop.audit()).figures
        assert figures["captured_minor"] == figures["refunded_minor"] == 1_490
        assert figures["paid_orders"] == 0
        assert broken.due_minor == 3_000, "everything can be paid again"


async def test_another_amount_is_never_captured(tmp_path: Path, clock: TurnedClock) -> None:
    class Generous(TestCards):
        async def authorise(self, *arguments: Any) -> Charge:
            charge = await super().authorise(*arguments)
            return dataclasses.replace(charge, amount_minor=charge.amount_minor + 1)

    gateway = await Generous.open(tmp_path / LEDGER_FILE)
    async with open_shop(tmp_path, clock, gateway=gateway) as shop:
        view = await pay(shop, "ada", await locked(shop, "ada"))
        assert view.state is CheckoutState.LOCKED
    assert charges_in(tmp_path) == [("voided", 1_490)]
