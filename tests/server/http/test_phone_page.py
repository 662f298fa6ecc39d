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
    assert shown.text.count("14.90 EUR") == 2
    assert (await ada.get("/orders")).json() == []
    for _ in range(2):
        pressed = await phone.post(address, data={"way": "test-good"})
        assert pressed.status_code == 200, pressed.text
        assert "<h1>Paid</h1>" in pressed.text
        Page(pressed)
    assert len((await ada.get("/orders")).json()) == 1
    late = await phone.get(address)
    assert (late.status_code, "does not work any more" in late.text) == (409, True)
    Page(late)


async def test_a_declined_card_uses_the_code_up(shop: OpenShop) -> None:
    ada, phone = await shop.enter("Ada"), await shop.enter("", role="")
    checkout = await locked(ada)
    address = await page_of(shop, ada, checkout["id"])
    declined = await phone.post(address, data={"way": "test-bad"})
    assert "<h1>Not paid</h1>" in declined.text
    again = await phone.post(address, data={"way": "test-good"})
    assert (again.status_code, (await ada.get("/orders")).json()) == (409, [])
    fresh = await page_of(shop, ada, checkout["id"])
    assert "<h1>Paid</h1>" in (await phone.post(fresh, data={"way": "test-good"})).text


async def test_a_gift_card_is_typed_in(shop: OpenShop) -> None:
    card = await shop.app.services.commerce.issue_gift_card(amount_minor=5_000, currency="EUR")
    ada, phone = await shop.enter("Ada"), await shop.enter("", role="")
    address = await page_of(shop, ada, (await locked(ada))["id"])
    paid = await phone.post(address, data={"way": "gift", "card": card.code.lower()})
    assert "<h1>Paid</h1>" in paid.text, paid.text
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
        Page(refused)
    assert (await phone.get(address)).status_code == 200, "the code still works"


async def test_names_are_shown_and_not_run(shop: OpenShop) -> None:
    phone = await shop.enter("", role="")
    for code in ("K7WQ2M9XTB", "<b>", "%3Cscript%3E"):
        refused = await phone.get(f"/pay/{code}")
        assert refused.status_code == 404
        Page(refused)
    assert re.search(r"HAND_OFF_NOT_FOUND\"} [1-9]", (await phone.get("/metrics")).text)
    assert MUG not in refused.text
