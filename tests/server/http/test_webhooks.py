"""Webhooks over a real port: signed ones are taken once, others are refused, counted, and change
nothing; with the real client of Stripe at its stand-in."""

import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.commerce.payments.providers_at_work import STRIPE_WARNING, WALLET, WEBHOOK_SECRET
from tests.server.http.conftest import problem
from tests.server.http.customers import OpenShop, locked, open_shop, pay
from tests.stand_ins.solana_node import SolanaNode
from tests.stand_ins.stripe_server import StripeServer
from tests.stand_ins.web import serving

pytestmark = pytest.mark.filterwarnings(STRIPE_WARNING)

HOOK = "/webhooks/stripe"


@dataclass
class Till:
    """A shop that takes cards by Stripe and transfers by Solana Pay."""

    shop: OpenShop
    stripe: StripeServer
    node: SolanaNode
    provider: httpx.AsyncClient

    async def send(self, body: bytes, signature: str) -> httpx.Response:
        headers = {"Stripe-Signature": signature, "Content-Type": "application/json"}
        return await self.provider.post(HOOK, content=body, headers=headers)

    async def counted(self) -> dict[str, int]:
        """Webhooks by what became of them, as /metrics shows them."""
        text = (await self.provider.get("/metrics")).text
        found = re.findall(r'galleria_webhooks_total\{outcome="(\w+)"\} (\d+)', text)
        return {outcome: int(count) for outcome, count in found}


@pytest.fixture
async def till(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Till]:
    stripe, node = StripeServer(lambda: int(time.time()), WEBHOOK_SECRET), SolanaNode()
    async with serving(stripe) as stripe_url, serving(node) as node_url:
        chosen = {
            "STRIPE__SECRET_KEY": "sk_stand_in",
            "STRIPE__WEBHOOK_SECRET": WEBHOOK_SECRET,
            "STRIPE__RETURN_URL": "https://shop.example/",
            "STRIPE__BASE_ADDRESS": stripe_url,
            "SOLANA__RECIPIENT": WALLET,
            "SOLANA__RPC_URL": node_url,
            "SOLANA__CURRENCY": "EUR",
        }
        for name, value in chosen.items():
            monkeypatch.setenv(f"GALLERIA_PAYMENT__{name}", value)
        async with open_shop(tmp_path) as shop:
            yield Till(shop, stripe, node, await shop.enter("", role=""))


async def waiting_for_the_bank(till: Till) -> tuple[httpx.AsyncClient, dict[str, Any]]:
    """A checkout whose payer was sent to a page of Stripe."""
    ada = await till.shop.enter("Ada")
    return ada, await pay(ada, await locked(ada), "key-00000001", "stripe:link")


async def test_a_notice_is_taken_once_and_the_order_is_made(till: Till) -> None:
    ada, asked = await waiting_for_the_bank(till)
    session_id = asked["challenge"]["challenge_id"]
    till.stripe.pay_at_page(session_id)
    done = next(e for e in till.stripe.events if e["type"] == "checkout.session.completed")
    signed = till.stripe.signed(done)
    outcomes = [(await till.send(*signed)).json()["outcome"] for _ in range(3)]
    assert outcomes == ["taken", "doubled", "doubled"]
    assert (await ada.get(f"/checkout/{asked['id']}")).json()["state"] == "paid"
    assert await till.counted() == {"taken": 1, "doubled": 2}
    (order,) = (await ada.get("/orders")).json()
    assert [(p["provider"], p["amount_minor"]) for p in order["payments"]] == [("stripe", 1_490)]


