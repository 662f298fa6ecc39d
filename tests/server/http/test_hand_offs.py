"""The phone pays by a code: over a real port, with the code and its QR."""

from collections.abc import AsyncIterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from commerce.payments.test_cards import PAYS
from server.http.qr import qr_svg
from tests.server.http.conftest import problem
from tests.server.http.customers import OpenShop, locked, open_shop


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[OpenShop]:
    async with open_shop(tmp_path) as opened:
        yield opened


async def test_a_code_is_shown_as_qr_and_pays_once(shop: OpenShop) -> None:
    ada, phone = await shop.enter("Ada"), await shop.enter("", role="")
    checkout = await locked(ada)
    made = await ada.post(f"/checkout/{checkout['id']}/hand-off")
    assert made.status_code == 201, made.text
    code = made.json()
    assert code["amount_minor"] == checkout["due_minor"]
    assert code["url"] == f"{shop.url}/pay/{code['code']}"
    shown = await phone.get(code["qr_url"])
    assert shown.headers["content-type"] == "image/svg+xml"
    assert shown.headers["cache-control"] == "no-store"
    assert shown.text == qr_svg(code["url"])
    assert ET.fromstring(shown.text).tag.endswith("svg")  # noqa: S314 - our own
    assert (await phone.get(f"/hand-off/{code['code']}")).json()["due_minor"] == 1_490
    answers = [
        await phone.post(
            f"/hand-off/{code['code']}/payment",
            json={"payment_method": PAYS},
            headers={"Idempotency-Key": "phone-key-1"},
        )
        for _ in range(2)
    ]
    assert [answer.json()["state"] for answer in answers] == ["paid", "paid"]
    assert answers[0].json() == answers[1].json()
    for address in (f"/hand-off/{code['code']}", code["qr_url"]):
        assert problem(await phone.get(address), 409, "HAND_OFF_ENDED") == {"reason": "used"}
    assert (await shop.app.services.commerce.audit()).figures["captured_minor"] == 1_490


async def test_codes_that_are_none(shop: OpenShop) -> None:
    ada, phone = await shop.enter("Ada"), await shop.enter("", role="")
    for code in ("K7WQ2M9XTB", "x", "%00", "..%2f.."):
        for address in (f"/hand-off/{code}", f"/hand-off/{code}/qr.svg"):
            response = await phone.get(address)
            assert response.status_code == 404, address
    problem(await phone.get("/hand-off/" + "X" * 33), 422, "REQUEST_INVALID")
    problem(await phone.post("/checkout/checkout-1/hand-off"), 401, "TOKEN_MISSING")
    problem(await ada.post("/checkout/checkout-1/hand-off"), 404, "CHECKOUT_NOT_FOUND")
    bert, checkout = await shop.enter("Bert"), await locked(ada)
    problem(await bert.post(f"/checkout/{checkout['id']}/hand-off"), 404, "CHECKOUT_NOT_FOUND")
    assert (
        'galleria_http_problems_total{code="HAND_OFF_NOT_FOUND"}'
        in (await phone.get("/metrics")).text
    )


async def test_codes_end_when_a_new_one_is_made_and_are_limited(shop: OpenShop) -> None:
    ada, phone = await shop.enter("Ada"), await shop.enter("", role="")
    checkout = await locked(ada)
    address = f"/checkout/{checkout['id']}/hand-off"
    first, second = [(await ada.post(address)).json()["code"] for _ in range(2)]
    assert (await phone.get(f"/hand-off/{first}")).status_code in (404, 409)
    assert (await phone.get(f"/hand-off/{second}")).status_code == 200
    answers = [await ada.post(address) for _ in range(11)]
    assert problem(answers[-1], 409, "LIMIT_REACHED")["maximum"] == 12


async def test_a_challenge_has_a_qr_only_when_it_is_answered_elsewhere(shop: OpenShop) -> None:
    ada = await shop.enter("Ada")
    checkout = await locked(ada)
    address = f"/checkout/{checkout['id']}/challenge/qr.svg"
    problem(await ada.get(address), 404, "CHALLENGE_NOT_FOUND")
    bert = await shop.enter("Bert")
    problem(await bert.get(address), 404, "CHECKOUT_NOT_FOUND")
