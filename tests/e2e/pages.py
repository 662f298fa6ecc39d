"""What the tests of the page do there: come in, look around, wait for what they need."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, ViewportSize

from tests.e2e.shop_process import ShopProcess, browser, chromium_path

SIZE = ViewportSize(width=1100, height=700)
PATIENCE_MS = 60_000
NEXT_FRAME = "() => new Promise(requestAnimationFrame)"
IN_ROOM = "document.body.dataset.state === 'in-room' && galleria.world.frames > 2"
NOISE = ("GPU stall due to ReadPixels", "GroupMarkerNotSet", "Failed to load resource")
"""Lines of the console that Chromium writes itself."""


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


async def friends_walk_in(
    chromium: Browser, shop: ShopProcess
) -> tuple[tuple[Page, Page], tuple[list[str], list[str]]]:
    """Ada, who opens a party, and Grace, who comes by its code; what goes wrong on their pages."""
    ada, ada_faults = await walk_in(chromium, shop, "Ada")
    await ada.click("[data-test=create-party]")
    code = await ada.inner_text("[data-test=party-code]")
    grace, grace_faults = await walk_in(chromium, shop, "Grace", f"&party={code}")
    for page in (ada, grace):
        await until(
            page,
            "galleria.visit.room.members.length === 2 && galleria.visit.room.party.length === 2",
        )
    return (ada, grace), (ada_faults, grace_faults)