async def test_forged_old_and_broken_ones_change_nothing(till: Till) -> None:
    ada, asked = await waiting_for_the_bank(till)
    till.stripe.pay_at_page(asked["challenge"]["challenge_id"])
    body, signature = till.stripe.signed(till.stripe.events[-1])
    day_old = till.stripe.signed(till.stripe.events[-1], int(time.time()) - 86_400)
    forged = {
        "another secret": (body, signature[:-1] + ("0" if signature[-1] != "0" else "1")),
        "another body": (body + b" ", signature),
        "none": (body, ""),
        "nonsense": (body, "t=now,v1=nonsense"),
        "a day later": day_old,
    }
    for what, notice in forged.items():
        data = problem(await till.send(*notice), 400, "WEBHOOK_REFUSED")
        assert data["reason"] in ("signature", "age", "content"), what
    assert (await ada.get(f"/checkout/{asked['id']}")).json()["state"] == "paying"
    assert await till.counted() == {"refused": len(forged)}
    too_long = await till.send(body, "x" * 1_001)
    problem(too_long, 422, "REQUEST_INVALID")
    problem(await till.send(b"x" * 70_000, signature), 413, "BODY_TOO_LARGE")
    assert WEBHOOK_SECRET not in (await till.provider.get("/metrics")).text


async def test_a_notice_about_nothing_of_ours(till: Till) -> None:
    stranger = {"id": "pi_elsewhere", "object": "payment_intent", "metadata": {}}
    till.stripe.tell("payment_intent.succeeded", stranger)
    answer = await till.send(*till.stripe.signed(till.stripe.events[-1]))
    assert answer.json() == {"outcome": "unknown"}
    assert await till.counted() == {"unknown": 1}


async def test_providers_that_are_none(till: Till) -> None:
    for provider in ("test", "paypal", "credit", "solana"):
        response = await till.provider.post(f"/webhooks/{provider}", content=b"{}")
        problem(response, 404, "PROVIDER_NOT_FOUND")


async def test_a_shop_with_an_account_takes_no_test_cards(till: Till) -> None:
    ada = await till.shop.enter("Ada")
    checkout = await locked(ada)
    refused = await ada.post(
        f"/checkout/{checkout['id']}/payment",
        json={"payment_method": "test:0000000000000001", "expected_total_minor": 1_490},
        headers={"Idempotency-Key": "key-00000001"},
    )
    problem(refused, 422, "PAYMENT_METHOD_UNKNOWN")


async def test_the_phone_goes_on_to_the_page_of_stripe(till: Till) -> None:
    ada = await till.shop.enter("Ada")
    checkout = await locked(ada)
    code = (await ada.post(f"/checkout/{checkout['id']}/hand-off")).json()
    shown = await till.provider.get(code["url"])
    assert re.findall(r'name="way" value="([\w-]+)"', shown.text) == ["card", "wallet", "gift"]
    answer = await till.provider.post(code["url"], data={"way": "card"})
    address = re.search(r'class="go" href="([^"]+)"', answer.text)
    assert address is not None
    assert address[1].startswith("https://checkout.example/cs_")
    assert f'content="0;url={address[1]}"' in answer.text
    till.stripe.pay_at_page(address[1].rpartition("/")[2])
    done = next(e for e in till.stripe.events if e["type"] == "checkout.session.completed")
    await till.send(*till.stripe.signed(done))
    assert (await ada.get(f"/checkout/{checkout['id']}")).json()["state"] == "paid"


async def test_a_wallet_pays_by_qr(till: Till) -> None:
    ada, bert = await till.shop.enter("Ada"), await till.shop.enter("Bert")
    asked = await pay(ada, await locked(ada), "key-00000001", "solana:")
    url = asked["challenge"]["url"]
    assert url.startswith(f"solana:{WALLET}?")
    address = f"/checkout/{asked['id']}/challenge/qr.svg"
    shown = await ada.get(address)
    assert shown.headers["content-type"] == "image/svg+xml"
    problem(await bert.get(address), 404, "CHECKOUT_NOT_FOUND")
    till.node.pay(url)
    confirmed = await ada.post(
        f"/checkout/{asked['id']}/payment/confirmation",
        json={"challenge_id": asked["challenge"]["challenge_id"], "response": "approve"},
    )
    assert confirmed.json()["state"] == "paid", confirmed.text


async def test_the_phone_shows_the_wallet_its_qr(till: Till) -> None:
    ada = await till.shop.enter("Ada")
    checkout = await locked(ada)
    code = (await ada.post(f"/checkout/{checkout['id']}/hand-off")).json()
    answer = await till.provider.post(code["url"], data={"way": "wallet"})
    assert "<svg" in answer.text
    assert f'href="solana:{WALLET}?' in answer.text
