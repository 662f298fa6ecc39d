"""The composition root: builds the parts from the settings, runs them, and closes them in order."""

import asyncio
import functools
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import structlog
from fastapi import FastAPI

from assets.made import manifest_of
from assets.storage import Storage
from commerce import Commerce
from recommender.service import RecommenderService
from rooms.avatars import PoseTable
from server.auth.tokens import GuestTokens
from server.blocks import BLOCKS_FILE, Blocks
from server.clock import Clock, SystemClock, until_next_s
from server.config import Settings
from server.effects import EffectRunner
from server.erasing import Erasing, Forget
from server.fast_lane import FastLane
from server.feed import CommerceFeed
from server.http.application import open_http
from server.hub import GameHub
from server.listener import Listener
from server.observe.live import RoomNumbers, Traffic, show_load
from server.observe.metrics import Metrics
from server.observe.shop import count_event
from server.parking import Parking, parking_path
from server.parties import PartyCodes
from server.recorder import Recorder
from server.registry import Registry
from server.resume_tokens import ResumeTokens
from server.room_host import RoomHost
from server.room_opener import RoomOpener
from server.services import Services
from server.session import SessionRegistry
from server.store import Store, load_store
from server.tastes import Tastes
from server.workers.alone import Alone
from server.workers.owner import LocalOwner
from server.workers.surroundings import Surroundings

log = structlog.get_logger(__name__)

Progress = Callable[[int, int, str], None]

SESSION_SWEEP_S = 1.0


@dataclass(slots=True)
class Application:
    """A running server without its port: everything is started, `http` and `listener` are ready."""

    services: Services
    http: FastAPI
    hub: GameHub
    host: RoomHost
    effects: EffectRunner
    feed: CommerceFeed
    tastes: Tastes
    listener: Listener
    recorder: Recorder
    parking: Parking
    erasing: Erasing
    surroundings: Surroundings


def build_assets(settings: Settings, store: Store, progress: Progress | None = None) -> None:
    """Make the meshes, LODs and thumbnails of the store, unless they are there already."""
    storage = Storage(settings.data_dir / "assets")
    manifest_of(store.recipes, storage, progress, workers=settings.asset_workers)


@asynccontextmanager
async def application(
    settings: Settings,
    clock: Clock | None = None,
    store: Store | None = None,
    surroundings: Surroundings | None = None,
) -> AsyncIterator[Application]:
    """Everything between the settings and the port, running until the block is left.

    Without `surroundings` this process is alone and runs all rooms.
    """
    clock = clock or SystemClock()
    store = store or load_store()
    surroundings = surroundings or Alone(settings, clock, store)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        commerce = await Commerce.open(
            settings.commerce_settings(), clock, payment=settings.payment_settings()
        )
        stack.push_async_callback(commerce.close)
        await commerce.seed(store.seeds)
        recommender = await RecommenderService.open(settings.recommender_settings(), clock)
        stack.push_async_callback(recommender.close)
        await recommender.set_catalogue(store.products)
        recommender.set_margins(store.margins)
        services = await _services(settings, clock, store, commerce, recommender, surroundings)
        blocks_file, limits = settings.data_dir / BLOCKS_FILE, settings.blocks_limits()
        blocks = await stack.enter_async_context(Blocks(blocks_file, clock, limits))
        app = await _compose(services, surroundings, blocks)
        await _run_in_background(stack, app)
        yield app


async def _services(
    settings: Settings,
    clock: Clock,
    store: Store,
    commerce: Commerce,
    recommender: RecommenderService,
    surroundings: Surroundings,
) -> Services:
    storage = Storage(settings.data_dir / "assets")
    manifest = await asyncio.to_thread(
        manifest_of, store.recipes, storage, None, settings.asset_workers
    )
    guests = GuestTokens.open(settings, clock)
    guests.refuse(reversed(await commerce.erasures.subjects(settings.auth.erased_max)))
    return Services(
        settings=settings,
        clock=clock,
        store=store,
        commerce=commerce,
        recommender=recommender,
        storage=storage,
        manifest=manifest,
        guests=guests,
        registry=Registry(settings.registry_limits(), clock, surroundings.directory),
        directory=surroundings.directory,
        metrics=Metrics(),
        worker=surroundings.worker,
    )


