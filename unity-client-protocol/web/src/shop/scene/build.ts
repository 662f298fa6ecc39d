/** Building with many small coloured solids that end up as one mesh: one draw call, not hundreds. */
import * as THREE from "three";
import { RoundedBoxGeometry } from "three/examples/jsm/geometries/RoundedBoxGeometry.js";
import { mergeGeometries } from "three/examples/jsm/utils/BufferGeometryUtils.js";

export class SolidBuilder {
  readonly #parts: THREE.BufferGeometry[] = [];
  readonly #frame = new THREE.Matrix4();

  /** The frame in which the next solids are placed: a point of the floor and a turn. */
  at(x: number, y: number, z: number, yawDegrees: number): this {
    this.#frame
      .makeRotationY((yawDegrees * Math.PI) / 180)
      .setPosition(x, y, z);
    return this;
  }

  /** A box with soft edges; `y` is its underside. */
  box(
    size: readonly [number, number, number],
    place: readonly [number, number, number],
    colour: THREE.ColorRepresentation,
    edgeM = 0.012,
  ): this {
    const radius = Math.min(edgeM, ...size.map((length) => length / 2.2));
    const geometry =
      radius < 0.004
        ? new THREE.BoxGeometry(...size)
        : new RoundedBoxGeometry(size[0], size[1], size[2], 1, radius);
    return this.solid(geometry, [place[0], place[1] + size[1] / 2, place[2]], colour);
  }

  /** An upright cylinder or cone; `y` is its underside. */
  post(
    radii: readonly [bottom: number, top: number],
    height: number,
    place: readonly [number, number, number],
    colour: THREE.ColorRepresentation,
    sides = 16,
  ): this {
    const geometry = new THREE.CylinderGeometry(radii[1], radii[0], height, sides);
    return this.solid(geometry, [place[0], place[1] + height / 2, place[2]], colour);
  }

  /** Any geometry, its centre at `place`. */
  solid(
    geometry: THREE.BufferGeometry,
    place: readonly [number, number, number],
    colour: THREE.ColorRepresentation,
    turn?: THREE.Euler,
  ): this {
    const part = geometry.index ? geometry.toNonIndexed() : geometry;
    for (const name of Object.keys(part.attributes)) {
      if (name !== "position" && name !== "normal") part.deleteAttribute(name);
    }
    const matrix = new THREE.Matrix4();
    if (turn) matrix.makeRotationFromEuler(turn);
    matrix.setPosition(...place).premultiply(this.#frame);
    part.applyMatrix4(matrix);
    const rgb = new THREE.Color(colour);
    const count = part.getAttribute("position").count;
    const colours = new Float32Array(count * 3);
    for (let index = 0; index < count; index += 1) rgb.toArray(colours, index * 3);
    part.setAttribute("color", new THREE.BufferAttribute(colours, 3));
    this.#parts.push(part);
    return this;
  }

  /** Everything as one mesh. */
  build(material: THREE.Material): THREE.Mesh {
    const geometry = this.#parts.length ? mergeGeometries(this.#parts) : new THREE.BufferGeometry();
    const mesh = new THREE.Mesh(geometry, material);
    mesh.castShadow = mesh.receiveShadow = true;
    return mesh;
  }
}

/** A colour moved towards another. */
export function blend(
  colour: THREE.ColorRepresentation,
  towards: THREE.ColorRepresentation,
  share: number,
): THREE.Color {
  return new THREE.Color(colour).lerp(new THREE.Color(towards), share);
}
