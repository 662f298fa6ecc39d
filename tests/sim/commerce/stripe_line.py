"""The real client of Stripe on a bad line to the stand-in, and a postman nobody can rely on.

There are no sockets: what the client would send is handed to the stand-in. It lives outside the
shop, so what has reached it is done, whoever has died meanwhile.
"""

import asyncio
import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import stripe

from commerce import Commerce, CommerceError
from commerce.errors import WebhookRefusedError
from commerce.payments.settings import StripeSettings
from tests.sim.commerce.bank import QUICK_MS, SLOW_MS, WEATHER
from tests.sim.commerce.shop import LostError
from tests.sim.commerce.world import World
from tests.stand_ins.stripe_server import StripeServer
from tests.stand_ins.web import Reply, Request

SETTINGS = StripeSettings(
    "sk_stand_in",
    "whsec_stand_in",
    "https://shop.example/paid",
    base_address="https://stripe.example",
    request_timeout_ms=4_000,
)
PROMISED = "payment_intent.amount_capturable_updated"


class StripeAtWork:
    """The account of a story."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self.world = world
        self.server = StripeServer(lambda: world.now_ms() // 1_000)
        self._chance = chance

    @contextmanager
    def connected(self) -> Iterator[None]:
        """From now on the client of Stripe talks to the stand-in."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stripe, "HTTPXClient", lambda timeout: _Line(self, timeout))
            yield

    # --- what the bank knows --------------------------------------------------------------------

    def _intents(self) -> dict[str, dict[str, Any]]:
        """Intents by our keys."""
        return {
            entry["metadata"]["galleria_attempt"]: entry
            for name, entry in self.server.objects.items()
            if name.startswith("pi_")
        }

    def captured(self) -> dict[str, tuple[int, str]]:
        return {
            key: (intent["amount_received"], intent["currency"].upper())
            for key, intent in self._intents().items()
            if intent["status"] == "succeeded"
        }

    def refunded(self) -> dict[str, int]:
        return {
            entry["metadata"]["galleria_refund"]: entry["amount"]
            for name, entry in self.server.objects.items()
            if name.startswith("re_")
        }

    def promised(self) -> set[str]:
        """Keys that were ever promised."""
        return {
            event["data"]["object"]["metadata"]["galleria_attempt"]
            for event in self.server.events
            if event["type"] == PROMISED
        }

    def kept(self) -> dict[str, str]:
        """Keys for which money is still kept from somebody, and why."""
        waiting = ("requires_capture", "requires_action")
        return {
            key: intent["status"]
            for key, intent in self._intents().items()
            if intent["status"] in waiting
        }

    def answer(self, url: str, *, approve: bool) -> None:
        """The payer answers on the page of the bank, or of Stripe, as far as it still asks."""
        entry = self.server.objects[url.rpartition("/")[2]]
        if entry["status"] == "requires_action":
            self.server.answer_bank(entry["id"], approve=approve)
        elif entry["status"] == "open" and approve:
            self.server.pay_at_page(entry["id"])

    # --- the line -------------------------------------------------------------------------------

    async def ask(self, request: Request) -> Reply | None:
        """Send a request; the answer, if there is one."""
        weather = "fine"
        if self._chance.random() < self.world.bank.trouble:
            weather = self._chance.choice((*WEATHER, "429"))
        if weather == "dropped":
            return None
        if weather in ("refused", "failed", "429"):
            what = {"refused": "500", "failed": "lost500", "429": "429"}[weather]
            self.server.faults.append((request.method, request.path, what))
        delay_s = self._chance.choice(SLOW_MS if weather == "slow" else QUICK_MS) / 1_000
        there = self.world.spawn(self._arrive(request, delay_s))
        if weather == "lost":
            return None
        return await asyncio.shield(there)

    async def _arrive(self, request: Request, delay_s: float) -> Reply | None:
        await asyncio.sleep(delay_s)
        name, _, action = request.path.removeprefix("/v1/payment_intents/").partition("/")
        intent = self.server.objects.get(name)
        if action == "capture" and intent is not None and intent["status"] == "requires_capture":
            self.world.bank.on_capture(intent["metadata"]["galleria_attempt"])
        return await self.server(request)

    # --- webhooks -------------------------------------------------------------------------------

    async def deliver(self) -> None:
        """Bring webhooks to the shop: late, in any order, twice, or never; some are forged."""
        brought = 0
        while True:
            await asyncio.sleep(0.7)
            for event in self.server.events[brought:]:
                for _ in range(self._chance.choice((0, 1, 1, 1, 2))):
                    self.world.spawn(self._bring(event, self._chance.choice((0, 0.1, 3, 9))))
            brought = len(self.server.events)

    async def _bring(self, event: dict[str, Any], delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        forged = self._chance.random() < 0.05
        for _ in range(3):
            body, signature = self.server.signed(event)
            if forged:
                body += b" "
            try:
                outcome = await self.world.ask(_taking(body, signature))
            except WebhookRefusedError:
                outcome = "refused"
            except (CommerceError, LostError):
                await asyncio.sleep(2)
                continue
            self.world.seen[f"notice {outcome}"] += 1
            self.world.note(f"stripe: {event['type']} -> {outcome}")
            if forged is not (outcome == "refused"):
                self.world.wrongs.append(f"A webhook (forged: {forged}) was {outcome}.")
            return


def _taking(body: bytes, signature: str) -> Callable[[Commerce], Any]:
    return lambda shop: shop.take_notice("stripe", body, signature)


class _Line(stripe.HTTPClient):
    """What the client sends through."""

    name = "story"

    def __init__(self, stand_in: StripeAtWork, timeout_s: float) -> None:
        super().__init__()
        self._stand_in = stand_in
        self._timeout_s = timeout_s

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        parts = urlsplit(url)
        small = {name.lower(): value for name, value in headers.items()}
        body = (post_data or "").encode()
        request = Request(method.upper(), parts.path, parts.query, small, body)
        reply = await self._stand_in.ask(request)
        if reply is None:
            await asyncio.sleep(self._timeout_s)
            raise stripe.APIConnectionError("no answer")  # type: ignore[no-untyped-call]
        return json.dumps(reply.body).encode(), reply.status, reply.headers

    async def close_async(self) -> None:
        """There is nothing to let go of."""
