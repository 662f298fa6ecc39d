"""Friends go shopping: the whole loop over a real port, a real database and a real model."""

import asyncio
import functools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from commerce import CartView
from server.client.client import GalleriaClient
from server.client.errors import ConnectionLost, RequestRefused
from server.client.http import ShopHttp
from server.replay import replay
from tests.server.running_shop import (
    BOWL,
    CHALLENGED,
    DECLINED,
    GOOD,
    LAST,
    LOST_CHARGED,
    LOST_FREE,
    MUG,
    Shop,
    running_shop,
)

CONSENT = ("session", "personal")


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with running_shop(tmp_path) as running:
        yield running


async def party(shop: Shop) -> tuple[GalleriaClient, GalleriaClient]:
    """Two friends in one party."""
    ann, bob = await shop.enter("Ann", consent=CONSENT), await shop.enter("Bob", consent=CONSENT)
    code = await ann.create_party()
    await bob.join_party(code)
    await ann.until(lambda: len(ann.room.party_avatar_ids) == 2)
    return ann, bob


def has_orders(client: GalleriaClient) -> bool:
    return bool(client.room.orders)


async def test_friends_see_each_other_hand_over_vote_and_buy(shop: Shop) -> None:
    ann, bob = await party(shop)
    assert bob.room.avatar_named("Ann") is not None
    epoch = await ann.grab(1, "left")
    assert epoch == 1
    await bob.until(lambda: bob.room.props[1]["owner_avatar_id"] == ann.avatar_id)
    with pytest.raises(RequestRefused) as taken:
        await bob.grab(1)
    assert taken.value.code == "PROP_TAKEN"
    offer_id = await ann.offer(1, bob.avatar_id)
    await bob.until(lambda: offer_id in bob.room.offers)
    await bob.accept(offer_id)
    await ann.until(lambda: ann.room.props[1]["owner_avatar_id"] == bob.avatar_id)
    await bob.vote("stoneware-mug", 1)
    await ann.until(lambda: ann.room.votes["stoneware-mug"]["up"] == 1)

    await ann.add_to_cart(MUG, 2)
    await bob.add_to_cart(BOWL)
    await ann.until(lambda: len((ann.room.cart or {}).get("lines", ())) == 2)
    cart = ann.room.cart
    assert cart is not None
    assert {line["owner_name"] for line in cart["lines"]} == {"Ann", "Bob"}
    assert all(line["hold_expires_ms"] > ann.now_ms() for line in cart["lines"])
    assert cart["total_minor"] == 2 * 1_490 + 4_200
    await bob.until(lambda: bob.room.available(MUG) == 18)

    lock = await ann.lock(cart["total_minor"])
    await bob.until(lambda: (bob.room.checkout or {}).get("state") == "locked")
    with pytest.raises(RequestRefused) as locked:
        await bob.add_to_cart(MUG)
    assert locked.value.code == "CART_LOCKED"
    paid = await bob.pay(GOOD, expected_total_minor=lock["total_minor"])
    assert paid["state"] == "paid"
    for friend in (ann, bob):
        await friend.until(functools.partial(has_orders, friend), what="OrderConfirmed")
        assert friend.room.orders[0]["order_id"] == paid["order_id"]
        assert friend.room.orders[0]["payer_name"] == "Bob"
    async with ShopHttp(shop.url) as http:
        assert (await http.track(paid["order_id"]))["order_id"] == paid["order_id"]
    assert (await shop.app.services.commerce.audit()).ok


async def test_the_last_one_goes_to_one_and_the_other_is_told(shop: Shop) -> None:
    ann, bob = await shop.enter("Ann"), await shop.enter("Bob")
    outcomes = await asyncio.gather(
        ann.add_to_cart(LAST), bob.add_to_cart(LAST), return_exceptions=True
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, RequestRefused)]
    assert [error.code for error in refused] == ["SOLD_OUT"]
    assert refused[0].data["available"] == 0
    assert refused[0].data["alternatives"]
    await bob.until(lambda: bob.room.available(LAST) == 0)


async def test_a_declined_card_keeps_the_lock_and_another_card_pays(shop: Shop) -> None:
    ann = await shop.enter("Ann")
    await ann.add_to_cart(MUG)
    await ann.lock()
    declined = await ann.pay(DECLINED)
    assert declined["state"] == "locked"
    await ann.until(lambda: bool((ann.room.checkout or {}).get("failure_code")))
    assert (await ann.pay(GOOD))["state"] == "paid"


async def test_a_challenge_is_answered(shop: Shop) -> None:
    ann = await shop.enter("Ann")
    await ann.add_to_cart(MUG)
    await ann.lock()
    assert (await ann.pay(CHALLENGED))["state"] == "paying"
    await ann.until(lambda: bool((ann.room.checkout or {}).get("challenge_id")))
    assert (await ann.confirm_payment("approve"))["state"] == "paid"


@pytest.mark.parametrize(("card", "state"), [(LOST_CHARGED, "paid"), (LOST_FREE, "locked")])
async def test_a_gateway_that_does_not_answer_is_settled(shop: Shop, card: str, state: str) -> None:
    ann = await shop.enter("Ann")
    await ann.add_to_cart(MUG)
    await ann.lock()
    await ann.pay(card)
    await ann.until(lambda: (ann.room.checkout or {}).get("in_doubt") is True)
    await shop.app.services.commerce.reconcile()
    await ann.until(lambda: (ann.room.checkout or {}).get("state") == state, timeout_s=15)
    assert (await shop.app.services.commerce.audit()).ok


