/** The scene: renderer, light, the hall, the others, products, and one frame after the other. */
import * as THREE from "three";
import type { GalleriaClient, RoomModel } from "../../sdk";
import type { Catalogue } from "../catalogue";
import type { Layout } from "../layout";
import { AvatarFigure } from "./avatars";
import { Collisions } from "./collision";
import { buildFixtures } from "./fixtures";
import { buildHall } from "./hall";
import { Input, type InputHandlers } from "./input";
import { Player } from "./player";
import { ProductObjects } from "./products";
import { firstLevel, type Level, QualityWatch, SETTINGS } from "./quality";
import { enrich, simplify } from "./shading";
import { buildSigns } from "./signs";
import { SpotlightBeam } from "./spotlight";

const PICK_REACH_M = 9;
const SHADOW_HALF_M = 13;

export interface WorldParts {
  readonly canvas: HTMLCanvasElement;
  readonly layout: Layout;
  readonly catalogue: Catalogue;
  readonly room: RoomModel;
  readonly client: GalleriaClient;
  readonly handlers: InputHandlers;
}

export class World {
  readonly player: Player;
  readonly input: Input;
  readonly collisions: Collisions;
  readonly products: ProductObjects;
  readonly camera = new THREE.PerspectiveCamera(62, 1, 0.08, 90);
  readonly scene = new THREE.Scene();
  readonly renderer: THREE.WebGLRenderer;
  readonly quality: QualityWatch;
  frames = 0;
  readonly #figures = new Map<number, AvatarFigure>();
  readonly #beam = new SpotlightBeam();
  readonly #sun: THREE.DirectionalLight;
  readonly #raycaster = new THREE.Raycaster();
  #lastMs = 0;

