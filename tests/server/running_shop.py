"""A whole server on a real port, in the test's own event loop, with the small store in it."""

import asyncio
import atexit
import functools
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from assets.builder import build_manifest
from assets.storage import Storage
from server.app import Application, application
from server.client.client import GalleriaClient
from server.config import Settings
from server.serving import url_of, uvicorn_config
from server.store import load_store

SMALL_STORE = Path(__file__).parent / "http" / "small_store"

MUG, LAST, BOWL = "MUG-BLUE", "MUG-LAST", "BOWL-WALNUT"
GOOD, DECLINED, CHALLENGED, LOST_CHARGED, LOST_FREE = (
    f"test:{number:016d}" for number in range(1, 6)
)


@functools.cache
def _meshes() -> Path:
    """Meshes of the small store, made once for all tests."""
    folder = Path(tempfile.mkdtemp(prefix="galleria-meshes-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    build_manifest(load_store(SMALL_STORE).recipes, Storage(folder), None, workers=1)
    return folder


class _QuietServer(uvicorn.Server):
    """A server that leaves the signal handlers of the test runner alone."""

    def install_signal_handlers(self) -> None:
        """Nothing."""


@dataclass(slots=True)
class Shop:
    """A running server and where it is."""

    app: Application
    url: str
    clients: list[GalleriaClient] = field(default_factory=list)

    async def connect(self, name: str, token: str | None = None) -> GalleriaClient:
        """A client with a session; it is closed with the shop at the latest."""
        client = await GalleriaClient.connect(self.url, name=name, token=token)
        self.clients.append(client)
        return client

    async def enter(
        self, name: str, *, consent: tuple[str, ...] = (), token: str | None = None
    ) -> GalleriaClient:
        """A shopper in the room, within reach of the products."""
        client = await self.connect(name, token)
        await client.join(consent=consent)
        await client.teleport((0.0, 0.0, -0.5), 0.0)
        return client

    async def enter_host(self, name: str) -> GalleriaClient:
        """A host in the room."""
        return await self.enter(name, token=self.app.services.guests.issue(name, "host").token)


@asynccontextmanager
async def running_shop(folder: Path, port: int = 0) -> AsyncIterator[Shop]:
    """Open the shop on a free port, or this one; everything is closed when the block is left."""
    settings = Settings.load(data_dir=folder / "var", port=port)
    store = load_store(SMALL_STORE)
    meshes = await asyncio.to_thread(_meshes)
    shutil.copytree(meshes, settings.data_dir / "assets", dirs_exist_ok=True)
    async with application(settings, store=store) as app:
        server = _QuietServer(uvicorn_config(app))
        config = server.config
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        beating = asyncio.create_task(server.main_loop())
        shop = Shop(app, url_of(server, settings))
        try:
            yield shop
        finally:
            for client in shop.clients:
                await client.close()
            server.should_exit = True
            await beating
            await server.shutdown()
