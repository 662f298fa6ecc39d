"""A story: shoppers, staff and fate take their steps, and the laws are looked after all the time.

A seed is a story, the same in every run. Its steps are drawn first; each draws what it needs from
its own number, so that a story can be told with some of its steps left out.
"""

import asyncio
import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from commerce.service.faults import FaultPoint
from tests.sim.commerce.laws import LAWS, RESTING, broken
from tests.sim.commerce.passer_by import PasserBy
from tests.sim.commerce.people import Shopper
from tests.sim.commerce.places import FilePlace, Place
from tests.sim.commerce.reckoning import reckon, settle_up, watch_capture
from tests.sim.commerce.shop import MUG, PAYMENT, PRICE
from tests.sim.commerce.staff import Staff
from tests.sim.commerce.stripe_line import SETTINGS as STRIPE
from tests.sim.commerce.stripe_line import StripeAtWork
from tests.sim.commerce.timeline import run
from tests.sim.commerce.world import World

PEOPLE = ("ada", "bert", "cleo", "dora")
STRIPE_WAYS = (
    "stripe:pm_card_visa",
    "stripe:pm_card_visa",
    "stripe:save:pm_card_visa",
    "stripe:pm_card_chargeDeclined",
    "stripe:pm_card_authenticationRequired",
    "stripe:link",
)
STAFF, FATE = "staff", "fate"
STEPS = (14, 28)
GAPS_MS = (0, 0, 0, 0, 0, 5, 50, 400, 2_000, 6_000, 12_000)
TROUBLE = (0.0, 0.15, 0.3, 0.6)
"""Of so many questions to a bank something goes wrong."""

CHECK_EVERY = 8
POINTS = tuple(FaultPoint)
PATIENCE_S = 12
HOUR_MS = 3_600_000
ROUNDS_MAX = 30
"""Of an hour each: more than a day, for which Stripe repeats an error that it gave to a key."""


@dataclass(frozen=True, slots=True)
class Step:
    """After `gap_ms`, `who` does what `number` says."""

    gap_ms: int
    who: str
    number: int


@dataclass(frozen=True, slots=True)
class Ending:
    """How a story went: what was wrong, what happened, and all of it in sentences."""

    seed: int
    wrongs: tuple[str, ...]
    seen: Counter[str]
    log: tuple[str, ...]


def steps_of(seed: int) -> list[Step]:
    """The steps of a story. Every fifth one is without accidents."""
    chance = random.Random(seed)
    cast = [*(PEOPLE * 5), *([STAFF] * 4), *([FATE] * 5 if seed % 5 else [])]
    return [
        Step(chance.choice(GAPS_MS), chance.choice(cast), chance.getrandbits(48))
        for _ in range(chance.randint(*STEPS))
    ]


def tell(where: Path | Place, seed: int, kept: Collection[int] | None = None) -> Ending:
    """Tell a story in a file of this folder or at another place, with all its steps or only those
    `kept`."""
    place = FilePlace(where) if isinstance(where, Path) else where
    steps = steps_of(seed)
    chosen = [step for number, step in enumerate(steps) if kept is None or number in kept]
    chance = random.Random(f"{seed} everything else")
    gift_code = place.begin()
    timeline = place.timeline(chance)
    world = World(place, timeline, chance)
    world.gift_codes.append(gift_code)
    if seed % 7 == 3:
        world.settings = place.settings(hold_from="checkout")
    world.bank.trouble = chance.choice(TROUBLE) if seed % 5 else 0.0
    world.bank.short = 0.5 if seed % 10 == 1 else 0.0
    world.piecemeal = seed % 10 == 6
    world.bank.lapsing = 0.4 if world.piecemeal else world.bank.trouble / 10
    world.sociable = seed % 2 == 0
    world.wanted = MUG if seed % 4 == 1 else None
    # Most stories have a point of their own at which the shop dies, so that each comes up.
    doomed = POINTS[seed % len(POINTS)] if seed % 5 else None
    stand_in = StripeAtWork(world, chance) if seed % 5 == 2 else None
    with place.machine(timeline), stand_in.connected() if stand_in else nullcontext():
        try:
            passer_by = PasserBy(world, chance) if seed % 9 == 4 else None
            run(timeline, _Story(world, stand_in, doomed, passer_by).tell(chosen))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is wrong
            world.wrongs.append(f"{type(error).__name__}: {error}")
        finally:
            world.close()
    wrongs = (*world.wrongs, *timeline.complaints)
    return Ending(seed, tuple(dict.fromkeys(wrongs)), world.seen, tuple(world.log))


