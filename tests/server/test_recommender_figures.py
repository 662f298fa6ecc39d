"""Dwell, add and buy after an impression, place by place, over a real port."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.auth.tokens import Role
from tests.server.running_shop import BOWL, GOOD, Shop, running_shop

ASKED_AT_MOST = 300


@pytest.fixture
async def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    """Looks and showings count however short they are, and a test runs."""
    monkeypatch.setenv("GALLERIA_RECOMMENDER__EXPOSURE__IMPRESSION_MINIMUM_MS", "0")
    monkeypatch.setenv("GALLERIA_ROOM__DWELL_MINIMUM_MS", "1")
    monkeypatch.setenv("GALLERIA_ROOM__GRACE_PERIOD_MS", "1")
    monkeypatch.setenv("GALLERIA_RECOMMENDER__POLICY__EXPERIMENT_NAME", "more-variety")
    monkeypatch.setenv("GALLERIA_RECOMMENDER__POLICY__EXPERIMENT_SETTING", "diversity")
    monkeypatch.setenv("GALLERIA_RECOMMENDER__POLICY__EXPERIMENT_VALUE", "0.5")
    async with running_shop(tmp_path) as running:
        yield running


async def figures(shop: Shop, role: Role) -> httpx.Response:
    token = shop.app.services.guests.issue("Somebody", role).token
    async with httpx.AsyncClient(base_url=shop.url) as http:
        headers = {"Authorization": f"Bearer {token}"}
        return await http.get("/recommendations/figures", headers=headers)


async def shopping(shop: Shop, consent: tuple[str, ...]) -> None:
    """Somebody looks at the bowl on their list, buys it and leaves."""
    client = await shop.enter("Ann", consent=consent)
    await client.until(lambda: bool(client.room.recommendations.get("you")))
    await client.look("walnut-bowl")
    await client.add_to_cart(BOWL)
    await client.look("")
    await client.lock()
    assert (await client.pay(GOOD))["state"] == "paid"
    await client.until(lambda: bool(client.room.orders))
    await client.leave()
    await client.close()


async def test_what_was_shown_looked_at_and_bought_is_told_by_place(shop: Shop) -> None:
    await shopping(shop, ("session", "personal"))
    found: dict[str, Any] = {}
    for _ in range(ASKED_AT_MOST):
        answer = await figures(shop, "host")
        assert answer.status_code == 200
        found = answer.json()
        if found["slots"]:  # The showings end with the session.
            break
    assert sum(row["shown"] for row in found["slots"]) > 0
    for signal in ("dwell", "add", "buy"):
        assert sum(row[signal] for row in found["slots"]) >= 1, signal
    assert {row["arm"] for row in found["arms"]} == {"control", "treated"}
    for number in ("parties", "converted"):
        assert sum(row[number] for row in found["arms"]) == 1
    assert found["p_value"] == 1.0  # One party says nothing.
    async with httpx.AsyncClient(base_url=shop.url) as http:
        metrics = (await http.get("/metrics")).text
    for row in found["slots"]:
        for number in ("shown", "dwell", "add", "buy"):
            name = f'galleria_recommender{{number="slot_{row["slot"]:02d}_{number}"}}'
            assert f"{name} {float(row[number])}\n" in metrics
    assert 'galleria_recommender{number="experiment_p_value"} 1.0' in metrics


async def test_without_consent_nothing_is_counted(shop: Shop) -> None:
    await shopping(shop, ())
    found = (await figures(shop, "host")).json()
    assert found["slots"] == []
    assert [row["parties"] for row in found["arms"]] == [0, 0]


async def test_the_figures_are_for_hosts(shop: Shop) -> None:
    answer = await figures(shop, "shopper")
    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ALLOWED")
