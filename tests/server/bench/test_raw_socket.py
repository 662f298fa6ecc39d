"""The client of the load finds every frame, wherever the bytes were cut."""

import itertools
import selectors
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.bench.raw_socket import BUFFER, PONG_FRAME, VIEW, RawSocket, masked_frame
from server.errors import GalleriaError
from server.wire.websocket import binary_frame
from tests.fuzz.mutations import masked

ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
CLOSED_4005 = struct.pack(">BBH", 0x88, 2, 4005)


class Listening(RawSocket):
    """Keeps what it hears."""

    def __init__(self, selector: selectors.BaseSelector, port: int) -> None:
        self.heard: list[bytes] = []
        self.endings = 0
        self.is_open = False
        super().__init__(selector, "127.0.0.1", port, "/ws")

    def opened(self) -> None:
        self.is_open = True

    def message(self, start: int, length: int) -> None:
        assert 0 < start <= start + length <= len(BUFFER)
        self.heard.append(bytes(VIEW[start : start + length]))

    def ended(self) -> None:
        self.endings += 1


class Line:
    """Both ends of one connection, in one thread."""

    def __init__(self, client: Listening, peer: socket.socket) -> None:
        self.client = client
        self.peer = peer
        self._selector = client._selector

    def give(self, data: bytes) -> None:
        """Send to the client, and let it read until it has it."""
        had = self.client.received_bytes
        self.peer.sendall(data)
        while not self.client.closed and self.client.received_bytes < had + len(data):
            assert self._selector.select(5)
            self.client.read()


@contextmanager
def line() -> Iterator[Line]:
    with socket.create_server(("127.0.0.1", 0)) as server, selectors.DefaultSelector() as selector:
        client = Listening(selector, server.getsockname()[1])
        peer, _ = server.accept()
        try:
            with peer:
                peer.settimeout(5)
                peer.recv(4_096)
                yield Line(client, peer)
        finally:
            client.end()


@settings(max_examples=25)
@given(
    sizes=st.lists(st.sampled_from([0, 1, 125, 126, 300, 65_535, 65_536, 70_000]), max_size=5),
    cuts=st.lists(st.integers(1, 140_000), max_size=6),
)
def test_frames_are_found_wherever_the_bytes_are_cut(sizes: list[int], cuts: list[int]) -> None:
    messages = [bytes([number + 1]) * size for number, size in enumerate(sizes)]
    stream = ACCEPTED + b"".join(binary_frame(message) for message in messages)
    places = [0, *sorted({cut for cut in cuts if cut < len(stream)}), len(stream)]
    with line() as both:
        for start, end in itertools.pairwise(places):
            both.give(stream[start:end])
        assert both.client.heard == messages


def test_one_byte_at_a_time() -> None:
    with line() as both:
        for byte in ACCEPTED + binary_frame(b"hello") + binary_frame(bytes(130)) + CLOSED_4005:
            both.give(bytes([byte]))
        assert both.client.heard == [b"hello", bytes(130)]
        assert (both.client.close_code, both.client.endings) == (4005, 1)


def test_a_ping_is_answered_and_an_end_is_noticed_once() -> None:
    with line() as both:
        both.give(ACCEPTED + bytes((0x89, 0)))
        assert both.peer.recv(64) == PONG_FRAME
        both.peer.close()
        both.client.read()
        both.client.read()
        assert (both.client.close_code, both.client.endings) == (0, 1)
        assert not both.client.send(b"late")


def test_a_refused_upgrade_is_an_error() -> None:
    with line() as both, pytest.raises(GalleriaError) as caught:
        both.give(b"HTTP/1.1 403 Forbidden\r\n\r\n")
    assert caught.value.code == "BENCH_REFUSED"


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_frames_are_masked(size: int) -> None:
    frame = masked_frame(bytes(range(256)) * (size // 256) + bytes(range(size % 256)))
    header = 2 if size < 126 else 4 if size < 65_536 else 10
    mask = frame[header : header + 4]
    if size < 65_536:
        payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(frame[header + 4 :]))
        assert masked(payload, mask=mask) == frame
    assert len(frame) == header + 4 + size
