"""Where people come from: who is forgotten, and that it counts at the till whatever the way in."""

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from commerce.payments.test_cards import DECLINES, PAYS
from server import origins
from server.client.client import GalleriaClient
from server.client.errors import RequestRefused
from server.origins import Origin, Origins
from tests.server.running_shop import MUG, Shop, running_shop


def test_who_was_heard_of_longest_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origins, "PEOPLE_MAX", 2)
    known = Origins()
    assert known.of("ada") == Origin("", None)
    for person, address in (("ada", "1"), ("bert", "2"), ("ada", "3"), ("cleo", "4")):
        known.remember(person, Origin("net", address))
    assert known.of("bert") == Origin()
    assert [known.of(person).address for person in ("ada", "cleo")] == ["3", "4"]
    for _ in range(2):
        known.forget("ada")
    assert known.of("ada") == Origin()


async def at_the_till(shop: Shop, name: str) -> GalleriaClient:
    client = await shop.enter(name)
    await client.add_to_cart(MUG)
    await client.lock()
    await client.until(lambda: client.room.checkout is not None, what="the checkout")
    return client


def noted(entries: list[MutableMapping[str, Any]]) -> MutableMapping[str, Any]:
    """The one entry about something suspicious."""
    (entry,) = [entry for entry in entries if entry["event"] == "request_suspicious"]
    return entry


async def test_tries_from_one_address_count_over_sockets_and_http_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALLERIA_PAYMENT__TRIES_PER_ADDRESS_MAX", "2")
    async with running_shop(tmp_path) as shop:
        ann, bob = await at_the_till(shop, "Ann"), await at_the_till(shop, "Bob")
        for client in (ann, bob):
            assert (await client.pay(DECLINES))["state"] == "locked"
        for client in (ann, bob):
            with pytest.raises(RequestRefused) as refused, capture_logs() as entries:
                await client.pay(PAYS)
            assert noted(entries)["code"] == "TOO_MANY_PAYMENTS"
            assert refused.value.code == "TOO_MANY_PAYMENTS"
            assert refused.value.data["counted"] == "address"
        cleo = shop.app.services.guests.issue("Cleo").token
        async with httpx.AsyncClient(
            base_url=shop.url, headers={"Authorization": f"Bearer {cleo}"}
        ) as http:
            checkout = (await http.post("/buy-now", json={"sku": MUG})).json()
            answer = await http.post(
                f"/checkout/{checkout['id']}/payment",
                json={
                    "payment_method": PAYS,
                    "expected_total_minor": checkout["total_minor"],
                },
                headers={"Idempotency-Key": "from-elsewhere"},
            )
            metrics = (await http.get("/metrics")).text
        assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_PAYMENTS")
        assert 'galleria_message_errors_total{code="TOO_MANY_PAYMENTS"} 2.0' in metrics
        assert 'galleria_http_problems_total{code="TOO_MANY_PAYMENTS"} 1.0' in metrics
        assert (await shop.app.services.commerce.audit()).figures["captured_minor"] == 0
