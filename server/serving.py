"""The one port: uvicorn with the application behind it, from opening to a polite end."""

import asyncio
import math
import signal
import socket
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any

import uvicorn

from server.app import Application, application, cancel
from server.clock import until_next_s
from server.config import Settings
from server.http.patience import patient_protocol
from server.memory import settle
from server.port import open_port, url_of_port

MAIN_LOOP_S = 0.5


async def serve(
    settings: Settings,
    on_ready: Callable[[str], object],
    beside: Callable[[str], Coroutine[Any, Any, None]] | None = None,
) -> None:
    """Run the server until SIGINT or SIGTERM; `beside` runs next to it once the port is open."""
    port = open_port(settings)
    async with application(settings) as app:
        settle()
        companions: list[asyncio.Task[None]] = []

        def opened(server: uvicorn.Server) -> None:
            url = url_of(server, settings)
            on_ready(url)
            if beside is not None:
                companions.append(asyncio.create_task(beside(url)))

        def closing() -> None:
            app.services.draining = True

        try:
            await Server(uvicorn_config(app), opened, closing).serve([port])
        finally:
            for companion in companions:
                await cancel(companion)


class Server(uvicorn.Server):
    """uvicorn's server, which also says when its port is open and when it begins to close."""

    def __init__(
        self,
        config: uvicorn.Config,
        on_opened: Callable[[uvicorn.Server], None],
        on_closing: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._on_opened = on_opened
        self._on_closing = on_closing
        self._loop: asyncio.AbstractEventLoop | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Stop politely, or at a second Ctrl-C at once.

        uvicorn would raise the signal again when it is done, and SIGTERM would then end the process
        before what is around the server has been closed.
        """
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        if not self.should_exit and self._loop is not None:
            # Called by a signal, which may come in the middle of anything.
            self._loop.call_soon_threadsafe(self._on_closing)
        self.should_exit = True

    async def main_loop(self) -> None:
        """Wait for the end. uvicorn looks ten times a second; for its Date twice is enough."""
        while not self.should_exit:
            await self.on_tick(0)
            await asyncio.sleep(until_next_s(MAIN_LOOP_S))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._loop = asyncio.get_running_loop()
            self._on_opened(self)


def uvicorn_config(
    app: Application, door: Callable[..., asyncio.Protocol] | None = None
) -> uvicorn.Config:
    """The one port: HTTP by FastAPI, WebSocket upgrades by our own protocol class.

    `door` makes the protocol of each upgrade; without one, the listener does.
    """
    settings, cut = app.services.settings, app.services.metrics.http_connections_cut
    http = patient_protocol(
        settings.http.request_timeout_ms,
        settings.http.connections_max,
        lambda reason: cut.labels(reason).inc(),
    )
    return uvicorn.Config(
        app.http,
        host=settings.listen.host,
        port=settings.listen.port,
        # uvicorn calls whatever it is given; its annotation knows classes only.
        ws=door or app.listener,  # type: ignore[arg-type]
        http=http,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.listen.trusted_proxies),
        forwarded_allow_ips=list(settings.listen.trusted_proxies),
        ssl_certfile=settings.listen.tls_certificate_file,
        ssl_keyfile=settings.listen.tls_key_file,
        timeout_graceful_shutdown=math.ceil(settings.realtime.drain_timeout_ms / 1_000),
    )


def url_of(server: uvicorn.Server, settings: Settings) -> str:
    """Where the server is to be found; the port is the real one when 0 was asked for."""
    return url_of_port(server.servers[0].sockets[0].getsockname()[1], settings)
