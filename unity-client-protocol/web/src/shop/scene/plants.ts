/** Potted trees along the walls, wherever no fixture stands. */
import * as THREE from "three";
import type { Layout } from "../layout";
import { blend, SolidBuilder } from "./build";
import { seeded } from "./random";

const WALL_DISTANCE_M = 0.5;
const SPACING_M = 4;
/** A plant keeps this far from every fixture, metres. */
const CLEARANCE_M = 0.75;
const LEAF = "#4f7d45";

export function buildPlants(layout: Layout): THREE.Mesh {
  const random = seeded(31);
  const build = new SolidBuilder();
  for (const [x, z] of places(layout)) {
    build.at(x, 0, z, random() * 360);
    drawPlant(build, 0.85 + random() * 0.35, random);
  }
  const material = new THREE.MeshStandardMaterial({ vertexColors: true, roughness: 0.8 });
  return build.build(material);
}

/** Points before the walls, in the middle between two windows, that are free. */
function places(layout: Layout): [x: number, z: number][] {
  const [width, , depth] = layout.size_m;
  const found: [number, number][] = [];
  const add = (x: number, z: number): void => {
    if (layout.fixtures.every((fixture) => distance(fixture, x, z) > CLEARANCE_M)) found.push([x, z]);
  };
  for (const side of [-1, 1]) {
    const z = side * (depth / 2 - WALL_DISTANCE_M);
    for (let bay = 0; bay <= Math.round(width / SPACING_M); bay += 1) {
      const x = -width / 2 + (width * bay) / Math.round(width / SPACING_M);
      add(Math.max(-width / 2 + 0.5, Math.min(width / 2 - 0.5, x)), z);
    }
    const x = side * (width / 2 - WALL_DISTANCE_M);
    for (let bay = 1; bay < Math.round(depth / SPACING_M); bay += 1) {
      add(x, -depth / 2 + (depth * bay) / Math.round(depth / SPACING_M));
    }
  }
  return found;
}

/** From a point to a fixture's rectangle, however it is turned, metres. */
function distance(
  fixture: { position: readonly number[]; size_m: readonly number[]; yaw_degrees: number },
  x: number,
  z: number,
): number {
  const yaw = (fixture.yaw_degrees * Math.PI) / 180;
  const dx = x - fixture.position[0]!;
  const dz = z - fixture.position[2]!;
  const localX = Math.abs(dx * Math.cos(yaw) - dz * Math.sin(yaw)) - fixture.size_m[0]! / 2;
  const localZ = Math.abs(dx * Math.sin(yaw) + dz * Math.cos(yaw)) - fixture.size_m[2]! / 2;
  return Math.hypot(Math.max(0, localX), Math.max(0, localZ));
}

function drawPlant(build: SolidBuilder, scale: number, random: () => number): void {
  build.post([0.15, 0.2], 0.36, [0, 0, 0], "#e5dccb", 18);
  build.post([0.205, 0.205], 0.04, [0, 0.34, 0], "#c29a58", 18);
  build.post([0.02, 0.014], 0.75 * scale, [0, 0.36, 0], "#6b4a30", 7);
  for (let leaf = 0; leaf < 15; leaf += 1) {
    const around = leaf * 2.4 + random();
    const rise = leaf / 14;
    const blade = new THREE.SphereGeometry(1, 7, 5);
    blade.scale(0.05 + 0.03 * (1 - rise), 0.02, 0.21 * scale * (1.1 - 0.45 * rise));
    blade.translate(0, 0, 0.17 * scale);
    const turn = new THREE.Euler(-0.25 - rise * 0.95 - random() * 0.2, around, 0, "YXZ");
    const tone = blend(LEAF, random() < 0.5 ? "#86a85a" : "#2f5736", random() * 0.55);
    build.solid(blade, [0, 0.36 + scale * (0.3 + rise * 0.48), 0], tone, turn);
  }
}