class _Story:
    def __init__(
        self,
        world: World,
        stand_in: StripeAtWork | None,
        doomed: FaultPoint | None,
        passer_by: PasserBy | None,
    ) -> None:
        self.world = world
        self.passer_by = passer_by
        self.doomed = doomed
        self.stand_in = stand_in
        self.people = {name: Shopper(world, name) for name in PEOPLE}
        self.staff = Staff(world)
        self.fate = Fate(world)

    async def tell(self, steps: list[Step]) -> None:
        world = self.world
        world.keep(asyncio.current_task())
        world.price = dict(PRICE)
        world.bank.on_capture = lambda key: watch_capture(world, key)
        world.nudge = self._nudge
        if self.stand_in is not None:
            self._open_account(self.stand_in)
        if self.doomed is not None:
            self.fate.dooms(self.doomed)
        opening = world.spawn(world.run_shop())
        if world.wanted is not None:
            self.staff.opens_drop(world.wanted)
        everybody: list[Shopper | Staff] = [*self.people.values(), self.staff]
        besides = [] if self.passer_by is None else [self.passer_by]
        lives = [world.spawn(somebody.live()) for somebody in (*everybody, *besides)]
        for number, step in enumerate(steps):
            await asyncio.sleep(step.gap_ms / 1_000)
            if step.who == FATE:
                self.fate.strikes(step.number)
            elif step.who == STAFF:
                self.staff.steps.put_nowait(step.number)
            else:
                self.people[step.who].steps.put_nowait(step.number)
            if number % CHECK_EVERY == 0:
                self._check()
            if world.wrongs:
                break
        self.fate.leaves()
        for somebody in everybody:
            somebody.steps.put_nowait(None)
        await asyncio.wait(lives)
        for life in lives:
            life.result()
        self._check()
        if not world.wrongs:
            await self._come_to_rest()
        await world.stop()
        await opening

    def _nudge(self, name: str, number: int) -> None:
        """Somebody may do something now; who only passes by does as they like."""
        if name in self.people:
            self.people[name].steps.put_nowait(number)

    def _open_account(self, stand_in: StripeAtWork) -> None:
        world = self.world
        world.payment = replace(PAYMENT, stripe=STRIPE)
        world.outside.append(stand_in)
        world.ways = STRIPE_WAYS * 4
        world.answer_bank = lambda url, approve: stand_in.answer(url, approve=approve)
        world.spawn(stand_in.deliver())

    def _check(self) -> None:
        world = self.world
        with world.books() as books:
            world.wrongs += broken(books, LAWS, world.now_ms(), world.had)
            world.wrongs += reckon(world, books)

    async def _come_to_rest(self) -> None:
        """Hours later nothing is under way any more, and all accounts agree."""
        world = self.world
        for _ in range(ROUNDS_MAX):
            # Whoever waits for the bank has its answer, or has given up.
            await asyncio.sleep(PATIENCE_S)
            world.skew_ms += HOUR_MS
            await world.ask(lambda shop: shop.reconcile())
            await world.ask(lambda shop: shop.sweep())
            with world.books() as books:
                if not broken(books, RESTING, world.now_ms(), world.had):
                    break
        await world.ask(lambda shop: shop.dispatch())
        if self.passer_by is not None:
            await self.passer_by.forgets_last()
            await world.ask(lambda shop: shop.dispatch())
        await world.ask(lambda shop: shop.prune())
        report = await world.ask(lambda shop: shop.audit())
        world.wrongs += [f"The audit says: {problem}" for problem in report.problems]
        self._check()
        with world.books() as books:
            world.wrongs += broken(books, RESTING, world.now_ms(), world.had)
            world.wrongs += settle_up(world, books)
            if self.passer_by is not None:
                world.wrongs += self.passer_by.looked_for(books)


class Fate:
    """Deaths at any step, bad lines to the bank, a database that is busy, clocks that jump."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._doomed = False
        self._holder: sqlite3.Connection | None = None

    def strikes(self, number: int) -> None:
        """What comes now is drawn from the number of the step."""
        chance = random.Random(number)
        blows: tuple[Callable[[random.Random], None], ...] = (
            self._death_at_a_point, self._death_after_some_points, self._death_now, self._weather,
            self._weather, self._busy, self._jump, self._jump,
        )  # fmt: skip
        chance.choice(blows)(chance)

    def leaves(self) -> None:
        """No more accidents."""
        self.world.dies_at = lambda _point: False
        self.world.bank.trouble = 0.0
        self._let_go()

    def _death_at_a_point(self, chance: random.Random) -> None:
        if not self._doomed:
            self.dooms(chance.choice(POINTS))

    def dooms(self, doomed: FaultPoint) -> None:
        """The shop will die when it comes to this point."""
        self.world.note(f"fate: it will die at {doomed}")
        self._doomed = True

        def dies(point: FaultPoint) -> bool:
            if point is doomed:
                self._doomed = False
            return point is doomed

        self.world.dies_at = dies

    def _death_after_some_points(self, chance: random.Random) -> None:
        if self._doomed:
            return
        left = chance.randint(1, 12)
        self.world.note(f"fate: it will die after {left} points")

        def dies(_point: FaultPoint) -> bool:
            nonlocal left
            left -= 1
            return left == 0

        self.world.dies_at = dies

    def _death_now(self, chance: random.Random) -> None:  # noqa: ARG002 - a blow
        self.world.note("fate: it dies")
        self._let_go()
        self.world.shop.die()

    def _weather(self, chance: random.Random) -> None:
        self.world.bank.trouble = chance.choice(TROUBLE)
        self.world.note(f"fate: trouble at the bank is {self.world.bank.trouble}")

    def _busy(self, chance: random.Random) -> None:
        """Another process has the database for a while."""
        if self._holder is not None or not self.world.shop.alive:
            return
        holder = self.world.place.seize()
        if holder is None:
            return
        while_ms = chance.choice((1, 50, 400, 700, 3_000))
        self.world.note(f"fate: the database is busy for {while_ms} ms")
        self.world.contended = True
        self._holder = holder
        asyncio.get_running_loop().call_later(while_ms / 1_000, self._let_go)

    def _let_go(self) -> None:
        if self._holder is not None:
            self._holder.close()
            self._holder = None

    def _jump(self, chance: random.Random) -> None:
        by_ms = chance.choice((-60_000, -2_000, -1, 1, 2_000, 30_000, 120_000))
        self.world.skew_ms += by_ms
        self.world.note(f"fate: the clock jumps by {by_ms} ms")
