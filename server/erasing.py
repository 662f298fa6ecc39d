"""Carries erasures out in this process, after the shop has forgotten a person.

The shop's event brings the news to every process: tokens end, sockets are closed, the avatar
leaves, and recommender, blocks and recordings forget. What a crash has left undone is found in the
shop at the next start. After `settle_ms` all of it is done once more, for what was under way, and
the shop forgets who it was.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from commerce import Commerce, CommerceError, PersonErased
from commerce.events import CommerceEvent
from recommender.errors import RecommenderError
from server.clock import Clock
from server.errors import GalleriaError

log = structlog.get_logger(__name__)

Forget = Callable[[str], Awaitable[object]]


class Erasing:
    """Consumer of the shop's events. `at_once` is done when it is heard, in the order given;
    `elsewhere` may wait for a disk, and is done again until it has worked."""

    def __init__(
        self,
        commerce: Commerce,
        clock: Clock,
        settle_ms: int,
        at_once: tuple[Callable[[str], object], ...],
        elsewhere: tuple[Forget, ...],
    ) -> None:
        self._commerce = commerce
        self._clock = clock
        self._settle_ms = settle_ms
        self._at_once = at_once
        self._elsewhere = elsewhere
        self._wake = asyncio.Event()
        self._settled: dict[str, bool] = {}
        """Whom this process has forgotten, and whether that was after all had settled."""

    def consume(self, event: CommerceEvent) -> None:
        """Hear of an erasure; hearing it twice is no harm."""
        if isinstance(event, PersonErased):
            self._begin(event.person_id)
            self._wake.set()

    async def run(self) -> None:
        """Carry out what was left undone, and then what is heard of, until cancelled."""
        while True:
            self._wake.clear()
            waits = await self._round()
            try:
                async with asyncio.timeout(self._settle_ms / 1_000 if waits else None):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _round(self) -> bool:
        """Do what can be done now; whether something is left for later."""
        try:
            opened = await self._commerce.erasures.opened()
        except CommerceError as error:
            log.warning("erasures_wait", code=error.code)
            return True
        known = {entry.person_id for entry in opened}
        self._settled = {person: now for person, now in self._settled.items() if person in known}
        left = False
        for entry in opened:
            is_settled = self._clock() - entry.erased_ms >= self._settle_ms
            left |= not await self.carry_out(entry.person_id, is_settled=is_settled)
        return left

    async def carry_out(self, person_id: str, *, is_settled: bool) -> bool:
        """Forget a person here, unless that was done; whether the erasure is over."""
        try:
            if self._settled.get(person_id) is not is_settled:
                self._begin(person_id)
                for forget in self._elsewhere:
                    await forget(person_id)
                self._settled[person_id] = is_settled
            return is_settled and await self._commerce.erasures.finish(person_id)
        except (CommerceError, GalleriaError, RecommenderError) as error:
            log.warning("erasure_waits", code=error.code)
        except OSError as error:
            log.warning("erasure_waits", code=type(error).__name__)
        return False

    def _begin(self, person_id: str) -> None:
        for forget in self._at_once:
            forget(person_id)
