"""Pose frames of the load: made ready beforehand, with the time of sending hidden in them.

The rotation of the head carries when a pose was sent, so whoever gets it knows how long it was on
its way, in whichever process it is and whether it comes as a whole record or as a head alone. The
server takes any rotation, and passes it on bit for bit.

The hidden time counts tenths of milliseconds of the monotonic clock, modulo 52 s: nineteen bits in
the first two components of a smallest-three rotation, kept so small that it stays a rotation; the
third component is a mark.
"""

import math
import secrets
import struct
import time

from rooms.avatars import POSE_DTYPE
from server.wire.messages import BY_NAME

PERIOD_S = 0.05
CIRCLE_M = 0.4
SPEED_M_S = 0.7
STEPS = round(2 * math.pi * CIRCLE_M / (SPEED_M_S * PERIOD_S))
EYES_MM = 1_600
HANDS_MM = ((-240, -700, -60), (240, -700, -60))

RECORD_BYTES = POSE_DTYPE.itemsize
RECORD = struct.Struct("<H9h3I")
ROTATION_AT = 20
HEAD_BYTES = 12
HEAD_ROTATION_AT = 8

_MESSAGE_BYTES = 45
_LARGEST_LAST = 3 << 30
_MIDDLE = 512
_IDENTITY = _LARGEST_LAST | _MIDDLE << 20 | _MIDDLE << 10 | _MIDDLE
# A component is (bits - 512) / 512 / sqrt(2): the first one is kept within 256 to 767, so that the
# three squares are 0.125 + 0.5 + 0.09 at most, and the fourth component is a real number.
_FIRST_OFFSET = 256
_MARK = 300
_STAMP_BITS = 19
_STAMP_LIMIT = 1 << _STAMP_BITS
_STAMPS_A_MS = 10
_NS_A_STAMP = 1_000_000 // _STAMPS_A_MS

_HEADER = bytes((0x82, 0x80 | _MESSAGE_BYTES))
_START = bytes((0x93, BY_NAME["Pose"].number, 0xCF))
_TIME = struct.Struct(">Q")
_ROTATION = struct.Struct("<I")
_TAIL = struct.pack("<II", _IDENTITY, _IDENTITY)
# Masks must not be foreseeable for whoever chooses the content (RFC 6455, section 10.3). Here both
# is ours, so a few are enough, and each is kept as bytes and as wide as a message.
_MASKS = tuple(
    (mask, int.from_bytes((mask * 12)[:_MESSAGE_BYTES], "big"))
    for mask in (secrets.token_bytes(4) for _ in range(64))
)


def stamp_now() -> int:
    """The time to hide."""
    return time.monotonic_ns() // _NS_A_STAMP % _STAMP_LIMIT


def rotation_of(stamp: int) -> int:
    """A rotation that carries a time."""
    first, second = _FIRST_OFFSET + (stamp >> 10), stamp & 0x3FF
    return _LARGEST_LAST | first << 20 | second << 10 | _MARK


def age_ms(rotation: int, now: int) -> float | None:
    """How long ago the pose with this rotation was sent; None when it carries no time."""
    first = rotation >> 20 & 0x3FF
    if (
        rotation & 0x3FF != _MARK
        or rotation >> 30 != _LARGEST_LAST >> 30
        or not 0 <= first - _FIRST_OFFSET < _STAMP_LIMIT >> 10
    ):
        return None
    stamp = first - _FIRST_OFFSET << 10 | rotation >> 10 & 0x3FF
    return (now - stamp) % _STAMP_LIMIT / _STAMPS_A_MS


class PoseTrack:
    """A small circle that an avatar walks for ever, as frames of which only time and mask are left
    to be filled in. `place` is where it stands at first, metres; the circle lies towards the middle
    of the room, so that nobody walks into a wall."""

    __slots__ = ("_step", "_steps")

    def __init__(self, avatar_id: int, place: tuple[float, float]) -> None:
        begin = math.atan2(place[1], place[0])
        centre_x = place[0] - CIRCLE_M * math.cos(begin)
        centre_z = place[1] - CIRCLE_M * math.sin(begin)
        self._step = 0
        self._steps = []
        for step in range(STEPS):
            angle = begin + 2 * math.pi * step / STEPS
            x, z = centre_x + CIRCLE_M * math.cos(angle), centre_z + CIRCLE_M * math.sin(angle)
            record = RECORD.pack(
                avatar_id, round(x * 1_000), EYES_MM, round(z * 1_000), *HANDS_MM[0], *HANDS_MM[1],
                0, 0, 0,
            )  # fmt: skip
            self._steps.append(bytes((0xC4, RECORD_BYTES)) + record[:ROTATION_AT])

    def next_frame(self) -> bytes:
        """The next step as a masked WebSocket frame, to be sent at once."""
        self._step = step = (self._step + 1) % STEPS
        message = b"".join(
            (
                _START,
                _TIME.pack(time.time_ns() // 1_000_000),
                self._steps[step],
                _ROTATION.pack(rotation_of(stamp_now())),
                _TAIL,
            )
        )
        mask, wide_mask = _MASKS[step & 63]
        hidden = int.from_bytes(message, "big") ^ wide_mask
        return _HEADER + mask + hidden.to_bytes(_MESSAGE_BYTES, "big")
