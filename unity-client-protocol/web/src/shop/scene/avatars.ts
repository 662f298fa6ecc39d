/** The others: friendly figures with a head, a bell-shaped coat, mittens, a scarf and a name. */
import * as THREE from "three";
import type { AvatarView, Pose, Rotation } from "../../sdk";
import { yawOf } from "../../sdk";
import { blend, SolidBuilder } from "./build";
import { seeded, seedOf } from "./random";
import { disposeTag, fitTag, makeTag } from "./signs";
import { glow } from "./textures";

const SKINS = ["#f2c9a5", "#e3ac7f", "#c98d5f", "#9a6642", "#6e4630", "#f6d9c2"];
const HAIRS = ["#2b1d16", "#5a3822", "#8f5a2f", "#c99a56", "#3d3d45", "#a33b2a", "#d8d2c8"];
const COATS = ["#c8553d", "#2f6f73", "#d79b3c", "#5b6aa8", "#7d4e78", "#4c7a4a", "#b8657d", "#3d5a80"];
const SCARVES = ["#ffd166", "#06d6a0", "#ef476f", "#4cc9f0", "#f78c6b", "#b5e48c", "#c77dff", "#ff9770"];

/** The colour that goes with an id: of a party on scarves and tags, of a person in the cart. */
export function colourOf(id: string): string {
  return SCARVES[seedOf(id) % SCARVES.length]!;
}

function pick(list: readonly string[], random: () => number): string {
  return list[Math.floor(random() * list.length)]!;
}

const HEAD_M = 0.135;
const WALK_SWING_M = 0.16;
/** Whoever stands in your face is not drawn: you would look into their head. */
const FACE_TO_FACE_M = 0.55;

/** One figure. `update` moves it; `show` changes who it is. */
export class AvatarFigure {
  readonly group = new THREE.Group();
  readonly #head = new THREE.Group();
  readonly #body: THREE.Mesh;
  readonly #hands: [left: THREE.Mesh, right: THREE.Mesh];
  readonly #scarf: THREE.Mesh;
  readonly #meshes: THREE.Mesh[];
  #tag: THREE.Sprite | null = null;
  #tagText = "";
  #bodyYaw = 0;
  #walkedM = 0;
  #last: { x: number; z: number } | null = null;
  #lift = 0;
  #inSight = false;

