"""Blocks are there on the next visit, in order, in every process."""

from pathlib import Path

import pytest

from rooms.effects import RememberBlock
from rooms.types import BlockedPerson
from server.blocks import BLOCKS_FILE, Blocks, BlocksLimits
from server.errors import GalleriaError

NOW_MS = 1_790_000_000_000


class Turned:
    """A clock that goes on by a second each time it is looked at."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS

    def __call__(self) -> int:
        self.now_ms += 1_000
        return self.now_ms


def remember(person: str, other: str, *, blocked: bool = True) -> RememberBlock:
    return RememberBlock(person, other, f"Name of {other}", blocked)


async def test_what_was_blocked_is_there_on_the_next_visit(tmp_path: Path) -> None:
    path, clock = tmp_path / BLOCKS_FILE, Turned()
    async with Blocks(path, clock) as blocks:
        assert await blocks.of("ada") == ()
        for other in ("ben", "cleo", "ben"):
            await blocks.remember(remember("ada", other))
        await blocks.remember(remember("dan", "ada"))
    async with Blocks(path, clock) as blocks:
        kept = (BlockedPerson("ben", "Name of ben"), BlockedPerson("cleo", "Name of cleo"))
        assert await blocks.of("ada") == kept
        await blocks.remember(remember("ada", "ben", blocked=False))
        await blocks.remember(remember("ada", "ben", blocked=False))
        assert await blocks.of("ada") == kept[1:]


async def test_two_processes_share_one_file(tmp_path: Path) -> None:
    path, clock = tmp_path / BLOCKS_FILE, Turned()
    async with Blocks(path, clock) as one, Blocks(path, clock) as two:
        await one.remember(remember("ada", "ben"))
        await two.remember(remember("ada", "cleo"))
        assert [p.person_id for p in await one.of("ada")] == ["ben", "cleo"]
        assert await two.of("ada") == await one.of("ada")


async def test_the_newest_are_read_when_there_are_too_many(tmp_path: Path) -> None:
    limits = BlocksLimits(per_person_max=2)
    async with Blocks(tmp_path / BLOCKS_FILE, Turned(), limits) as blocks:
        for other in ("ben", "cleo", "dan"):
            await blocks.remember(remember("ada", other))
        assert [p.person_id for p in await blocks.of("ada")] == ["cleo", "dan"]


async def test_a_person_who_is_erased_is_in_nobodys_list(tmp_path: Path) -> None:
    async with Blocks(tmp_path / BLOCKS_FILE, Turned()) as blocks:
        for pair in (("ada", "ben"), ("cleo", "ada"), ("cleo", "ben")):
            await blocks.remember(remember(*pair))
        assert await blocks.erase("ada") == 2
        assert await blocks.of("ada") == ()
        assert [p.person_id for p in await blocks.of("cleo")] == ["ben"]


async def test_a_file_that_cannot_be_used_is_one_typed_error(tmp_path: Path) -> None:
    path = tmp_path / BLOCKS_FILE
    path.write_bytes(b"this is no database, whatever it is called" * 100)
    async with Blocks(path, Turned()) as blocks:
        with pytest.raises(GalleriaError) as caught:
            await blocks.of("ada")
        assert caught.value.code == "BLOCKS_UNAVAILABLE"
    async with Blocks(tmp_path / "no" / "folder", Turned()) as blocks:
        with pytest.raises(GalleriaError, match="cannot be used"):
            await blocks.remember(remember("ada", "ben"))


async def test_no_more_may_wait_than_the_limit(tmp_path: Path) -> None:
    async with Blocks(tmp_path / BLOCKS_FILE, Turned(), BlocksLimits(waiting_max=0)) as blocks:
        with pytest.raises(GalleriaError) as caught:
            await blocks.of("ada")
        assert caught.value.data == {"cause": "too much is waiting"}
