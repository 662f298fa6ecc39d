"""Solana Pay: a transfer counts when it is this token, to us, enough, and sure to stay."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from commerce import CheckoutState, Commerce
from commerce.payments.base58 import base58
from commerce.payments.settings import PaymentSettings
from tests.commerce.payments.providers_at_work import WALLET, at_work, solana_settings
from tests.commerce.shops import (
    TurnedClock,
    locked,
    pay,
    place_seeded,
    seeds,
    settings_in,
)
from tests.stand_ins.solana_node import SolanaNode
from tests.stand_ins.web import serving

OTHER = base58(bytes(range(2, 34)))


@pytest.fixture
async def node() -> SolanaNode:
    return SolanaNode()


@pytest.fixture
async def shop(tmp_path: Path, clock: TurnedClock, node: SolanaNode) -> AsyncIterator[Commerce]:
    await place_seeded(tmp_path)
    async with serving(node) as url:
        opened = await Commerce.open(
            settings_in(tmp_path),
            clock,
            payment=PaymentSettings(solana=solana_settings(url)),
        )
        await opened.seed(seeds())
        yield opened
        await opened.close()


async def asked(shop: Commerce, person: str = "ada") -> Any:
    view = await pay(shop, person, await locked(shop, person), "solana:")
    assert view.challenge is not None
    return view


async def look(shop: Commerce, view: Any, person: str = "ada") -> Any:
    return await shop.confirm(
        person, view.id, challenge_id=view.challenge.challenge_id, response="approve"
    )


async def test_the_request_and_the_transfer(shop: Commerce, node: SolanaNode) -> None:
    view = await asked(shop)
    url = view.challenge.url
    assert url.startswith(f"solana:{WALLET}?amount=14.90&spl-token=")
    assert f"&reference={view.challenge.challenge_id}" in url
    assert (await look(shop, view)).challenge == view.challenge
    node.pay(url)
    paid = await look(shop, view)
    assert paid.state is CheckoutState.PAID
    assert (await shop.audit()).ok


async def test_a_transfer_is_seen_though_nobody_says_so(shop: Commerce, node: SolanaNode) -> None:
    view = await asked(shop)
    assert await shop.reconcile() == 1
    assert (await shop.checkout("ada", view.id)).challenge == view.challenge
    node.pay(view.challenge.url)
    await shop.reconcile()
    assert (await shop.checkout("ada", view.id)).state is CheckoutState.PAID


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 14_899_999},
        {"recipient": OTHER},
        {"mint": OTHER},
        {"references": [OTHER]},
        {"failed": True},
        {"level": "processed"},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_what_does_not_count(
    shop: Commerce, node: SolanaNode, changes: dict[str, Any]
) -> None:
    view = await asked(shop)
    node.pay(view.challenge.url, **changes)
    assert (await look(shop, view)).state is CheckoutState.PAYING
    node.pay(view.challenge.url)
    assert (await look(shop, view)).state is CheckoutState.PAID


async def test_taken_when_it_is_final(shop: Commerce, node: SolanaNode) -> None:
    view = await asked(shop)
    transfer = node.pay(view.challenge.url, level="confirmed")
    waiting = await look(shop, view)
    assert (waiting.state, waiting.in_doubt) == (CheckoutState.PAYING, True)
    await shop.reconcile()
    assert (await shop.checkout("ada", view.id)).state is CheckoutState.PAYING
    transfer.level = "finalized"
    await shop.reconcile()
    assert (await shop.checkout("ada", view.id)).state is CheckoutState.PAID


async def test_one_transaction_pays_once(shop: Commerce, node: SolanaNode) -> None:
    ada, bert = await asked(shop), await asked(shop, "bert")
    references = [ada.challenge.challenge_id, bert.challenge.challenge_id]
    node.pay(ada.challenge.url, references=references)
    assert (await look(shop, ada)).state is CheckoutState.PAID
    assert (await look(shop, bert, "bert")).state is CheckoutState.PAYING
    assert (await shop.audit()).ok


async def test_refunds_are_paid_by_hand(shop: Commerce, node: SolanaNode) -> None:
    view = await asked(shop)
    node.pay(view.challenge.url)
    order_id = (await look(shop, view)).order_id
    (refund,) = await shop.refund("staff", order_id, idempotency_key="k")
    assert refund.state == "manual"
    assert (await shop.audit()).ok


async def test_a_late_transfer_is_a_finding(
    shop: Commerce, node: SolanaNode, clock: TurnedClock
) -> None:
    view = await asked(shop)
    clock.turn(181_000)
    await shop.reconcile()
    assert (await shop.checkout("ada", view.id)).state is CheckoutState.RELEASED
    assert (await shop.audit()).ok
    node.pay(view.challenge.url)
    (problem,) = (await shop.audit()).problems
    assert "which has no order" in problem


async def test_a_node_that_does_not_answer(
    shop: Commerce, node: SolanaNode, clock: TurnedClock
) -> None:
    view = await asked(shop)
    node.pay(view.challenge.url)
    for trouble in ("silent", "broken"):
        setattr(node, trouble, 1)
        assert (await look(shop, view)).in_doubt
    await shop.reconcile()
    assert (await shop.checkout("ada", view.id)).state is CheckoutState.PAID


async def test_another_currency(tmp_path: Path) -> None:
    async with at_work("solana", tmp_path) as bench:
        charge = await bench.gateway.authorise("k", 100, "JPY", "solana:", "ada")
        assert charge.code == "CURRENCY_NOT_TAKEN"
