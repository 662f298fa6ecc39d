"""The journal of a room as a file: a header, then one entry a step, as a MessagePack stream.

Entry: `[now_ms, commands, poses, state_hash]`; `poses` are the 32-byte records that were offered
to the pose table before the step, `state_hash` is empty but at checkpoints. With the header this is
all that a replay needs (`server.replay`).

Writing never blocks a step: entries go to memory and a task writes them every `flush_ms` from a
thread. So a kill -9 can take the last `flush_ms` of a recording and nothing else.
"""

import asyncio
import mmap
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack
import structlog

from rooms.commands import Command
from rooms.journal import encode_command
from server.clock import until_next_s

log = structlog.get_logger(__name__)

JOURNAL_VERSION = 3
JOURNAL_SUFFIX = ".journal"


@dataclass(frozen=True, slots=True)
class RecorderLimits:
    """Bytes a journal may have (on full: recording of that room stops, and the log says so), files
    kept in the folder (on full: the oldest goes), steps between two state hashes."""

    journal_max_bytes: int = 512 * 1024 * 1024
    journals_kept: int = 20
    checkpoint_steps: int = 200
    flush_ms: int = 1_000


class Journal:
    """The recording of one room."""

    def __init__(self, path: Path, header: Mapping[str, Any], limits: RecorderLimits) -> None:
        self.path = path
        self._limits = limits
        self._packer = msgpack.Packer(autoreset=True)
        self._pending: list[bytes] = [
            self._packer.pack({"journal_version": JOURNAL_VERSION, **header})
        ]
        self._written_bytes = 0
        self._steps = 0
        self._last_ms = 0
        self._closed = False
        self.full = False
        self.begun = False
        """Whether there is something in the file already."""

    def step(
        self,
        now_ms: int,
        commands: Sequence[Command],
        poses: bytes,
        state_hash: Callable[[], str],
    ) -> None:
        """Note a step after it was done; `state_hash` is asked for only at checkpoints."""
        if self.full:
            return
        self._steps += 1
        self._last_ms = now_ms
        checkpoint = self._steps % self._limits.checkpoint_steps == 0
        entry = [
            now_ms,
            [encode_command(command) for command in commands],
            poses,
            state_hash() if checkpoint else "",
        ]
        packed = self._packer.pack(entry)
        self._written_bytes += len(packed)
        self._pending.append(packed)
        if self._written_bytes > self._limits.journal_max_bytes:
            self.full = True
            log.warning("journal_full", journal=self.path.name, bytes=self._written_bytes)

    def close(self, state_hash: str) -> None:
        """Note the last state, so that a replay is checked to its end."""
        self._closed = True
        if not self.full and self._steps:
            # The time of the last step: stepping twice at one time changes nothing.
            self._pending.append(self._packer.pack([self._last_ms, [], b"", state_hash]))
            self.full = True

    def stop(self) -> None:
        """Record no more; what has not been written is dropped."""
        self.full = True
        self._pending.clear()

    @property
    def done(self) -> bool:
        """Whether its room has ended and everything is written."""
        return self._closed and not self._pending

    def take(self) -> bytes:
        """What has not been written yet."""
        pending, self._pending = self._pending, []
        return b"".join(pending)


class Recorder:
    """Keeps the journals of all rooms of this process in one folder."""

    def __init__(self, folder: Path, limits: RecorderLimits) -> None:
        self._folder = folder
        self._limits = limits
        self._journals: list[Journal] = []
        self._writing = asyncio.Lock()

    def __len__(self) -> int:
        """Recordings under way."""
        return len(self._journals)

    def open(self, room_id: str, header: Mapping[str, Any], started_ms: int) -> Journal:
        """Begin a recording; the oldest files beyond the limit are removed."""
        self._folder.mkdir(parents=True, exist_ok=True)
        old = sorted(self._folder.glob("*" + JOURNAL_SUFFIX), key=lambda p: p.stat().st_mtime_ns)
        for path in old[: max(0, len(old) - self._limits.journals_kept + 1)]:
            path.unlink(missing_ok=True)
        path = self._folder / f"{room_id}-{started_ms}{JOURNAL_SUFFIX}"
        journal = Journal(path, header, self._limits)
        self._journals.append(journal)
        return journal

    async def run(self) -> None:
        """Write every `flush_ms` until cancelled."""
        while True:
            await asyncio.sleep(until_next_s(self._limits.flush_ms / 1_000))
            await self.flush()

    async def flush(self) -> None:
        """Write what is pending, of all rooms by one thread's turn. A full disk stops recording,
        not the room."""
        async with self._writing:
            await self._flush()

    async def _flush(self) -> None:
        pending = [(journal, journal.take()) for journal in self._journals]
        written = [(journal, data) for journal, data in pending if data]
        if written:
            parts = [(journal.path, data, journal.begun) for journal, data in written]
            errors = await asyncio.to_thread(_append_all, parts)
            for (journal, _), error in zip(written, errors, strict=True):
                if error is not None:
                    journal.full = True
                    log.warning("journal_stopped", journal=journal.path.name, error=str(error))
                journal.begun = True
        # Rooms come and go; their recordings are not kept in memory.
        self._journals = [journal for journal in self._journals if not journal.done]

    async def erase(self, person_id: str) -> int:
        """Delete the recordings that somebody is in; how many.

        Nothing can be taken out of what is to be replayed, so all of it goes; a room that is open
        is recorded again when it is opened the next time.
        """
        async with self._writing:
            await self._flush()
            found = await asyncio.to_thread(_mentioning, self._folder, person_id.encode())
            for journal in self._journals:
                if journal.path in found:
                    journal.stop()
            for path in found:
                path.unlink(missing_ok=True)
        if found:
            log.info("journals_erased", journals=len(found))
        return len(found)


def _mentioning(folder: Path, word: bytes) -> list[Path]:
    """The recordings that have this word in them."""
    found = list[Path]()
    for path in folder.glob("*" + JOURNAL_SUFFIX):
        try:
            with (
                path.open("rb") as file,
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as all_of_it,
            ):
                if all_of_it.find(word) >= 0:
                    found.append(path)
        except (OSError, ValueError):
            # It went meanwhile, or there is nothing in it.
            continue
    return found


def _append_all(parts: Sequence[tuple[Path, bytes, bool]]) -> list[OSError | None]:
    """Write each to the end of its file; what went wrong with each. A file that was begun and is
    gone has been deleted by another process, which erased somebody: it is not begun anew."""
    errors = list[OSError | None]()
    for path, data, begun in parts:
        try:
            with path.open("r+b" if begun else "ab") as file:
                file.seek(0, os.SEEK_END)
                file.write(data)
        except OSError as error:
            errors.append(error)
        else:
            errors.append(None)
    return errors
