"""Frames of the server are what the WebSocket library of a client reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from server.wire.websocket import binary_frame


def read(data: bytes) -> bytes:
    protocol = ClientProtocol(parse_uri("ws://shop.example/ws"), state=OPEN)
    protocol.receive_data(data)
    (frame,) = protocol.events_received()
    assert isinstance(frame, Frame)
    assert (frame.opcode, frame.fin) == (Opcode.BINARY, True)
    return bytes(frame.data)


@given(st.binary(max_size=300))
def test_small_payloads(payload: bytes) -> None:
    assert read(binary_frame(payload)) == payload


@pytest.mark.parametrize("length", [0, 125, 126, 127, 65_535, 65_536, 200_000])
def test_every_way_to_write_a_length(length: int) -> None:
    payload = bytes(length)
    assert read(binary_frame(payload)) == payload
