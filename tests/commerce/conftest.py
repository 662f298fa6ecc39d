"""A shop for each test, whose books are audited at its end; tests of rows run on both databases.

Everything below `db/`, `payments/` and `service/`, and the killing, runs on SQLite and on
PostgreSQL. A test whose subject is one of them says so: `@pytest.mark.only("sqlite")`.
"""

import gc
import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from commerce import Commerce
from tests.commerce.shops import Database, TurnedClock, give_back_databases, open_shop
from tests.conftest import require
from tests.postgres.server import PostgresServer, is_available

COLLECTED_EVERY = 16
_databases_used = itertools.count(1)

BOTH = ("sqlite", "postgresql")
SQLITE_ONLY = frozenset({"test_each_damage_is_seen", "test_a_database_that_cannot_take_it_down"})
"""Tests that write into an SQLite file or lock it."""

ON_BOTH = (
    "tests.commerce.db.",
    "tests.commerce.payments.",
    "tests.commerce.service.",
    "tests.commerce.test_killing",
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "only(database): runs on `sqlite` or `postgresql` alone")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if not metafunc.module.__name__.startswith(ON_BOTH):
        return
    only = metafunc.definition.get_closest_marker("only")
    names = only.args if only else BOTH
    if metafunc.function.__name__ in SQLITE_ONLY:
        names = BOTH[:1]
    metafunc.parametrize("database", names, indirect=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    require(
        is_available(),
        "There is no PostgreSQL: install the development requirements or set TEST_DATABASE_URL.",
    )
    server = PostgresServer.start()
    server.recycles = True
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which database the shops of this test use."""
    name = getattr(request, "param", BOTH[0])
    if name == BOTH[0]:
        yield name
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    Database.server = server
    yield name
    give_back_databases()
    Database.server = None
    _tidy_memory()


def _tidy_memory() -> None:
    """Each engine leaves something behind in SQLAlchemy. A full collection of all of it in the
    middle of a test would take longer than a test may hold its loop."""
    if next(_databases_used) % COLLECTED_EVERY == 0:
        gc.collect()
        gc.freeze()


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
async def shop(tmp_path: Path, clock: TurnedClock) -> AsyncIterator[Commerce]:
    async with open_shop(tmp_path, clock) as opened:
        yield opened
