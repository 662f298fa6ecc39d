"""Friends pay together over a real port: shares, gifts, the phone, and the line of a drop."""

import functools
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from server.client.client import GalleriaClient
from server.client.errors import RequestRefused
from server.client.events import Event, EventStream
from tests.server.running_shop import (
    BOWL,
    CHALLENGED,
    DECLINED,
    GOOD,
    LAST,
    MUG,
    Shop,
    running_shop,
)

View = dict[str, Any]


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with running_shop(tmp_path) as running:
        yield running


async def party(shop: Shop, *names: str) -> list[GalleriaClient]:
    """Friends in one party, in the order of their names; the first one has opened it."""
    friends = [await shop.enter(name) for name in names]
    code = await friends[0].create_party()
    for friend in friends[1:]:
        await friend.join_party(code)
    for friend in friends:
        await friend.until(functools.partial(_all_here, friend, len(names)))
    return friends


def _all_here(client: GalleriaClient, count: int) -> bool:
    return len(client.room.party_avatar_ids) == count


def person(client: GalleriaClient) -> str:
    return str(client.welcome["person_id"])


async def sees(client: GalleriaClient, wanted: Callable[[View], bool]) -> View:
    """The checkout as this client is told it, once it is as wanted."""

    def as_wanted() -> bool:
        return client.room.checkout is not None and wanted(client.room.checkout)

    await client.until(as_wanted, what="the checkout")
    assert client.room.checkout is not None
    return client.room.checkout


def states(checkout: View) -> dict[str, str]:
    return {share["name"]: share["state"] for share in checkout["shares"]}


async def pay_share(client: GalleriaClient, card: str) -> View:
    await sees(client, lambda view: bool(view["shares"]))
    return await client.pay(card)


async def test_three_split_one_declines_all_get_it_back_and_one_covers(shop: Shop) -> None:
    ann, bob, cleo = friends = await party(shop, "Ann", "Bob", "Cleo")
    await ann.add_to_cart(MUG, 2)
    await bob.add_to_cart(BOWL)
    locked = await ann.lock()
    assert locked["total_minor"] == 7_180
    checkout_id = str(locked["checkout_id"])
    with pytest.raises(RequestRefused) as refused:
        await bob.split("equal", checkout_id=checkout_id)
    assert refused.value.code == "NOT_ALLOWED"
    await ann.split("equal")
    for friend, due_minor in zip(friends, (2_394, 2_393, 2_393), strict=True):
        view = await sees(friend, lambda view: len(view["shares"]) == 3)
        assert [s["amount_minor"] for s in view["shares"]] == [2_394, 2_393, 2_393]
        assert view["due_minor"] == due_minor
        assert {s["presence"] for s in view["shares"]} == {"here"}

    assert (await pay_share(ann, GOOD))["state"] == "paying"
    await sees(cleo, lambda v: states(v) == {"Ann": "authorised", "Bob": "open", "Cleo": "open"})
    assert (await pay_share(bob, DECLINED))["state"] == "locked"
    for friend in friends:
        view = await sees(friend, lambda view: bool(view["failure_code"]))
        assert (view["state"], view["failure_name"]) == ("locked", "Bob")
        assert view["failure_person_id"] == person(bob)
        assert set(states(view).values()) == {"open"}
        # What the bank said is for Bob.
        mine = friend is bob
        assert view["failure_code"] == ("INSUFFICIENT_FUNDS" if mine else "PAYMENT_DECLINED")

    assert await cleo.cover(person(bob)) == 2 * 2_393
    await sees(ann, lambda v: v["shares"][1]["covered_by_person_id"] == person(cleo))
    await pay_share(ann, GOOD)
    view = await sees(cleo, lambda view: view["due_minor"] == 2 * 2_393)
    # With two cards: a thousand with the first one, the rest with the second.
    assert (await cleo.pay(GOOD, amount_minor=1_000))["state"] == "paying"
    view = await sees(cleo, lambda view: view["due_minor"] == 2 * 2_393 - 1_000)
    assert view["part_minor"] == 2 * 2_393
    paid = await pay_share(cleo, GOOD)
    assert paid["state"] == "paid"
    for friend in friends:
        await friend.until(functools.partial(_has_order, friend))
        assert friend.room.orders[0]["order_id"] == paid["order_id"]
        view = await sees(friend, lambda view: view["state"] == "paid")
        assert set(states(view).values()) == {"paid"}
    assert (await shop.app.services.commerce.audit()).ok


def _has_order(client: GalleriaClient) -> bool:
    return bool(client.room.orders)


