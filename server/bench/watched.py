"""A server with a watch on each part of a beat: `python -m server.bench.watched serve ...` is
`galleria serve` otherwise.

Watches cost time themselves, some microseconds a beat each, so rows are measured without them and
once more with them. What no watch sees (upkeep, the event loop, the kernel's work on waking up) is
the rest of the processor time. Sums are written to the file that `FILE_VARIABLE` names, once a
second, so that whoever reads it twice knows what happened in between.
"""

import json
import os
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rooms.room import Room
from server import room_host
from server.bench.parts import (
    BEAT,
    COMMANDS,
    CPU,
    FILE_VARIABLE,
    PACKING,
    RECORDING,
    SENDING,
    STEPPING,
    TAKING,
    TIMED,
    UNMASKING,
)
from server.cli import main
from server.fast_lane import FastLane
from server.recorder import Journal
from server.room_host import RoomHost

PERIOD_S = 1.0

WATCHED: tuple[tuple[Any, str, str], ...] = (
    (RoomHost, "_timed_beat", TIMED),
    (RoomHost, "beat", BEAT),
    (RoomHost, "_take_poses", TAKING),
    (room_host, "read_poses", UNMASKING),
    (Room, "step", STEPPING),
    (Journal, "step", RECORDING),
    (Room, "views", PACKING),
    (room_host, "send_view", SENDING),
    (FastLane, "_woken", COMMANDS),
)


def watch(owner: Any, name: str, part: str, spent_s: dict[str, float]) -> None:
    """Add the processor time of each call of a function to its part."""
    plain: Callable[..., Any] = getattr(owner, name)
    clock = time.thread_time

    def watched(*values: Any, **named: Any) -> Any:
        started_s = clock()
        try:
            return plain(*values, **named)
        finally:
            spent_s[part] += clock() - started_s

    setattr(owner, name, watched)


def write_regularly(file: Path, spent_s: dict[str, float]) -> None:
    """Have the sums written at beats, at most once a period."""
    plain: Callable[..., Any] = RoomHost.beat
    due_s = 0.0

    def beat(host: RoomHost, now_ms: int) -> None:
        nonlocal due_s
        plain(host, now_ms)
        if time.perf_counter() >= due_s:
            due_s = time.perf_counter() + PERIOD_S
            sums = {**spent_s, CPU: time.process_time()}
            new = file.with_suffix(".new")
            new.write_text(json.dumps(sums), encoding="utf-8")
            new.replace(file)

    setattr(RoomHost, "beat", beat)  # noqa: B010 - mypy minds the name of its first argument


if __name__ == "__main__":
    sums: dict[str, float] = defaultdict(float)
    for owner_, name_, part_ in WATCHED:
        watch(owner_, name_, part_, sums)
    write_regularly(Path(os.environ[FILE_VARIABLE]), sums)
    raise SystemExit(main())
