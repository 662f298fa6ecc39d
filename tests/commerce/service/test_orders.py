"""Orders: for those who bought, and a bare status for everybody."""

import json

import pytest

from commerce import Commerce, CommerceError, to_json
from tests.commerce.shops import BLUE, BOWL, TurnedClock, bought


async def test_newest_first(shop: Commerce, clock: TurnedClock) -> None:
    first = await bought(shop, "ada", BLUE, 2)
    clock.turn(1_000)
    second = await bought(shop, "ada", BOWL)
    orders = await shop.orders("ada")
    assert [order.id for order in orders] == [second.order_id, first.order_id]
    assert await shop.order("ada", orders[1].id) == orders[1]
    (line,) = orders[1].lines
    assert (line.sku, line.quantity, line.unit_price_minor, line.currency) == (
        BLUE,
        2,
        1_490,
        "EUR",
    )
    assert [(entry.status, entry.at_ms) for entry in orders[0].timeline] == [("paid", clock.now_ms)]


async def test_members_share_an_order(shop: Commerce) -> None:
    for person in ("ada", "bert"):
        await shop.join_cart("party-1", person)
    view = await bought(shop, "ada")
    await shop.leave_cart("bert")
    (order,) = await shop.orders("bert")
    assert (order.id, order.payer_id) == (view.order_id, "ada")


async def test_orders_of_others(shop: Commerce) -> None:
    order_id = (await bought(shop, "ada")).order_id or ""
    assert await shop.orders("mallory") == ()
    for attempt in (shop.order("mallory", order_id), shop.order("ada", "order-0")):
        with pytest.raises(CommerceError) as raised:
            await attempt
        assert raised.value.code == "ORDER_NOT_FOUND"


async def test_tracking_tells_nothing_of_people(shop: Commerce) -> None:
    order_id = (await bought(shop, "ada-who-buys")).order_id or ""
    view = await shop.track(order_id)
    assert (view.order_id, view.status, len(view.timeline)) == (order_id, "paid", 1)
    text = json.dumps(to_json(view))
    assert "ada-who-buys" not in text
    assert "1490" not in text
    with pytest.raises(CommerceError) as raised:
        await shop.track("order-guessed")
    assert raised.value.code == "ORDER_NOT_FOUND"


async def test_ids_cannot_be_guessed(shop: Commerce) -> None:
    first = (await bought(shop, "ada")).order_id or ""
    second = (await bought(shop, "ada")).order_id or ""
    assert len(first) > 32
    assert abs(int(first[6:], 16) - int(second[6:], 16)) > 2**64


async def test_figures_of_the_audit(shop: Commerce) -> None:
    await bought(shop, "ada", BLUE, 2)
    report = await shop.audit()
    assert report.ok
    assert report.figures["received"] == 34
    assert report.figures["on_hand"] == 32
    assert report.figures["sold"] == 2
    assert report.figures["captured_minor"] == report.figures["captured_at_gateway_minor"] == 2_980
