"""The server as its operator runs it: ended politely, and killed in the middle of checkouts."""

import asyncio
import signal
from pathlib import Path

import pytest

from commerce import Commerce
from server.client.client import GalleriaClient
from server.client.errors import ClientError
from server.clock import SystemClock
from server.config import Settings
from server.replay import replay
from tests.e2e.shop_process import STOP_LIMIT_S, ShopProcess, shop_process

CARDS = tuple(f"test:{number:016d}" for number in (1, 1, 1, 2, 3, 4, 5, 6))


@pytest.fixture(scope="module")
def meshes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    cache: pytest.Cache | None = getattr(request.config, "cache", None)
    return Path(cache.mkdir("galleria-meshes") if cache else tmp_path_factory.mktemp("meshes"))


async def shop_forever(shop: ShopProcess, number: int) -> None:
    """Buy one thing after the other, with every kind of card, until the server is gone."""
    async with await GalleriaClient.connect(shop.url, name=f"Shopper {number}") as client:
        await client.join()
        skus = sorted(client.room.stock)
        for turn in range(1_000):
            await client.add_to_cart(skus[(number * 7 + turn) % len(skus)])
            await client.lock()
            answer = await client.pay(CARDS[(number + turn) % len(CARDS)])
            if answer["state"] == "paying" and (client.room.checkout or {}).get("challenge_id"):
                await client.confirm_payment("approve")


async def audit(folder: Path) -> dict[str, int]:
    """Open what is left, which settles what a crash left behind, and add it up."""
    settings = Settings.load(data_dir=folder / "var")
    commerce = await Commerce.open(settings.commerce_settings(), SystemClock())
    try:
        report = await commerce.audit()
        assert report.ok, report.problems
        return dict(report.figures)
    finally:
        await commerce.close()


@pytest.mark.loop_slice(5_000)
async def test_a_killed_server_loses_no_paid_order(tmp_path: Path, meshes: Path) -> None:
    orders = 0
    for _ in range(3):
        opening = shop_process(tmp_path, meshes)
        shop = await asyncio.to_thread(opening.__enter__)
        shoppers = [asyncio.create_task(shop_forever(shop, number)) for number in range(8)]
        await asyncio.wait(shoppers, timeout=2)
        shop.process.kill()
        await asyncio.to_thread(opening.__exit__, None, None, None)
        for shopper in shoppers:
            shopper.cancel()
        ends = await asyncio.gather(*shoppers, return_exceptions=True)
        assert all(isinstance(end, ClientError | asyncio.CancelledError) for end in ends), ends
        figures = await audit(tmp_path)
        assert figures["captured_minor"] == figures["captured_at_gateway_minor"]
        assert figures["received"] == figures["on_hand"] + figures["sold"]
        assert figures["paid_orders"] >= orders
        orders = figures["paid_orders"]
    assert orders > 0


async def test_a_server_that_is_told_to_stop_closes_everything(
    tmp_path: Path, meshes: Path
) -> None:
    opening = shop_process(tmp_path, meshes)
    shop = await asyncio.to_thread(opening.__enter__)
    async with await GalleriaClient.connect(shop.url, name="Ann") as client:
        await client.join()
        shop.process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(shop.process.wait, STOP_LIMIT_S)
    await asyncio.to_thread(opening.__exit__, None, None, None)
    assert code == 0
    (journal,) = journals(tmp_path)
    report = replay(journal)
    assert report.ok, report
    assert not report.truncated


def journals(folder: Path) -> list[Path]:
    return list((folder / "var" / "journals").glob("*.journal"))
