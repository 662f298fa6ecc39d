"""Several workers on one port, as an operator runs them: one start, one walk through everything."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from commerce import Commerce
from server.client.client import GalleriaClient
from server.clock import SystemClock
from server.config import Settings
from tests.conftest import require
from tests.e2e.shop_process import STOP_LIMIT_S, ShopProcess, shop_process

CAPACITY = 3
GOOD_CARD = "test:0000000000000001"


@pytest.fixture(scope="module")
def meshes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    cache: pytest.Cache | None = getattr(request.config, "cache", None)
    return Path(cache.mkdir("galleria-meshes") if cache else tmp_path_factory.mktemp("meshes"))


class Street:
    """The shop, and the people who walk through it."""

    def __init__(self, shop: ShopProcess, log: Path) -> None:
        self.shop = shop
        self.people: list[GalleriaClient] = []
        self._http = httpx.AsyncClient(base_url=shop.url)
        self._log = log

    async def enter(self, name: str) -> GalleriaClient:
        client = await GalleriaClient.connect(self.shop.url, name=name)
        self.people.append(client)
        await client.join()
        return client

    async def reserve(self, client: GalleriaClient, **wishes: object) -> httpx.Response:
        headers = {"Authorization": f"Bearer {client.token}"}
        return await self._http.post("/seats", json=wishes, headers=headers)

    async def workers_at_work(self) -> str:
        """What `/readyz` says of them."""
        checks = (await self._http.get("/readyz")).json()["checks"]
        return str(checks["rooms"]["detail"].rpartition(", ")[2])

    async def until_all_work(self) -> None:
        async with asyncio.timeout(60):
            while await self.workers_at_work() != "2 of 2 workers":
                pass

    async def avatars(self) -> dict[str, float]:
        """People by worker, as the metrics of whichever worker is asked tell."""
        text = (await self._http.get("/metrics")).text
        families = {family.name: family for family in text_string_to_metric_families(text)}
        people = dict.fromkeys(
            (sample.labels["worker"] for sample in families["galleria_rooms"].samples), 0.0
        )
        for sample in families["galleria_avatars"].samples:
            people[sample.labels["worker"]] += sample.value
        return people

    def process_of(self, worker: int) -> int:
        """Process id of a worker's newest life."""
        text = self._log.read_text(encoding="utf-8")
        return int(re.findall(rf"worker_started .*pid=(\d+) worker={worker}\b", text)[-1])

    async def close(self) -> None:
        for client in self.people:
            await client.close()
        await self._http.aclose()


@pytest.fixture
async def street(tmp_path: Path, meshes: Path) -> AsyncIterator[Street]:
    require(os.name == "posix", "Several workers need a POSIX system.")
    opening = shop_process(
        tmp_path,
        meshes,
        "--workers",
        "2",
        ROOM__CAPACITY=str(CAPACITY),
        LOG__LEVEL="info",
        # Whatever else runs on this machine: people decide where the copy opens, not loads.
        WORKERS__PLACEMENT_BUSY_FRACTION="1",
    )
    made = Street(await asyncio.to_thread(opening.__enter__), tmp_path / "server.log")
    try:
        yield made
    finally:
        await made.close()
        await asyncio.to_thread(opening.__exit__, None, None, None)


def worker_of(client: GalleriaClient) -> int:
    return int(client.socket_url.split("/")[-2])


def lines(client: GalleriaClient) -> int:
    return len((client.room.cart or {}).get("lines", ()))


async def befriend(ann: GalleriaClient, bob: GalleriaClient) -> None:
    """A party over two workers: code, names and cart are known to both."""
    code = (await ann.request("CreateParty"))["party_code"]
    assert (await bob.request("JoinParty", code=code))["party_code"] == code
    await ann.add_to_cart(min(ann.room.stock))
    await bob.until(lambda: lines(bob) == 1)
    assert bob.room.cart is not None
    assert bob.room.cart["lines"][0]["owner_name"] == "Ann"


async def reserve_for_party(street: Street, ann: GalleriaClient, bob: GalleriaClient) -> None:
    """All of a party get seats in one room, or nobody does."""
    answer = await street.reserve(ann, room_id="grand-hall", party=True, overflow=False)
    assert (answer.status_code, answer.json()["code"]) == (409, "ROOM_FULL")
    seat = (await street.reserve(ann, party=True, seats=CAPACITY)).json()
    # With Bob, who sits there and needs none.
    assert seat["room_id"] == "grand-hall-2" or len(seat["seats"]) == CAPACITY
    assert seat["seats"][0] == {"seat_token": seat["seat_token"], "person_id": ann.person_id}
    assert worker_of(bob) == 2


async def restart_worker(street: Street, bob: GalleriaClient) -> None:
    """A worker that ends politely comes back with its rooms; its people notice a short drop."""
    avatar_id = bob.avatar_id
    os.kill(street.process_of(2), signal.SIGTERM)
    await bob.wait_for("Resumed", timeout_s=30)
    assert (bob.avatar_id, bob.room.room_id, worker_of(bob)) == (avatar_id, "grand-hall-2", 2)
    await bob.teleport((0.0, 0.0, 1.0), 0.0)
    await street.until_all_work()


async def kill_worker(street: Street, ann: GalleriaClient, bob: GalleriaClient) -> None:
    """Whoever was there comes back with a fresh session elsewhere; nothing in a cart is lost."""
    drops = ann.statistics.drops
    os.kill(street.process_of(2), signal.SIGKILL)
    assert (await bob.wait_for("Fresh", timeout_s=20))["reason"] == "session_over"
    await bob.join()
    await bob.until(lambda: lines(bob) == 1)
    assert bob.room.party_id == ann.room.party_id
    assert ann.statistics.drops == drops
    await street.until_all_work()


async def test_two_workers(street: Street, tmp_path: Path) -> None:
    ann, *_ = [await street.enter(name) for name in ("Ann", "Cem", "Dot")]
    bob = await street.enter("Bob")
    assert (ann.room.room_id, worker_of(ann)) == ("grand-hall", 1)
    assert (bob.room.room_id, worker_of(bob)) == ("grand-hall-2", 2)
    assert await street.avatars() == {"1": 3.0, "2": 1.0}
    await befriend(ann, bob)
    for client in (ann, bob):
        client.drop()
        await client.wait_for("Resumed")
    await reserve_for_party(street, ann, bob)
    await restart_worker(street, bob)
    await kill_worker(street, ann, bob)
    await ann.lock()
    await bob.until(lambda: (bob.room.checkout or {}).get("state") == "locked")
    await ann.pay(GOOD_CARD)
    await bob.until(lambda: (bob.room.checkout or {}).get("state") == "paid")
    processes = [street.process_of(worker) for worker in (1, 2)]
    street.shop.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(street.shop.process.wait, STOP_LIMIT_S) == 0
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
    await street.close()
    assert (await audit(tmp_path))["paid_orders"] == 1


async def audit(folder: Path) -> dict[str, int]:
    """What is left behind adds up."""
    settings = Settings.load(data_dir=folder / "var")
    commerce = await Commerce.open(settings.commerce_settings(), SystemClock())
    try:
        report = await commerce.audit()
        assert report.ok, report.problems
        return dict(report.figures)
    finally:
        await commerce.close()