  constructor(view: AvatarView) {
    const random = seeded(seedOf(view.name + view.avatar_id));
    const skin = pick(SKINS, random);
    const solid = (): THREE.MeshStandardMaterial =>
      new THREE.MeshStandardMaterial({ vertexColors: true, roughness: 0.75 });
    const headMesh = buildHead(skin, pick(HAIRS, random), random).build(solid());
    this.#head.add(headMesh);
    this.#body = buildCoat(pick(COATS, random)).build(solid());
    const mitten = (): THREE.Mesh => buildMitten(skin).build(solid());
    this.#hands = [mitten(), mitten()];
    const scarf = new THREE.TorusGeometry(0.1, 0.042, 10, 24).rotateX(Math.PI / 2);
    this.#scarf = new THREE.Mesh(scarf, new THREE.MeshStandardMaterial({ roughness: 0.85 }));
    this.#scarf.castShadow = true;
    this.#meshes = [headMesh, this.#body, this.#scarf, ...this.#hands];
    this.group.add(this.#head, this.#body, this.#scarf, ...this.#hands, floorShadow());
    this.group.visible = false;
    this.show(view);
  }

  /** Name, party and presence as they are now. */
  show(view: AvatarView): void {
    const away = view.presence !== "here";
    for (const material of this.#materials()) {
      material.transparent = away;
      material.opacity = away ? 0.38 : 1;
      material.needsUpdate = true;
    }
    const colour = colourOf(view.party_id);
    (this.#scarf.material as THREE.MeshStandardMaterial).color.set(colour);
    const role = view.role === "host" ? "Host" : "";
    const text = `${view.name}|${role}|${away}|${colour}`;
    if (text === this.#tagText) return;
    this.#tagText = text;
    if (this.#tag) disposeTag(this.#tag);
    const subtitle = away ? "reconnecting…" : role;
    this.#tag = makeTag({
      title: view.name,
      dot: colour,
      heightM: subtitle ? 0.26 : 0.16,
      ...(subtitle ? { subtitle } : {}),
    });
    this.group.add(this.#tag);
  }

  /** Draw the figure in this pose; `dtS` since the last frame. */
  update(pose: Pose, eye: THREE.Vector3, dtS: number): void {
    const [x, y, z] = pose.head;
    this.#inSight = true;
    this.group.visible = Math.hypot(x - eye.x, y - eye.y, z - eye.z) > FACE_TO_FACE_M;
    const movedM = this.#last ? Math.hypot(x - this.#last.x, z - this.#last.z) : 0;
    this.#last = { x, z };
    this.#walkedM += movedM;
    const speed = dtS > 0 ? Math.min(1, movedM / dtS / 1.4) : 0;
    this.#lift += (speed - this.#lift) * Math.min(1, dtS * 8);
    const bob = Math.abs(Math.sin(this.#walkedM * 3.6)) * 0.025 * this.#lift;
    const yaw = (yawOf(pose.headRotation) * Math.PI) / 180;
    this.#bodyYaw += shortest(yaw - this.#bodyYaw) * Math.min(1, dtS * 6);
    this.#head.position.set(x, y + bob, z);
    this.#head.quaternion.set(...(pose.headRotation as [number, number, number, number]));
    const neck = Math.max(0.5, y - 0.17);
    this.#body.position.set(x, bob, z);
    this.#body.rotation.set(0, this.#bodyYaw, Math.sin(this.#walkedM * 3.6) * 0.03 * this.#lift);
    this.#body.scale.set(1, neck / 1.4, 1);
    this.#scarf.position.set(x, neck + bob, z);
    this.#hand(0, pose.left, neck, pose);
    this.#hand(1, pose.right, neck, pose);
    this.group.getObjectByName("shadow")?.position.set(x, 0.03, z);
    this.#tag?.position.set(x, y + 0.34, z);
    if (this.#tag) fitTag(this.#tag, Math.hypot(x - eye.x, z - eye.z), 3);
  }

  /** Draw nothing: they are out of sight. */
  hide(): void {
    this.#inSight = false;
    this.group.visible = false;
  }

  /** Whether it is known where they are; who stands in my face is, though not drawn. */
  get inSight(): boolean {
    return this.#inSight;
  }

  /** Where a hand is now, in the room. */
  handPosition(hand: string, into: THREE.Vector3): THREE.Vector3 {
    return into.copy(this.#hands[hand === "left" ? 0 : 1].position);
  }

  /** The turn of the body, radians. */
  get yaw(): number {
    return this.#bodyYaw;
  }

  dispose(): void {
    if (this.#tag) disposeTag(this.#tag);
    this.group.removeFromParent();
    this.group.traverse((object) => {
      if (object instanceof THREE.Mesh) object.geometry.dispose();
    });
    for (const material of this.#materials()) material.dispose();
  }

  /** Asked for each time: the world may have put cheaper ones on. */
  #materials(): THREE.Material[] {
    return this.#meshes.flatMap((mesh) => mesh.material);
  }

  /** A tracked hand is where it is; the others hang at the side and swing with the steps. */
  #hand(index: 0 | 1, tracked: Pose["left"], neck: number, pose: Pose): void {
    const mesh = this.#hands[index];
    if (tracked) {
      mesh.position.set(...tracked.position);
      mesh.quaternion.set(...(tracked.rotation as [number, number, number, number]));
      return;
    }
    const side = index === 0 ? -1 : 1;
    const swing = Math.sin(this.#walkedM * 3.6) * WALK_SWING_M * this.#lift * side;
    mesh.position
      .set(side * 0.29, neck - 0.48 + Math.abs(swing) * 0.3, -0.06 + swing)
      .applyAxisAngle(UP, this.#bodyYaw);
    mesh.position.x += pose.head[0];
    mesh.position.z += pose.head[2];
    mesh.rotation.set(0, this.#bodyYaw, 0);
  }
}

const UP = new THREE.Vector3(0, 1, 0);

function shortest(angle: number): number {
  return Math.atan2(Math.sin(angle), Math.cos(angle));
}

/** The face looks along -Z, as avatars do. */
function buildHead(skin: string, hair: string, random: () => number): SolidBuilder {
  const build = new SolidBuilder();
  const ball = new THREE.SphereGeometry(HEAD_M, 28, 20);
  ball.scale(0.94, 1.08, 0.96);
  build.solid(ball, [0, 0, 0], skin);
  const cap = new THREE.SphereGeometry(HEAD_M * 1.07, 28, 14, 0, Math.PI * 2, 0, Math.PI * 0.52);
  cap.scale(0.97, 1.1, 1);
  build.solid(cap, [0, 0.012, 0.014], hair, new THREE.Euler(0.42, 0, 0));
  const style = Math.floor(random() * 3);
  if (style === 0) build.solid(new THREE.SphereGeometry(0.062, 14, 10), [0, 0.15, 0.05], hair);
  if (style === 1) {
    const bob = new THREE.SphereGeometry(HEAD_M * 1.02, 20, 12);
    bob.scale(1.03, 1.1, 0.74);
    build.solid(bob, [0, -0.035, 0.055], hair);
  }
  for (const side of [-1, 1]) {
    const eye = new THREE.SphereGeometry(0.0165, 10, 8);
    eye.scale(0.85, 1.25, 0.5);
    build.solid(eye, [side * 0.047, 0.012, -0.121], "#241812");
    const glint = new THREE.SphereGeometry(0.005, 6, 5);
    build.solid(glint, [side * 0.047 + 0.005, 0.02, -0.13], "#ffffff");
    const cheek = new THREE.SphereGeometry(0.021, 10, 8);
    cheek.scale(1, 0.7, 0.3);
    build.solid(cheek, [side * 0.073, -0.03, -0.108], blend(skin, "#e0604d", 0.42));
  }
  const smile = new THREE.TorusGeometry(0.03, 0.0055, 6, 14, Math.PI * 0.8);
  build.solid(smile, [0, -0.028, -0.1235], "#7a3226", new THREE.Euler(0.12, 0, Math.PI * 1.1));
  const nose = new THREE.SphereGeometry(0.014, 8, 6);
  build.solid(nose, [0, -0.012, -0.131], blend(skin, "#d9765b", 0.22));
  return build;
}

/** A coat that swings out to the floor, drawn for a neck at 1.4 m and scaled to the real one. */
function buildCoat(colour: string): SolidBuilder {
  const profile: [radius: number, height: number][] = [
    [0.001, 0.06], [0.2, 0.06], [0.225, 0.1], [0.215, 0.3], [0.19, 0.6], [0.185, 0.85],
    [0.205, 1.05], [0.2, 1.2], [0.155, 1.3], [0.085, 1.37], [0.05, 1.42],
  ];
  const points = profile.map(([radius, height]) => new THREE.Vector2(radius, height));
  const coat = new THREE.LatheGeometry(points, 28);
  coat.scale(1.08, 1, 0.86);
  const build = new SolidBuilder();
  build.solid(coat, [0, 0, 0], colour);
  const hem = new THREE.TorusGeometry(0.218, 0.018, 8, 32).rotateX(Math.PI / 2);
  hem.scale(1.08, 1, 0.86);
  build.solid(hem, [0, 0.1, 0], blend(colour, "#1d120c", 0.45));
  for (const y of [0.78, 0.93, 1.08]) {
    const button = new THREE.SphereGeometry(0.016, 8, 6);
    build.solid(button, [0, y, -0.172], "#f1d6a0");
  }
  return build;
}

function buildMitten(skin: string): SolidBuilder {
  const palm = new THREE.SphereGeometry(0.055, 14, 10);
  palm.scale(0.85, 1, 1.15);
  const build = new SolidBuilder();
  build.solid(palm, [0, 0, 0], skin);
  build.solid(new THREE.SphereGeometry(0.022, 8, 6), [0.035, 0.012, -0.03], skin);
  return build;
}

let shadowTexture: THREE.CanvasTexture | undefined;

function floorShadow(): THREE.Mesh {
  shadowTexture ??= glow();
  const material = new THREE.MeshBasicMaterial({
    map: shadowTexture,
    color: "#150a04",
    transparent: true,
    opacity: 0.5,
    depthWrite: false,
  });
  const mesh = new THREE.Mesh(new THREE.PlaneGeometry(0.95, 0.95).rotateX(-Math.PI / 2), material);
  mesh.name = "shadow";
  mesh.renderOrder = 2;
  return mesh;
}

/** Rotation of a quaternion tuple as three.js wants it. */
export function quaternionOf(rotation: Rotation): THREE.Quaternion {
  return new THREE.Quaternion(...(rotation as [number, number, number, number]));
}
