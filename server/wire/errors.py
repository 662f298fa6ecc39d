"""What can be wrong with a frame or a connection: stable codes, sentences, close codes, advice."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any


class Advice(StrEnum):
    """What a client does after a close."""

    RESUME = "connect again with the resume token, after a short pause"
    LATER = "connect again later (with the resume token, if any), waiting longer each time"
    FRESH = "get a new guest token, then connect again"
    NEVER = "do not connect again before the client is mended"
    STAY_AWAY = "do not connect again: another connection has taken over"


class CloseCode(IntEnum):
    """Private WebSocket close codes (RFC 6455 leaves 4000-4999 to applications)."""

    BAD_FRAME = 4000
    HELLO_EXPECTED = 4001
    PROTOCOL_VERSION = 4002
    TOKEN_INVALID = 4003
    TOO_FAST = 4004
    SLOW = 4005
    REPLACED = 4006
    DRAINING = 4007
    IDLE = 4008
    TOO_LARGE = 4009
    SERVER_FULL = 4010


@dataclass(frozen=True, slots=True)
class CloseRow:
    """What a close code means, for people and for the reference."""

    reason: str
    advice: Advice


CLOSES: dict[CloseCode, CloseRow] = {
    CloseCode.BAD_FRAME: CloseRow("too many frames that are no messages", Advice.NEVER),
    CloseCode.HELLO_EXPECTED: CloseRow("the first message must be Hello, in time", Advice.LATER),
    CloseCode.PROTOCOL_VERSION: CloseRow("no common protocol version", Advice.NEVER),
    CloseCode.TOKEN_INVALID: CloseRow("the guest token is not valid", Advice.FRESH),
    CloseCode.TOO_FAST: CloseRow("more messages than allowed, again and again", Advice.LATER),
    CloseCode.SLOW: CloseRow("events were not read fast enough", Advice.RESUME),
    CloseCode.REPLACED: CloseRow("this session goes on in another connection", Advice.STAY_AWAY),
    CloseCode.DRAINING: CloseRow("the server is about to stop", Advice.RESUME),
    CloseCode.IDLE: CloseRow("nothing was heard for too long", Advice.RESUME),
    CloseCode.TOO_LARGE: CloseRow("a frame was larger than allowed", Advice.NEVER),
    CloseCode.SERVER_FULL: CloseRow("no more connections can be taken", Advice.LATER),
}

FRAME_ERRORS: dict[str, str] = {
    "NOT_MESSAGEPACK": "The frame is not one MessagePack value.",
    "NOT_AN_ENVELOPE": "A frame is an array of three: number, head, body.",
    "UNKNOWN_MESSAGE": "No message has this number.",
    "WRONG_DIRECTION": "Only the server sends this message.",
    "HEAD_INVALID": "The head does not fit this kind of message.",
    "BODY_INVALID": "The body must be a map of fields.",
    "FIELD_MISSING": "A field is missing.",
    "FIELD_TYPE": "A field has the wrong type.",
    "FIELD_RANGE": "A field is out of range.",
    "FIELD_TOO_LONG": "A field is too long.",
    "FIELD_VALUE": "A field has a word that is not in its list.",
    "POSE_MALFORMED": "A pose is one record of 32 bytes.",
    "HELLO_TWICE": "Hello was said already.",
    "REQUEST_ID_OLD": "Request ids must grow; this one was used or passed.",
    "TOO_FAST": "Slow down: this was dropped, and going on like this closes the connection.",
}
"""Errors of single frames. The frame is dropped, nothing is changed, and one Error answers it."""


class WireError(Exception):
    """A frame that cannot be taken. `request_id` is the request to answer, or 0."""

    def __init__(self, code: str, request_id: int = 0, **data: Any) -> None:
        super().__init__(FRAME_ERRORS[code])
        self.code = code
        self.message = FRAME_ERRORS[code]
        self.request_id = request_id
        self.data: dict[str, Any] = data
