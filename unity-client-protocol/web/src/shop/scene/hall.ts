/** The shell of the hall: floor, carpets, walls with windows, ceiling, skylight, lamps. */
import * as THREE from "three";
import type { Layout, Zone } from "../layout";
import { blend, SolidBuilder } from "./build";
import { buildPlants } from "./plants";
import {
  archedWindow,
  carpet,
  coffer,
  glow,
  marble,
  PARQUET_M,
  parquet,
} from "./textures";

const CREAM = "#f3ead9";
const WAINSCOT = "#66755f";
const BRASS = "#c29a58";
const SKYLIGHT_M = 4.6;
/** Carpets and stone lie this far above the parquet, which is drawn after them, metres. */
const FLOOR_LAYER_M = 0.01;

/** Everything that does not move and belongs to the building. */
export function buildHall(layout: Layout): THREE.Group {
  const group = new THREE.Group();
  group.name = "hall";
  const [width, height, depth] = layout.size_m;
  group.add(floor(width, depth), ceiling(width, height, depth), skylight(height));
  group.add(walls(width, height, depth), windows(width, height, depth));
  for (const zone of layout.zones) group.add(zoneFloor(zone));
  group.add(lamps(layout), chandelier(height), buildPlants(layout));
  return group;
}

function floor(width: number, depth: number): THREE.Mesh {
  const map = parquet();
  map.repeat.set(width / PARQUET_M, depth / PARQUET_M);
  const material = new THREE.MeshStandardMaterial({ map, roughness: 0.48, color: "#f1dcc4" });
  const mesh = new THREE.Mesh(new THREE.PlaneGeometry(width, depth), material);
  mesh.rotation.x = -Math.PI / 2;
  mesh.receiveShadow = true;
  mesh.name = "floor";
  mesh.renderOrder = 1;
  return mesh;
}

function isAtrium(zone: Zone): boolean {
  return zone.id === "atrium";
}

/** The atrium gets a round of marble, departments a carpet in their colour. */
function zoneFloor(zone: Zone): THREE.Group {
  const group = new THREE.Group();
  const width = zone.maximum[0] - zone.minimum[0];
  const depth = zone.maximum[1] - zone.minimum[1];
  const x = (zone.minimum[0] + zone.maximum[0]) / 2;
  const z = (zone.minimum[1] + zone.maximum[1]) / 2;
  group.position.set(x, 0, z);
  if (isAtrium(zone)) {
    rounds(Math.min(width, depth) / 2 - 0.1).forEach((round) => group.add(round));
    return group;
  }
  const tint = blend(zone.colour, "#cfc4b4", 0.42);
  const edge = blend(zone.colour, "#3a2c22", 0.35);
  const piping = blend(BRASS, "#fff3da", 0.25);
  group.add(
    carpetPiece(width - 0.7, depth - 0.7, 0.08, edge),
    carpetPiece(width - 0.86, depth - 0.86, 0.03, piping),
    carpetPiece(width - 0.92, depth - 0.92, 0, tint),
  );
  return group;
}

let carpetTexture: THREE.CanvasTexture | undefined;

/** A carpet, or only its border of width `borderM`: what would be covered is not drawn. */
function carpetPiece(
  width: number,
  depth: number,
  borderM: number,
  colour: THREE.Color,
): THREE.Mesh {
  carpetTexture ??= carpet();
  const shape = new THREE.Shape(corners(width / 2, depth / 2));
  if (borderM) shape.holes.push(new THREE.Path(corners(width / 2 - borderM, depth / 2 - borderM)));
  // A shape's texture coordinates are its metres.
  const geometry = new THREE.ShapeGeometry(shape).rotateX(-Math.PI / 2);
  const material = new THREE.MeshStandardMaterial({
    map: carpetTexture,
    color: colour,
    roughness: 0.95,
  });
  const mesh = new THREE.Mesh(geometry, material);
  mesh.position.y = FLOOR_LAYER_M;
  mesh.receiveShadow = true;
  return mesh;
}

