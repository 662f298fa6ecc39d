/** Tables, plinths, shelves, rails, counters and benches: what products stand on. */
import * as THREE from "three";
import type { Fixture, Layout } from "../layout";
import { blend, SolidBuilder } from "./build";
import { seeded, seedOf } from "./random";
import { softBox } from "./textures";

const BRASS = "#b58a4a";
const WALNUT = "#5d3f2b";
const OAK = "#b98b5b";
const IVORY = "#f2ebdf";

type Draw = (build: SolidBuilder, fixture: Fixture) => void;

const KINDS: Record<string, Draw> = {
  table: drawTable,
  plinth: drawPlinth,
  shelf: drawShelf,
  rail: drawRail,
  counter: drawCounter,
  bench: drawBench,
};

/** All fixtures of a room as one mesh, and their soft shadows on the floor. */
export function buildFixtures(layout: Layout): THREE.Group {
  const build = new SolidBuilder();
  for (const fixture of layout.fixtures) {
    const [x, y, z] = fixture.position;
    build.at(x, y, z, fixture.yaw_degrees);
    (KINDS[fixture.kind] ?? drawPlinth)(build, fixture);
  }
  const material = new THREE.MeshStandardMaterial({ vertexColors: true, roughness: 0.62 });
  const group = new THREE.Group();
  group.name = "fixtures";
  group.add(build.build(material), floorShadows(layout.fixtures));
  return group;
}

function drawTable(build: SolidBuilder, { size_m: [w, h, d], colour }: Fixture): void {
  const top = 0.05;
  const wood = blend(colour, OAK, 0.35);
  build.box([w, top, d], [0, h - top, 0], wood, 0.02);
  build.box([w - 0.16, 0.07, d - 0.16], [0, h - top - 0.07, 0], blend(wood, WALNUT, 0.35));
  for (const x of [-1, 1]) {
    for (const z of [-1, 1]) {
      const place = [x * (w / 2 - 0.09), 0, z * (d / 2 - 0.09)] as const;
      build.post([0.022, 0.036], h - top, place, WALNUT, 10);
      build.post([0.024, 0.024], 0.05, place, BRASS, 10);
    }
  }
  if (h > 0.6) build.box([w - 0.2, 0.025, d - 0.2], [0, 0.2, 0], blend(wood, WALNUT, 0.2));
}

function drawPlinth(build: SolidBuilder, { size_m: [w, h, d], colour }: Fixture): void {
  const body = blend(colour, IVORY, 0.55);
  if (Math.abs(w - d) < 0.02 && w <= 1.2) {
    build.post([w / 2 - 0.03, w / 2 - 0.03], 0.06, [0, 0, 0], BRASS, 40);
    build.post([w / 2 - 0.015, w / 2 - 0.015], h - 0.1, [0, 0.06, 0], body, 40);
    build.post([w / 2, w / 2], 0.04, [0, h - 0.04, 0], blend(body, "#ffffff", 0.4), 40);
    return;
  }
  build.box([w - 0.06, 0.06, d - 0.06], [0, 0, 0], BRASS);
  build.box([w - 0.02, h - 0.1, d - 0.02], [0, 0.06, 0], body);
  build.box([w, 0.04, d], [0, h - 0.04, 0], blend(body, "#ffffff", 0.4));
}

function drawShelf(build: SolidBuilder, fixture: Fixture): void {
  const { size_m: [w, h, d], colour } = fixture;
  const wood = blend(colour, WALNUT, 0.3);
  const inside = blend(colour, IVORY, 0.6);
  const side = 0.035;
  build.box([w, 0.09, d - 0.04], [0, 0, 0], WALNUT, 0.006);
  build.box([w - 2 * side, h - 0.13, 0.02], [0, 0.09, -d / 2 + 0.02], inside, 0);
  for (const x of [-1, 1]) build.box([side, h - 0.03, d], [(x * (w - side)) / 2, 0, 0], wood);
  const bays = Math.max(1, Math.round(w / 1.1));
  for (let bay = 1; bay < bays; bay += 1) {
    const x = -w / 2 + (w * bay) / bays;
    build.box([0.025, h - 0.13, d - 0.04], [x, 0.09, 0], wood, 0.006);
  }
  const boards = Math.max(1, Math.round(h / 0.45));
  for (let board = 1; board < boards; board += 1) {
    build.box([w - 2 * side, 0.025, d - 0.05], [0, (h * board) / boards, 0], wood, 0.006);
  }
  fillShelf(build, fixture, bays, boards);
  build.box([w + 0.03, 0.04, d + 0.03], [0, h - 0.04, 0], blend(wood, OAK, 0.35));
  build.box([w + 0.032, 0.012, 0.012], [0, h - 0.06, d / 2 + 0.006], BRASS, 0);
}

