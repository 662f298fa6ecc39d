"""The rows of `galleria bench realtime`: how many people, in how many rooms, how far apart.

Each row may have bars that it must keep to."""

from collections.abc import Iterable
from dataclasses import dataclass

from server.errors import GalleriaError

SIZES = (10, 25, 50, 100, 200, 400)
SIZE_MAX = 2_000
ROOMS_MAX = 100
SPREAD_NEAR_M = 5.0
"""A cell of 4 m and so much around it: about a sixth of the Grand Hall, and of 200 people about 29
others."""
SPREAD_SEEN = 30
"""Those, and oneself."""


@dataclass(frozen=True, slots=True)
class Bars:
    """What is promised on a small machine of 2026 (two cores): upper limits, 0: none."""

    cpu_us: float = 0.0
    ratio: float = 0.0
    p99_ms: float = 0.0
    command_p99_ms: float = 0.0
    resident_mb: float = 0.0
    bytes_per_update: float = 38.0


@dataclass(frozen=True, slots=True)
class Case:
    """`avatars` in each of `rooms`. `spread`: all over the floor, and each sees those around; else
    everybody of a room hears of everybody at the full rate. `default_tiers`: spread, with the tiers
    that a store has."""

    name: str
    avatars: int
    rooms: int = 1
    spread: bool = False
    default_tiers: bool = False
    bars: Bars = Bars()

    @property
    def clients(self) -> int:
        return self.avatars * self.rooms


_BARS = {
    "50": Bars(cpu_us=0.75, ratio=0.40, p99_ms=55),
    "200": Bars(cpu_us=0.10, ratio=0.45, p99_ms=55, command_p99_ms=20),
    "400": Bars(p99_ms=100, resident_mb=150),
    "40x10": Bars(cpu_us=1.8, ratio=0.50, p99_ms=55),
    "spread": Bars(cpu_us=0.8, p99_ms=55),
}
DEFAULT_NAMES = (*(str(size) for size in SIZES), "40x10", "spread")
QUICK_NAMES = ("10", "50")


def case_of(name: str) -> Case:
    """The row of a name: `50` (one room), `40x10` (rooms x people), `spread` or `tiers` (200 people
    all over the hall; a number may follow, as in `spread:100`). Raises BENCH_CASE_UNKNOWN."""
    bars = _BARS.get(name, Bars())
    kind, _, number = name.partition(":")
    try:
        if kind in ("spread", "tiers"):
            avatars, rooms = int(number or 200), 1
        elif "x" in name:
            rooms, avatars = (int(part) for part in name.split("x"))
        else:
            avatars, rooms = int(name), 1
    except ValueError as error:
        raise _unknown(name) from error
    if not (avatars >= 2 and 1 <= rooms <= ROOMS_MAX and avatars * rooms <= SIZE_MAX):
        raise _unknown(name)
    return Case(name, avatars, rooms, kind in ("spread", "tiers"), kind == "tiers", bars)


def cases_of(names: Iterable[str]) -> list[Case]:
    """Rows by their names, separated by commas or given one by one."""
    return [case_of(part) for name in names for part in name.split(",") if part]


def _unknown(name: str) -> GalleriaError:
    return GalleriaError(
        "BENCH_CASE_UNKNOWN",
        f"{name[:32]!r} is no row of the bench. Say how many people (50), rooms x people (40x10), "
        f"spread or tiers; at least 2 in a room, at most {SIZE_MAX} in all.",
    )
