import { describe, expect, test } from "vitest";
import {
  facing,
  packPose,
  packRotation,
  POSE_BYTES,
  type Position,
  ProtocolViolation,
  type Rotation,
  slerp,
  unpackPoses,
  unpackRotation,
  yawOf,
} from "../../src/sdk";
import { seeded } from "../../src/shop/scene/random";

function randomRotation(random: () => number): Rotation {
  const parts = [0, 1, 2, 3].map(() => random() * 2 - 1);
  const length = Math.hypot(...parts) || 1;
  return parts.map((part) => part / length) as unknown as Rotation;
}

/** Angle between two rotations, degrees. */
function angle(a: Rotation, b: Rotation): number {
  const cosine = Math.abs(a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3]);
  return (2 * Math.acos(Math.min(1, cosine)) * 180) / Math.PI;
}

describe("rotations", () => {
  test("2000 random ones survive packing within 0.3 degrees", () => {
    const random = seeded(1);
    for (let round = 0; round < 2000; round += 1) {
      const rotation = randomRotation(random);
      expect(angle(rotation, unpackRotation(packRotation(rotation)))).toBeLessThan(0.3);
    }
  });

  test("yaw is counter-clockwise from -Z", () => {
    for (const yaw of [0, 30, 90, 179, -90, -135]) {
      expect(yawOf(facing(yaw))).toBeCloseTo(yaw, 6);
      expect(yawOf(facing(yaw, 40))).toBeCloseTo(yaw, 6);
    }
  });

  test("slerp goes the short way and stays a rotation", () => {
    const half = slerp(facing(170), facing(-170), 0.5);
    expect(Math.abs(yawOf(half))).toBeCloseTo(180, 4);
    expect(Math.hypot(...half)).toBeCloseTo(1, 9);
  });
});

describe("pose records", () => {
  test("positions survive to half a millimetre, hands are absolute again", () => {
    const random = seeded(2);
    for (let round = 0; round < 500; round += 1) {
      const place = (size: number): Position => [0, 1, 2].map(() => (random() - 0.5) * size) as Position;
      const head = place(40);
      const hand: Position = place(2).map((value, axis) => value + head[axis]!) as Position;
      const record = packPose({
        avatarId: 1 + round,
        head,
        headRotation: randomRotation(random),
        left: { position: hand, rotation: randomRotation(random) },
        right: null,
      });
      const [pose] = unpackPoses(record);
      expect(record.byteLength).toBe(POSE_BYTES);
      expect(pose!.avatarId).toBe(1 + round);
      expect(pose!.right).toBeNull();
      for (let axis = 0; axis < 3; axis += 1) {
        expect(Math.abs(pose!.head[axis]! - head[axis]!)).toBeLessThanOrEqual(0.000501);
        expect(Math.abs(pose!.left!.position[axis]! - hand[axis]!)).toBeLessThanOrEqual(0.001001);
      }
    }
  });

  test("out of range is clamped, and never becomes 'not tracked'", () => {
    const hand = { position: [-90, 0, 0] as Position, rotation: facing(0) };
    const pose = unpackPoses(
      packPose({ avatarId: 1, head: [50, 1, -50], headRotation: facing(0), left: hand, right: null }),
    )[0]!;
    expect(pose.head[0]).toBeCloseTo(32.767, 3);
    expect(pose.head[2]).toBeCloseTo(-32.767, 3);
    expect(pose.left).not.toBeNull();
  });

  test("half a record is refused", () => {
    expect(() => unpackPoses(new Uint8Array(POSE_BYTES + 1))).toThrow(ProtocolViolation);
  });
});
