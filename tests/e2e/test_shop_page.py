"""The whole loop in a real browser: pages of one room see each other, shop, and pay."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from tests.e2e.pages import (
    IN_ROOM,
    click_on,
    door,
    friends_walk_in,
    opened,
    product_on_show,
    until,
    walk_in,
)
from tests.e2e.shop_process import ShopProcess

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]


async def stock_shown(page: Page, left: int) -> None:
    await page.wait_for_selector(f"[data-test=card] [data-test=stock][data-available='{left}']")


def avatar_of(page: Page) -> Any:
    return page.evaluate("galleria.visit.room.myAvatarId")


async def wait_until_drawn_near(page: Page, avatar_id: int, x: float, z: float) -> None:
    await until(
        page,
        """([id, x, z]) => {
            const at = galleria.world.drawnAt(id);
            return at && Math.hypot(at[0] - x, at[2] - z) < 0.25;
        }""",
        [avatar_id, x, z],
    )


async def test_two_pages_meet_and_one_buys(shop: ShopProcess, tmp_path: Path) -> None:
    async with opened(shop) as chromium:
        ada, ada_faults = await walk_in(chromium, shop, "Ada")
        grace, grace_faults = await walk_in(chromium, shop, "Grace")
        for page in (ada, grace):
            await until(page, "galleria.visit.room.avatars.size === 2")

        # Both see each other move: one by a walk to a place, one by holding a key.
        await ada.evaluate("void galleria.actions.teleport(0, 6, 0)")
        await wait_until_drawn_near(grace, await avatar_of(ada), 0, 6)
        await ada.evaluate("void galleria.actions.walkTo(1.2, 5)")
        await wait_until_drawn_near(grace, await avatar_of(ada), 1.2, 5)
        await grace.evaluate("galleria.actions.teleport(-1.5, 6, 0)")
        await grace.focus("#scene")
        await grace.keyboard.down("w")
        await until(ada, "id => galleria.world.drawnAt(id)?.[2] < 5.6", await avatar_of(grace))
        await grace.keyboard.up("w")

        # Both have the same card open; Ada takes one, and Grace sees the stock fall.
        product = await product_on_show(ada)
        await click_on(ada, product["id"])
        await click_on(grace, product["id"])
        left = await ada.evaluate(
            "sku => galleria.visit.room.stock.get(sku).available", product["sku"]
        )
        await stock_shown(grace, left)
        await ada.click("[data-test=add-to-cart]")
        await ada.wait_for_selector(f"[data-test=line][data-sku='{product['sku']}']")
        await stock_shown(grace, left - 1)

        await buy_with_a_second_card(ada)
        await ada.screenshot(path=tmp_path / "bought.png")
        assert (tmp_path / "bought.png").stat().st_size > 20_000
        order = await ada.get_attribute("[data-test=track]", "href")
        tracked = await ada.request.get(f"{shop.url}{order}")
        assert tracked.status == 200
        await ada.click("[data-test=done]")

        # The sold one stays gone, over the socket and over HTTP alike.
        await stock_shown(grace, left - 1)
        answer = await grace.request.get(f"{shop.url}/products/{product['id']}")
        skus = {sku["sku"]: sku["available"] for sku in (await answer.json())["skus"]}
        assert skus[product["sku"]] == left - 1
        assert await grace.locator("[data-test=line]").count() == 0
        assert (ada_faults, grace_faults) == ([], [])


async def buy_with_a_second_card(page: Page) -> None:
    """Lock, be declined, answer the bank's question with another card, and be thanked."""
    await page.click("[data-test=lock]")
    await page.check("[data-test=pay-dialog] input[value=decline]")
    await page.click("[data-test=pay-now]")
    await page.wait_for_selector("[data-test=failure]")
    await page.check("[data-test=pay-dialog] input[value=challenge]")
    await page.click("[data-test=pay-now]")
    await page.click("[data-test=approve]")
    await page.wait_for_selector("[data-test=confirmed]")


async def test_friends_share_a_cart_and_hand_things_over(shop: ShopProcess) -> None:
    async with opened(shop) as chromium:
        (ada, grace), faults = await friends_walk_in(chromium, shop)

        # What Grace adds is in Ada's cart, with its hold timer.
        product = await product_on_show(grace)
        await click_on(grace, product["id"])
        await grace.click("[data-test=add-to-cart]")
        await ada.wait_for_selector(f"[data-test=line][data-sku='{product['sku']}'] .timer")

        # Grace picks it up and holds it out; Ada takes it.
        await grace.click("[data-test=pick-up]")
        await until(grace, "galleria.visit.room.held.length === 1")
        await ada.evaluate("id => galleria.actions.goTo(id)", product["id"])
        await wait_until_beside(grace, await avatar_of(ada))
        await grace.click("[data-test=hold-out]")
        await ada.click("[data-test=accept-offer]")
        await until(ada, "galleria.visit.room.held.length === 1")
        await until(grace, "galleria.visit.room.held.length === 0")

        # A dropped line comes back with everything.
        await ada.evaluate("galleria.visit.client.drop()")
        await until(ada, "galleria.visit.client.state === 'online'")
        assert await ada.evaluate("galleria.visit.room.held.length") == 1
        assert await ada.locator("[data-test=line]").count() == 1
        await ada.click("[data-test=line] [aria-label^='Remove']")
        await until(grace, "galleria.visit.room.cart.lines.length === 0")
        assert faults == ([], [])


