"""Processes that are measured start, are counted, and always end."""

import asyncio
import sys
from pathlib import Path

import pytest

from server.bench.process import MeasuredProcess, free_port, inherited, measured_process
from tests.conftest import require

BUSY = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


async def test_processor_time_grows_with_work(log: Path) -> None:
    require(sys.platform == "linux", "Processor time of others is read from /proc: use Linux.")
    program = BUSY + "print('done', flush=True)\nimport signal\nsignal.pause()"
    async with measured_process(["-c", program], inherited(), log) as process:
        async with asyncio.timeout(20):
            await _said(process, "done")
        assert process.cpu_s() >= 0.29


async def test_what_a_process_says_is_kept(log: Path) -> None:
    async with measured_process(["-c", "print('nothing to sell')"], inherited(), log) as process:
        await process.process.wait()
        assert process.tail() == "nothing to sell"


async def test_ending_twice_is_no_mistake(log: Path) -> None:
    async with measured_process(["-c", "pass"], inherited(), log) as process:
        await process.end()
        await process.end()
    assert process.process.returncode is not None


def test_settings_are_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLERIA_LISTEN__PORT", "1")
    assert not [name for name in inherited() if name.startswith("GALLERIA_")]


def test_a_free_port_is_a_port() -> None:
    assert 1_024 <= free_port() <= 65_535


async def _said(process: MeasuredProcess, word: str) -> None:
    """Wait until the process has written a word to its log."""
    for _ in range(1_000):
        if word in process.tail():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"never said {word!r}: {process.tail()}")
