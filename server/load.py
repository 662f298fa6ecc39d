"""How busy this process is, measured where it hurts: at the beat.

A beat that begins late was kept waiting by something else on the event loop, and one that takes
long keeps the next one waiting. Both count against the time between two ticks. Placement goes by
the mean of the last seconds: one late beat is no reason to send people elsewhere. How late single
beats were is told by `galleria_tick_late_seconds`.
"""

import time
from collections import deque
from dataclasses import dataclass

WINDOW_S = 1.0
WINDOWS_KEPT = 5


@dataclass(frozen=True, slots=True)
class HostLoad:
    """Load of one process over the last `WINDOWS_KEPT` seconds.

    `tick_ms_mean` is the time from when a beat was due to its end; `busy_fraction` is processor
    time by wall time.
    """

    tick_ms_mean: float
    tick_budget_ms: float
    busy_fraction: float
    rooms: int
    avatars: int
    sockets: int

    @property
    def headroom(self) -> float:
        """Share of its time that is left, 0 to 1: what the beats leave of a tick, or the process of
        its core, whichever is less."""
        of_tick = 1 - self.tick_ms_mean / self.tick_budget_ms
        return max(0.0, min(of_tick, 1 - self.busy_fraction))


@dataclass(slots=True)
class _Window:
    beats: int = 0
    total_s: float = 0.0
    cpu_s: float = 0.0
    wall_s: float = 0.0


class LoadMeter:
    """Adds up beats in windows of a second."""

    def __init__(self, window_s: float = WINDOW_S) -> None:
        self._window_s = window_s
        self._windows: deque[_Window] = deque([_Window()], maxlen=WINDOWS_KEPT)
        self._opened_s = time.perf_counter()
        self._cpu_s = time.process_time()

    def beat(self, late_s: float, took_s: float) -> None:
        """A beat began so late and took so long."""
        window = self._windows[-1]
        window.beats += 1
        window.total_s += late_s + took_s
        now_s = time.perf_counter()
        if now_s - self._opened_s >= self._window_s:
            cpu_s = time.process_time()
            window.cpu_s, window.wall_s = cpu_s - self._cpu_s, now_s - self._opened_s
            self._windows.append(_Window())
            self._opened_s, self._cpu_s = now_s, cpu_s

    def load(self, tick_budget_ms: float, rooms: int, avatars: int, sockets: int) -> HostLoad:
        """What the last seconds say."""
        windows = self._windows
        beats = sum(window.beats for window in windows)
        wall_s = sum(window.wall_s for window in windows)
        return HostLoad(
            tick_ms_mean=1_000 * sum(window.total_s for window in windows) / max(1, beats),
            tick_budget_ms=tick_budget_ms,
            busy_fraction=sum(w.cpu_s for w in windows) / wall_s if wall_s else 0.0,
            rooms=rooms,
            avatars=avatars,
            sockets=sockets,
        )
