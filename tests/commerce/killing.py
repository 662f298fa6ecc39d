"""Kills shops: `python -m tests.commerce.killing FOLDER points|steps` or `... moments ROUNDS`.

A process that has everything imported makes a child for each shop, so that a kill costs little.

* `steps`: each flow of `tests.commerce.flows` goes through once; then it is killed (SIGKILL) at
  each step of it. `points`: only where something has become durable in a way that no flow before
  it has come to.
* `moments`: all sorts of people are in the shop at once when it is killed, at a random moment.

A second child opens the shop again, does the same once more as somebody does who has not heard the
end, and looks at it hours later. Prints one JSON object a line.
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from commerce import Commerce, CommerceError, CommerceEvent, OrderPaid
from commerce.payments.test_cards import TestCards, cut_off
from commerce.service.faults import FaultPoint, Faults, no_faults
from tests.commerce.crowd import crowd
from tests.commerce.flows import FLOWS, Flow
from tests.commerce.shops import (
    LEDGER_FILE,
    SEEDED,
    STARTED_MS,
    Database,
    TurnedClock,
    open_shop,
    place_seeded,
    prepare_seeded,
    settings_in,
)
from tests.postgres.server import URL_VARIABLE, PostgresServer

PATIENCE: dict[str, Any] = {
    "gateway_timeout_ms": 20_000,
    "busy_timeout_ms": 20_000,
    "write_connections": 2,
    "read_connections": 1,
}
"""Several shops at once, on a machine that may be busy: nothing is given up for being slow."""

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TOLD_FILE = "told.txt"
MINUTE_MS = 60_000


def kill_here() -> None:
    """As the power does: nothing is closed, nothing is said."""
    os.kill(os.getpid(), signal.SIGKILL)


def teller(folder: Path) -> Callable[[CommerceEvent], None]:
    """A consumer that writes orders down at once, as a mail server would."""

    def tell(event: CommerceEvent) -> None:
        if isinstance(event, OrderPaid):
            with (folder / TOLD_FILE).open("a", encoding="utf-8") as file:
                file.write(f"{event.order_id}\n")

    return tell


class Steps:
    """The fault points that a flow comes to; the process ends at the `kill_at`th of them."""

    def __init__(self, kill_at: int | None = None) -> None:
        self.counting = False
        self.seen: list[FaultPoint] = []
        self._kill_at = kill_at

    def __call__(self, point: FaultPoint) -> None:
        if not self.counting:
            return
        self.seen.append(point)
        if len(self.seen) == self._kill_at:
            kill_here()


def worth_a_kill(points: Sequence[str]) -> list[int]:
    """Numbers of the steps, counted from 1, between which something becomes durable: a transaction
    that has points of its own needs not those of all transactions as well."""
    numbers = []
    for number, point in enumerate(points, 1):
        before = points[number - 2] if number > 1 else ""
        after = points[number] if number < len(points) else ""
        named = before if point == FaultPoint.TRANSACTION_DECIDED else after
        own = named and named not in EVERY_TRANSACTION
        if point == FaultPoint.TRANSACTION_DECIDED and own and named.endswith("_decided"):
            continue
        if point == FaultPoint.TRANSACTION_COMMITTED and own and not named.endswith("_decided"):
            continue
        numbers.append(number)
    return numbers


async def go_through(folder: Path, flow: Flow, steps: Steps) -> dict[str, Any]:
    """A flow from its beginning to its end, and once more; what is found in between and then."""
    await place_seeded(folder)
    clock = TurnedClock()
    shop = await reopened(folder, clock, steps)
    shop.subscribe(teller(folder))
    await flow.prepare(shop, clock)
    steps.counting = True
    await flow.act(shop, clock)
    steps.counting = False
    report = await once_more(shop, clock, folder, flow)
    await shop.close()
    return {**report, "points": steps.seen}


async def reopened(folder: Path, clock: TurnedClock, faults: Faults = no_faults) -> Commerce:
    """The shop of a folder, as it is."""
    gateway = await TestCards.open(folder / LEDGER_FILE, silence=cut_off)
    settings = settings_in(folder, **PATIENCE)
    return await Commerce.open(settings, clock, gateway=gateway, faults=faults)


async def settle(shop: Commerce) -> None:
    """What the timers do, until nothing is left to do."""
    for _ in range(SETTLED_AFTER):
        looked_at = await shop.reconcile()
        await shop.sweep()
        if not looked_at:
            return


async def found(shop: Commerce, folder: Path) -> dict[str, Any]:
    """What the books say, and what the outside was told."""
    await shop.dispatch()
    report = await shop.audit()
    told = (folder / TOLD_FILE).read_text().split() if (folder / TOLD_FILE).exists() else []
    return {
        "problems": list(report.problems),
        "figures": dict(report.figures),
        "orders_told": len(set(told)),
        "told_twice": len(told) - len(set(told)),
    }


async def once_more(
    shop: Commerce, clock: TurnedClock, folder: Path, flow: Flow | None
) -> dict[str, Any]:
    """What is found now, and an hour after the flow was gone through again."""
    at_once, refused = await found(shop, folder), ""
    if flow is not None:
        try:
            await flow.act(shop, clock)
        except CommerceError as error:
            refused = error.code
    clock.turn(HOUR_MS)
    await settle(shop)
    return {"at_once": at_once, "refused": refused, "later": await found(shop, folder)}


async def look(folder: Path, flow: Flow | None) -> dict[str, Any]:
    """Open the shop again, which finishes what was begun: half a minute after the flow, or the next
    morning where nobody knows how long the crowds had been there."""
    clock = TurnedClock(STARTED_MS + (MINUTE_MS // 2 + flow.lasts_ms if flow else DAY_MS))
    await place_seeded(folder)
    shop = await reopened(folder, clock)
    shop.subscribe(teller(folder))
    report = await once_more(shop, clock, folder, flow)
    await shop.close()
    return report


def forked(work: Callable[[], object]) -> int:
    """Run `work` in a process of its own; its number."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except Exception:  # noqa: BLE001 - the parent looks at the status
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    return child