async def test_a_drop_loses_nothing(shop: Shop) -> None:
    ann, bob = await party(shop)
    await ann.grab(1)
    await ann.add_to_cart(MUG)
    avatar_id = ann.avatar_id
    ann.drop()
    await bob.until(lambda: bob.room.avatars[avatar_id]["presence"] == "reconnecting")
    await bob.add_to_cart(BOWL)
    await bob.until(lambda: bob.room.avatars[avatar_id]["presence"] == "here")
    await ann.until(lambda: len((ann.room.cart or {}).get("lines", ())) == 2)
    assert ann.avatar_id == avatar_id
    assert ann.room.props[1]["owner_avatar_id"] == avatar_id
    assert ann.room.party_id == bob.room.party_id


async def test_who_drops_in_the_door_does_not_stay_as_a_ghost(shop: Shop) -> None:
    bob, ann = await shop.enter("Bob"), await shop.connect("Ann")
    commerce = shop.app.services.commerce
    reserved, looked_up, go_on = asyncio.Event(), asyncio.Event(), asyncio.Event()
    cart_of = commerce.cart_of

    async def slow_cart_of(person_id: str) -> CartView:
        if reserved.is_set():
            looked_up.set()
            await go_on.wait()
        # The seat's ask looks as well, for the party to sit with.
        reserved.set()
        return await cart_of(person_id)

    commerce.cart_of = slow_cart_of  # type: ignore[method-assign]
    joining = asyncio.create_task(ann.join())
    await looked_up.wait()
    await ann.close()
    with pytest.raises(ConnectionLost):
        await joining
    while len(list(shop.app.listener.connections)) > 1:
        await bob.teleport((0.0, 0.0, -0.5), 0.0)
    go_on.set()
    await bob.until(lambda: bob.room.avatar_named("Ann") is not None)
    await bob.until(lambda: (bob.room.avatar_named("Ann") or {})["presence"] == "reconnecting")


async def test_lists_follow_what_is_done_and_say_why(shop: Shop) -> None:
    ann, bob = await party(shop)
    await ann.until(lambda: bool(ann.room.recommendations["you"]))
    assert all(item["reason"] for item in ann.room.recommendations["you"])
    await ann.grab(1)
    await bob.until(lambda: bool(bob.room.recommendations["party"]))


async def test_a_host_pins_and_gathers_and_a_shopper_may_not(shop: Shop) -> None:
    host, ann = await shop.enter_host("Hana"), await shop.enter("Ann")
    await host.spotlight("walnut-bowl")
    await ann.until(lambda: ann.room.spotlight_product_id == "walnut-bowl")
    invited = asyncio.create_task(ann.wait_for("GatherInvited"))
    await asyncio.sleep(0)
    assert await host.gather() == 1
    invitation = await invited
    await ann.teleport(invitation["position"], invitation["yaw_degrees"])
    with pytest.raises(RequestRefused) as refused:
        await ann.spotlight("walnut-bowl")
    assert refused.value.code == "NOT_ALLOWED"


async def test_the_same_cart_over_http_and_in_the_room(shop: Shop) -> None:
    ann = await shop.enter("Ann")
    async with ShopHttp(shop.url) as http:
        await http.add_item(ann.token, BOWL)
        await ann.until(lambda: len((ann.room.cart or {}).get("lines", ())) == 1)
        await ann.add_to_cart(MUG)
        assert len((await http.cart(ann.token))["lines"]) == 2


async def test_the_second_device_of_a_person_takes_over(shop: Shop) -> None:
    ann = await shop.enter("Ann")
    tablet = await shop.connect("Ann", ann.token)
    moved = asyncio.create_task(ann.wait_for("AvatarLeft"))
    await asyncio.sleep(0)
    await tablet.join()
    assert (await moved)["reason"] == "moved"
    assert shop.app.host.population("corner-shop") == 1
    with pytest.raises(RequestRefused) as refused:
        await ann.grab(1)
    assert refused.value.code == "NOT_IN_ROOM"


async def test_what_happened_replays_to_the_same_state(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        ann, bob = await party(shop)
        await ann.grab(1)
        await ann.add_to_cart(MUG)
        await bob.vote("walnut-bowl", -1)
        await ann.leave()
    (journal,) = (tmp_path / "var" / "journals").glob("*.journal")
    report = replay(journal)
    assert report.ok, report
    assert report.commands > 10


async def test_carts_and_parties_survive_a_restart(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        ann, bob = await party(shop)
        await ann.add_to_cart(MUG)
        tokens, party_id = (ann.token, bob.token), ann.room.party_id
    async with running_shop(tmp_path) as shop:
        friends = [
            await shop.connect(name, token)
            for name, token in zip(("Ann", "Bob"), tokens, strict=True)
        ]
        for friend in friends:
            await friend.join()
        ann, bob = friends
        assert ann.room.party_id == bob.room.party_id == party_id
        await bob.until(lambda: len((bob.room.cart or {}).get("lines", ())) == 1)
        assert ann.room.party_code
