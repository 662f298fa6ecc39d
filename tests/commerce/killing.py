"""Kills shops: `python -m tests.commerce.killing FOLDER points` or `... FOLDER moments ROUNDS`.

A process that has everything imported makes a child for each shop, so that a kill costs little. The
child goes through every flow there is and is killed (SIGKILL) at one fault point, or at a random
moment. A second child opens the shop again, and a third one hours later; both write down what they
found. Prints one JSON object a line.
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from commerce import Commerce, CommerceError, CommerceEvent, OrderPaid
from commerce.payments.test_cards import (
    ASKS,
    CAPTURES_SILENTLY,
    DECLINES,
    NEVER_ARRIVES,
    PAYS,
    PROMISES_SILENTLY,
)
from commerce.service.faults import FaultPoint
from tests.commerce.shops import (
    BLUE,
    BOWL,
    LAMP,
    LAST,
    STARTED_MS,
    TurnedClock,
    add,
    lock,
    open_shop,
    pay,
    prepare_seeded,
)

HOUR_MS = 3_600_000
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


async def every_flow(folder: Path, at: FaultPoint | None, times: int, seed: int) -> None:
    """Each flow once, side by side; killed when `at` comes for the `times`th time."""
    left = times

    def fault(point: FaultPoint) -> None:
        nonlocal left
        if point is at:
            left -= 1
            if left == 0:
                kill_here()

    clock = TurnedClock(STARTED_MS + seed)
    chance = random.Random(seed)
    async with open_shop(folder, clock, faults=fault, gateway_timeout_ms=250) as shop:
        shop.subscribe(teller(folder))
        people = [
            buys(shop, f"payer-{seed}", PAYS),
            buys(shop, f"declined-{seed}", DECLINES, PAYS),
            buys(shop, f"approves-{seed}", ASKS, answer="approve"),
            buys(shop, f"rejects-{seed}", ASKS, answer="reject"),
            buys(shop, f"ignores-{seed}", ASKS),
            buys(shop, f"promised-{seed}", PROMISES_SILENTLY),
            buys(shop, f"lost-{seed}", NEVER_ARRIVES),
            buys(shop, f"silent-{seed}", CAPTURES_SILENTLY),
            unlocks(shop, f"unlocks-{seed}"),
            waits(shop, f"waits-{seed}"),
        ]
        chance.shuffle(people)
        await asyncio.gather(*people)
        await shop.reconcile()
        await shop.dispatch()
        clock.turn(10 * MINUTE_MS)
        await shop.reconcile()
        await shop.sweep()
        await shop.dispatch()


async def buys(shop: Commerce, person: str, *methods: str, answer: str = "") -> None:
    """Lock and try these ways to pay, one after the other."""
    for sku in (LAST, LAMP, BOWL, BLUE):
        if await taken(add(shop, person, sku)):
            break
    else:
        return
    view = await lock(shop, person)
    for method in methods:
        view = await pay(shop, person, view, method, key=f"{person}-{method}")
        if view.challenge is not None and answer:
            challenge_id = view.challenge.challenge_id
            await shop.confirm(person, view.id, challenge_id=challenge_id, response=answer)


async def unlocks(shop: Commerce, person: str) -> None:
    if await taken(add(shop, person, BLUE)):
        await shop.unlock(person, (await lock(shop, person)).id)


async def waits(shop: Commerce, person: str) -> None:
    if await taken(add(shop, person, BLUE)):
        await lock(shop, person)


async def taken(adding: Awaitable[object]) -> bool:
    """Whether it could be had."""
    try:
        await adding
    except CommerceError as error:
        if error.code != "SOLD_OUT":
            raise
        return False
    return True


async def look(folder: Path, later_ms: int) -> dict[str, Any]:
    """Open the shop again, let it settle, and report."""
    async with open_shop(
        folder, TurnedClock(STARTED_MS + later_ms), gateway_timeout_ms=250
    ) as shop:
        shop.subscribe(teller(folder))
        # As the timers do; on a busy machine the bank's file can be late once more.
        while await shop.reconcile():
            await shop.sweep()
        await shop.dispatch()
        report = await shop.audit()
        told = (folder / TOLD_FILE).read_text().split() if (folder / TOLD_FILE).exists() else []
        return {
            "problems": list(report.problems),
            "figures": dict(report.figures),
            "orders_told": len(set(told)),
            "told_twice": len(told) - len(set(told)),
        }


def in_child(work: Callable[[], object], kill_after_s: float | None = None) -> int:
    """Run `work` in a process of its own, perhaps not to its end; its wait status."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def looked(folder: Path, later_ms: int) -> dict[str, Any]:
    """What `look` finds, in a process of its own."""
    found = folder / f"found-{later_ms}.json"
    status = in_child(lambda: found.write_text(json.dumps(asyncio.run(look(folder, later_ms)))))
    if status != 0:
        return {"problems": [f"opening again ended with {status}."], "figures": {}}
    report: dict[str, Any] = json.loads(found.read_text())
    return report


def kill_and_look(folder: Path, name: str, work: Callable[[], object], **options: Any) -> None:
    """Kill one shop and print what is found afterwards."""
    status = in_child(work, **options)
    report = {
        "name": name,
        "killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL,
        "ended": status == 0,
        "at_once": looked(folder, MINUTE_MS),
        "later": looked(folder, HOUR_MS),
    }
    # In one piece: others write to the same pipe.
    os.write(sys.stdout.fileno(), f"{json.dumps(report)}\n".encode())


def kill_at_points(folder: Path) -> None:
    """A shop for each fault point; some points come more often and are hit later as well."""
    at_work = 0
    for number, point in enumerate(FaultPoint):
        times = 1 + number % 2 if point in OFTEN else 1
        if at_work == SIDE_BY_SIDE:
            os.wait()
            at_work -= 1
        if os.fork() == 0:
            kill_at_point(folder / point, point, times)
            os._exit(0)
        at_work += 1
    for _ in range(at_work):
        os.wait()


def kill_at_point(home: Path, point: FaultPoint, times: int) -> None:
    """One shop, killed when it comes to this point."""
    home.mkdir()
    kill_and_look(home, point, lambda: asyncio.run(every_flow(home, point, times, seed=1)))


SIDE_BY_SIDE = 4
"""Shops at the same time: most of their time they wait for a disk or for a bank that is silent."""

OFTEN = frozenset(
    (
        FaultPoint.LOCK_DECIDED,
        FaultPoint.LOCK_COMMITTED,
        FaultPoint.PAYMENT_PREPARED,
        FaultPoint.AUTHORISE_ANSWERED,
        FaultPoint.AUTHORISED_RECORDED,
        FaultPoint.CAPTURE_ANSWERED,
        FaultPoint.ORDER_DECIDED,
        FaultPoint.ORDER_COMMITTED,
    )
)


def kill_at_moments(folder: Path, rounds: int) -> None:
    """One shop that is killed again and again, each time a little later or earlier."""
    chance = random.Random(rounds)
    for number in range(rounds):

        def work(number: int = number) -> None:
            asyncio.run(every_flow(folder, None, 1, seed=number + 10))

        kill_and_look(folder, f"moment {number}", work, kill_after_s=chance.uniform(0.02, 0.35))


if __name__ == "__main__":
    where = Path(sys.argv[1])
    asyncio.run(prepare_seeded())
    if sys.argv[2] == "points":
        kill_at_points(where)
    else:
        kill_at_moments(where, int(sys.argv[3]))