def in_child(work: Callable[[], object], kill_after_s: float | None = None) -> int:
    """Run `work` in a process of its own, perhaps not to its end; its wait status."""
    child = forked(work)
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


@contextmanager
def own_database(home: Path) -> Iterator[None]:
    """A seeded database for the children of this process; files need no preparation."""
    server = Database.server
    if server is None:
        yield
        return
    server.database(str(home), template=SEEDED)
    server.rest()
    yield
    server.forget(kept=frozenset({SEEDED}))
    server.rest()


def reported(file: Path, work: Callable[[], Coroutine[Any, Any, dict[str, Any]]]) -> dict[str, Any]:
    """What `work` gives in a process of its own; nothing when it fails."""
    if in_child(lambda: file.write_text(json.dumps(asyncio.run(work())))) != 0:
        return {}
    report: dict[str, Any] = json.loads(file.read_text())
    return report


def looked(folder: Path, flow: Flow | None) -> dict[str, Any]:
    """What `look` finds, in a process of its own."""
    report = reported(folder / "found.json", lambda: look(folder, flow))
    return {"opened": bool(report), **report}


def tell(report: dict[str, Any]) -> None:
    """Print a report in one piece: others write to the same pipe."""
    os.write(sys.stdout.fileno(), f"{json.dumps(report)}\n".encode())


def undisturbed(home: Path, name: str) -> None:
    """Go through a flow and tell what is found; the points it came to are written down."""
    flow, steps = FLOWS[name], Steps()
    home.mkdir()
    with own_database(home):
        report = reported(home / "found.json", lambda: go_through(home, flow, steps))
    tell({"flow": name, "step": 0, "opened": bool(report), **report})


def kill_at(home: Path, name: str, number: int, point: str) -> None:
    """Go through a flow up to one of its steps."""
    flow = FLOWS[name]
    home.mkdir()
    with own_database(home):
        status = in_child(lambda: asyncio.run(go_through(home, flow, Steps(number))))
        report = {"flow": name, "step": number, "point": point, "killed": was_killed(status)}
        tell({**report, **looked(home, flow)})


def was_killed(status: int) -> bool:
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def side_by_side(works: Sequence[Callable[[], object]]) -> None:
    """Do all of this in a few processes. Raises RuntimeError when one of them fails."""

    def some(first: int) -> None:
        for work in works[first::SIDE_BY_SIDE]:
            work()
        if Database.server is not None:
            Database.server.drop_idle()
            Database.server.rest()

    children = [forked(partial(some, first)) for first in range(SIDE_BY_SIDE)]
    statuses = [os.waitpid(child, 0)[1] for child in children]
    if any(statuses):
        raise RuntimeError("not everything was tried")


def kill_at_steps(folder: Path, *, each: bool) -> None:
    """Every flow, killed at each of its steps; or at those that no flow before it has come to, and
    after every transaction that has no points of its own."""
    side_by_side([partial(undisturbed, folder / name, name) for name in FLOWS])
    seen: set[str] = set()
    works: list[Callable[[], object]] = []
    for name in FLOWS:
        points = json.loads((folder / name / "found.json").read_text())["points"]
        for number in worth_a_kill(points):
            point = points[number - 1]
            if each or point == FaultPoint.TRANSACTION_COMMITTED or point not in seen:
                works.append(partial(kill_at, folder / f"{name} {number}", name, number, point))
            seen.add(point)
    side_by_side(works)


EVERY_TRANSACTION = (FaultPoint.TRANSACTION_DECIDED, FaultPoint.TRANSACTION_COMMITTED)

SIDE_BY_SIDE = 3
"""Shops at the same time: some of their time they wait for a disk or a server."""

SEEDS_APART = 1_000
"""Between the crowds of one house, so that nobody comes twice."""

SETTLED_AFTER = 8
"""Rounds in which everything comes to its end."""


async def full_house(folder: Path, seed: int) -> None:
    """One crowd after the other in a shop, for as long as it is let."""
    clock = TurnedClock(STARTED_MS + seed)
    async with open_shop(folder, clock, **PATIENCE) as shop:
        shop.subscribe(teller(folder))
        for again in count():
            await crowd(shop, clock, seed + again * SEEDS_APART)


def _run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


def kill_at_moments(folder: Path, rounds: int) -> None:
    """One shop that is killed again and again, each time a little later or earlier."""
    chance = random.Random(rounds)
    with own_database(folder):
        for number in range(rounds):
            work = partial(full_house, folder, number + 10)
            status = in_child(partial(_run, work), chance.uniform(0.02, 0.35))
            report = {"flow": f"moment {number}", "step": 1, "killed": was_killed(status)}
            tell({**report, **looked(folder, None)})


if __name__ == "__main__":
    where = Path(sys.argv[1])
    if URL_VARIABLE in os.environ:
        Database.server = PostgresServer.start()
        Database.server.recycles = True
    asyncio.run(prepare_seeded())
    if Database.server is not None:
        Database.server.learn(SEEDED)
        Database.server.rest()
    match sys.argv[2]:
        case "moments":
            kill_at_moments(where, int(sys.argv[3]))
        case wanted:
            kill_at_steps(where, each=wanted == "steps")
    if Database.server is not None:
        Database.server.stop()