async def test_who_drops_out_keeps_their_share_and_a_payment_is_given_up(shop: Shop) -> None:
    ann, bob = await party(shop, "Ann", "Bob")
    await ann.add_to_cart(MUG)
    await ann.lock()
    await ann.split("custom", {person(ann): 490, person(bob): 1_000})
    await sees(bob, lambda view: view["due_minor"] == 1_000)
    bob.drop()
    await sees(ann, lambda view: _presence(view) == ["here", "reconnecting"])
    await sees(ann, lambda view: _presence(view) == ["here", "here"])
    # Who leaves the room and comes back is told their part anew.
    await bob.leave()
    await sees(ann, lambda view: _presence(view) == ["here", "away"])
    await bob.join()
    await sees(bob, lambda view: view["due_minor"] == 1_000)
    await sees(ann, lambda view: _presence(view) == ["here", "here"])
    await bob.pay(GOOD)
    await sees(ann, lambda view: states(view)["Bob"] == "authorised")
    assert await bob.give_up() == "locked"
    view = await sees(ann, lambda view: states(view)["Bob"] == "open")
    assert view["failure_name"] == "Bob"
    assert (await pay_share(bob, GOOD))["state"] == "paying"
    assert (await pay_share(ann, CHALLENGED))["state"] == "paying"
    view = await sees(bob, lambda view: bool(view["challenge_id"]))
    assert view["challenge_person_id"] == person(ann)
    assert (await ann.confirm_payment("approve"))["state"] == "paid"


def _presence(view: View) -> list[str]:
    return [share["presence"] for share in view["shares"]]


async def test_a_gift_hides_its_price_and_the_giver_pays_it(shop: Shop) -> None:
    ann, bob, cleo = await party(shop, "Ann", "Bob", "Cleo")
    await ann.add_to_cart(MUG)
    await bob.add_to_cart(BOWL)
    await cleo.until(lambda: len((cleo.room.cart or {}).get("lines", ())) == 2)
    line_id = _line(ann, MUG)["line_id"]
    with pytest.raises(RequestRefused) as refused:
        await cleo.offer_gift(line_id, person(bob))
    assert refused.value.code == "NOT_ALLOWED"
    with ann.events() as anns, bob.events() as bobs, cleo.events() as cleos:
        await ann.offer_gift(line_id, person(bob))
        gift = (await _next(bobs, "GiftOffered"))["gift"]
        assert (gift["from_name"], gift["name"], gift["state"]) == (
            "Ann",
            "Stoneware mug",
            "offered",
        )
        await bob.answer_gift(line_id, accept=True)
        assert (await _next(anns, "GiftAnswered"))["outcome"] == "accepted"
        with pytest.raises(RequestRefused) as refused:
            await cleo.answer_gift(line_id, accept=True)
        assert refused.value.code == "GIFT_NOT_FOUND"
        await cleo.vote("stoneware-mug", 1)
        heard = await _until(cleos, "VotesChanged")
        assert not {"GiftOffered", "GiftAnswered"} & set(heard)
    assert _line(bob, MUG)["price_hidden"] is True
    assert _line(bob, MUG)["unit_price_minor"] == 0
    assert bob.room.cart is not None
    assert bob.room.cart["total_minor"] == 4_200
    assert _line(cleo, MUG)["unit_price_minor"] == 1_490

    locked = await bob.lock(4_200)
    # Who receives does not pay, so everybody pays what they put in; Bob's total has no gift in it.
    view = await sees(bob, lambda view: len(view["shares"]) == 3)
    assert (view["total_minor"], view["due_minor"]) == (4_200, 4_200)
    assert {s["name"]: s["amount_minor"] for s in view["shares"]} == {
        "Ann": -1,
        "Bob": 4_200,
        "Cleo": 0,
    }
    view = await sees(ann, lambda view: len(view["shares"]) == 3)
    assert (view["total_minor"], view["due_minor"]) == (5_690, 1_490)
    assert locked["total_minor"] == 4_200
    await pay_share(bob, GOOD)
    assert (await pay_share(ann, GOOD))["state"] == "paid"
    await bob.until(functools.partial(_has_order, bob))
    assert bob.room.orders[0]["total_minor"] == 4_200


def _line(client: GalleriaClient, sku: str) -> View:
    assert client.room.cart is not None
    return next(line for line in client.room.cart["lines"] if line["sku"] == sku)


async def _next(events: EventStream, name: str) -> Mapping[str, Any]:
    async for event in events:
        if event.name == name:
            return event.body
    raise AssertionError(name)


async def _until(events: EventStream, name: str) -> list[str]:
    """The names of all events up to the first of this name."""
    names = []
    async for event in events:
        names.append(event.name)
        if event.name == name:
            break
    return names


async def test_a_hold_passes_to_a_friend(shop: Shop) -> None:
    ann, bob = await party(shop, "Ann", "Bob")
    await ann.add_to_cart(LAST)
    await bob.until(lambda: bool((bob.room.cart or {}).get("lines")))
    members = {member["name"]: member["person_id"] for member in bob.room.members}
    assert members == {"Ann": person(ann), "Bob": person(bob)}
    await ann.pass_hold(_line(ann, LAST)["line_id"], members["Bob"])
    await bob.until(lambda: _line(bob, LAST)["owner_name"] == "Bob")
    assert _line(bob, LAST)["hold_state"] == "held"
    line_id = _line(bob, LAST)["line_id"]
    with pytest.raises(RequestRefused) as refused:
        await ann.pass_hold(line_id, "nobody")
    assert refused.value.code == "MEMBER_NOT_FOUND"


