"""The page on the phone: whole without a script, pays by its button alone and only once."""

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from tests.server.http.customers import OpenShop, locked, open_shop, person_of
from tests.server.running_shop import MUG

VOID = {"meta", "br", "input"}


class Page(HTMLParser):
    """Every element is closed in order; collects what people can press."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ways: list[str] = []
        self.links: list[str] = []
        self.form: dict[str, str] = {}
        policy = response.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "script" not in response.text + policy
        assert response.headers["cache-control"] == "no-store"
        self.feed(response.text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if known.get("name") == "way":
            self.ways.append(known["value"] or "")
        if known.get("type") == "hidden":
            self.form[known["name"] or ""] = known["value"] or ""
        if tag == "a":
            self.links.append(known["href"] or "")
        if tag not in VOID | {"path"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag != "path":
            assert self.open.pop() == tag


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[OpenShop]:
    async with open_shop(tmp_path) as opened:
        yield opened


async def page_of(shop: OpenShop, client: httpx.AsyncClient, checkout_id: str) -> str:
    """Where the phone pays."""
    made = await client.post(f"/checkout/{checkout_id}/hand-off")
    assert made.status_code == 201, made.text
    return str(made.json()["url"]).removeprefix(shop.url)


async def test_looking_pays_nothing_and_the_button_pays_once(shop: OpenShop) -> None:
    ada, phone = await shop.enter("Ada"), await shop.enter("", role="")
    checkout = await locked(ada)
    address = await page_of(shop, ada, checkout["id"])
    for _ in range(3):
        shown = await phone.get(address)
        assert shown.status_code == 200
    assert Page(shown).ways == ["test-good", "test-bad", "gift"]
    form = Page(shown).form
    assert shown.text.count("14.90 EUR") == 2
    assert (await ada.get("/orders")).json() == []
    for _ in range(2):
        pressed = await phone.post(address, data={**form, "way": "test-good"})
        assert pressed.status_code == 200, pressed.text
        assert "<h1>Paid</h1>" in pressed.text
        Page(pressed)
    assert len((await ada.get("/orders")).json()) == 1
    late = await phone.get(address)
    assert (late.status_code, "does not work any more" in late.text) == (409, True)
    Page(late)


async def test_a_declined_card_is_told_and_another_one_pays(shop: OpenShop) -> None:
    ada, phone = await shop.enter("Ada"), await shop.enter("", role="")
    address = await page_of(shop, ada, (await locked(ada))["id"])
    form = Page(await phone.get(address)).form
    for _ in range(2):
        # The button was pressed twice: that is one try.
        declined = await phone.post(address, data={**form, "way": "test-bad"})
        assert "<h1>Not paid</h1>" in declined.text
    again = await phone.post(address, data={**Page(declined).form, "way": "test-bad"})
    assert "The bank declined" in again.text, "the same card on a new form is a new try"
    metrics = (await phone.get("/metrics")).text
    assert 'galleria_payments_total{outcome="declined"} 3.0' in metrics
    assert (await ada.get("/orders")).json() == []
    paid = await phone.post(address, data={**Page(again).form, "way": "test-good"})
    assert "<h1>Paid</h1>" in paid.text
    late = await phone.post(address, data={**Page(again).form, "way": "test-bad"})
    assert (late.status_code, Page(late).ways) == (409, [])
    assert len((await ada.get("/orders")).json()) == 1


async def test_who_tries_too_often_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLERIA_PAYMENT__TRIES_PER_PERSON_MAX", "2")
    async with open_shop(tmp_path) as shop:
        ada, phone = await shop.enter("Ada"), await shop.enter("", role="")
        address = await page_of(shop, ada, (await locked(ada))["id"])
        shown = await phone.get(address)
        for _ in range(2):
            shown = await phone.post(address, data={**Page(shown).form, "way": "test-bad"})
            assert shown.status_code == 200
        over = await phone.post(address, data={**Page(shown).form, "way": "test-good"})
        assert over.status_code == 429
        assert 'code="TOO_MANY_PAYMENTS"} 1.0' in (await phone.get("/metrics")).text
        assert (await ada.get("/orders")).json() == []


async def test_store_credit_pays_where_it_is_enough(shop: OpenShop) -> None:
    ada, phone = await shop.enter("Ada"), await shop.enter("", role="")
    commerce, checkout = shop.app.services.commerce, await locked(ada)
    person = await person_of(ada)

    async def grant(amount_minor: int) -> None:
        key = f"grant {amount_minor}"
        await commerce.grant_credit(
            person, amount_minor=amount_minor, currency="EUR", idempotency_key=key
        )

    await grant(1_489)
    address = await page_of(shop, ada, checkout["id"])
    shown = await phone.get(address)
    assert "credit" not in Page(shown).ways, "it is not enough"
    short = await phone.post(address, data={**Page(shown).form, "way": "credit"})
    assert "not enough" in short.text
    await grant(511)
    shown = await phone.get(address)
    assert Page(shown).ways == ["test-good", "test-bad", "credit", "gift"]
    assert "you have 20.00 EUR" in shown.text
    paid = await phone.post(address, data={**Page(shown).form, "way": "credit"})
    assert "<h1>Paid</h1>" in paid.text
    assert (await ada.get("/credit/EUR")).json()["available_minor"] == 2_000 - 1_490


async def test_a_gift_card_is_typed_in(shop: OpenShop) -> None:
    card = await shop.app.services.commerce.issue_gift_card(amount_minor=5_000, currency="EUR")
    ada, phone = await shop.enter("Ada"), await shop.enter("", role="")
    address = await page_of(shop, ada, (await locked(ada))["id"])
    paid = await phone.post(address, data={"way": "gift", "card": card.code.lower()})
    assert "<h1>Paid</h1>" in paid.text, paid.text
    wrong = await phone.post(address, data={"way": "gift", "card": "none"})
    assert wrong.status_code == 422
    left = await ada.post("/gift-card", json={"code": card.code})
    assert left.json()["available_minor"] == 5_000 - 1_490


async def test_a_part_of_a_party(shop: OpenShop) -> None:
    ada, bert = await shop.party("Ada", "Bert")
    phone = await shop.enter("", role="")
    checkout = (await ada.post("/checkout")).json()
    await ada.put(f"/checkout/{checkout['id']}/shares", json={"plan": "equal"})
    address = await page_of(shop, bert, checkout["id"])
    shown = await phone.get(address)
    assert "Your part" in shown.text
    promised = await phone.post(address, data={"way": "test-good"})
    assert "Your part is promised" in promised.text
    seen = (await ada.get(f"/checkout/{checkout['id']}")).json()
    states = {share["person_id"]: share["state"] for share in seen["shares"]}
    assert states[await person_of(bert)] == "authorised"


async def test_forms_that_are_none(shop: OpenShop) -> None:
    ada, phone = await shop.enter("Ada"), await shop.enter("", role="")
    address = await page_of(shop, ada, (await locked(ada))["id"])
    for body in (b"", b"way=bank", b"way=card", b"way=" + b"x" * 9_000, b"\xff\xfe", b"&" * 50):
        refused = await phone.post(address, content=body)
        assert refused.status_code == 422, body[:20]
        assert Page(refused).ways, "the page asks again"
    tried_out = await phone.post("/pay/K7WQ2M9XTB", content=b"way=bank")
    assert (tried_out.status_code, Page(tried_out).ways) == (422, [])
    assert 'code="HAND_OFF_NOT_FOUND"} 1.0' in (await phone.get("/metrics")).text


async def test_names_are_shown_and_not_run(shop: OpenShop) -> None:
    phone = await shop.enter("", role="")
    for code in ("K7WQ2M9XTB", "<b>", "%3Cscript%3E"):
        refused = await phone.get(f"/pay/{code}")
        assert refused.status_code == 404
        Page(refused)
    assert re.search(r"HAND_OFF_NOT_FOUND\"} [1-9]", (await phone.get("/metrics")).text)
    assert MUG not in refused.text