async def _compose(services: Services, surroundings: Surroundings, blocks: Blocks) -> Application:
    """Wire rooms, effects, feed and hub together."""
    settings, clock, realtime = services.settings, services.clock, services.settings.realtime
    lane = (
        FastLane(clock, realtime.max_frame_bytes, realtime.beat_ms) if realtime.fast_lane else None
    )
    host = RoomHost(
        PoseTable(realtime.avatars_max, settings.pose),
        clock,
        settings.host_limits(),
        services.metrics,
        lane,
    )
    services.last_beat_ms = lambda: host.last_beat_ms
    parties = surroundings.parties
    effects, feed = _shop_sides(services, host, parties, blocks)
    tokens = ResumeTokens(services.guests.secret, clock, settings.auth.guest_token_ttl_ms)
    sessions = SessionRegistry(tokens, settings.session_limits())
    traffic = Traffic(services.metrics)
    hub = GameHub(
        clock,
        services.guests,
        sessions,
        services.registry,
        host,
        parties,
        services.commerce,
        services.recommender,
        effects,
        services.metrics,
        traffic,
        settings.welcome_facts(services.store.tick_rate_hz),
        blocks,
    )
    host.connect(effects.run, hub.released)
    recorder = Recorder(settings.data_dir / "journals", settings.recorder_limits())
    opener = RoomOpener(settings, clock, services.store, services.commerce, host, recorder, feed)
    parking = Parking(
        parking_path(settings.data_dir, services.worker),
        realtime.parking_ttl_ms,
        clock,
        host,
        opener,
        services.registry,
        sessions,
        hub,
        parties,
    )
    await parking.restore()
    await surroundings.own(LocalOwner(services.registry, opener, host.load))
    listener = Listener(hub, settings.connection_limits(), lane)
    metrics = services.metrics
    metrics.add_source(lambda: traffic.read(listener.connections, host.traffic))
    numbers = RoomNumbers(metrics)
    metrics.add_source(lambda: numbers.show(host.rooms, sessions.all, effects))
    metrics.add_source(lambda: show_load(metrics, host.load()))
    return Application(
        services,
        await open_http(services),
        hub,
        host,
        effects,
        feed,
        _tastes(services, hub, effects),
        listener,
        recorder,
        parking,
        _erasing(services, hub, (blocks.erase, services.recommender.erase, recorder.erase)),
        surroundings,
    )


def _shop_sides(
    services: Services, host: RoomHost, parties: PartyCodes, blocks: Blocks
) -> tuple[EffectRunner, CommerceFeed]:
    """What rooms ask of the shop, and what the shop tells the rooms."""
    settings, clock = services.settings, services.clock
    effects = EffectRunner(
        services.commerce,
        services.recommender,
        parties,
        clock,
        host.submit,
        settings.effect_limits(),
        services.metrics,
        blocks,
    )
    feed = CommerceFeed(
        services.commerce,
        services.recommender,
        effects,
        rooms_with_party=host.rooms_with_party,
        rooms_with_product=host.rooms_with_product,
        submit=host.submit,
        product_names={seed.id: seed.name for seed in services.store.seeds},
    )
    return effects, feed


def _erasing(services: Services, hub: GameHub, elsewhere: tuple[Forget, ...]) -> Erasing:
    settle_ms = services.settings.commerce.erasure_settle_ms
    at_once = (services.guests.revoke, hub.erase)
    return Erasing(services.commerce, services.clock, settle_ms, at_once, elsewhere)


def _tastes(services: Services, hub: GameHub, effects: EffectRunner) -> Tastes:
    """What people say over HTTP that they like, on its way to the rooms."""
    tastes = Tastes(
        services.commerce, services.recommender, services.clock, hub.seats_of, effects.run
    )
    services.taste_changed = tastes.changed
    return tastes


async def _run_in_background(stack: AsyncExitStack, app: Application) -> None:
    """Start what goes on by itself; on the way out it ends before the database is closed."""
    services = app.services
    count = functools.partial(count_event, services.metrics)
    for consumer in (app.erasing.consume, app.feed.consume, count):
        stack.callback(services.commerce.subscribe(consumer))
    stack.push_async_callback(_finish, app)
    for work in (
        services.commerce.run,
        services.recommender.run,
        app.feed.run,
        app.erasing.run,
        app.tastes.run,
        app.recorder.run,
        app.host.run,
        app.listener.run,
        app.surroundings.run,
        functools.partial(_expire_sessions, app.hub),
    ):
        stack.push_async_callback(cancel, asyncio.create_task(_watch(work)))


async def _watch(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """A background task that dies of an error takes the server with it, instead of in silence."""
    try:
        await work()
    except Exception:
        log.exception("background_task_failed", task=repr(work))
        signal.raise_signal(signal.SIGTERM)
        raise


async def cancel(task: asyncio.Task[None]) -> None:
    """End a task, and wait for its end."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _expire_sessions(hub: GameHub) -> None:
    while True:
        await asyncio.sleep(until_next_s(SESSION_SWEEP_S))
        hub.expire()


async def _finish(app: Application) -> None:
    """Answer what is in flight, park the rooms and write the recordings to their end."""
    await app.effects.drain()
    app.host.settle()
    app.parking.save()
    app.host.close_journals()
    await app.recorder.flush()
