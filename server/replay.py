"""Replays a room from its journal, step by step, and compares the state hashes.

A bug report is a file: the same commands at the same times give the same room, byte for byte.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgpack
import numpy as np

from rooms.avatars import POSE_DTYPE, PoseTable
from rooms.commands import Command
from rooms.journal import decode_command, room_from_header
from rooms.plain import JournalError
from rooms.room import Room
from server.errors import GalleriaError
from server.recorder import JOURNAL_VERSION

BUFFER_MAX_BYTES = 256 * 1024 * 1024
"""Largest entry that is read, far above what a room can be asked in one step."""


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a replay saw. `mismatch_step` is the first step whose hash differs, or None."""

    journal: str
    room_id: str
    steps: int
    commands: int
    poses: int
    checkpoints: int
    duration_ms: int
    final_hash: str
    mismatch_step: int | None
    truncated: bool

    @property
    def ok(self) -> bool:
        """Every hash agrees, and there was one to compare unless nothing happened at all."""
        return self.mismatch_step is None and (self.checkpoints > 0 or self.steps == 0)


def replay(path: Path) -> ReplayReport:
    """Run a journal through a fresh room.

    A journal whose end is cut off in the middle of an entry (power loss) is replayed up to there.
    Errors: JOURNAL_UNREADABLE, JOURNAL_VERSION.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise GalleriaError(
            "JOURNAL_UNREADABLE", f"{path.name} cannot be read: {error.strerror}."
        ) from error
    with file:
        return _replay(_Entries(path.name, file))


def _replay(entries: "_Entries") -> ReplayReport:
    header = entries.header()
    try:
        poses, room = room_from_header(header)
    except JournalError as error:
        raise entries.unreadable() from error
    steps = commands = pose_count = checkpoints = 0
    first_ms = last_ms = 0
    mismatch: int | None = None
    for now_ms, encoded, offered, state_hash in entries:
        first_ms = first_ms or now_ms
        last_ms = now_ms
        if offered:
            _offer(poses, room, offered, now_ms)
            pose_count += len(offered) // POSE_DTYPE.itemsize
        room.step(_commands(entries, encoded), now_ms)
        room.changed_poses()
        steps += 1
        commands += len(encoded)
        if state_hash:
            checkpoints += 1
            if mismatch is None and state_hash != room.state_hash():
                mismatch = steps
    return ReplayReport(
        journal=entries.name,
        room_id=room.room_id,
        steps=steps,
        commands=commands,
        poses=pose_count,
        checkpoints=checkpoints,
        duration_ms=last_ms - first_ms,
        final_hash=room.state_hash(),
        mismatch_step=mismatch,
        truncated=entries.truncated,
    )


def _commands(entries: "_Entries", encoded: list[Any]) -> tuple[Command, ...]:
    try:
        return tuple(decode_command(entry) for entry in encoded)
    except JournalError as error:
        raise entries.unreadable() from error


def _offer(poses: PoseTable, room: Room, offered: bytes, now_ms: int) -> None:
    refused = poses.accept(np.frombuffer(offered, dtype=POSE_DTYPE), now_ms).refused
    if refused:
        room.refuse_poses(refused, now_ms)


class _Entries:
    """The entries of a journal file, one at a time."""

    def __init__(self, name: str, file: BinaryIO) -> None:
        self.name = name
        self.truncated = False
        self._file = file
        self._unpacker = msgpack.Unpacker(file, max_buffer_size=BUFFER_MAX_BYTES)

    def header(self) -> dict[str, Any]:
        try:
            header = self._unpacker.unpack()
        except (msgpack.UnpackException, ValueError) as error:
            raise self.unreadable() from error
        if not isinstance(header, dict):
            raise self.unreadable()
        if header.get("journal_version") != JOURNAL_VERSION:
            raise GalleriaError(
                "JOURNAL_VERSION",
                f"{self.name} was written by another version of Galleria.",
                {"found": header.get("journal_version"), "expected": JOURNAL_VERSION},
            )
        return header

    def __iter__(self) -> Iterator[tuple[int, list[Any], bytes, str]]:
        while True:
            before = self._unpacker.tell()
            try:
                now_ms, commands, poses, state_hash = self._unpacker.unpack()
            except msgpack.OutOfData:
                self.truncated = before != self._file.tell()
                return
            except (msgpack.UnpackException, ValueError, TypeError) as error:
                raise self.unreadable() from error
            yield now_ms, commands, poses, state_hash

    def unreadable(self) -> GalleriaError:
        """What is said of a file that is no journal."""
        return GalleriaError("JOURNAL_UNREADABLE", f"{self.name} is not a Galleria journal.")
