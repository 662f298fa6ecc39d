"""A recommender that fails keeps nobody out of the shop, over a real port."""

import sqlite3
from pathlib import Path

import httpx
import pytest

from server.client.client import GalleriaClient
from server.config import INTERACTIONS_FILE
from tests.server.running_shop import MUG, running_shop
from tests.server.test_restart import back, let_go


def damage(folder: Path, statement: str) -> None:
    connection = sqlite3.connect(folder / "var" / INTERACTIONS_FILE)
    connection.execute(statement)
    connection.commit()
    connection.close()


async def is_in(client: GalleriaClient) -> None:
    await client.add_to_cart(MUG)
    await client.until(lambda: len((client.room.cart or {}).get("lines", ())) == 1)


async def test_everybody_comes_in_without_a_history(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        token = shop.app.services.guests.issue("Ann", "shopper").token
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=shop.url, headers=headers) as http:
            path = "/recommendations/preferences"
            assert (await http.put(path, json={"brands": ["Acme"]})).status_code == 200
            damage(tmp_path, "UPDATE recommender_preference SET wishes = '{'")
            assert (await http.get(path)).json()["brands"] == []
            await is_in(await shop.enter("Ann", token=token))
            assert (await http.put(path, json={"brands": ["Acme"]})).status_code == 200
            assert (await http.get(path)).json()["brands"] == ["Acme"]
        damage(tmp_path, "DROP TABLE recommender_preference")
        await is_in(await shop.enter("Bob"))


async def test_the_cart_is_told_after_a_restart_without_a_history(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running_shop(tmp_path) as shop:
        ann = await shop.enter("Ann")
        await is_in(ann)
        port = let_go(shop)
    damage(tmp_path, "ALTER TABLE recommender_preference RENAME COLUMN wishes TO elsewhere")
    async with running_shop(tmp_path, port) as shop:
        shop.clients.append(ann)
        await back(ann)
        await ann.remove_from_cart((ann.room.cart or {})["lines"][0]["line_id"])
        await ann.until(lambda: not (ann.room.cart or {}).get("lines"))
    told = capsys.readouterr().out
    assert "history_not_loaded" in told
    assert "cart_not_refreshed" not in told


async def test_a_damaged_product_does_not_keep_the_shop_closed(tmp_path: Path) -> None:
    async with running_shop(tmp_path):
        pass
    damage(tmp_path, "UPDATE recommender_product SET tags = '{'")
    async with running_shop(tmp_path) as shop:
        await is_in(await shop.enter("Ann"))
