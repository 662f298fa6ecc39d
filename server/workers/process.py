"""A worker process: a whole server that shares its port, and asks the supervisor for directions.

The supervisor starts `python -m server.workers.process` with one argument, `Start` as JSON, and
leaves it the descriptors that are named there.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import replace

import structlog
import uvicorn

from commerce import CommerceError
from recommender.errors import RecommenderError
from server.app import Application, application
from server.cli.running import loop_factory
from server.config import Settings
from server.errors import GalleriaError
from server.http.system import exposition_of
from server.memory import settle
from server.observe.logs import configure_logs
from server.serving import Server, uvicorn_config
from server.workers.channel import Channel
from server.workers.doors import Doors, Porter
from server.workers.link import WorkerLink
from server.workers.start import FIRST_WORKER, Start

log = structlog.get_logger(__name__)


def settings_of(start: Start) -> Settings:
    """The settings of one worker: as for all, but its commerce is told events under its own name,
    and only the first one fits models."""
    settings = Settings.load(host=start.host, port=start.port, workers=start.workers)
    commerce, first = settings.commerce, start.worker == FIRST_WORKER
    commerce = replace(commerce, process_name=f"worker-{start.worker}")
    recommender = replace(settings.recommender, shared=True, fits=first)
    return settings.model_copy(update={"commerce": commerce, "recommender": recommender})


async def work(start: Start, settings: Settings) -> None:
    """Serve until SIGTERM, or until the supervisor is gone."""
    link = WorkerLink(start.worker, settings)
    channel = await Channel.over(
        socket.socket(fileno=start.channel_descriptor), link.limits, link.handlers()
    )
    link.use(channel)
    listening = asyncio.create_task(_until_left_alone(channel))
    doors = Doors(
        start.worker,
        socket.socket(fileno=start.door_descriptor),
        {int(n): socket.socket(fileno=fd) for n, fd in start.door_descriptors.items()},
    )
    try:
        async with application(settings, surroundings=link) as app:
            _join_the_others(app, link)
            settle()
            await _serve(app, link, doors, socket.socket(fileno=start.port_descriptor))
    finally:
        listening.cancel()
        await channel.close()
        doors.close()


def _join_the_others(app: Application, link: WorkerLink) -> None:
    """What happens in the shop through one worker is shown by all of them at once."""
    services = app.services
    services.commerce.subscribe(link.happened)
    link.look_for_news = services.commerce.dispatch
    link.show_metrics = lambda: exposition_of(services)
    link.hear_of_taste = app.tastes.heard
    services.link = link


async def _serve(app: Application, link: WorkerLink, doors: Doors, port: socket.socket) -> None:
    ways: list[Callable[[], None]] = []

    def opened(server: uvicorn.Server) -> None:
        ways.append(doors.open(app.listener, server.server_state))

    def leave_closed() -> None:
        while ways:
            ways.pop()()

    def closing() -> None:
        app.services.draining = True
        link.close_doors()
        # Whoever comes now waits at the door for our next life.
        leave_closed()

    porter = Porter(app.listener, doors, link.is_reachable)
    try:
        await Server(uvicorn_config(app, porter), opened, closing).serve([port])
    finally:
        leave_closed()


async def _until_left_alone(channel: Channel) -> None:
    """A worker without its supervisor ends politely: nobody would send people to it, or stop it."""
    try:
        await channel.run()
    except Exception:
        log.exception("channel_failed")
    log.warning("supervisor_gone")
    signal.raise_signal(signal.SIGTERM)


def main() -> int:
    """Run one worker; the exit status is 0 when it ended politely."""
    start = Start.from_json(sys.argv[1])
    for descriptor in start.descriptors:
        # They are for us, and not for the processes that fit models.
        os.set_inheritable(descriptor, False)
    # Until the server takes over: end as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        settings = settings_of(start)
        configure_logs(settings.log)
        structlog.contextvars.bind_contextvars(worker=start.worker)
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(work(start, settings))
    except (GalleriaError, CommerceError, RecommenderError) as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)  # noqa: T201 - the log may not be
        return 1
    except KeyboardInterrupt:
        return os.EX_OK
    return os.EX_OK


if __name__ == "__main__":
    raise SystemExit(main())