async def test_a_page_that_is_loaded_again_goes_on(shop: ShopProcess) -> None:
    async with opened(shop) as chromium:
        (ada, grace), faults = await friends_walk_in(chromium, shop)
        person = await ada.evaluate("galleria.visit.session.person_id")
        product = await product_on_show(ada)
        await click_on(ada, product["id"])
        await ada.click("[data-test=add-to-cart]")
        await ada.click("[data-test=pick-up]")
        await until(ada, "galleria.visit.room.held.length === 1")
        await grace.wait_for_selector("[data-test=line]")

        await ada.reload()
        await until(ada, IN_ROOM)
        assert await ada.evaluate("galleria.visit.session.person_id") == person
        await ada.wait_for_selector(f"[data-test=line][data-sku='{product['sku']}'] .timer")
        await until(ada, "galleria.visit.room.held.length === 1")
        for page in (ada, grace):
            await until(page, "galleria.visit.room.party.length === 2")
            await until(page, "galleria.visit.room.avatars.size === 2")

        # Who opens the address anew comes through the door, as somebody else.
        await ada.goto(f"{shop.url}/?quality=lowest")
        assert await ada.get_attribute("body", "data-state") == "joining"
        assert faults == ([], [])


async def test_what_somebody_out_of_sight_holds_is_out_of_sight(shop: ShopProcess) -> None:
    async with opened(shop) as chromium:
        ada, ada_faults = await walk_in(chromium, shop, "Ada")
        grace, grace_faults = await walk_in(chromium, shop, "Grace")
        product = await product_on_show(grace)
        await click_on(grace, product["id"])
        await grace.click("[data-test=pick-up]")
        await until(grace, "galleria.visit.room.held.length === 1")
        held = await grace.evaluate("galleria.visit.room.held[0].prop_id")
        await ada.evaluate("id => galleria.actions.goTo(id)", product["id"])
        shown = "id => galleria.world.products.isShown(id)"
        await wait_until_beside(ada, await avatar_of(grace))
        await until(ada, shown, held)

        # Within Ada's bubble nobody is seen, nor what they hold.
        bubble = "m => void galleria.visit.client.request('SetPersonalSpace', { radius_m: m })"
        await ada.evaluate(bubble, 2)
        await until(ada, "id => !galleria.world.products.isShown(id)", held)
        await ada.evaluate(bubble, 0)
        await until(ada, shown, held)
        assert (ada_faults, grace_faults) == ([], [])


async def wait_until_beside(page: Page, avatar_id: int) -> None:
    await until(
        page,
        """id => {
            const at = galleria.world.drawnAt(id);
            const { x, z } = galleria.world.player;
            return at && Math.hypot(at[0] - x, at[2] - z) < 3;
        }""",
        avatar_id,
    )


async def test_a_host_spotlights_and_gathers(shop: ShopProcess) -> None:
    async with opened(shop) as chromium:
        host, host_faults = await walk_in(chromium, shop, "Mary", f"&host={shop.host_key}")
        guest, guest_faults = await walk_in(chromium, shop, "Ada")
        await guest.wait_for_selector("[data-test=party]")
        assert await guest.locator("[data-test=gather]").count() == 0

        product = await product_on_show(host)
        await click_on(host, product["id"])
        await host.click("[data-key=spotlight]")
        await until(guest, "id => galleria.visit.room.spotlightProductId === id", product["id"])

        await host.click("[data-test=gather]")
        await guest.click("[data-test=gather-call] [data-key=gather-go]")
        await wait_until_beside(host, await avatar_of(guest))
        assert (host_faults, guest_faults) == ([], [])


async def test_a_wrong_invite_is_told_at_the_door(shop: ShopProcess) -> None:
    async with opened(shop) as chromium:
        page, faults = await door(chromium, shop, "&invite=nothing-like-it")
        await page.fill("[data-test=name]", "Ada")
        await page.click("[data-test=enter]")
        await page.wait_for_selector(".door .note:text-matches('invite', 'i')")
        assert await page.get_attribute("body", "data-state") == "joining"
        assert faults == []


async def test_without_webgl_there_is_a_clear_sentence(shop: ShopProcess) -> None:
    async with opened(shop) as chromium:
        page = await chromium.new_page()
        await page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
        await page.goto(shop.url)
        await page.wait_for_selector("body[data-state='no-webgl']")
        assert "WebGL" in await page.inner_text(".door")
        await page.close()
