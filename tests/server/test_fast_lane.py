"""Sockets outside the event loop: what wakes us, what waits for the tick, and how bytes are cut."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from server.connection import Connection
from server.connection_limits import ConnectionLimits
from server.lifted_socket import RECEIVE_MAX_BYTES, WAKE_BYTES, LiftedSocket, frame_sizes, is_urgent
from server.pose_intake import POSE_FRAME_BYTES, PoseIntake, is_pose_frame, read_poses
from server.session import Session
from server.wire import codec
from server.wire.messages import BY_NAME
from server.wire.vectors import TIME_MS, example_body
from tests.fuzz.echo_hub import EchoServer, echo_server

RECORD = bytes(range(32))


def masked(message: bytes, key: bytes = b"\x12\x34\x56\x78") -> bytes:
    """A message as a client frames it."""
    frame = Frame(Opcode.BINARY, message)
    header = frame.serialize(mask=False)[: -len(message)]
    veiled = bytes(byte ^ key[index % 4] for index, byte in enumerate(message))
    return header[:1] + bytes((header[1] | 0x80,)) + header[2:] + key + veiled


def pose(record: bytes = RECORD) -> bytes:
    return masked(codec.encode(BY_NAME["Pose"].number, TIME_MS, record))


def request(name: str, head: int, **fields: Any) -> bytes:
    return masked(codec.encode(BY_NAME[name].number, head, fields))


async def eventually(condition: Callable[[], bool]) -> None:
    """Let the loop turn until something holds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in the kernel
            await asyncio.sleep(0)


class Seated:
    """A raw client with a seat: its socket is read at the tick."""

    def __init__(self, server: EchoServer, writer: asyncio.StreamWriter, session: Session) -> None:
        self.server = server
        self.writer = writer
        self.session = session
        self.intake = PoseIntake()
        session.intake, session.avatar_id = self.intake, 7

    @property
    def lifted(self) -> LiftedSocket:
        (protocol,) = self.server.listener.protocols
        assert protocol._lifted is not None
        return protocol._lifted

    def wakes_with(self) -> int:
        """Bytes that must have come before the socket counts as readable."""
        return self.lifted.socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT)

    async def until_there(self, byte_count: int) -> None:
        """Wait until so much has come to the other end, without reading it."""
        await eventually(lambda: len(self.peek()) >= byte_count)

    def peek(self) -> bytes:
        """What has come to the other end and has not been read."""
        try:
            return self.lifted.socket.recv(65_536, socket.MSG_PEEK)
        except BlockingIOError:
            return b""


@asynccontextmanager
async def seated(limits: ConnectionLimits | None = None) -> AsyncIterator[Seated]:
    async with echo_server(limits) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            b"Sec-WebSocket-Protocol: galleria.1\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        hello = example_body(BY_NAME["Hello"].fields)
        hello |= {"token": "guest:ada", "resume_token": "", "last_seq": 0}
        writer.write(request("Hello", 0, **hello))
        await server.hub.until(lambda: bool(server.hub.members))
        (session,) = server.hub.members.values()
        client = Seated(server, writer, session)
        try:
            yield client
        finally:
            writer.close()


# --- what wakes us --------------------------------------------------------------------------------


async def test_after_the_first_pose_only_more_than_two_poses_wake_us() -> None:
    async with seated() as client:
        assert client.wakes_with() == 1
        client.writer.write(pose())
        await eventually(lambda: bool(client.intake.frames))
        assert client.wakes_with() == WAKE_BYTES == 2 * POSE_FRAME_BYTES + 1
        client.writer.write(pose() + pose())
        await client.until_there(2 * POSE_FRAME_BYTES)
        client.intake.clear()  # they wait for the tick
        client.lifted.read()
        assert len(client.intake.frames) == 1
        vote = {"product_id": "a product", "choice": 1}
        client.writer.write(masked(codec.encode_prompt(BY_NAME["Vote"].number, 1, vote)))
        await eventually(lambda: bool(client.server.hub.executed))


async def test_a_client_with_short_requests_is_read_at_once() -> None:
    async with seated() as client:
        client.writer.write(pose())
        await eventually(lambda: bool(client.intake.frames))
        short = request("Leave", 1)
        assert len(short) < WAKE_BYTES
        client.writer.write(short)
        await client.until_there(len(short))
        client.lifted.read()
        assert client.wakes_with() == 1
        client.intake.clear()
        client.writer.write(pose())
        await eventually(lambda: bool(client.intake.frames))
        assert client.wakes_with() == 1


async def test_who_has_no_seat_any_more_is_read_at_once() -> None:
    async with seated() as client:
        client.writer.write(pose())
        await eventually(lambda: bool(client.intake.frames))
        client.session.intake = None
        assert client.session.connection is not None
        client.session.connection.read_at_once()
        client.writer.write(request("Look", 0, product_id="mug"))
        await eventually(lambda: bool(client.server.hub.looks))


def test_whose_answer_is_waited_for() -> None:
    assert is_urgent(codec.encode(BY_NAME["Grab"].number, 1, {}))
    assert is_urgent(codec.encode(BY_NAME["Clock"].number, 1, {}))
    assert not is_urgent(codec.encode(BY_NAME["Ack"].number, 0, {"seq": 1}))
    assert not is_urgent(b"")


