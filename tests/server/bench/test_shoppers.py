"""The bench's own client: keeps its connections, sends JSON, reads what comes back."""

import asyncio
from pathlib import Path

from server.bench.shoppers import Answer, Shoppers
from tests.server.running_shop import running_shop


async def test_requests_share_connections(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop, Shoppers(shop.url, 2) as shoppers:
        guests = await asyncio.gather(
            *(shoppers.ask("POST", "/session/guest", {"name": f"S {n}"}) for n in range(5))
        )
        assert all(guest.status < 300 for guest in guests)
        token = guests[0].body["token"]
        cart = await shoppers.ask("GET", "/cart", headers={"Authorization": f"Bearer {token}"})
        assert (cart.status, cart.body["lines"]) == (200, [])
        assert set(cart.timing) == {"door", "till"}
        assert (await shoppers.ask("GET", "/rooms")).timing == {}
        refused = await shoppers.ask("GET", "/cart")
        assert (refused.status, refused.code) == (401, "TOKEN_MISSING")


async def test_a_connection_that_was_let_go_is_opened_again(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop, Shoppers(shop.url, 1) as shoppers:
        first = await shoppers.ask("GET", "/healthz", headers={"Connection": "close"})
        second = await shoppers.ask("GET", "/healthz")
        assert first == second == Answer(200, {"status": "ok"})


def test_an_answer_without_a_code_shows_its_status() -> None:
    assert Answer(502, None).code == "502"
    assert Answer(409, {"code": "SOLD_OUT"}).code == "SOLD_OUT"
