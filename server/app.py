"""The composition root: builds the parts from the settings, runs them, and closes them in order."""

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI

from assets.builder import build_manifest
from assets.storage import Storage
from commerce import Commerce
from recommender.service import RecommenderService
from rooms.avatars import PoseTable
from rooms.journal import header_of
from rooms.room import Room
from server import translate
from server.auth.tokens import GuestTokens
from server.clock import Clock, SystemClock
from server.config import Settings
from server.effects import EffectRunner
from server.feed import CommerceFeed
from server.http.application import create_http
from server.hub import GameHub
from server.listener import GameProtocol
from server.observe.metrics import Metrics
from server.parties import Parties
from server.recorder import Recorder
from server.registry import Registry, RoomEntry
from server.room_host import HostedRoom, RoomHost
from server.services import Services
from server.session import ResumeTokens, SessionRegistry
from server.store import Store, load_store

log = structlog.get_logger(__name__)

Progress = Callable[[int, int, str], None]


@dataclass(slots=True)
class Application:
    """A running server without its port: everything is started, `http` and `protocol` are ready."""

    services: Services
    http: FastAPI
    hub: GameHub
    host: RoomHost
    protocol: Callable[..., asyncio.Protocol]
    recorder: Recorder


def build_assets(settings: Settings, store: Store, progress: Progress | None = None) -> None:
    """Make the meshes, LODs and thumbnails of the store, unless they are there already."""
    storage = Storage(settings.data_dir / "assets")
    build_manifest(store.recipes, storage, progress, workers=settings.asset_workers)


@asynccontextmanager
async def application(
    settings: Settings, clock: Clock | None = None, store: Store | None = None
) -> AsyncIterator[Application]:
    """Everything between the settings and the port, running until the block is left."""
    clock = clock or SystemClock()
    store = store or load_store()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        commerce = await Commerce.open(settings.commerce_settings(), clock)
        stack.push_async_callback(commerce.close)
        await commerce.seed(store.seeds)
        recommender = await RecommenderService.open(settings.recommender_settings(), clock)
        stack.push_async_callback(recommender.close)
        await recommender.set_catalogue(store.products)
        services = _services(settings, clock, store, commerce, recommender)
        app = await _compose(services)
        await _run_in_background(stack, app, services)
        yield app


def _services(
    settings: Settings,
    clock: Clock,
    store: Store,
    commerce: Commerce,
    recommender: RecommenderService,
) -> Services:
    storage = Storage(settings.data_dir / "assets")
    manifest = build_manifest(store.recipes, storage, None, workers=settings.asset_workers)
    return Services(
        settings=settings,
        clock=clock,
        store=store,
        commerce=commerce,
        recommender=recommender,
        storage=storage,
        manifest=manifest,
        guests=GuestTokens.open(settings, clock),
        rooms=Registry(settings.registry_limits(), clock),
        metrics=Metrics(),
    )


async def _compose(services: Services) -> Application:
    """Wire rooms, effects, feed and hub together."""
    settings, clock = services.settings, services.clock
    poses = PoseTable(capacity=settings.realtime.avatars_max)
    recorder = Recorder(settings.data_dir / "journals", settings.recorder_limits())
    parties = Parties(clock)
    released: list[GameHub] = []
    host = RoomHost(
        poses,
        clock,
        settings.host_limits(),
        services.metrics,
        on_released=lambda effect: released[0].released(effect),
    )
    effects = EffectRunner(
        services.commerce,
        services.recommender,
        parties,
        clock,
        host.submit,
        settings.effect_limits(),
    )
    host.connect_effects(effects.run)
    await _open_room(services, host, poses, recorder)
    feed = CommerceFeed(
        services.commerce,
        services.recommender,
        effects,
        rooms_with_party=host.rooms_with_party,
        rooms_with_product=host.rooms_with_product,
        submit=host.submit,
        product_names={seed.id: seed.name for seed in services.store.seeds},
    )
    sessions = SessionRegistry(
        ResumeTokens(services.guests.secret, clock), settings.session_limits()
    )
    hub = GameHub(
        clock,
        services.guests,
        sessions,
        services.rooms,
        host,
        parties,
        services.commerce,
        effects,
        services.metrics,
        settings.welcome_facts(),
    )
    released.append(hub)
    protocol = functools.partial(GameProtocol, hub=hub, limits=settings.connection_limits())
    app = Application(services, create_http(services), hub, host, protocol, recorder)
    app_feed = feed
    return app