# --- floods ---------------------------------------------------------------------------------------


async def test_of_a_flood_only_so_much_is_read_at_a_time() -> None:
    async with seated(ConnectionLimits(poses_burst=1_000)) as client:
        client.writer.write(pose())
        await eventually(lambda: bool(client.intake.frames))
        client.lifted._lane.on_ready = lambda: None  # type: ignore[attr-defined]
        client.writer.write(pose() * 200)
        await client.until_there(RECEIVE_MAX_BYTES + 1)
        client.intake.clear()
        client.lifted.read()
        assert len(client.intake.frames) == 1  # of many only the newest counts
        assert len(client.peek()) == 200 * POSE_FRAME_BYTES - RECEIVE_MAX_BYTES


async def test_poses_over_the_rate_are_dropped_and_end_in_a_close() -> None:
    limits = ConnectionLimits(poses_per_second=1, poses_burst=3, too_fast_max=40)
    async with seated(limits) as client:
        client.writer.write(pose() * 60)
        await eventually(lambda: bool(client.server.hub.lost_reasons))
        assert client.server.hub.lost_reasons == ["too_fast"]


async def test_lone_poses_of_who_is_read_at_once_count_for_the_rate() -> None:
    limits = ConnectionLimits(poses_per_second=1, poses_burst=3, too_fast_max=40)
    async with seated(limits) as client:
        client.writer.write(pose())
        await eventually(lambda: bool(client.intake.frames))
        # A request that is shorter than ours are: from now on each message wakes us.
        client.writer.write(request("Ack", 0, seq=0))
        client.writer.write(request("Leave", 1))
        await client.until_there(1)
        client.lifted.read()
        for _ in range(60):
            if client.server.hub.lost_reasons:
                break
            client.writer.write(pose())
            await asyncio.sleep(0)
            await eventually(lambda: not client.server.listener.protocols or not client.peek())
        await eventually(lambda: bool(client.server.hub.lost_reasons))
        assert client.server.hub.lost_reasons == ["too_fast"]


async def test_every_pose_is_counted_once() -> None:
    async with seated() as client:
        connection = client.session.connection
        assert isinstance(connection, Connection)
        before = connection.statistics.messages_in["latest-wins"]
        client.writer.write(pose() * 3)
        await client.until_there(3 * POSE_FRAME_BYTES)
        client.lifted.read()
        client.writer.write(pose())
        await client.until_there(POSE_FRAME_BYTES)
        client.lifted.read()
        at_the_tick = read_poses([client.intake]).frames
        assert at_the_tick == 1
        assert connection.statistics.messages_in["latest-wins"] - before + at_the_tick == 4


# --- cutting --------------------------------------------------------------------------------------


@given(st.integers(0, 70_000), st.booleans())
def test_sizes_of_frames(length: int, mask: bool) -> None:
    data = Frame(Opcode.BINARY, bytes(length)).serialize(mask=mask)
    assert frame_sizes(data, 0) == (len(data) - length, length)
    header = len(data) - length
    for cut in range(min(header, len(data))):
        assert frame_sizes(data[:cut], 0)[0] == 0


@pytest.mark.parametrize("step", [1, 2, 7, 50, 1_000])
async def test_frames_in_pieces_come_out_whole(step: int) -> None:
    async with seated() as client:
        stream = b"".join(
            pose() + request("Vote", number, product_id="mug" * number, choice=1)
            for number in range(1, 20)
        )
        for start in range(0, len(stream), step):
            client.writer.write(stream[start : start + step])
            client.lifted.read()
        await eventually(lambda: len(client.server.hub.executed) == 19)
        heads = [head for _session, _name, head in client.server.hub.executed]
        assert heads == list(range(1, 20))


# --- reading poses --------------------------------------------------------------------------------


def intake_of(*frames: bytes, records: tuple[bytes, ...] = ()) -> PoseIntake:
    intake = PoseIntake()
    intake.frames.update(enumerate(frames, 1))
    intake.records.update(enumerate(records))
    return intake


@given(st.lists(st.tuples(st.binary(min_size=32, max_size=32), st.binary(min_size=4, max_size=4))))
def test_poses_come_out_with_the_ids_of_their_senders(poses: list[tuple[bytes, bytes]]) -> None:
    frames = [
        masked(codec.encode(BY_NAME["Pose"].number, TIME_MS, record), key) for record, key in poses
    ]
    assert all(is_pose_frame(frame) for frame in frames)
    batch = read_poses([intake_of(*frames)])
    assert batch.ends == [len(poses)]
    assert batch.malformed == []
    expected = [
        number.to_bytes(2, "little") + record[2:] for number, (record, _) in enumerate(poses, 1)
    ]
    assert batch.records.tobytes() == b"".join(expected)


def test_rooms_stay_apart_and_what_is_no_pose_is_told() -> None:
    late = codec.encode(BY_NAME["Pose"].number, 2**53, RECORD)
    first = intake_of(pose(), masked(late), records=(bytes(32),))
    second = intake_of(pose(b"\x05" * 32))
    batch = read_poses([first, PoseIntake(), second])
    assert batch.malformed == [(0, 2, late)]
    assert batch.ends == [2, 2, 3]
    assert batch.frames == 3
    assert [int(entry["id"]) for entry in batch.records] == [1, 0, 1]
    assert not first
    assert not second