/** Stacks of boxes on the boards, so that a shelf looks stocked; nothing of them is for sale. */
function fillShelf(build: SolidBuilder, { id, size_m: [w, h, d], colour }: Fixture, bays: number, boards: number): void {
  const random = seeded(seedOf(id));
  const bay = w / bays;
  for (let board = 0; board < boards; board += 1) {
    const floor = board === 0 ? 0.09 : (h * board) / boards + 0.025;
    const room = (h * (board + 1)) / boards - floor - 0.06;
    for (let index = 0; index < bays; index += 1) {
      let x = -w / 2 + bay * index + 0.1;
      const end = -w / 2 + bay * (index + 1) - 0.08;
      while (x < end - 0.14) {
        const wide = Math.min(end - x, 0.16 + random() * 0.16);
        const high = room * (0.4 + random() * 0.5);
        if (random() < 0.82) {
          const tone = blend(colour, random() < 0.5 ? IVORY : "#4a3626", 0.25 + random() * 0.5);
          build.box([wide - 0.02, high, d * 0.62], [x + wide / 2, floor, -0.02], tone, 0);
          build.box([wide - 0.015, 0.035, d * 0.63], [x + wide / 2, floor + high - 0.05, -0.02], blend(tone, IVORY, 0.45), 0);
        }
        x += wide;
      }
    }
  }
}

function drawRail(build: SolidBuilder, { size_m: [w, h, d], colour }: Fixture): void {
  const deck = Math.min(0.08, h);
  build.box([w, deck, d], [0, 0, 0], blend(colour, OAK, 0.4), 0.02);
  if (h <= 0.3) return;
  build.box([w, 0.045, d], [0, h - 0.045, 0], blend(colour, OAK, 0.3), 0.015);
  for (const x of [-1, 1]) {
    for (const z of [-1, 1]) {
      const place = [x * (w / 2 - 0.05), deck, z * (d / 2 - 0.05)] as const;
      build.post([0.017, 0.017], h - deck - 0.04, place, BRASS, 12);
    }
  }
  const bar = new THREE.CylinderGeometry(0.014, 0.014, w - 0.1, 10);
  build.solid(bar, [0, h * 0.55, 0], BRASS, new THREE.Euler(0, 0, Math.PI / 2));
}

function drawCounter(build: SolidBuilder, { size_m: [w, h, d], colour }: Fixture): void {
  const front = blend(colour, IVORY, 0.25);
  build.box([w - 0.1, 0.1, d - 0.1], [0, 0, 0], WALNUT, 0.004);
  build.box([w - 0.06, h - 0.15, d - 0.06], [0, 0.1, 0], front);
  const panels = Math.max(1, Math.round(w / 0.55));
  const wide = (w - 0.06) / panels;
  for (let panel = 0; panel < panels; panel += 1) {
    const x = -(w - 0.06) / 2 + wide * (panel + 0.5);
    for (const z of [-1, 1]) {
      const place = [x, 0.17, (z * (d - 0.06)) / 2] as const;
      build.box([wide - 0.1, h - 0.3, 0.018], place, blend(front, "#ffffff", 0.22), 0.006);
    }
  }
  build.box([w, 0.05, d], [0, h - 0.05, 0], "#e9e0d0", 0.018);
  build.box([w - 0.02, 0.014, d - 0.02], [0, h - 0.064, 0], BRASS, 0);
}

function drawBench(build: SolidBuilder, { size_m: [w, h, d], colour }: Fixture): void {
  const cushion = Math.min(0.12, h / 2);
  build.box([w, cushion, d], [0, h - cushion, 0], colour, 0.05);
  build.box([w - 0.04, 0.04, d - 0.04], [0, h - cushion - 0.04, 0], WALNUT);
  for (const x of [-1, 1]) {
    for (const z of [-1, 1]) {
      const place = [x * (w / 2 - 0.08), 0, z * (d / 2 - 0.08)] as const;
      build.post([0.018, 0.028], h - cushion - 0.03, place, BRASS, 10);
    }
  }
}

/** One dark soft rectangle under each fixture: contact, even where real shadows are off. */
function floorShadows(fixtures: readonly Fixture[]): THREE.InstancedMesh {
  const material = new THREE.MeshBasicMaterial({
    map: softBox(),
    color: "#1d0f06",
    transparent: true,
    opacity: 0.5,
    depthWrite: false,
    toneMapped: false,
  });
  const plane = new THREE.PlaneGeometry(1, 1).rotateX(-Math.PI / 2);
  const mesh = new THREE.InstancedMesh(plane, material, fixtures.length);
  const matrix = new THREE.Matrix4();
  const turn = new THREE.Quaternion();
  fixtures.forEach((fixture, index) => {
    const [x, , z] = fixture.position;
    const [w, , d] = fixture.size_m;
    turn.setFromAxisAngle(new THREE.Vector3(0, 1, 0), (fixture.yaw_degrees * Math.PI) / 180);
    matrix.compose(
      new THREE.Vector3(x, 0.026, z),
      turn,
      new THREE.Vector3(w + 0.5, 1, d + 0.5),
    );
    mesh.setMatrixAt(index, matrix);
  });
  mesh.renderOrder = 2;
  return mesh;
}
