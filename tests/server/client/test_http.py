"""The HTTP client against a whole server: every call, and how refusals arrive."""

from pathlib import Path

import pytest

from server.client.errors import ConnectionLost, HttpProblem
from server.client.http import ShopHttp
from tests.server.running_shop import BOWL, CHALLENGED, GOOD, MUG, running_shop


async def test_a_visit_over_http(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop, ShopHttp(shop.url + "/") as http:
        assert http.socket_url == shop.url.replace("http", "ws") + "/ws"
        token = (await http.guest("Ada"))["token"]
        (room, *_) = await http.rooms()
        layout = await http.layout(room["room_id"])
        assert layout["slots"]
        seat = await http.reserve_seat(token, room_id=room["room_id"])
        assert seat["socket_url"] == http.socket_url
        invite = await http.create_invite(token, room["room_id"])
        assert (await http.reserve_seat(token, invite=invite["invite"]))["seat_token"]

        products = await http.products()
        assert (await http.product(products[0]["id"]))["id"] == products[0]["id"]
        assert await http.products(page=1, size=1) == products[:1]
        assert await http.search(products[0]["name"])
        assert isinstance(await http.recommendations(token), list)
        assert await http.manifest()

        await http.add_item(token, MUG)
        cart = await http.add_item(token, BOWL, 2)
        lines = {line["sku"]: line["line_id"] for line in cart["lines"]}
        await http.set_quantity(token, lines[MUG], 3)
        await http.remove_item(token, lines[BOWL])
        cart = await http.cart(token)
        assert [line["quantity"] for line in cart["lines"]] == [3]
        locked = await http.lock_checkout(token, cart["total_minor"])
        assert (await http.checkout(token, locked["id"]))["state"] == "locked"
        await http.unlock_checkout(token, locked["id"])

        locked = await http.lock_checkout(token)
        key = "attempt-0001"
        paid = await http.pay(token, locked["id"], GOOD, locked["total_minor"], key)
        again = await http.pay(token, locked["id"], GOOD, locked["total_minor"], key)
        assert paid["order_id"] == again["order_id"]
        assert [order["id"] for order in await http.orders(token)] == [paid["order_id"]]
        assert (await http.order(token, paid["order_id"]))["total_minor"] == locked["total_minor"]
        assert (await http.track(paid["order_id"]))["status"]


async def test_a_challenge_is_answered(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop, ShopHttp(shop.url) as http:
        token = (await http.guest("Ada"))["token"]
        await http.add_item(token, MUG)
        locked = await http.lock_checkout(token)
        asked = await http.pay(
            token, locked["id"], CHALLENGED, locked["total_minor"], "attempt-0001"
        )
        challenge_id = asked["challenge"]["challenge_id"]
        paid = await http.confirm_payment(token, locked["id"], challenge_id, "approve")
        assert paid["state"] == "paid"


async def test_refusals_have_code_status_and_data(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop, ShopHttp(shop.url) as http:
        with pytest.raises(HttpProblem) as nobody:
            await http.cart("")
        assert (nobody.value.status, nobody.value.code) == (401, "TOKEN_MISSING")
        token = (await http.guest("Ada"))["token"]
        with pytest.raises(HttpProblem) as sold_out:
            await http.add_item(token, MUG, 999)
        assert sold_out.value.status == 409
        assert sold_out.value.data
        with pytest.raises(HttpProblem) as wrong:
            await http.host("Ada", "not the key")
        assert wrong.value.code == "HOST_KEY_WRONG"
        assert str(wrong.value).startswith("HOST_KEY_WRONG: ")


async def test_nobody_answers() -> None:
    async with ShopHttp("http://127.0.0.1:9") as http:
        with pytest.raises(ConnectionLost) as raised:
            await http.rooms()
        assert raised.value.code == "CONNECT_FAILED"