async def test_a_gift_that_is_passed_on_is_over(shop: Shop) -> None:
    ann, bob, cleo = await party(shop, "Ann", "Bob", "Cleo")
    await ann.add_to_cart(MUG)
    await cleo.until(lambda: bool((cleo.room.cart or {}).get("lines")))
    line_id = _line(ann, MUG)["line_id"]
    await ann.offer_gift(line_id, person(bob))
    await bob.answer_gift(line_id, accept=True)
    await bob.until(lambda: _line(bob, MUG)["price_hidden"])
    await ann.pass_hold(line_id, person(cleo))
    await bob.until(lambda: _line(bob, MUG)["owner_name"] == "Cleo")
    await bob.until(lambda: not _line(bob, MUG)["price_hidden"])
    assert (await cleo.lock())["total_minor"] == 1_490
    view = await sees(cleo, lambda view: bool(view["checkout_id"]))
    assert (view["shares"], view["due_minor"]) == ([], 1_490)


async def test_the_headset_asks_and_the_phone_pays(shop: Shop) -> None:
    ann, bob = await party(shop, "Ann", "Bob")
    await ann.add_to_cart(MUG)
    await bob.add_to_cart(BOWL)
    await ann.lock()
    await ann.split("own_lines")
    await pay_share(bob, GOOD)
    with bob.events() as bobs:
        code = await ann.hand_off()
        assert (code["amount_minor"], code["currency"]) == (1_490, "EUR")
        assert code["expires_ms"] > ann.now_ms()
        async with httpx.AsyncClient(base_url=shop.url) as phone:
            assert "14.90" in (await phone.get(code["path"])).text.replace(",", ".")
            qr = await phone.get(code["qr_path"])
            assert qr.headers["content-type"].startswith("image/svg+xml")
            paid = await phone.post(
                f"/hand-off/{code['code']}/payment",
                json={"payment_method": GOOD},
                headers={"Idempotency-Key": "from-the-phone"},
            )
        assert paid.json()["state"] == "paid"
        await ann.until(functools.partial(_has_order, ann))
        assert not [body for _, body in await _seen(bobs, bob) if code["code"] in str(body)]
    with pytest.raises(RequestRefused) as refused:
        await ann.hand_off()
    assert refused.value.code == "NOTHING_TO_PAY"


async def _seen(events: EventStream, client: GalleriaClient) -> list[Event]:
    """All events up to the order."""
    seen = []
    async for event in events:
        seen.append(event)
        if event.name == "OrderConfirmed":
            break
    return seen


async def test_a_network_gets_a_few_places_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALLERIA_COMMERCE__LINE_PLACES_PER_NETWORK_MAX", "1")
    async with running_shop(tmp_path) as shop:
        await shop.app.services.commerce.drops.open(LAST, 1)
        ann, bob = await shop.enter("Ann"), await shop.enter("Bob")
        await ann.join_line(LAST)
        with pytest.raises(RequestRefused) as refused:
            await bob.join_line(LAST)
        assert refused.value.code == "LIMIT_REACHED"


async def test_a_place_in_a_line_survives_a_restart(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        await shop.app.services.commerce.drops.open(LAST, 1)
        ann, bob = await shop.enter("Ann"), await shop.enter("Bob")
        with pytest.raises(RequestRefused) as refused:
            await ann.add_to_cart(LAST)
        assert refused.value.code == "WAIT_IN_LINE"
        with pytest.raises(RequestRefused) as refused:
            await ann.join_line(MUG)
        assert refused.value.code == "DROP_NOT_FOUND"
        first = await ann.join_line(LAST)
        assert first["admitted_until_ms"] > ann.now_ms()
        second = await bob.join_line(LAST)
        assert (second["ahead"], second["waiting"], second["admitted_until_ms"]) == (0, 1, 0)
        shop.clients.clear()
        port = urlsplit(shop.url).port or 0
    async with running_shop(tmp_path, port) as shop:
        shop.clients += [ann, bob]
        for client in (ann, bob):
            await client.until(functools.partial(_resumed, client))
        with bob.events() as bobs:
            await ann.leave_line(LAST)
            while (place := (await _next(bobs, "LinePosition"))["place"])["state"] != "admitted":
                assert place["state"] == "waiting"
        assert place["admitted_until_ms"] > bob.now_ms()
        assert bob.room.places[LAST] == place
        assert place["product_id"] == "stoneware-mug"
        await bob.add_to_cart(LAST)


def _resumed(client: GalleriaClient) -> bool:
    return client.statistics.resumed == 1
