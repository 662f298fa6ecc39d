"""A small real shop behind the HTTP application: real database, real model, real files."""

import asyncio
import dataclasses
import gc
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI

from assets.builder import build_manifest
from assets.manifest import Manifest
from assets.storage import Storage
from commerce import Commerce
from recommender.service import RecommenderService
from server.auth.tokens import GuestTokens
from server.config import Settings
from server.http.application import open_http
from server.observe.metrics import Metrics
from server.registry import Registry, SeatReservation
from server.services import Services
from server.store import Store, load_store
from server.workers.directory import Directory, RoomTemplate
from server.workers.invites import InviteLimits
from server.workers.placement import PlacementLimits, WorkerReport

SMALL_STORE = Path(__file__).parent / "small_store"
BASE_URL = "http://shop.test"
STARTED_MS = 1_900_000_000_000


class SeatsOnly:
    """Owns rooms that nobody runs: their seats are real, and no game socket leads to them."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def report(self) -> WorkerReport:
        return WorkerReport(self._registry.summaries())

    async def open_room(self, room_id: str, name: str, layout_id: str) -> None:
        self._registry.add_room(room_id, name, layout_id)

    async def close_room(self, room_id: str) -> bool:
        return self._registry.remove_room(room_id)

    async def reserve(
        self, room_id: str, people: Sequence[str], asker_id: str
    ) -> tuple[SeatReservation, ...]:
        return self._registry.reserve(room_id, people, asker_id)

    def forget(self, person_id: str) -> None:
        self._registry.forget(person_id)


class TurnedClock:
    """A clock that goes only when a test turns it."""

    def __init__(self) -> None:
        self.now_ms = STARTED_MS

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture(scope="session")
def small_store() -> Store:
    return load_store(SMALL_STORE)


@pytest.fixture(scope="session")
def built_assets(
    small_store: Store, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Storage, Manifest]:
    """Meshes of the small store, made once for all tests; nothing writes there afterwards."""
    storage = Storage(tmp_path_factory.mktemp("assets"))
    return storage, build_manifest(small_store.recipes, storage, None, workers=1)


@pytest.fixture(autouse=True, scope="session")
def frozen_imports() -> Iterator[None]:
    """Keep what the imports made out of the collector's sight, as the server does after its start.

    A full collection over all of it takes a quarter of a second, in the middle of any test.
    """
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[None]:
    """Entries are rendered as in earnest and written nowhere."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(),
        ],
        logger_factory=structlog.ReturnLoggerFactory(),
    )
    yield
    structlog.reset_defaults()


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture(scope="session")
def seeded_folder(small_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with migrated and seeded databases; tests get copies of it."""
    folder = tmp_path_factory.mktemp("seeded")
    settings = Settings.load(data_dir=folder)

    async def seed() -> None:
        commerce = await Commerce.open(settings.commerce_settings(), TurnedClock())
        await commerce.seed(small_store.seeds)
        await commerce.close()
        recommender = await RecommenderService.open(settings.recommender_settings(), TurnedClock())
        await recommender.close()

    asyncio.run(seed())
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(data_dir=tmp_path / "var")


@pytest.fixture
async def services(
    settings: Settings,
    clock: TurnedClock,
    small_store: Store,
    seeded_folder: Path,
    built_assets: tuple[Storage, Manifest],
) -> AsyncIterator[Services]:
    shutil.copytree(seeded_folder, settings.data_dir)
    commerce = await Commerce.open(settings.commerce_settings(), clock)
    recommender = await RecommenderService.open(settings.recommender_settings(), clock)
    try:
        await recommender.set_catalogue(small_store.products)
        storage, manifest = built_assets
        directory = Directory(
            dataclasses.replace(
                settings.directory_limits(),
                placement=PlacementLimits(rooms_max=1),
                invites=InviteLimits(ttl_ms=60_000, uses=2),
                seats_max=3,
            ),
            clock,
            [RoomTemplate(small_store.room_id, small_store.name)],
        )
        registry = Registry(
            dataclasses.replace(settings.registry_limits(), capacity=2), clock, directory
        )
        await directory.join(1, SeatsOnly(registry))
        yield Services(
            settings=settings,
            clock=clock,
            store=small_store,
            commerce=commerce,
            recommender=recommender,
            storage=storage,
            manifest=manifest,
            guests=GuestTokens.open(settings, clock),
            registry=registry,
            directory=directory,
            metrics=Metrics(),
            last_beat_ms=lambda: STARTED_MS,
        )
    finally:
        await recommender.close()
        await commerce.close()


@pytest.fixture
async def app(services: Services, tmp_path: Path) -> FastAPI:
    return await open_http(services, tmp_path / "static")


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with open_client(app) as opened:
        yield opened


def open_client(app: FastAPI, **options: Any) -> httpx.AsyncClient:
    """A client that calls the application without a port between them."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    return httpx.AsyncClient(transport=transport, base_url=BASE_URL, **options)


Shopper = Callable[[str], httpx.AsyncClient]


@pytest.fixture
async def shopper(app: FastAPI, services: Services) -> AsyncIterator[Shopper]:
    """Lets a guest with this name in: a client that sends their token."""
    opened: list[httpx.AsyncClient] = []

    def enter(name: str) -> httpx.AsyncClient:
        token = services.guests.issue(name).token
        client = open_client(app, headers={"Authorization": f"Bearer {token}"})
        opened.append(client)
        return client

    yield enter
    for client in opened:
        await client.aclose()


@pytest.fixture
def ada(shopper: Shopper) -> httpx.AsyncClient:
    return shopper("Ada")


@pytest.fixture
async def host(app: FastAPI, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """A member of the staff."""
    token = services.guests.issue("Hanna", "host").token
    async with open_client(app, headers={"Authorization": f"Bearer {token}"}) as opened:
        yield opened


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check that this is a problem document with this status and code; its data."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    assert set(body) == {"type", "title", "status", "detail", "instance", "code", "data"}
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == f"/docs#error-{code}"
    assert body["detail"].endswith(".")
    assert body["instance"] == f"request:{response.headers['x-request-id']}"
    data: dict[str, Any] = body["data"]
    return data