function corners(x: number, z: number): THREE.Vector2[] {
  return [[-x, -z], [x, -z], [x, z], [-x, z]].map(([a, b]) => new THREE.Vector2(a, b));
}

function rounds(radius: number): THREE.Mesh[] {
  const stone = marble();
  const inlays: [outer: number, colour: string][] = [
    [radius, "#5d4a3a"],
    [radius - 0.12, BRASS],
    [radius - 0.17, "#ffffff"],
    [radius * 0.66, "#9b6b4c"],
    [radius * 0.62, "#ffffff"],
    [radius * 0.31, BRASS],
    [radius * 0.28, "#ffffff"],
    [radius * 0.26, "#8c5b45"],
    [radius * 0.24, "#fff6e6"],
  ];
  return inlays.map(([outer, colour], index) => {
    const inner = inlays[index + 1]?.[0] ?? 0;
    const geometry = inner
      ? new THREE.RingGeometry(inner, outer, 72)
      : new THREE.CircleGeometry(outer, 72);
    const uv = geometry.getAttribute("uv") as THREE.BufferAttribute;
    const position = geometry.getAttribute("position");
    for (let index = 0; index < uv.count; index += 1) {
      uv.setXY(index, position.getX(index) / 3, position.getY(index) / 3);
    }
    const material = new THREE.MeshStandardMaterial({
      map: stone,
      color: colour,
      roughness: 0.32,
    });
    const mesh = new THREE.Mesh(geometry.rotateX(-Math.PI / 2), material);
    mesh.position.y = FLOOR_LAYER_M;
    mesh.receiveShadow = true;
    return mesh;
  });
}

function ceiling(width: number, height: number, depth: number): THREE.Mesh {
  const map = coffer();
  const shape = new THREE.Shape(corners(width / 2, depth / 2));
  shape.holes.push(new THREE.Path().absarc(0, 0, SKYLIGHT_M, 0, Math.PI * 2, true));
  const geometry = new THREE.ShapeGeometry(shape, 48);
  const uv = geometry.getAttribute("uv") as THREE.BufferAttribute;
  const position = geometry.getAttribute("position");
  for (let index = 0; index < uv.count; index += 1) {
    uv.setXY(index, position.getX(index) / 2.75, position.getY(index) / 2.75);
  }
  const material = new THREE.MeshStandardMaterial({
    map,
    roughness: 0.9,
    emissive: "#a89a86",
    emissiveMap: map,
    side: THREE.DoubleSide,
  });
  const mesh = new THREE.Mesh(geometry, material);
  mesh.rotation.x = Math.PI / 2;
  mesh.position.y = height;
  return mesh;
}

/** A round opening over the atrium: a drum, glazing bars and a bright sky. */
function skylight(height: number): THREE.Group {
  const group = new THREE.Group();
  const drum = new THREE.Mesh(
    new THREE.CylinderGeometry(SKYLIGHT_M, SKYLIGHT_M, 1.4, 64, 1, true),
    new THREE.MeshStandardMaterial({
      color: "#fff4e0",
      emissive: "#b89c74",
      side: THREE.BackSide,
      roughness: 0.9,
    }),
  );
  drum.position.y = height + 0.7;
  const sky = new THREE.Mesh(
    new THREE.CircleGeometry(SKYLIGHT_M, 64).rotateX(Math.PI / 2),
    new THREE.MeshBasicMaterial({ color: "#d6e6f2", fog: false }),
  );
  sky.position.y = height + 1.4;
  const bars = new SolidBuilder();
  for (let bar = 0; bar < 12; bar += 1) {
    bars.at(0, height + 1.3, 0, bar * 30);
    bars.box([SKYLIGHT_M * 2, 0.08, 0.06], [0, 0, 0], "#7c6a52", 0);
  }
  bars.at(0, height, 0, 0);
  for (const [radius, y] of [[SKYLIGHT_M, 0], [SKYLIGHT_M * 0.55, 1.3]] as const) {
    const ring = new THREE.TorusGeometry(radius, 0.09, 8, 72).rotateX(Math.PI / 2);
    bars.solid(ring, [0, y, 0], BRASS);
  }
  const frame = bars.build(new THREE.MeshStandardMaterial({ vertexColors: true }));
  frame.castShadow = false;
  group.add(drum, sky, frame);
  return group;
}

