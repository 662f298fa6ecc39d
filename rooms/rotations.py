"""Rotations as the pose record has them: unit quaternions, "smallest three" in 32 bits.

Of a unit quaternion (x, y, z, w) the component of the largest magnitude follows from the others,
and q and -q are the same rotation. So the record has its index in the two top bits and the other
three, in the order x, y, z, w, in ten bits each, scaled from ±1/√2 to 0..1023.

Error: half a step is e = √2/1023/2 in each of the three; at worst, when all four are ±1/2, it adds
up to 3e in the fourth. The quaternion is then √12·e off, the rotation twice that: 0.28 degrees.
"""

import math

_LIMIT = math.sqrt(0.5)
_STEPS = 1_023


def pack_rotation(x: float, y: float, z: float, w: float) -> int:
    """The 32 bits of a unit quaternion."""
    quaternion = (x, y, z, w)
    largest = max(range(4), key=lambda index: abs(quaternion[index]))
    sign = -1.0 if quaternion[largest] < 0 else 1.0
    packed = largest
    for index in range(4):
        if index != largest:
            share = (quaternion[index] * sign + _LIMIT) / (2 * _LIMIT)
            packed = packed << 10 | min(_STEPS, max(0, math.floor(share * _STEPS + 0.5)))
    return packed


def unpack_rotation(packed: int) -> tuple[float, float, float, float]:
    """The unit quaternion (x, y, z, w) of 32 bits. Every pattern of bits has one."""
    largest = packed >> 30
    parts = [((packed >> shift & _STEPS) / _STEPS * 2 - 1) * _LIMIT for shift in (20, 10, 0)]
    squares = sum(part * part for part in parts)
    # Bits that no packer writes may have squares beyond 1; scaled, they are a rotation as well.
    scale = 1 / math.sqrt(squares) if squares > 1 else 1.0
    parts = [part * scale for part in parts]
    parts.insert(largest, math.sqrt(max(0.0, 1 - squares)))
    return (parts[0], parts[1], parts[2], parts[3])


NO_ROTATION = pack_rotation(0, 0, 0, 1)


def facing(yaw_degrees: float) -> int:
    """The packed rotation of somebody upright; yaw 0 faces -Z, counter-clockwise from above."""
    half = math.radians(yaw_degrees % 360) / 2
    return pack_rotation(0, math.sin(half), 0, math.cos(half))


def yaw_of(packed: int) -> float:
    """Where a packed rotation faces, in degrees within ±180."""
    x, y, z, w = unpack_rotation(packed)
    return math.degrees(math.atan2(2 * (x * z + w * y), 1 - 2 * (x * x + y * y)))
