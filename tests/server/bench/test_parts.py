"""Where the time of a server goes: parts do not overlap, and add up to all of it."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from rich.console import Console

from server.bench.cases import case_of
from server.bench.measurement import Measurement
from server.bench.parts import (
    BEAT,
    COMMANDS,
    CPU,
    FILE_VARIABLE,
    JUDGING,
    NUMBERS,
    PACKING,
    READING,
    RECORDING,
    REST,
    SENDING,
    STEPPING,
    TAKING,
    TIMED,
    UNMASKING,
    parts_between,
    sums_in,
)
from server.bench.realtime import RealtimeResult, RealtimeSpec, floor_of, has_floor, steps_of
from server.bench.view import parts_table
from server.bench.watched import watch

BEFORE = {CPU: 2.0, TIMED: 0.5, BEAT: 0.4, TAKING: 0.1, SENDING: 0.2}
AFTER = {
    CPU: 3.0,
    TIMED: 1.2,
    BEAT: 1.0,
    TAKING: 0.3,
    UNMASKING: 0.05,
    STEPPING: 0.02,
    RECORDING: 0.03,
    PACKING: 0.04,
    SENDING: 0.4,
    COMMANDS: 0.1,
}


def test_parts_add_up() -> None:
    parts = parts_between(BEFORE, AFTER)
    assert sum(parts.values()) == pytest.approx(1.0)
    expected = {READING: 0.11, UNMASKING: 0.05, JUDGING: 0.15, NUMBERS: 0.1, COMMANDS: 0.1}
    assert {part: parts[part] for part in expected} == pytest.approx(expected)
    assert parts[REST] == pytest.approx(0.2)


def test_without_time_there_are_no_parts() -> None:
    assert parts_between({}, {}) == {}
    assert parts_between(AFTER, AFTER) == {}


def test_a_watch_counts_what_fails_too() -> None:
    spent_s: dict[str, float] = defaultdict(float)

    class Worker:
        def work(self, loops: int) -> int:
            assert loops, "nothing to do"
            return sum(range(loops))

    watch(Worker, "work", "work", spent_s)
    assert Worker().work(20_000) == sum(range(20_000))
    once_s = spent_s["work"]
    assert once_s > 0
    with pytest.raises(AssertionError):
        Worker().work(0)
    assert spent_s["work"] > once_s


def test_sums_are_read_from_their_file(tmp_path: Path) -> None:
    assert sums_in(tmp_path / "none.json") == {}
    (tmp_path / "some.json").write_text(json.dumps(AFTER), encoding="utf-8")
    assert sums_in(tmp_path / "some.json") == AFTER


def test_the_watched_server_is_our_command(tmp_path: Path) -> None:
    outcome = subprocess.run(
        [sys.executable, "-W", "error", "-m", "server.bench.watched", "--help"],
        env={**os.environ, FILE_VARIABLE: str(tmp_path / "parts.json")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    assert "run the server" in outcome.stdout


def test_parts_are_shown() -> None:
    ours = Measurement(updates=1, core_percent=4.0)
    result = RealtimeResult(case_of("50"), ours, parts={READING: 0.5, SENDING: 0.25, REST: 0.25})
    console = Console(width=120)
    with console.capture() as captured:
        console.print(parts_table([result]))
    row = next(line for line in captured.get().splitlines() if READING in line)
    assert "20.0" in row
    assert "50" in row


def test_every_measurement_is_announced() -> None:
    rows = [case_of("10"), case_of("spread"), case_of("tiers")]
    spec = RealtimeSpec(rows, yardstick=False, parts=True)
    assert steps_of(spec) == 6
    full = RealtimeSpec(rows)
    assert [has_floor(full, row) for row in rows] == [True, True, False]
    assert not has_floor(RealtimeSpec(rows, churn=True), rows[0])


def test_the_floor_of_who_is_spread_is_rooms_of_as_many_as_they_see() -> None:
    alone, spread = floor_of(case_of("50")), floor_of(case_of("spread"))
    assert alone == case_of("50")
    assert (spread.rooms, spread.avatars, spread.spread) == (7, 30, False)
