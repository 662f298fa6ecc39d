/** Unit quaternions as [x, y, z, w], and their "smallest three" packing into 32 bits. */

export type Rotation = readonly [number, number, number, number];

export const NO_ROTATION: Rotation = [0, 0, 0, 1];

/** The three smaller components of a unit quaternion never exceed 1/√2. */
const LIMIT = Math.SQRT1_2;
const STEPS = 1023;

/**
 * Pack a unit quaternion: the index of its largest component in the two top bits, then the other
 * three in order x, y, z, w, ten bits each, scaled from ±1/√2. The largest is made positive (q and
 * -q are the same rotation) and follows from the length.
 */
export function packRotation(rotation: Rotation): number {
  let largest = 0;
  for (let index = 1; index < 4; index += 1) {
    if (Math.abs(rotation[index]!) > Math.abs(rotation[largest]!)) largest = index;
  }
  const sign = rotation[largest]! < 0 ? -1 : 1;
  let packed = largest;
  for (let index = 0; index < 4; index += 1) {
    if (index === largest) continue;
    const share = (rotation[index]! * sign + LIMIT) / (2 * LIMIT);
    const step = Math.min(STEPS, Math.max(0, Math.round(share * STEPS)));
    packed = packed * 1024 + step;
  }
  return packed >>> 0;
}

/** The quaternion that was packed, within 0.28 degrees. */
export function unpackRotation(packed: number): Rotation {
  const largest = packed >>> 30;
  const rotation = [0, 0, 0, 0] as [number, number, number, number];
  let shift = 20;
  let squares = 0;
  for (let index = 0; index < 4; index += 1) {
    if (index === largest) continue;
    const part = (((packed >>> shift) & STEPS) / STEPS) * 2 * LIMIT - LIMIT;
    rotation[index] = part;
    squares += part * part;
    shift -= 10;
  }
  rotation[largest] = Math.sqrt(Math.max(0, 1 - squares));
  return rotation;
}

/** The rotation between two, `share` of the way from `from` to `to`, on the shorter arc. */
export function slerp(from: Rotation, to: Rotation, share: number): Rotation {
  let cosine = from[0] * to[0] + from[1] * to[1] + from[2] * to[2] + from[3] * to[3];
  const sign = cosine < 0 ? -1 : 1;
  cosine *= sign;
  let before = 1 - share;
  let after = share;
  if (cosine < 0.9995) {
    const angle = Math.acos(cosine);
    before = Math.sin(before * angle) / Math.sin(angle);
    after = Math.sin(after * angle) / Math.sin(angle);
  }
  after *= sign;
  const x = from[0] * before + to[0] * after;
  const y = from[1] * before + to[1] * after;
  const z = from[2] * before + to[2] * after;
  const w = from[3] * before + to[3] * after;
  const length = Math.hypot(x, y, z, w) || 1;
  return [x / length, y / length, z / length, w / length];
}

/** Rotation of somebody who faces `yawDegrees` (0 is -Z, counter-clockwise) and nods. */
export function facing(yawDegrees: number, pitchDegrees = 0): Rotation {
  const yaw = (yawDegrees * Math.PI) / 360;
  const pitch = (pitchDegrees * Math.PI) / 360;
  return [
    Math.cos(yaw) * Math.sin(pitch),
    Math.sin(yaw) * Math.cos(pitch),
    -Math.sin(yaw) * Math.sin(pitch),
    Math.cos(yaw) * Math.cos(pitch),
  ];
}

/** The yaw of a rotation in degrees, 0 is -Z, counter-clockwise. */
export function yawOf(rotation: Rotation): number {
  const [x, y, z, w] = rotation;
  return (Math.atan2(2 * (x * z + w * y), 1 - 2 * (x * x + y * y)) * 180) / Math.PI;
}