/** Sides of the hall: where each wall stands, how long it is, and how it is turned. */
function sides(width: number, depth: number): [x: number, z: number, long: number, yaw: number][] {
  return [
    [0, -depth / 2, width, 0],
    [width / 2, 0, depth, -90],
    [0, depth / 2, width, 180],
    [-width / 2, 0, depth, 90],
  ];
}

const BAY_M = 4;

function walls(width: number, height: number, depth: number): THREE.Mesh {
  const build = new SolidBuilder();
  for (const [x, z, long, yaw] of sides(width, depth)) {
    build.at(x, 0, z, yaw);
    build.box([long, height, 0.2], [0, 0, -0.1], CREAM, 0);
    build.box([long, 0.95, 0.05], [0, 0, 0.02], WAINSCOT, 0);
    build.box([long, 0.16, 0.08], [0, 0, 0.03], "#4a5546", 0);
    build.box([long, 0.06, 0.1], [0, 0.95, 0.03], BRASS, 0.01);
    build.box([long, 0.2, 0.16], [0, height - 0.42, 0.05], "#fbf5ea", 0.01);
    build.box([long, 0.3, 0.34], [0, height - 0.3, 0.12], "#fffaf0", 0.02);
    const bays = Math.round(long / BAY_M);
    for (let bay = 0; bay <= bays; bay += 1) {
      const along = -long / 2 + (long * bay) / bays;
      build.box([0.46, height - 0.4, 0.07], [along, 0, 0.025], "#fdf6ea", 0.01);
      build.box([0.6, 0.3, 0.1], [along, 0, 0.03], "#e3d8c4", 0.02);
      build.box([0.62, 0.22, 0.2], [along, height - 0.62, 0.05], BRASS, 0.02);
    }
  }
  const material = new THREE.MeshStandardMaterial({
    vertexColors: true,
    roughness: 0.92,
    // Light that walls throw at each other.
    emissive: "#33291d",
  });
  const mesh = build.build(material);
  mesh.castShadow = false;
  return mesh;
}

function windows(width: number, height: number, depth: number): THREE.InstancedMesh {
  const places: THREE.Matrix4[] = [];
  const tall = Math.min(3.9, height - 2.1);
  for (const [x, z, long, yaw] of sides(width, depth)) {
    const bays = Math.round(long / BAY_M);
    const frame = new THREE.Matrix4().makeRotationY((yaw * Math.PI) / 180).setPosition(x, 0, z);
    for (let bay = 0; bay < bays; bay += 1) {
      const along = -long / 2 + (long * (bay + 0.5)) / bays;
      const place = new THREE.Matrix4().makeScale(tall * 0.5, tall, 1);
      place.setPosition(along, height - 0.62 - tall / 2, 0.03);
      places.push(place.premultiply(frame));
    }
  }
  const material = new THREE.MeshBasicMaterial({ map: archedWindow(), alphaTest: 0.5 });
  const mesh = new THREE.InstancedMesh(new THREE.PlaneGeometry(1, 1), material, places.length);
  places.forEach((place, index) => mesh.setMatrixAt(index, place));
  return mesh;
}

