/** A person is a circle on the floor; fixtures are boxes that push the circle out. */
import type { Fixture, Layout } from "../layout";

export const BODY_RADIUS_M = 0.28;
/** What is lower than this can be stepped on (carpet edges, stages). */
const STEP_M = 0.12;
const WALL_GAP_M = 0.35;

interface Obstacle {
  readonly x: number;
  readonly z: number;
  readonly halfWidth: number;
  readonly halfDepth: number;
  readonly cosine: number;
  readonly sine: number;
}

export class Collisions {
  readonly #obstacles: Obstacle[];
  readonly #halfWidth: number;
  readonly #halfDepth: number;

  constructor(layout: Layout) {
    this.#halfWidth = layout.size_m[0] / 2 - WALL_GAP_M;
    this.#halfDepth = layout.size_m[2] / 2 - WALL_GAP_M;
    this.#obstacles = layout.fixtures.filter((fixture) => fixture.size_m[1] > STEP_M).map(obstacle);
  }

  /** The nearest free place to (x, z); twice round, so that inner corners hold. */
  free(x: number, z: number): [x: number, z: number] {
    for (let round = 0; round < 2; round += 1) {
      for (const box of this.#obstacles) [x, z] = pushOut(box, x, z);
    }
    return [
      Math.max(-this.#halfWidth, Math.min(this.#halfWidth, x)),
      Math.max(-this.#halfDepth, Math.min(this.#halfDepth, z)),
    ];
  }

  /** Whether somebody can stand here. */
  isFree(x: number, z: number): boolean {
    const [freeX, freeZ] = this.free(x, z);
    return Math.hypot(freeX - x, freeZ - z) < 0.001;
  }
}

function obstacle(fixture: Fixture): Obstacle {
  const yaw = (fixture.yaw_degrees * Math.PI) / 180;
  return {
    x: fixture.position[0],
    z: fixture.position[2],
    halfWidth: fixture.size_m[0] / 2,
    halfDepth: fixture.size_m[2] / 2,
    cosine: Math.cos(yaw),
    sine: Math.sin(yaw),
  };
}

function pushOut(box: Obstacle, x: number, z: number): [x: number, z: number] {
  const dx = x - box.x;
  const dz = z - box.z;
  const localX = dx * box.cosine - dz * box.sine;
  const localZ = dx * box.sine + dz * box.cosine;
  const nearX = Math.max(-box.halfWidth, Math.min(box.halfWidth, localX));
  const nearZ = Math.max(-box.halfDepth, Math.min(box.halfDepth, localZ));
  let outX = localX - nearX;
  let outZ = localZ - nearZ;
  const away = Math.hypot(outX, outZ);
  if (away >= BODY_RADIUS_M) return [x, z];
  let toX: number;
  let toZ: number;
  if (away > 1e-6) {
    toX = nearX + (outX / away) * BODY_RADIUS_M;
    toZ = nearZ + (outZ / away) * BODY_RADIUS_M;
  } else {
    // Inside the box: out through the nearest side.
    outX = box.halfWidth + BODY_RADIUS_M - Math.abs(localX);
    outZ = box.halfDepth + BODY_RADIUS_M - Math.abs(localZ);
    toX = outX < outZ ? localX + Math.sign(localX || 1) * outX : localX;
    toZ = outX < outZ ? localZ : localZ + Math.sign(localZ || 1) * outZ;
  }
  return [
    box.x + toX * box.cosine + toZ * box.sine,
    box.z - toX * box.sine + toZ * box.cosine,
  ];
}
