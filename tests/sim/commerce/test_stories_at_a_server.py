"""The same stories and the same laws, with a real PostgreSQL under the shop.

How the story's time and a server get along is told in `wires`. GALLERIA_TEST_SERVER_SEEDS says how
many are told: 30 unless it is set.
"""

import os
from collections.abc import Iterator

import pytest

from tests.conftest import require
from tests.postgres.server import PostgresServer, is_available
from tests.sim.commerce.mutations import MUTATIONS
from tests.sim.commerce.server_place import ServerPlace
from tests.sim.commerce.story import tell

SEEDS = int(os.environ.get("GALLERIA_TEST_SERVER_SEEDS", "30"))
BATCH = 10
NOTICED = "a decline leaves the cart at the till"

pytestmark = [
    pytest.mark.timeout(600),
    # Time is virtual, and nobody else waits for the loop.
    pytest.mark.loop_slice(60_000),
]


@pytest.fixture(scope="module")
def place() -> Iterator[ServerPlace]:
    require(
        is_available(),
        "There is no PostgreSQL: install the development requirements or set TEST_DATABASE_URL.",
    )
    server = PostgresServer.start()
    server.recycles = True
    opened = ServerPlace(server)
    # The driver learns the types of a database once; from then on stories are the same.
    tell(opened, 0)
    yield opened
    server.stop()


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_whatever_breaks_the_books_agree(place: ServerPlace, first: int) -> None:
    for seed in range(first, min(first + BATCH, SEEDS)):
        ending = tell(place, seed)
        assert ending.wrongs == (), "\n".join((f"Seed {seed}:", *ending.log, *ending.wrongs))


def test_a_story_is_the_same_every_time(place: ServerPlace) -> None:
    one, other = tell(place, 12), tell(place, 12)
    assert one == other
    assert any("the shop has died" in sentence for sentence in one.log)


def test_what_is_broken_is_noticed(place: ServerPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    (mutation,) = [mutation for mutation in MUTATIONS if mutation.name == NOTICED]
    mutation.apply(monkeypatch)
    assert any(
        mutation.noticed in wrong for seed in range(SEEDS) for wrong in tell(place, seed).wrongs
    )
