"""Callbacks, streams and waiting, and how each of them ends."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from server.client.errors import ConnectionLost, EventsMissed, TimedOut
from server.client.events import EventHub

CLOSED = ConnectionLost("CLOSED", "Closed.")


async def test_callbacks_hear_until_they_are_ended() -> None:
    hub, heard = EventHub(10), list[Mapping[str, Any]]()
    stop = hub.on("News", heard.append)
    assert hub.wants("News")
    hub.emit("News", {"number": 1})
    hub.call("News", {"number": 2})
    stop()
    assert not hub.wants("News")
    hub.emit("News", {"number": 3})
    assert heard == [{"number": 1}, {"number": 2}]


async def test_a_callback_may_end_itself() -> None:
    hub, heard = EventHub(10), list[int]()

    def once(_body: Mapping[str, Any]) -> None:
        heard.append(1)
        stop()

    stop = hub.on("News", once)
    hub.on("News", lambda _: heard.append(2))
    hub.emit("News", {})
    hub.emit("News", {})
    assert heard == [1, 2, 2]


async def test_streams_have_everything_from_when_they_were_opened() -> None:
    hub = EventHub(10)
    hub.emit("Early", {})
    with hub.stream() as stream:
        hub.emit("A", {"number": 1})
        hub.call("Poses", {})
        hub.emit("B", {})
        hub.end(CLOSED)
        assert [event.name async for event in stream] == ["A", "B"]
    assert [event async for event in hub.stream()] == []


async def test_a_full_stream_gives_what_it_has_and_then_says_so() -> None:
    hub = EventHub(2)
    stream = hub.stream()
    for name in "ABC":
        hub.emit(name, {})
    assert [(await anext(stream)).name for _ in range(2)] == ["A", "B"]
    hub.emit("D", {})
    with pytest.raises(EventsMissed):
        await anext(stream)


async def test_waiting_for_an_event_that_fits() -> None:
    hub = EventHub(10)
    waiting = asyncio.create_task(hub.wait_for("News", lambda body: body["number"] == 2, 5))
    await asyncio.sleep(0)
    for number in (1, 2, 3):
        hub.emit("News", {"number": number})
    assert await waiting == {"number": 2}
    assert not hub.wants("News")


async def test_waiting_has_a_limit() -> None:
    hub = EventHub(10)
    with pytest.raises(TimedOut) as raised:
        await hub.wait_for("News", None, 0.01)
    assert raised.value.data == {"what": "News"}
    assert not hub.wants("News")


async def test_a_condition_that_holds_already_need_not_be_waited_for() -> None:
    hub = EventHub(10)
    await hub.until(lambda: True, 0, "nothing")
    hub.end(CLOSED)
    await hub.until(lambda: True, 0, "nothing")
    with pytest.raises(ConnectionLost):
        await hub.until(lambda: False, 5, "something")


async def test_the_end_ends_all_waiting() -> None:
    hub = EventHub(10)
    waiting = [asyncio.create_task(hub.wait_for(name, None, 5)) for name in ("A", "B")]
    await asyncio.sleep(0)
    hub.end(CLOSED)
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(end is CLOSED for end in ends)
