"""The clock of the server: integer milliseconds since the Unix epoch, never going back."""

import asyncio
import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Gives the time now, in ms since the Unix epoch. Tests hand in one that they turn themselves."""

NANOSECONDS_PER_MS = 1_000_000


class SystemClock:
    """Wall time at the start plus monotonic progress since.

    Time-to-live rules (holds, tokens, seats) compare times taken minutes apart. A wall clock that
    is set back in between would give a hold twice its time, so it is read only once; a server that
    runs for weeks may therefore be off by the drift of the machine's oscillator (seconds).
    """

    def __init__(
        self,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._monotonic_ns = monotonic_ns
        self._offset_ns = wall_ns() - monotonic_ns()

    def __call__(self) -> int:
        return (self._offset_ns + self._monotonic_ns()) // NANOSECONDS_PER_MS


def until_next_s(period_s: float) -> float:
    """Seconds until the event loop's clock shows the next multiple of a period.

    Upkeep that sleeps for this long wakes together with all other upkeep: waking a process that
    rests costs more than most of what it then does.
    """
    return period_s - asyncio.get_running_loop().time() % period_s
