"""How often the database is asked for one purchase: the way there and back is what it costs.

Work is counted, not time. Who adds a statement to a purchase has to say so here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from commerce import Commerce, CommerceError
from commerce.db.sqlite import SqliteLane
from tests.commerce.shops import LAST, add, bought, lock, locked, pay

BEGINS_AND_ENDS = ("BEGIN", "COMMIT", "ROLLBACK")

ADD = {"sqlite": 15, "postgresql": 11}
REFUSAL = {"sqlite": 3, "postgresql": 3}
LOCK = {"sqlite": 13, "postgresql": 8}
PAY = {"sqlite": 28, "postgresql": 13}
"""With one line, one payer and one warehouse. PostgreSQL has the writes of a step in one."""


@contextmanager
def statements(shop: Commerce) -> Iterator[list[str]]:
    """Every statement of the shop while the block runs, without those that begin and end
    transactions."""
    seen: list[str] = []

    def note(text: str) -> None:
        if not text.startswith(BEGINS_AND_ENDS):
            seen.append(text)

    stops = [listen(note) for listen in _connections(shop)]
    try:
        yield seen
    finally:
        for stop in stops:
            stop()


def _connections(shop: Commerce) -> list[Callable[[Callable[[str], None]], Callable[[], None]]]:
    lane: Any = shop._context.store._lane
    if isinstance(lane, SqliteLane):
        assert lane._writer is not None
        assert lane._reader is not None
        return [_listen_sqlite(lane._writer.raw), _listen_sqlite(lane._reader.raw)]
    kept = [*lane._writers._idle, *lane._readers._idle]
    return [_listen_postgresql(raw) for _, raw in kept]


def _listen_sqlite(raw: Any) -> Callable[[Callable[[str], None]], Callable[[], None]]:
    def listen(note: Callable[[str], None]) -> Callable[[], None]:
        raw.set_trace_callback(note)
        return lambda: raw.set_trace_callback(None)

    return listen


def _listen_postgresql(raw: Any) -> Callable[[Callable[[str], None]], Callable[[], None]]:
    def listen(note: Callable[[str], None]) -> Callable[[], None]:
        def log(record: Any) -> None:
            note(record.query)

        raw.add_query_logger(log)
        return lambda: raw.remove_query_logger(log)

    return listen


async def test_a_purchase(shop: Commerce, database: str) -> None:
    await bought(shop, "bert")
    with statements(shop) as adding:
        await add(shop, "ada")
    with statements(shop) as locking:
        checkout = await lock(shop, "ada")
    with statements(shop) as paying:
        assert (await pay(shop, "ada", checkout)).order_id is not None
    for seen, allowed in ((adding, ADD), (locking, LOCK), (paying, PAY)):
        assert len(seen) == allowed[database], "\n".join(seen)


async def test_a_refusal(shop: Commerce, database: str) -> None:
    await locked(shop, "bert", LAST)
    with statements(shop) as seen, pytest.raises(CommerceError) as refused:
        await add(shop, "ada", LAST)
    assert refused.value.code == "SOLD_OUT"
    assert len(seen) == REFUSAL[database], "\n".join(seen)
