"""How a bot's body moves: a walk along a way, a gaze that turns, hands that swing, hold and offer.

Pure: each step is given the time that has passed. Metres, seconds and radians; a yaw of 0 looks
along -Z and grows counter-clockwise seen from above, as everywhere in the protocol.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from server.bots.floor import Point

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]

ACCELERATION_M_S2 = 2.5
TURN_RAD_S = math.radians(200)
GAZE_RAD_S = math.radians(140)
PITCH_MAX_RAD = math.radians(55)
ARRIVED_M = 0.08
STEP_LENGTH_M = 0.7
BOB_M = 0.018
SWING_M = 0.16
BREATH_M = 0.004
BREATH_HZ = 0.25
# How quickly a hand goes where it wants to be: half of the way in 0.12 s.
HAND_HALF_LIFE_S = 0.12

HANGING: Vector = (0.24, -0.72, -0.06)
HOLDING: Vector = (0.18, -0.32, -0.38)
OFFERING: Vector = (0.10, -0.28, -0.62)


class Hands(Enum):
    """What the hands do; the value is where the right one is, relative to the head, facing -Z."""

    FREE = HANGING
    HOLDING = HOLDING
    OFFERING = OFFERING


@dataclass(frozen=True, slots=True)
class Stance:
    """A body at one moment. Hands are relative to the head, along the axes of the room."""

    head: Vector
    head_rotation: Quaternion
    left: Vector
    right: Vector
    hand_rotation: Quaternion


@dataclass(slots=True)
class Body:
    """A body that walks and looks. Change its aims by `walk`, `look_at`, `stop`; then `step`."""

    position: Point
    yaw: float
    height_m: float = 1.65
    speed_m_s: float = 1.2
    time_s: float = 0.0
    hands: Hands = Hands.FREE
    pitch: float = 0.0
    _speed: float = 0.0
    _walked_m: float = 0.0
    _way: list[Point] = field(default_factory=list)
    _target: Vector | None = None
    _right: Vector = HANGING

    @property
    def arrived(self) -> bool:
        """Whether there is nowhere left to walk."""
        return not self._way

    @property
    def heading(self) -> float:
        """The direction the body would walk now."""
        if not self._way:
            return self.yaw
        return yaw_towards(self.position, self._way[0])

    def walk(self, way: Sequence[Point]) -> None:
        """Follow the corners of a way, from wherever the body is."""
        self._way = list(way)
        self._target = None

    def look_at(self, target: Vector | None) -> None:
        """Turn towards a point and keep the gaze on it; None: look ahead."""
        self._target = target

    def stop(self) -> None:
        self._way.clear()

    def place(self, position: Point, yaw: float) -> None:
        """Stand there at once: after a teleport, or where the server says."""
        self.position = position
        self.yaw = yaw
        self._speed = 0.0
        self._way.clear()

    def step(self, elapsed_s: float) -> None:
        """Go on by so much time."""
        self.time_s += elapsed_s
        self._advance(elapsed_s)
        self._turn(elapsed_s)
        blend = 1 - 0.5 ** (elapsed_s / HAND_HALF_LIFE_S)
        aim = self.hands.value
        x, y, z = self._right
        self._right = (
            x + (aim[0] - x) * blend,
            y + (aim[1] - y) * blend,
            z + (aim[2] - z) * blend,
        )

    def stance(self) -> Stance:
        """Where head and hands are now."""
        phase = self._walked_m / STEP_LENGTH_M * math.pi
        moving = self._speed / self.speed_m_s if self.speed_m_s else 0.0
        lift = BOB_M * moving * math.sin(2 * phase)
        breath = BREATH_M * math.sin(2 * math.pi * BREATH_HZ * self.time_s)
        swing = SWING_M * moving * math.sin(phase)
        right = self._right
        free = self.hands is Hands.FREE
        left_of = (-HANGING[0], HANGING[1] + breath, HANGING[2] + swing)
        right_of = (right[0], right[1] + breath, right[2] - (swing if free else 0.0))
        sine, cosine = math.sin(self.yaw), math.cos(self.yaw)
        return Stance(
            head=(self.position[0], self.height_m + lift + breath, self.position[1]),
            head_rotation=rotation(self.yaw, self.pitch),
            left=_turned(left_of, sine, cosine),
            right=_turned(right_of, sine, cosine),
            hand_rotation=rotation(self.yaw, 0.0),
        )

    def _advance(self, elapsed_s: float) -> None:
        while self._way and math.dist(self.position, self._way[0]) < ARRIVED_M:
            self._way.pop(0)
        if not self._way:
            self._speed = 0.0
            return
        goal = self._way[0]
        distance = math.dist(self.position, goal)
        # Slow down before the end of the way, and in turns: nobody walks sideways.
        facing = math.cos(_difference(self.heading, self.yaw))
        wanted = self.speed_m_s * max(0.15, facing)
        if len(self._way) == 1:
            wanted = min(wanted, math.sqrt(2 * ACCELERATION_M_S2 * distance))
        change = ACCELERATION_M_S2 * elapsed_s
        self._speed += max(-2 * change, min(change, wanted - self._speed))
        moved = min(distance, self._speed * elapsed_s)
        share = moved / distance
        self.position = (
            self.position[0] + (goal[0] - self.position[0]) * share,
            self.position[1] + (goal[1] - self.position[1]) * share,
        )
        self._walked_m += moved

    def _turn(self, elapsed_s: float) -> None:
        pitch = math.radians(-4)
        if self._target is not None and not self._way:
            flat = (self._target[0], self._target[2])
            away = math.dist(self.position, flat)
            if away > 0.05:
                self.yaw = _towards(
                    self.yaw, yaw_towards(self.position, flat), TURN_RAD_S * elapsed_s
                )
            pitch = math.atan2(self._target[1] - self.height_m, max(away, 0.05))
        elif self._way:
            self.yaw = _towards(self.yaw, self.heading, TURN_RAD_S * elapsed_s)
        else:
            pitch += math.radians(6) * math.sin(self.time_s * 0.7)
        pitch = max(-PITCH_MAX_RAD, min(PITCH_MAX_RAD, pitch))
        most = GAZE_RAD_S * elapsed_s
        self.pitch += max(-most, min(most, pitch - self.pitch))


def yaw_towards(here: Point, there: Point) -> float:
    """The yaw that looks from one point of the floor to another."""
    return math.atan2(here[0] - there[0], here[1] - there[1])


def rotation(yaw: float, pitch: float) -> Quaternion:
    """The quaternion (x, y, z, w) of a turn about +Y after a nod about +X."""
    sine_yaw, cosine_yaw = math.sin(yaw / 2), math.cos(yaw / 2)
    sine_pitch, cosine_pitch = math.sin(pitch / 2), math.cos(pitch / 2)
    return (
        cosine_yaw * sine_pitch,
        sine_yaw * cosine_pitch,
        -sine_yaw * sine_pitch,
        cosine_yaw * cosine_pitch,
    )


def _turned(point: Vector, sine: float, cosine: float) -> Vector:
    """A point turned about +Y."""
    x, y, z = point
    return cosine * x + sine * z, y, -sine * x + cosine * z


def _difference(wanted: float, actual: float) -> float:
    """The shorter turn from one yaw to another, -pi to pi."""
    return (wanted - actual + math.pi) % (2 * math.pi) - math.pi


def _towards(actual: float, wanted: float, most: float) -> float:
    turn = _difference(wanted, actual)
    return actual + max(-most, min(most, turn))
