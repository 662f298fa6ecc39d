"""Requests and the order of events, without any socket."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.client.errors import ClientError, ConnectionLost, RequestRefused
from server.client.reliable import PendingRequests, ReliableOrder


async def test_answers_find_their_requests() -> None:
    pending = PendingRequests(10)
    first, second = pending.open(30, {}, 0.0), pending.open(30, {}, 0.0)
    assert (first.request_id, second.request_id) == (1, 2)
    assert pending.answered({"request_id": 2, "body": {"epoch": 1}}) is second
    assert await second.answer == {"epoch": 1}
    error = {"request_id": 1, "code": "PROP_TAKEN", "message": "Taken.", "data": {"by": 4}}
    assert pending.refused(error) is first
    with pytest.raises(RequestRefused) as raised:
        await first.answer
    assert raised.value.data == {"by": 4}
    assert pending.answered({"request_id": 9, "body": {}}) is None
    assert pending.refused(error | {"request_id": 0}) is None
    assert len(pending) == 0


async def test_what_the_server_cannot_have_is_sent_again() -> None:
    pending = PendingRequests(10)
    entries = [pending.open(30, {}, 0.0) for _ in range(4)]
    pending.forget(entries[2])
    assert pending.after(1) == [entries[1], entries[3]]
    entries[1].answer.cancel()
    pending.abandon(ConnectionLost("SESSION_LOST", "Gone."))
    with pytest.raises(ConnectionLost):
        await entries[3].answer
    assert isinstance(entries[0].answer.exception(), ConnectionLost)
    assert pending.open(30, {}, 0.0).request_id == 1


async def test_only_so_many_may_wait() -> None:
    pending = PendingRequests(2)
    pending.open(30, {}, 0.0)
    late = pending.open(30, {}, 0.0)
    with pytest.raises(ClientError) as raised:
        pending.open(30, {}, 0.0)
    assert raised.value.code == "BUSY"
    pending.forget(late)
    pending.open(30, {}, 0.0)


def test_without_a_loop_nothing_can_wait() -> None:
    with pytest.raises(RuntimeError):
        PendingRequests(2).open(30, {}, 0.0)
    assert not asyncio.iscoroutinefunction(PendingRequests.open)


@given(st.lists(st.integers(1, 30)))
def test_order_is_never_broken(numbers: list[int]) -> None:
    order = ReliableOrder()
    taken = [number for number in numbers if order.accept(number)]
    assert taken == list(range(1, len(taken) + 1))
    assert order.unacknowledged == len(taken)
    assert order.acknowledge() == len(taken)
    assert order.unacknowledged == 0
    order.reset()
    assert order.accept(2) is None
    assert order.accept(1) is True
    assert order.accept(1) is False
