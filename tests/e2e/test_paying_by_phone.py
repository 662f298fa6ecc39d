"""The headset asks, a phone pays: declined first, then with a gift card, by the same code."""

import httpx
import pytest
from playwright.async_api import ViewportSize

from tests.e2e.pages import click_on, opened, product_on_show, walk_in
from tests.e2e.shop_process import ShopProcess

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

PHONE = ViewportSize(width=390, height=844)


async def gift_card(shop: ShopProcess) -> str:
    """The code of a new gift card, as the staff makes one."""
    async with httpx.AsyncClient(base_url=shop.url) as staff:
        came = await staff.post("/session/host", json={"name": "Mary", "host_key": shop.host_key})
        made = await staff.post(
            "/gift-cards",
            json={"amount_minor": 1_000_000, "currency": "EUR"},
            headers={"Authorization": f"Bearer {came.json()['token']}"},
        )
        return str(made.json()["code"])


async def test_a_phone_is_declined_and_pays_with_a_gift_card(shop: ShopProcess) -> None:
    async with opened(shop) as chromium:
        headset, faults = await walk_in(chromium, shop, "Ada")
        await click_on(headset, (await product_on_show(headset))["id"])
        await headset.click("[data-test=add-to-cart]")
        await headset.click("[data-test=lock]")
        due = await headset.inner_text("[data-test=due]")
        await headset.click("[data-test=phone]")
        code = await headset.inner_text("[data-test=hand-off-code]")

        phone = await (
            await chromium.new_context(viewport=PHONE, java_script_enabled=False)
        ).new_page()
        await phone.goto(f"{shop.url}/pay/{code}")
        assert (await phone.inner_text(".sum")).split()[0] in due
        await phone.check("input[value=test-bad]")
        await phone.click("button")
        assert "declined" in await phone.inner_text("[role=alert]")

        # The same page asks again; the same code pays.
        await phone.check("input[value=gift]")
        await phone.fill("input[name=card]", await gift_card(shop))
        await phone.click("button")
        assert await phone.inner_text("h1") == "Paid"
        await headset.wait_for_selector("[data-test=confirmed]")
        assert (await phone.goto(f"{shop.url}/pay/{code}")).status == 409  # type: ignore[union-attr]
        assert faults == []
