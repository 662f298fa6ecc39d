"""Questions get one answer each, in whatever order; a line that ends tells who waits."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from server.errors import GalleriaError
from server.workers import messages
from server.workers.asks import SeatAsk
from server.workers.channel import Channel, ChannelLimits, Handler

LIMITS = ChannelLimits(ask_timeout_ms=5_000, asks_max=3)


@asynccontextmanager
async def line(
    near: Mapping[type, Handler], far: Mapping[type, Handler], limits: ChannelLimits = LIMITS
) -> AsyncIterator[tuple[Channel, Channel]]:
    """Two ends that hear each other."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    ends = await Channel.over(ours, limits, near), await Channel.over(theirs, limits, far)
    running = [asyncio.create_task(end.run()) for end in ends]
    try:
        yield ends
    finally:
        for end in ends:
            await end.close()
        await asyncio.gather(*running)


async def test_both_sides_ask_and_answer() -> None:
    async with line(
        {messages.CloseRoom: lambda m: m.room_id == "hall-2"},
        {messages.OpenParty: lambda _: ("party-1", "ABCDEF")},
    ) as (near, far):
        assert await near.ask(messages.OpenParty()) == ("party-1", "ABCDEF")
        assert await far.ask(messages.CloseRoom("hall-2")) is True
        assert await far.ask(messages.CloseRoom("hall")) is False


async def test_answers_find_their_questions_whatever_the_order() -> None:
    first = asyncio.Event()

    async def code_of(message: messages.ShowPartyCode) -> str:
        if message.party_id == "a":
            await first.wait()
        return message.party_id.upper()

    async with line({}, {messages.ShowPartyCode: code_of}) as (near, _):
        slow = asyncio.create_task(near.ask(messages.ShowPartyCode("a")))
        assert await near.ask(messages.ShowPartyCode("b")) == "B"
        first.set()
        assert await slow == "A"


async def test_errors_come_whole() -> None:
    async def refuse(ask: SeatAsk) -> None:
        assert ask == SeatAsk("ann", ("ann", ""), ("bob",), "hall")
        raise GalleriaError("ROOM_FULL", "Full.", {"capacity": 3}, 409)

    async with line({}, {SeatAsk: refuse}) as (near, _):
        with pytest.raises(GalleriaError) as full:
            await near.ask(SeatAsk("ann", ("ann", ""), ("bob",), "hall"))
    error = full.value
    assert (error.code, error.message, error.data, error.http_status) == (
        "ROOM_FULL",
        "Full.",
        {"capacity": 3},
        409,
    )


async def test_a_fault_of_the_other_side_is_busy_and_the_line_goes_on() -> None:
    def broken(_: object) -> str:
        raise KeyError("nobody")

    async with line({}, {messages.FindParty: broken, messages.ShowMetrics: lambda _: b"7"}) as (
        near,
        _,
    ):
        with pytest.raises(GalleriaError) as busy:
            await near.ask(messages.FindParty("ABCDEF"))
        assert busy.value.code == "BUSY"
        assert await near.ask(messages.ShowMetrics()) == b"7"


async def test_what_is_told_comes_in_its_order_and_before_later_questions() -> None:
    heard: list[str] = []
    async with line(
        {},
        {
            messages.ForgetSeats: lambda m: heard.append(m.person_id),
            messages.ShowPartyCode: lambda _: ",".join(heard),
        },
    ) as (near, _):
        for person in ("ann", "bob", "cem"):
            near.tell(messages.ForgetSeats(person))
        assert await near.ask(messages.ShowPartyCode("")) == "ann,bob,cem"


async def test_a_message_that_goes_wrong_does_not_end_the_line() -> None:
    def broken(_: object) -> None:
        raise KeyError("nobody")

    async with line({}, {messages.ForgetSeats: broken, messages.ShowMetrics: lambda _: b"7"}) as (
        near,
        _,
    ):
        near.tell(messages.ForgetSeats("ann"))
        assert await near.ask(messages.ShowMetrics()) == b"7"


async def test_questions_under_way_are_limited_and_have_a_time() -> None:
    never = asyncio.Event()

    async def wait(_: object) -> None:
        await never.wait()

    limits = ChannelLimits(ask_timeout_ms=20, asks_max=2)
    async with line({}, {messages.Ready: wait}, limits) as (near, _):
        waiting = [asyncio.create_task(near.ask(messages.Ready())) for _ in range(3)]
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [getattr(outcome, "code", "") for outcome in outcomes] == ["BUSY"] * 3


async def test_who_waits_is_told_when_the_line_ends() -> None:
    asked = asyncio.Event()

    async def never(_: object) -> None:
        asked.set()
        await asyncio.Event().wait()

    async with line({}, {messages.Ready: never}) as (near, far):
        waiting = asyncio.create_task(near.ask(messages.Ready()))
        await asked.wait()
        await far.close()
        with pytest.raises(GalleriaError) as lost:
            await waiting
        assert lost.value.code == "WORKER_LOST"
        with pytest.raises(GalleriaError) as later:
            await near.ask(messages.Ready())
        assert later.value.code == "WORKER_LOST"
        near.tell(messages.ForgetSeats("ann"))
