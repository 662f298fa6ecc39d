"""Runs a server from the command line: assets first with a progress bar, then the port."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from commerce import CommerceError
from server.app import build_assets
from server.config import Settings
from server.errors import GalleriaError
from server.observe.logs import configure_logs
from server.serving import serve
from server.store import load_store
from server.workers.supervisor import check_system, supervise

OnReady = Callable[[str], object]


def run_server(
    settings: Settings,
    console: Console,
    on_ready: OnReady,
    beside: Callable[[str], Coroutine[Any, Any, None]] | None = None,
) -> int:
    """Serve until Ctrl-C or SIGTERM; `beside` runs next to it once the port is open."""
    check_system(settings)
    configure_logs(settings.log)
    try:
        return _run(settings, console, on_ready, beside)
    except CommerceError as error:
        # Such as a database that does not answer: a sentence, not a traceback.
        raise GalleriaError(error.code, error.message, dict(error.data)) from error


def _run(
    settings: Settings,
    console: Console,
    on_ready: OnReady,
    beside: Callable[[str], Coroutine[Any, Any, None]] | None,
) -> int:
    # Until the server takes over: end as with Ctrl-C, so that no mesh worker is left behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    build_assets_visibly(settings, console)
    if settings.workers.count > 1:
        with asyncio.Runner() as runner:
            runner.run(supervise(settings, on_ready, beside))
        return 0
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve(settings, on_ready, beside))
    return 0


def build_assets_visibly(settings: Settings, console: Console) -> None:
    """Make the demo store's meshes; silent when they are there already."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Making meshes", total=None)

        def show(done: int, total: int, what: str) -> None:
            progress.update(task, completed=done, total=total, description=f"Making {what}")

        build_assets(settings, load_store(), show)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
