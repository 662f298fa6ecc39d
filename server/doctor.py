"""Looks at an installation and says how to mend what is wrong; audits stock and money.

Each check answers one question. A check that fails never stops the others.
"""

import asyncio
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from assets.storage import Storage
from commerce import Commerce, CommerceError
from server.clock import SystemClock
from server.config import Settings
from server.errors import GalleriaError
from server.http.page import PAGE_FOLDER
from server.store import load_store

Verdict = Literal["good", "warning", "bad"]

PYTHON_MINIMUM = (3, 11)
DISK_FREE_MINIMUM_BYTES = 500 * 1024 * 1024
OPEN_FILES_MINIMUM = 1_024


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one check; `mend` says what to do when it is not good."""

    check: str
    verdict: Verdict
    message: str
    mend: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


async def examine(settings: Settings, *, audit: bool) -> list[Finding]:
    """Run every check; with `audit` also add up stock, orders, payments and holds."""
    checks: list[Callable[[Settings], Finding | Awaitable[Finding]]] = [
        _python,
        _data_folder,
        _disk,
        _open_files,
        _workers,
        _port,
        _page,
        _store_data,
        _keys,
        _payment,
        _database,
    ]
    if audit:
        checks.append(_audit)
    findings = []
    for check in checks:
        outcome = check(settings)
        findings.append(outcome if isinstance(outcome, Finding) else await outcome)
    return findings


def _python(_settings: Settings) -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] < PYTHON_MINIMUM:
        return Finding(
            "python", "bad", f"Python {version} is too old.", "Use Python 3.11 or newer."
        )
    return Finding("python", "good", f"Python {version}.")


def _data_folder(settings: Settings) -> Finding:
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"galleria")
    except OSError as error:
        return Finding(
            "data folder",
            "bad",
            f"{folder} cannot be written: {error.strerror}.",
            "Make it writable for this user, or set GALLERIA_DATA_DIR to another folder.",
        )
    return Finding("data folder", "good", f"{folder} can be written.")


def _disk(settings: Settings) -> Finding:
    folder = next(
        p for p in (settings.data_dir, *settings.data_dir.resolve().parents) if p.exists()
    )
    free = shutil.disk_usage(folder).free
    message = f"{free / 1e9:.1f} GB free."
    if free < DISK_FREE_MINIMUM_BYTES:
        return Finding(
            "disk",
            "warning",
            message,
            "Free some space: a full disk refuses orders.",
            {"free": free},
        )
    return Finding("disk", "good", message, data={"free": free})


def _open_files(settings: Settings) -> Finding:
    if os.name != "posix":
        return Finding("open files", "good", "Not limited here.")
    import resource

    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = max(OPEN_FILES_MINIMUM, settings.realtime.connections_max + 256)
    if soft < needed:
        return Finding(
            "open files",
            "warning",
            f"This shell allows {soft} open files; {needed} are wanted for all connections.",
            f"Run: ulimit -n {needed}",
            {"limit": soft, "wanted": needed},
        )
    return Finding("open files", "good", f"{soft} allowed.")


def _workers(settings: Settings) -> Finding:
    count, cores = settings.workers.count, os.cpu_count() or 1
    if count > 1 and os.name != "posix":
        return Finding(
            "workers",
            "bad",
            f"{count} workers are set, and this system can run one.",
            "Set GALLERIA_WORKERS__COUNT to 1, or use Linux or macOS.",
        )
    if count > cores:
        return Finding(
            "workers",
            "warning",
            f"{count} workers on {cores} cores take time from one another.",
            f"Set GALLERIA_WORKERS__COUNT to {cores} at most.",
            {"workers": count, "cores": cores},
        )
    rooms = count * settings.workers.rooms_max
    return Finding(
        "workers",
        "good",
        f"{count} on {cores} cores, with up to {rooms} rooms.",
        data={"workers": count, "cores": cores},
    )


def _port(settings: Settings) -> Finding:
    host, port = settings.listen.host, settings.listen.port
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return Finding(
                "port",
                "warning",
                f"{host}:{port} cannot be opened: {error.strerror}. Is Galleria running?",
                "Stop what uses it, or set GALLERIA_LISTEN__PORT.",
            )
    return Finding("port", "good", f"{host}:{port} is free.")


def _page(_settings: Settings) -> Finding:
    if not (PAGE_FOLDER / "index.html").is_file():
        return Finding("page", "warning", "The web page has not been built.", "Run: make setup")
    return Finding("page", "good", "The web page is built.")


def _store_data(settings: Settings) -> Finding:
    try:
        store = load_store()
    except GalleriaError as error:
        return Finding("store data", "bad", error.message, "Mend the file it names.")
    skus = sum(len(seed.skus) for seed in store.seeds)
    made = any((Storage(settings.data_dir / "assets").root).glob("**/*.glb"))
    return Finding(
        "store data",
        "good" if made else "warning",
        f"{store.name}: {len(store.seeds)} products, {skus} SKUs; meshes "
        + ("are made." if made else "are not made yet."),
        "" if made else "The first start makes them.",
    )


def _keys(settings: Settings) -> Finding:
    try:
        settings.host_key()
    except GalleriaError as error:
        return Finding("keys", "bad", error.message, "See the message.")
    return Finding("keys", "good", "Token secret and host key are safe.")


def _payment(settings: Settings) -> Finding:
    """Never shows more of an account than whether there is one."""
    payment = settings.payment_settings()
    taken = f"Taken: {', '.join(payment.providers)}."
    real = payment.stripe is not None or payment.solana is not None
    if real and payment.takes_test_cards:
        return Finding(
            "payment",
            "bad" if payment.solana is not None else "warning",
            f"{taken} Whoever knows a test card pays with nothing.",
            "Unset GALLERIA_PAYMENT__TEST_CARDS before you sell in earnest.",
        )
    if not real and settings.listen.public_url is not None:
        return Finding(
            "payment",
            "warning",
            f"{taken} Nobody can pay with money.",
            "Set GALLERIA_PAYMENT__STRIPE__... or GALLERIA_PAYMENT__SOLANA__...; see SETTINGS.md.",
        )
    if payment.stripe is not None and not payment.stripe.live:
        return Finding(
            "payment",
            "warning",
            f"{taken} The account of Stripe is one for tests: nobody pays with money.",
            "Use the live keys of the account to sell in earnest.",
        )
    return Finding("payment", "good", taken)


async def _database(settings: Settings) -> Finding:
    try:
        commerce = await _look_into(settings)
    except CommerceError as error:
        return Finding(
            "database", "bad", error.message, "Check GALLERIA_DATABASE_URL and the data folder."
        )
    try:
        page = await commerce.products(page=1, size=1)
    finally:
        await commerce.close()
    return Finding("database", "good", f"Answers; {page.total} products in the catalogue.")


async def _audit(settings: Settings) -> Finding:
    commerce = await _look_into(settings)
    try:
        report = await commerce.audit()
    finally:
        await commerce.close()
    if report.ok:
        return Finding(
            "audit", "good", "Stock, orders, payments and holds add up.", "", report.figures
        )
    return Finding(
        "audit",
        "bad",
        " ".join(report.problems),
        "Stop selling, keep the data folder as it is, and report this.",
        report.figures,
    )


async def _look_into(settings: Settings) -> Commerce:
    """A look only: the shop may be open in another process."""
    return await Commerce.open(
        settings.commerce_settings(),
        SystemClock(),
        payment=settings.payment_settings(),
        settle=False,
    )


def run_examination(settings: Settings, *, audit: bool) -> list[Finding]:
    """`examine` for callers without an event loop."""
    return asyncio.run(examine(settings, audit=audit))
