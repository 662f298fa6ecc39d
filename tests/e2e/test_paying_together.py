"""Two pages of one party divide a total; one is declined, and then both pay their part."""

import pytest
from playwright.async_api import Page

from tests.e2e.pages import click_on, friends_walk_in, opened, product_on_show, until
from tests.e2e.shop_process import ShopProcess

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]


async def pay(page: Page, card: str) -> None:
    await page.check(f"[data-test=pay-dialog] input[value={card}]")
    await page.click("[data-test=pay-now]")


async def test_two_friends_pay_their_parts(shop: ShopProcess) -> None:
    async with opened(shop) as chromium:
        (ada, grace), faults = await friends_walk_in(chromium, shop)
        product = await product_on_show(ada)
        await click_on(ada, product["id"])
        await ada.click("[data-test=add-to-cart]")
        await ada.click("[data-test=lock]")
        await ada.click("[data-test=split-equal]")
        await ada.wait_for_selector("[data-test=share] >> nth=1")

        # Grace is declined: both see whose part it was, and that nobody has paid.
        await pay(ada, "success")
        await ada.wait_for_selector("[data-test=waiting]")
        await grace.click("[data-test=open-pay]")
        await grace.wait_for_selector("[data-test=share][data-state=authorised]")
        await pay(grace, "decline")
        for page in (ada, grace):
            failure = await page.inner_text("[data-test=failure]")
            assert failure.startswith("Grace:")

        # Grace uses her phone for the code, and pays here after all.
        await grace.click("[data-test=phone]")
        await until(grace, "document.querySelector('[data-test=hand-off] img').naturalWidth > 0")
        assert len(await grace.inner_text("[data-test=hand-off-code]")) == 10
        await grace.click("[data-key=phone-back]")
        await pay(grace, "success")
        await pay(ada, "success")
        for page in (ada, grace):
            await page.wait_for_selector("[data-test=confirmed]")
        assert faults == ([], [])