  /** `eachFrame` runs before a frame is drawn. Throws when the browser has no WebGL. */
  constructor(
    private readonly parts: WorldParts,
    private readonly eachFrame: (dtS: number) => void,
  ) {
    const { canvas, layout, catalogue, room, handlers } = parts;
    const asked = new URLSearchParams(location.search).get("quality");
    const level = firstLevel(asked);
    this.renderer = new THREE.WebGLRenderer({
      canvas,
      antialias: SETTINGS[level].rich,
      powerPreference: "high-performance",
    });
    this.renderer.toneMapping = THREE.ACESFilmicToneMapping;
    this.renderer.toneMappingExposure = 1.02;
    this.renderer.shadowMap.type = THREE.PCFShadowMap;
    this.quality = new QualityWatch(level, asked !== null);
    this.scene.background = new THREE.Color("#e9d8bd");
    this.scene.fog = new THREE.Fog("#e9d8bd", 26, 62);
    this.scene.add(new THREE.HemisphereLight("#fff4e2", "#c39a72", 1.9));
    this.#sun = sunlight();
    this.scene.add(this.#sun, this.#sun.target, fillLight());
    this.scene.add(buildHall(layout), buildFixtures(layout), buildSigns(layout), this.#beam.group);
    this.collisions = new Collisions(layout);
    this.player = new Player(this.collisions);
    this.input = new Input(canvas, this.player, handlers);
    this.products = new ProductObjects(catalogue, layout, room, (avatarId, hand, into) =>
      this.#handOf(avatarId, hand, into),
    );
    this.scene.add(this.products.group);
    this.#follow(room);
    this.#resetAvatars();
    this.#applyQuality();
    new ResizeObserver(() => this.#resize()).observe(canvas);
    this.#resize();
    this.renderer.setAnimationLoop((nowMs) => this.#frame(nowMs));
  }

  /** The prop under the pointer, or 0. */
  pickProp(x = this.input.pointer.x, y = this.input.pointer.y): number {
    this.#raycaster.setFromCamera(new THREE.Vector2(x, y), this.camera);
    return this.products.pick(this.#raycaster.ray, PICK_REACH_M)?.propId ?? 0;
  }

  /** Somebody who stands nearest to you, within `reachM`; 0 when nobody does. */
  nearestAvatar(reachM: number): number {
    let best = 0;
    let bestM = reachM;
    for (const avatarId of this.parts.room.avatars.keys()) {
      if (avatarId === this.parts.room.myAvatarId) continue;
      const pose = this.parts.room.newestPose(avatarId);
      if (!pose) continue;
      const away = Math.hypot(pose.head[0] - this.player.x, pose.head[2] - this.player.z);
      if (away < bestM) {
        best = avatarId;
        bestM = away;
      }
    }
    return best;
  }

  /** Where somebody is drawn now; undefined before they were drawn. */
  drawnAt(avatarId: number): readonly [number, number, number] | undefined {
    const now = this.parts.client.clock.now();
    return this.parts.room.poseOf(avatarId, now)?.head;
  }

  /** Draw as well as this, from now on. */
  setQuality(level: Level): void {
    this.quality.fix(level);
    this.#applyQuality();
  }

  stop(): void {
    this.renderer.setAnimationLoop(null);
  }

  #follow(room: RoomModel): void {
    room.on("room", () => this.#resetAvatars());
    room.on("avatar", ({ avatarId }) => this.#showAvatar(avatarId));
  }

  #resetAvatars(): void {
    for (const figure of this.#figures.values()) figure.dispose();
    this.#figures.clear();
    for (const avatarId of this.parts.room.avatars.keys()) this.#showAvatar(avatarId);
    this.products.reset();
  }

  #showAvatar(avatarId: number): void {
    const view = this.parts.room.avatars.get(avatarId);
    const figure = this.#figures.get(avatarId);
    if (!view || avatarId === this.parts.room.myAvatarId) {
      figure?.dispose();
      this.#figures.delete(avatarId);
    } else if (figure) {
      figure.show(view);
    } else {
      const made = new AvatarFigure(view);
      if (!SETTINGS[this.quality.level].rich) simplify(made.group);
      this.#figures.set(avatarId, made);
      this.scene.add(made.group);
    }
  }

  #handOf(avatarId: number, hand: string, into: THREE.Object3D): boolean {
    if (avatarId === this.parts.room.myAvatarId) {
      const { position } = this.player.hand(hand);
      into.position.set(...position);
      into.rotation.set(0, this.player.yaw + Math.PI, 0);
      return true;
    }
    const figure = this.#figures.get(avatarId);
    if (!figure?.inSight) return false;
    figure.handPosition(hand, into.position);
    into.rotation.set(0, figure.yaw + Math.PI, 0);
    return true;
  }

  #frame(nowMs: number): void {
    const dtS = this.#lastMs ? Math.min(0.1, (nowMs - this.#lastMs) / 1000) : 0.016;
    const realS = this.#lastMs ? (nowMs - this.#lastMs) / 1000 : 0.016;
    this.#lastMs = nowMs;
    this.input.update(dtS);
    this.player.update(this.input.steering, dtS);
    this.player.aim(this.camera);
    this.eachFrame(dtS);
    this.products.eye = this.camera.position;
    const serverNow = this.parts.client.clock.now();
    for (const [avatarId, figure] of this.#figures) {
      const pose = this.parts.room.poseOf(avatarId, serverNow);
      if (pose) figure.update(pose, this.camera.position, dtS);
      else figure.hide();
    }
    this.products.update(this.camera.position, dtS);
    this.#updateBeam(nowMs);
    this.#moveSun();
    if (this.quality.frame(realS)) this.#applyQuality();
    this.renderer.render(this.scene, this.camera);
    this.frames += 1;
  }

  #updateBeam(nowMs: number): void {
    const { room } = this.parts;
    const prop = room.spotlightProductId ? room.propOfProduct(room.spotlightProductId) : undefined;
    this.#beam.update(prop ? this.products.positionOf(prop.prop_id) : undefined, nowMs);
  }

  /** The shadow map covers what is round you, in whole texels, so that edges do not crawl. */
  #moveSun(): void {
    if (!this.#sun.castShadow) return;
    const texel = (2 * SHADOW_HALF_M) / this.#sun.shadow.mapSize.x;
    const x = Math.round(this.player.x / texel) * texel;
    const z = Math.round(this.player.z / texel) * texel;
    this.#sun.position.set(x + 5, 15, z + 3.5);
    this.#sun.target.position.set(x, 0, z);
  }

  #applyQuality(): void {
    const settings = SETTINGS[this.quality.level];
    this.renderer.shadowMap.enabled = settings.shadows;
    this.#sun.castShadow = settings.shadows;
    this.products.lodBias = settings.lodBias;
    this.products.simple = !settings.rich;
    if (settings.rich) enrich(this.scene);
    else simplify(this.scene);
    this.scene.getObjectsByProperty("name", "pools").forEach((pool) => (pool.visible = settings.rich));
    this.scene.traverse((object) => {
      if (object instanceof THREE.Mesh) {
        for (const material of [object.material].flat()) material.needsUpdate = true;
      }
    });
    this.#resize();
  }

  #resize(): void {
    const { canvas } = this.parts;
    const width = canvas.clientWidth || innerWidth;
    const height = canvas.clientHeight || innerHeight;
    const most = SETTINGS[this.quality.level].pixelRatioMax;
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, most));
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / Math.max(1, height);
    this.camera.updateProjectionMatrix();
  }
}

function sunlight(): THREE.DirectionalLight {
  const sun = new THREE.DirectionalLight("#ffe2b8", 1.75);
  sun.position.set(5, 15, 3.5);
  sun.shadow.mapSize.set(2048, 2048);
  const camera = sun.shadow.camera;
  camera.left = camera.bottom = -SHADOW_HALF_M;
  camera.right = camera.top = SHADOW_HALF_M;
  camera.near = 1;
  camera.far = 30;
  sun.shadow.bias = -0.0004;
  sun.shadow.normalBias = 0.02;
  sun.shadow.radius = 4;
  return sun;
}

/** A cool light from the other side, so that forms stay round in the shade. */
function fillLight(): THREE.DirectionalLight {
  const fill = new THREE.DirectionalLight("#c9d8ee", 0.5);
  fill.position.set(-8, 6, -6);
  return fill;
}
