"""The shop and Stripe's own client at the stand-in: answers lost, doubled, late, forged."""

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from commerce import CheckoutState, Commerce, CommerceError, CommerceSettings
from commerce.payments.settings import PaymentSettings
from tests.commerce.payments.providers_at_work import (
    STRIPE_WARNING,
    WEBHOOK_SECRET,
    stripe_settings,
)
from tests.commerce.shops import (
    SHOP_FILE,
    TurnedClock,
    bytes_in,
    locked,
    pay,
    place_seeded,
    product,
    rows_of,
    seeds,
    settings_in,
    sku_seed,
)
from tests.stand_ins.stripe_refusals import AMOUNT_MINIMUM
from tests.stand_ins.stripe_server import ASKS, DAY_S, StripeServer
from tests.stand_ins.web import serving

pytestmark = [pytest.mark.loop_slice(1_500), pytest.mark.filterwarnings(STRIPE_WARNING)]

CARD = "stripe:pm_card_visa"

_numbers = itertools.count(1)


@dataclass
class AtStripe:
    """A shop and its account."""

    shop: Commerce
    stripe: StripeServer
    settings: CommerceSettings
    folder: Path

    async def pay(self, method: str = CARD) -> Any:
        """Somebody new buys a mug."""
        person = f"person-{next(_numbers)}"
        return person, await pay(self.shop, person, await locked(self.shop, person), method)

    def intents(self) -> list[tuple[str, int]]:
        """Status and captured amount of every intent."""
        return [
            (entry["status"], entry["amount_received"])
            for name, entry in self.stripe.objects.items()
            if name.startswith("pi_")
        ]

    async def deliver(self, event: dict[str, Any]) -> str:
        """Send a webhook as Stripe does."""
        body, signature = self.stripe.signed(event)
        return await self.shop.take_notice("stripe", body, signature)


