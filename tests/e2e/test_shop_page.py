"""The whole loop in a real browser: pages of one room see each other, shop, and pay."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, ViewportSize

from tests.conftest import require
from tests.e2e.shop_process import PAGE, ShopProcess, browser, chromium_path, shop_process

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

SIZE = ViewportSize(width=1100, height=700)
PATIENCE_MS = 60_000
NEXT_FRAME = "() => new Promise(requestAnimationFrame)"
IN_ROOM = "document.body.dataset.state === 'in-room' && galleria.world.frames > 2"
NOISE = ("GPU stall due to ReadPixels", "GroupMarkerNotSet", "Failed to load resource")
"""Lines of the console that Chromium writes itself."""


@pytest.fixture(scope="module")
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ShopProcess]:
    require(chromium_path(), "This test needs Chromium; install your system's chromium package.")
    require(PAGE.exists(), "The page has not been built; run `make setup`.")
    cache: pytest.Cache | None = getattr(request.config, "cache", None)
    meshes = cache.mkdir("galleria-meshes") if cache else tmp_path_factory.mktemp("meshes")
    with shop_process(tmp_path_factory.mktemp("shop"), meshes) as process:
        yield process


@asynccontextmanager
async def opened(shop: ShopProcess) -> AsyncIterator[Browser]:
    executable = chromium_path()
    assert executable is not None
    async with browser(executable) as chromium:
        yield chromium


async def door(chromium: Browser, shop: ShopProcess, query: str = "") -> tuple[Page, list[str]]:
    """A page in front of the door, and what goes wrong on it."""
    context = await chromium.new_context(viewport=SIZE)
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda line: (
            faults.append(line.text)
            if line.type == "error" and not any(noise in line.text for noise in NOISE)
            else None
        ),
    )
    await page.goto(f"{shop.url}/?quality=lowest{query}")
    return page, faults


async def until(page: Page, condition: str, argument: object = None) -> None:
    """Wait, frame by frame, until a JavaScript expression or function is truthy.

    The page's content policy forbids it to evaluate text, so it is asked from outside.
    """
    try:
        async with asyncio.timeout(PATIENCE_MS / 1_000):
            while not await page.evaluate(condition, argument):
                await page.evaluate(NEXT_FRAME)
    except TimeoutError:
        pytest.fail(f"waited {PATIENCE_MS} ms for: {condition} with {argument}")


async def walk_in(
    chromium: Browser, shop: ShopProcess, name: str, query: str = ""
) -> tuple[Page, list[str]]:
    """A page whose shopper is in the room, by way of the form."""
    page, faults = await door(chromium, shop, query)
    await page.fill("[data-test=name]", name)
    await page.click("[data-test=enter]")
    await until(page, IN_ROOM)
    return page, faults


async def product_on_show(page: Page) -> dict[str, Any]:
    """A product with enough stock whose shape is easy to click on."""
    product: dict[str, Any] = await page.evaluate(
        """() => {
            const { layout, visit } = galleria;
            for (const { product_id, skus } of layout.placements) {
                const tall = visit.catalogue.variant(product_id).extents_m[1];
                const left = visit.room.stock.get(skus[0]).available;
                if (left >= 4 && tall > 0.2 && tall < 0.8) return { id: product_id, sku: skus[0] };
            }
        }"""
    )
    return product


async def click_on(page: Page, product_id: str) -> None:
    """Stand in front of a product, look at it, and click on it in the scene."""
    await page.evaluate("id => galleria.actions.goTo(id)", product_id)
    frame = await page.evaluate("galleria.world.frames")
    await until(page, "frame => galleria.world.frames > frame + 2", frame)
    await page.mouse.click(SIZE["width"] / 2, SIZE["height"] / 2)
    await until(page, "id => galleria.card.productId === id", product_id)


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
        ada, ada_faults = await walk_in(chromium, shop, "Ada")
        await ada.click("[data-test=create-party]")
        code = await ada.inner_text("[data-test=party-code]")
        grace, grace_faults = await walk_in(chromium, shop, "Grace", f"&party={code}")
        for page in (ada, grace):
            await until(page, "galleria.visit.room.party.length === 2")

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
