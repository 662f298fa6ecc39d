"""Two workers and the desk between them, over real socket pairs, in one event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from commerce.events import CartChanged
from server.config import Settings
from server.errors import GalleriaError
from server.workers.asks import SeatAsk
from server.workers.channel import Channel
from server.workers.desk import Desk
from server.workers.directory import RoomTemplate
from server.workers.link import WorkerLink
from server.workers.messages import Exposition, TasteChanged
from tests.server.workers.owners import CAPACITY, Owner

NOW_MS = 1_900_000_000_000


@dataclass(slots=True)
class Worker:
    """One worker's side."""

    link: WorkerLink
    owner: Owner
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    looks: int = 0

    async def look(self) -> None:
        self.looks += 1

    async def die(self) -> None:
        """As if the process were killed."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.tasks.clear()


class Machine:
    """A desk and the workers that are connected to it."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings.load(data_dir=folder)
        self.desk = Desk(self.settings, lambda: NOW_MS, RoomTemplate("hall", "Hall"))
        self.workers: dict[int, Worker] = {}
        self._serving: list[asyncio.Task[None]] = []

    async def start(self, number: int) -> Worker:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        serving = asyncio.create_task(self.desk.serve(number, ours, asyncio.Event()))
        self._serving.append(serving)
        link = WorkerLink(number, self.settings)
        channel = await Channel.over(theirs, link.limits, link.handlers())
        link.use(channel)
        hearing = asyncio.create_task(channel.run())
        owner = Owner(link.directory, lambda: NOW_MS)
        worker = self.workers[number] = Worker(link, owner, [hearing])
        link.look_for_news = worker.look
        link.show_metrics = lambda: b"# HELP n N.\n# TYPE n gauge\nn %d\n" % number
        await link.own(owner)
        worker.tasks.append(asyncio.create_task(link.run()))
        return worker

    async def close(self) -> None:
        for worker in self.workers.values():
            await worker.die()
        await asyncio.gather(*self._serving)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Let both sides talk until something is so."""
        async with asyncio.timeout(10):
            while not holds():  # noqa: ASYNC110 - the sockets between them set no event of ours
                await asyncio.sleep(0)


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    made = Machine(tmp_path)
    yield made
    await made.close()


def ask(person_id: str, **wishes: str) -> SeatAsk:
    return SeatAsk(person_id, (person_id,), room_id=wishes.get("room_id", ""))


async def test_any_worker_answers_for_the_rooms_of_all(machine: Machine) -> None:
    first, second = await machine.start(1), await machine.start(2)
    for number in range(CAPACITY):
        assert (await second.link.directory.reserve(ask(f"person-{number}"))).worker == 1
    granted = await first.link.directory.reserve(ask("ann"))
    assert (granted.worker, granted.room.room_id) == (2, "hall-2")
    (seat,) = granted.seats
    assert second.owner.registry.take_seat(seat.seat_token, "ann").person_id == "ann"
    assert [room.room_id for room in await first.link.directory.rooms()] == ["hall", "hall-2"]
    assert (await first.link.directory.room("hall-2")).name == "Hall 2"
    with pytest.raises(GalleriaError) as unknown:
        await second.link.directory.room("attic")
    assert (unknown.value.code, unknown.value.http_status) == ("ROOM_NOT_FOUND", 404)
    invite = await first.link.directory.create_invite("hall-2")
    invited = SeatAsk("bob", ("bob",), invite=invite.code)
    assert (await second.link.directory.reserve(invited)).room.room_id == "hall-2"


async def test_a_seat_here_ends_the_promise_there(machine: Machine) -> None:
    first, second = await machine.start(1), await machine.start(2)
    for number in range(CAPACITY):
        await first.link.directory.reserve(ask(f"person-{number}"))
    assert (await first.link.directory.reserve(ask("ann"))).worker == 2
    first.owner.registry.forget("person-0")
    await first.link.directory.reserve(ask("ann", room_id="hall"))
    await machine.until(lambda: second.owner.summary("hall-2").reserved == 0)


async def test_party_codes_and_names_are_shared(machine: Machine) -> None:
    first, second = await machine.start(1), await machine.start(2)
    party_id, code = await first.link.parties.open()
    assert await second.link.parties.find(code.lower()) == party_id
    assert await second.link.parties.code_of(party_id) == code
    with pytest.raises(GalleriaError) as unknown:
        await second.link.parties.find("000000")
    assert unknown.value.code == "PARTY_NOT_FOUND"
    second.link.parties.keep("party-from-before", "QQQQQQ")
    assert await second.link.parties.find("qqqqqq") == "party-from-before"
    first.link.parties.remember_name("ann", "Ann")
    await machine.until(lambda: second.link.parties.name_of("ann") == "Ann")
    # Who comes later hears it too.
    third = await machine.start(3)
    await machine.until(lambda: third.link.parties.name_of("ann") == "Ann")


async def test_news_of_the_shop_wake_the_others_once(machine: Machine) -> None:
    first, second = await machine.start(1), await machine.start(2)
    first.link.happened(CartChanged(7, "cart"))
    first.link.happened(CartChanged(8, "cart"))
    await machine.until(lambda: second.looks == 1)
    # The second tells what it has found; that is no news to the first.
    second.link.happened(CartChanged(8, "cart"))
    second.link.happened(CartChanged(9, "cart"))
    await machine.until(lambda: first.looks == 1)
    assert second.looks == 1


async def test_what_somebody_says_they_like_is_told_to_the_others(machine: Machine) -> None:
    first, second = await machine.start(1), await machine.start(2)
    heard: dict[int, list[TasteChanged]] = {1: [], 2: []}
    for worker in (first, second):
        worker.link.hear_of_taste = heard[worker.link.worker].append
    first.link.taste_changed("ann")
    first.link.taste_changed("ann", "mug")
    await machine.until(lambda: len(heard[2]) == 2)
    assert heard == {1: [], 2: [TasteChanged("ann", ""), TasteChanged("ann", "mug")]}


async def test_everybody_knows_who_is_at_work(machine: Machine) -> None:
    first, second = await machine.start(1), await machine.start(2)
    await machine.until(lambda: first.link.at_work.workers == (1, 2))
    await machine.until(lambda: second.link.at_work.workers == (1, 2))
    await second.die()
    await machine.until(lambda: first.link.at_work.workers == (1,))


async def test_the_rooms_of_a_worker_that_dies_are_opened_elsewhere(machine: Machine) -> None:
    first, second = await machine.start(1), await machine.start(2)
    await second.link.directory.reserve(ask("ann"))
    await first.die()
    await machine.until(lambda: bool(second.owner.report().rooms))
    granted = await second.link.directory.reserve(ask("ann"))
    assert (granted.worker, granted.room.room_id, granted.room.reserved) == (2, "hall", 0)


async def test_a_worker_that_closes_its_doors_gets_nobody(machine: Machine) -> None:
    first, second = await machine.start(1), await machine.start(2)
    first.link.close_doors()
    assert (await first.link.directory.reserve(ask("ann"))).worker == 2
    assert second.owner.report().rooms


async def test_what_all_count_comes_together(machine: Machine) -> None:
    first, _ = await machine.start(1), await machine.start(2)
    text = "# HELP n N.\n# TYPE n gauge\nn %d\n"
    assert await first.link.expositions() == (
        Exposition(1, (text % 1).encode()),
        Exposition(2, (text % 2).encode()),
    )
