"""A real server process and a real browser for the tests of this folder."""

import os
import re
import secrets
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, async_playwright

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "server" / "static" / "index.html"
START_LIMIT_S = 240
STOP_LIMIT_S = 20
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Two pages share one browser here; neither may be slowed down for being in the background.
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
)


@dataclass(frozen=True, slots=True)
class ShopProcess:
    """Where the shop is open, the key that makes somebody a host there, and its process."""

    url: str
    host_key: str
    process: subprocess.Popen[bytes]


def chromium_path() -> str | None:
    """The Chromium of this machine, if it has one."""
    return next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


@contextmanager
def shop_process(
    folder: Path, meshes: Path, *arguments: str, **settings: str
) -> Iterator[ShopProcess]:
    """Run `python -m server serve` on a free port with its data in `folder`.

    `arguments` are passed on; `settings` are further variables without their prefix.

    Meshes are kept in `meshes` from run to run: files are named by their content.
    """
    data = folder / "var"
    data.mkdir(exist_ok=True)
    if not (data / "assets").exists():
        (data / "assets").symlink_to(meshes, target_is_directory=True)
    host_key = secrets.token_urlsafe(24)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GALLERIA_")},
        "GALLERIA_DATA_DIR": str(data),
        "GALLERIA_LISTEN__PORT": "0",
        "GALLERIA_AUTH__HOST_KEY": host_key,
        "GALLERIA_LOG__LEVEL": "warning",
        "PYTHONUNBUFFERED": "1",
        "COLUMNS": "200",
        **{f"GALLERIA_{name}": value for name, value in settings.items()},
    }
    log = folder / "server.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "server", "serve", *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    try:
        yield ShopProcess(_wait_for_url(process, log), host_key, process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_url(process: subprocess.Popen[bytes], log: Path) -> str:
    """The address that the server prints once its port is open."""
    deadline = time.monotonic() + START_LIMIT_S
    with selectors.DefaultSelector() as pause:
        while time.monotonic() < deadline:
            text = log.read_text(encoding="utf-8", errors="replace")
            found = re.search(r"open at\s+(http://\S+)", text)
            if found:
                return found[1]
            if process.poll() is not None:
                raise RuntimeError(f"the server ended with {process.returncode}:\n{text[-2000:]}")
            pause.select(0.1)
    raise TimeoutError(f"the server did not open its port in {START_LIMIT_S} s:\n{text[-2000:]}")


@asynccontextmanager
async def browser(executable: str) -> AsyncIterator[Browser]:
    """A headless Chromium that draws WebGL in software."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=executable, args=list(CHROMIUM_FLAGS)
        )
        try:
            yield chromium
        finally:
            await chromium.close()