/** Globe lamps on cords over the departments, each with a pool of light on the floor. */
function lamps(layout: Layout): THREE.Group {
  const height = layout.size_m[1];
  const places: [number, number][] = [];
  for (const zone of layout.zones.filter((candidate) => !isAtrium(candidate))) {
    const width = zone.maximum[0] - zone.minimum[0];
    const depth = zone.maximum[1] - zone.minimum[1];
    const columns = Math.max(1, Math.round(width / 3.4));
    const rows = Math.max(1, Math.round(depth / 3.4));
    for (let column = 0; column < columns; column += 1) {
      for (let row = 0; row < rows; row += 1) {
        places.push([
          zone.minimum[0] + (width * (column + 0.5)) / columns,
          zone.minimum[1] + (depth * (row + 0.5)) / rows,
        ]);
      }
    }
  }
  const drop = Math.max(1.2, height - 3.7);
  const cords = new SolidBuilder();
  const globes = new SolidBuilder();
  for (const [x, z] of places) {
    cords.at(x, height - drop, z, 0).post([0.01, 0.01], drop, [0, 0.1, 0], "#4a3b2c", 5);
    cords.post([0.1, 0.05], 0.08, [0, 0.12, 0], BRASS, 12);
    globes.at(x, height - drop, z, 0);
    globes.solid(new THREE.SphereGeometry(0.17, 14, 9), [0, 0, 0], "#fff2d6");
  }
  const group = new THREE.Group();
  group.add(
    cords.build(new THREE.MeshStandardMaterial({ vertexColors: true, roughness: 0.5 })),
    globes.build(new THREE.MeshBasicMaterial({ vertexColors: true, toneMapped: false })),
    pools(places, 2.6, 0.16),
  );
  for (const mesh of group.children) mesh.castShadow = false;
  return group;
}

function pools(places: [number, number][], radius: number, strength: number): THREE.InstancedMesh {
  const material = new THREE.MeshBasicMaterial({
    map: glow(),
    color: "#ffcf8a",
    transparent: true,
    opacity: strength,
    blending: THREE.AdditiveBlending,
    depthWrite: false,
  });
  const plane = new THREE.PlaneGeometry(2, 2).rotateX(-Math.PI / 2);
  const mesh = new THREE.InstancedMesh(plane, material, places.length);
  places.forEach(([x, z], index) => {
    mesh.setMatrixAt(index, new THREE.Matrix4().makeScale(radius, 1, radius).setPosition(x, 0.034, z));
  });
  mesh.renderOrder = 3;
  mesh.name = "pools";
  return mesh;
}

/** A ring of small lights under the skylight, the landmark of the hall. */
function chandelier(height: number): THREE.Group {
  const brass = new SolidBuilder();
  const bulbs = new SolidBuilder();
  const y = height - 1.15;
  for (const [radius, drop, count] of [[2.2, 0, 26], [1.35, 0.42, 16]] as const) {
    brass.at(0, y - drop, 0, 0);
    bulbs.at(0, y - drop, 0, 0);
    brass.solid(new THREE.TorusGeometry(radius, 0.035, 8, 64).rotateX(Math.PI / 2), [0, 0, 0], BRASS);
    for (let index = 0; index < count; index += 1) {
      const angle = (index / count) * Math.PI * 2;
      const place = [Math.cos(angle) * radius, 0.1, Math.sin(angle) * radius] as const;
      bulbs.solid(new THREE.SphereGeometry(0.055, 8, 6), place, "#fff0cf");
    }
    for (let index = 0; index < 4; index += 1) {
      const angle = (index / 4) * Math.PI * 2 + 0.4;
      const place = [Math.cos(angle) * radius, 0, Math.sin(angle) * radius] as const;
      brass.post([0.008, 0.008], 1.6 + drop, place, BRASS, 5);
    }
  }
  const group = new THREE.Group();
  group.add(
    brass.build(new THREE.MeshStandardMaterial({ vertexColors: true, roughness: 0.35 })),
    bulbs.build(new THREE.MeshBasicMaterial({ vertexColors: true, toneMapped: false })),
    pools([[0, 0]], 5.4, 0.22),
  );
  for (const mesh of group.children) mesh.castShadow = false;
  return group;
}