@pytest.fixture
async def at(tmp_path: Path, clock: TurnedClock) -> AsyncIterator[AtStripe]:
    server = StripeServer(lambda: clock.now_ms // 1_000, WEBHOOK_SECRET)
    await place_seeded(tmp_path)
    settings = settings_in(tmp_path)
    async with serving(server) as url:
        payment = PaymentSettings(stripe=stripe_settings(url))
        shop = await Commerce.open(settings, clock, payment=payment)
        await shop.seed(seeds())
        yield AtStripe(shop, server, settings, tmp_path)
        report = await shop.audit()
        assert report.ok, report.problems
        await shop.close()


async def test_a_card_pays(at: AtStripe) -> None:
    _, view = await at.pay()
    assert view.state is CheckoutState.PAID
    assert at.intents() == [("succeeded", 1_490)]
    for request in at.stripe.requests:
        assert request.headers["stripe-version"] == "2026-10-28.endive"


async def test_nothing_secret_is_kept(at: AtStripe, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await at.pay()
    await at.pay("stripe:pm_card_chargeDeclined")
    stored = bytes_in(at.folder)
    told = "".join(record.getMessage() for record in caplog.records if "commerce" in record.name)
    for secret in ("pm_card", "sk_stand_in", WEBHOOK_SECRET):
        assert secret.encode() not in stored
        assert secret not in told
    assert "sk_stand_in" not in repr(stripe_settings("http://x"))


@pytest.mark.parametrize(("approve", "state"), [(True, "paid"), (False, "locked")])
async def test_the_bank_asks(at: AtStripe, approve: bool, state: str) -> None:
    person, view = await at.pay(f"stripe:{ASKS}")
    assert view.challenge is not None
    assert view.challenge.url.startswith("https://bank.example/")
    challenge_id = view.challenge.challenge_id
    assert await at.shop.reconcile() == 0, "Stripe tells us"
    still = await at.shop.confirm(person, view.id, challenge_id=challenge_id, response="approve")
    assert still.challenge == view.challenge, "saying so is not enough: the bank decides"
    at.stripe.answer_bank(challenge_id, approve=approve)
    done = await at.shop.confirm(person, view.id, challenge_id=challenge_id, response="approve")
    assert done.state == state


@pytest.mark.parametrize("method", ["stripe:link", "stripe:client"])
async def test_the_phone_pays_there(at: AtStripe, method: str) -> None:
    person, view = await at.pay(method)
    assert view.challenge is not None
    assert view.challenge.url
    name = view.challenge.challenge_id
    if method == "stripe:link":
        at.stripe.pay_at_page(name)
    else:
        at.stripe.answer_bank(name, approve=True)
    # The webhook comes before the phone does.
    assert await at.deliver(at.stripe.events[-1]) == "taken"
    assert (await at.shop.checkout(person, view.id)).state is CheckoutState.PAID


async def test_a_page_nobody_pays_at(at: AtStripe, clock: TurnedClock) -> None:
    person, view = await at.pay("stripe:link")
    clock.turn(181_000)
    await at.shop.reconcile()
    assert (await at.shop.checkout(person, view.id)).state is CheckoutState.RELEASED
    assert at.stripe.objects[view.challenge.challenge_id]["status"] == "expired"


async def test_saved_methods_are_for_their_owner_and_always_asked_for(at: AtStripe) -> None:
    ada = await locked(at.shop, "ada")
    assert (await pay(at.shop, "ada", ada, "stripe:save:pm_card_visa")).state == "paid"
    customer = next(name for name in at.stripe.objects if name.startswith("cus_"))
    kept = at.stripe.keep_method(customer)
    mallory = await pay(
        at.shop, "mallory", await locked(at.shop, "mallory"), f"stripe:saved:{kept}"
    )
    assert mallory.state is CheckoutState.LOCKED
    assert mallory.last_failure is not None
    assert mallory.last_failure.code == "PAYMENT_METHOD_REFUSED"
    again = await locked(at.shop, "ada")
    asked = await pay(at.shop, "ada", again, f"stripe:saved:{kept}", "k2")
    assert asked.challenge is not None, "a step-up, even for a card that would not need it"
    at.stripe.answer_bank(asked.challenge.challenge_id, approve=True)
    paid = await at.shop.confirm(
        "ada", again.id, challenge_id=asked.challenge.challenge_id, response="approve"
    )
    assert paid.state is CheckoutState.PAID


@pytest.mark.parametrize("what", ["drop", "lost", "500", "lost500", "429"])
@pytest.mark.parametrize("where", ["/payment_intents", "/confirm", "/capture"])
async def test_a_call_that_fails(at: AtStripe, where: str, what: str) -> None:
    at.stripe.faults.append(("POST", where, what))
    person, view = await at.pay()
    assert (view.state, view.in_doubt) == (CheckoutState.PAYING, True)
    assert at.stripe.faults == []
    for _ in range(3):
        await at.shop.reconcile()
    settled = await at.shop.checkout(person, view.id)
    taken = [amount for _, amount in at.intents() if amount]
    if settled.state is CheckoutState.PAID:
        assert taken == [1_490]
        return
    # It was given up: nothing was taken and nothing can be taken later.
    assert settled.state is CheckoutState.LOCKED
    assert taken == []
    paid = await pay(at.shop, person, settled, CARD, "again")
    assert paid.state is CheckoutState.PAID
    assert [amount for _, amount in at.intents() if amount] == [1_490]


async def test_what_is_kept_is_listed_for_its_owner(at: AtStripe) -> None:
    assert await at.shop.payment_methods("ada") == ()
    assert at.stripe.requests == [], "who has kept nothing is no customer"
    await pay(at.shop, "ada", await locked(at.shop, "ada"), "stripe:save:pm_card_visa")
    (customer,) = (name for name in at.stripe.objects if name.startswith("cus_"))
    at.stripe.keep_method("cus_of_somebody_else")
    older, newer = (at.stripe.keep_method(customer) for _ in range(2))
    listed = await at.shop.payment_methods("ada")
    assert [entry.payment_method for entry in listed] == [
        f"stripe:saved:{newer}",
        f"stripe:saved:{older}",
    ]
    assert {(entry.brand, len(entry.last4)) for entry in listed} == {("visa", 4)}
    assert await at.shop.payment_methods("mallory") == ()
    at.stripe.faults.append(("GET", "/payment_methods", "drop"))
    with pytest.raises(CommerceError) as raised:
        await at.shop.payment_methods("ada")
    assert raised.value.code == "PROVIDER_SILENT"


@pytest.mark.parametrize("method", [CARD, "stripe:link", "stripe:client"])
async def test_less_than_stripe_charges(at: AtStripe, method: str) -> None:
    checkout = await locked(at.shop, "ada")
    refused = await at.shop.pay(
        "ada",
        checkout.id,
        payment_method=method,
        expected_total_minor=checkout.total_minor,
        idempotency_key="cents",
        amount_minor=AMOUNT_MINIMUM - 1,
    )
    assert (refused.state, refused.in_doubt) == (CheckoutState.LOCKED, False)
    assert refused.last_failure is not None
    assert refused.last_failure.code == "AMOUNT_TOO_SMALL"
    assert at.stripe.objects == {}
    paid = await pay(at.shop, "ada", checkout, CARD, "all")
    assert paid.state is CheckoutState.PAID


async def test_what_stripe_refuses_without_a_word_for_it(at: AtStripe) -> None:
    at.stripe.faults.append(("POST", "/payment_intents", "400"))
    _, view = await at.pay()
    assert (view.state, view.in_doubt) == (CheckoutState.LOCKED, False)
    assert view.last_failure is not None
    assert view.last_failure.code == "PAYMENT_METHOD_REFUSED"


@pytest.mark.parametrize("method", [CARD, "stripe:link"])
async def test_what_costs_nothing_is_not_stripes(at: AtStripe, method: str) -> None:
    free = (sku_seed("LEAFLET", price_minor=0),)
    await at.shop.seed((*seeds(), product("leaflet", "Leaflet", "paper", price_minor=0, skus=free)))
    view = await pay(at.shop, "ada", await locked(at.shop, "ada", "LEAFLET"), method)
    assert (view.state, view.in_doubt) == (CheckoutState.PAID, False)
    assert at.stripe.requests == []


async def test_many_clicks(at: AtStripe) -> None:
    checkout = await locked(at.shop, "ada")
    answers = await asyncio.gather(
        *(pay(at.shop, "ada", checkout, CARD, f"k-{n}") for n in range(20))
    )
    assert {answer.order_id for answer in answers} == {answers[0].order_id}
    assert at.intents() == [("succeeded", 1_490)]


async def test_webhooks_in_any_order_doubled_and_lost(at: AtStripe) -> None:
    person, view = await at.pay(f"stripe:{ASKS}")
    assert view.challenge is not None
    at.stripe.answer_bank(view.challenge.challenge_id, approve=True)
    created, asks, promised = at.stripe.events
    assert await at.deliver(promised) == "taken"
    assert (await at.shop.checkout(person, view.id)).state is CheckoutState.PAID
    for event in (asks, created, promised, asks):
        assert await at.deliver(event) in ("taken", "doubled")
    # What it once said does not count: only what Stripe says now does.
    assert (await at.shop.checkout(person, view.id)).state is CheckoutState.PAID
    assert at.intents() == [("succeeded", 1_490)]
    counts = at.shop.notice_counts()
    assert (counts["taken"], counts["doubled"]) == (3, 2)


async def test_webhooks_that_are_refused(at: AtStripe, clock: TurnedClock) -> None:
    _, view = await at.pay(f"stripe:{ASKS}")
    event = at.stripe.events[-1]
    body, signature = at.stripe.signed(event)
    before = bytes_in(at.folder)
    wrong = (
        (body, "", "signature"),
        (body, "t=1,v1=00", "signature"),
        (body + b" ", signature, "signature"),
        (b"\xff", signature, "content"),
        (*at.stripe.signed({"id": "evt_1"}), "content"),
        (*at.stripe.signed(event, at_s=clock.now_ms // 1_000 - DAY_S), "age"),
        (*at.stripe.signed(event, at_s=clock.now_ms // 1_000 + DAY_S), "age"),
    )
    for content, seal, reason in wrong:
        with pytest.raises(CommerceError) as raised:
            await at.shop.take_notice("stripe", content, seal)
        assert (raised.value.code, raised.value.data) == ("WEBHOOK_REFUSED", {"reason": reason})
    clock.turn(DAY_S * 1_000)
    with pytest.raises(CommerceError) as raised:
        await at.shop.take_notice("stripe", body, signature)
    assert raised.value.data == {"reason": "age"}, "replayed a day later"
    clock.turn(-DAY_S * 1_000)
    assert bytes_in(at.folder) == before
    assert at.shop.notice_counts() == {"refused": 8}
    for provider in ("test", "paypal"):
        with pytest.raises(CommerceError) as raised:
            await at.shop.take_notice(provider, body, signature)
        assert raised.value.code == "PROVIDER_NOT_FOUND"
    assert view.state is CheckoutState.PAYING


async def test_webhooks_about_nothing_of_ours(at: AtStripe) -> None:
    stranger = {"id": "pi_stranger", "object": "payment_intent", "metadata": {}}
    at.stripe.tell("payment_intent.succeeded", stranger)
    forged = {**stranger, "metadata": {"galleria_attempt": "attempt-0"}}
    at.stripe.tell("payment_intent.succeeded", forged)
    for event in at.stripe.events:
        assert await at.deliver(event) == "unknown"
    assert at.intents() == []


async def test_who_is_forgotten_has_no_kept_card_there(at: AtStripe) -> None:
    person, view = await at.pay("stripe:save:pm_card_visa")
    assert view.state is CheckoutState.PAID
    (customer,) = (name for name in at.stripe.objects if name.startswith("cus_"))
    at.stripe.keep_method(customer)
    await at.shop.erasures.erase(person)
    stop = at.shop.subscribe(lambda _event: None)
    await at.shop.dispatch()
    stop()
    at.stripe.faults.append(("DELETE", customer, "500"))
    assert not await at.shop.erasures.finish(person)
    # It was deleted and nobody heard of it; the second time there is nothing to delete.
    at.stripe.faults.append(("DELETE", customer, "lost"))
    assert not await at.shop.erasures.finish(person)
    assert await at.shop.erasures.finish(person)
    assert not [name for name in at.stripe.objects if name.startswith(("cus_", "pm_"))]
    assert at.intents() == [("succeeded", view.total_minor)]
    shop_file = (at.folder / SHOP_FILE, "SELECT * FROM gateway_references")
    assert person not in str(rows_of(*shop_file))


async def test_refunds_and_a_500_that_stripe_remembers(at: AtStripe, clock: TurnedClock) -> None:
    _, view = await at.pay()
    at.stripe.faults.append(("POST", "/refunds", "500"))
    order_id = view.order_id
    (waiting,) = await at.shop.refund("staff", order_id, idempotency_key="k", amount_minor=490)
    assert waiting.state == "pending"
    clock.turn(60_000)
    await at.shop.reconcile()
    assert (await at.shop.refunds(order_id))[0].state == "pending", "replayed for a day"
    clock.turn(DAY_S * 1_000)
    await at.shop.reconcile()
    assert (await at.shop.refunds(order_id))[0].state == "succeeded"
    at.stripe.faults.append(("POST", "/refunds", "lost500"))
    await at.shop.refund("staff", order_id, idempotency_key="k2", amount_minor=1_000)
    clock.turn(60_000)
    await at.shop.reconcile()
    assert [entry.state for entry in await at.shop.refunds(order_id)] == ["succeeded"] * 2
    back = [entry["amount"] for n, entry in at.stripe.objects.items() if n.startswith("re_")]
    assert back == [490, 1_000]


async def test_a_key_with_another_body_is_refused_and_twins_conflict(at: AtStripe) -> None:
    """The stand-in does as Stripe does: a twin in flight is a 409, another body a 400."""
    gateway: Any = at.shop._context.gateway_of("stripe")
    client = gateway._client.v1.payment_intents

    async def create(amount: int) -> Any:
        params = {"amount": amount, "currency": "eur", "capture_method": "manual"}
        try:
            return (await client.create_async(params, {"idempotency_key": "one"})).id
        except Exception as error:  # noqa: BLE001 - its name is what is looked at
            return getattr(error, "http_status", error)

    together = await asyncio.gather(create(100), create(100))
    assert sorted(together, key=str) == [409, "pi_000001"]
    assert await create(100) == "pi_000001"
    assert await create(101) == 400
