/** Product objects on their slots or in hands, with meshes by distance, labels and highlights. */
import * as THREE from "three";
import type { PropView, RoomModel } from "../../sdk";
import type { Catalogue, Variant } from "../catalogue";
import { money } from "../format";
import type { Layout, Slot } from "../layout";
import { MeshStore } from "./meshes";
import { simplify } from "./shading";
import { disposeTag, fitTag, makeTag } from "./signs";
import { glow } from "./textures";

/** LOD by distance to the camera, metres: below the first LOD 0, below the second LOD 1, else 2. */
const LOD_DISTANCES_M = [4.5, 11];
const LABEL_DISTANCE_M = 3.6;
/** Nothing held in a hand is drawn larger than this, metres: a sofa is shown as a model of itself. */
const HELD_SIZE_M = 0.32;
const GLIDE_PER_S = 9;

/** Where hands are: the scene asks the avatars and the player. */
export type HandFinder = (avatarId: number, hand: string, into: THREE.Object3D) => boolean;

interface Entry {
  prop: PropView;
  readonly slot: Slot;
  readonly group: THREE.Group;
  readonly shadow: THREE.Mesh;
  readonly box: THREE.Box3;
  variant: Variant | undefined;
  shownUrl: string;
  label: THREE.Sprite | null;
  labelText: string;
}

export class ProductObjects {
  readonly group = new THREE.Group();
  readonly meshes = new MeshStore();
  readonly #entries = new Map<number, Entry>();
  readonly #ring: THREE.Mesh;
  readonly #anchor = new THREE.Object3D();
  readonly #skus = new Map<string, string>();
  #highlighted = 0;
  /** 1 on slow machines: one level coarser everywhere. */
  lodBias = 0;
  /** Cheap materials for meshes that come from now on. */
  simple = false;

  constructor(
    private readonly catalogue: Catalogue,
    private readonly layout: Layout,
    private readonly room: RoomModel,
    private readonly handOf: HandFinder,
  ) {
    this.group.name = "products";
    this.#ring = new THREE.Mesh(
      new THREE.RingGeometry(0.86, 1, 48).rotateX(-Math.PI / 2),
      new THREE.MeshBasicMaterial({ color: "#ffd28a", transparent: true, opacity: 0.9 }),
    );
    this.#ring.visible = false;
    this.group.add(this.#ring);
  }

  /** Set up all props of the room anew. */
  reset(): void {
    for (const entry of this.#entries.values()) {
      entry.group.removeFromParent();
      entry.shadow.removeFromParent();
      if (entry.label) disposeTag(entry.label);
    }
    this.#entries.clear();
    for (const prop of this.room.props.values()) this.#add(prop);
  }

  /** Show a product in the colour of this SKU. */
  showSku(productId: string, sku: string): void {
    this.#skus.set(productId, sku);
    for (const entry of this.#entries.values()) {
      if (entry.prop.product_id !== productId) continue;
      entry.variant = this.catalogue.variant(productId, sku);
      entry.shownUrl = "";
    }
  }

  /** The prop that is looked at, or 0. */
  highlight(propId: number): void {
    this.#highlighted = propId;
  }

  /** Move everything; `eye` is where the camera is. */
  update(eye: THREE.Vector3, dtS: number): void {
    this.#ring.visible = false;
    for (const entry of this.#entries.values()) {
      entry.prop = this.room.props.get(entry.prop.prop_id) ?? entry.prop;
      this.#place(entry, dtS);
      const distance = entry.group.position.distanceTo(eye);
      this.#chooseLod(entry, distance);
      this.#label(entry, distance);
      if (entry.prop.prop_id === this.#highlighted) this.#showRing(entry);
    }
  }

  /** The nearest prop that the ray meets within `reachM`. */
  pick(ray: THREE.Ray, reachM: number): { propId: number; distanceM: number } | null {
    let best: { propId: number; distanceM: number } | null = null;
    const hit = new THREE.Vector3();
    const box = new THREE.Box3();
    for (const entry of this.#entries.values()) {
      if (entry.prop.owner_avatar_id === this.room.myAvatarId || !entry.group.visible) continue;
      box.copy(entry.box).translate(entry.group.position).expandByScalar(0.05);
      if (!ray.intersectBox(box, hit)) continue;
      const distanceM = hit.distanceTo(ray.origin);
      if (distanceM <= reachM && (!best || distanceM < best.distanceM)) {
        best = { propId: entry.prop.prop_id, distanceM };
      }
    }
    return best;
  }

  /** Where a prop is now. */
  positionOf(propId: number): THREE.Vector3 | undefined {
    return this.#entries.get(propId)?.group.position;
  }

  /** Whether a prop can be seen: not when somebody has it who is out of sight. */
  isShown(propId: number): boolean {
    return this.#entries.get(propId)?.group.visible ?? false;
  }

  #add(prop: PropView): void {
    const slot = this.layout.slots.find((candidate) => candidate.id === prop.slot_id);
    if (!slot) return;
    const variant = this.catalogue.variant(prop.product_id, this.#skus.get(prop.product_id) ?? this.#firstSku(prop));
    const [w, h, d] = [0, 1, 2].map((axis) => variant?.extents_m[axis] ?? 0.3) as [number, number, number];
    const group = new THREE.Group();
    group.position.set(...slot.position);
    group.rotation.y = (slot.yaw_degrees * Math.PI) / 180;
    const shadow = contactShadow(Math.max(w, d));
    shadow.position.set(slot.position[0], slot.position[1] + 0.006, slot.position[2]);
    const wide = Math.max(w, d) / 2;
    const box = new THREE.Box3(new THREE.Vector3(-wide, 0, -wide), new THREE.Vector3(wide, h, wide));
    this.group.add(group, shadow);
    this.#entries.set(prop.prop_id, {
      prop, slot, group, shadow, box, variant, shownUrl: "", label: null, labelText: "",
    });
  }

  #firstSku(prop: PropView): string | undefined {
    return this.layout.placements.find((entry) => entry.slot_id === prop.slot_id)?.skus[0];
  }

  /** Glide to the slot or to the hand that holds it. */
  #place(entry: Entry, dtS: number): void {
    const { prop, slot, group } = entry;
    const anchor = this.#anchor;
    let scale = 1;
    const onSlot = prop.owner_avatar_id === 0;
    const inHand = !onSlot && this.handOf(prop.owner_avatar_id, prop.hand, anchor);
    if (inHand) {
      const extents = entry.variant?.extents_m ?? [0.3, 0.3, 0.3];
      scale = Math.min(1, HELD_SIZE_M / Math.max(...extents, 0.01));
      anchor.position.y -= ((extents[1] ?? 0.3) * scale) / 3;
    } else {
      anchor.position.set(...slot.position);
      anchor.rotation.set(0, (slot.yaw_degrees * Math.PI) / 180, 0);
    }
    const share = 1 - Math.exp(-GLIDE_PER_S * dtS);
    const near = group.position.distanceToSquared(anchor.position) < 0.0001;
    if (near || !group.visible) group.position.copy(anchor.position);
    else group.position.lerp(anchor.position, onSlot ? share : Math.min(1, share * 2));
    group.quaternion.slerp(anchor.quaternion, share);
    group.scale.setScalar(group.scale.x + (scale - group.scale.x) * share);
    // Else somebody has it whom I do not see.
    group.visible = !prop.away && (onSlot || inHand);
    entry.shadow.visible = onSlot && !prop.away;
  }

  #chooseLod(entry: Entry, distance: number): void {
    const lods = entry.variant?.lods;
    if (!lods?.length) return;
    let level = LOD_DISTANCES_M.findIndex((limit) => distance < limit);
    if (level < 0) level = LOD_DISTANCES_M.length;
    const file = lods[Math.min(level + this.lodBias, lods.length - 1)]!;
    if (file.url === entry.shownUrl) return;
    const ready = this.meshes.get(file.url);
    if (ready) {
      this.#show(entry, file.url, ready);
    } else if (!entry.group.userData[file.url]) {
      entry.group.userData[file.url] = true;
      const urgency = (): number => entry.group.position.distanceTo(this.#eye);
      this.meshes.want(file.url, urgency, () => {
        entry.group.userData[file.url] = false;
      });
    }
  }

  readonly #eye = new THREE.Vector3();

  /** Tell where to load first. */
  set eye(position: THREE.Vector3) {
    this.#eye.copy(position);
  }

  #show(entry: Entry, url: string, mesh: THREE.Object3D): void {
    entry.shownUrl = url;
    entry.group.clear();
    if (this.simple) simplify(mesh);
    entry.group.add(mesh.clone());
  }

  #label(entry: Entry, distance: number): void {
    const onSlot = entry.prop.owner_avatar_id === 0;
    const looked = entry.prop.prop_id === this.#highlighted;
    const wanted = onSlot && (distance < LABEL_DISTANCE_M || looked) ? this.#labelText(entry) : "";
    if (wanted !== entry.labelText) {
      if (entry.label) disposeTag(entry.label);
      entry.label = null;
      entry.labelText = wanted;
      const product = this.catalogue.product(entry.prop.product_id);
      if (wanted && product) {
        const soldOut = wanted.endsWith("Sold out");
        entry.label = makeTag({
          title: product.name,
          subtitle: wanted.split("|")[1]!,
          heightM: 0.15,
          ...(soldOut ? { ground: "rgb(120 30 24 / 0.86)" } : {}),
        });
        this.group.add(entry.label);
      }
    }
    const height = entry.variant?.extents_m[1] ?? 0.3;
    entry.label?.position.copy(entry.group.position).setY(entry.slot.position[1] + height + 0.15);
    if (entry.label) fitTag(entry.label, distance);
  }

  #labelText(entry: Entry): string {
    const product = this.catalogue.product(entry.prop.product_id);
    if (!product) return "";
    const skus = this.catalogue.skusHere(product.id, this.layout);
    const left = skus.reduce((sum, sku) => sum + (this.room.stock.get(sku.sku)?.available ?? sku.available), 0);
    const price = money(product.price_minor, product.currency);
    if (left === 0) return `${product.name}|Sold out`;
    return `${product.name}|${left <= 3 ? `${price} · only ${left} left` : price}`;
  }

  #showRing(entry: Entry): void {
    const extents = entry.variant?.extents_m ?? [0.3, 0.3, 0.3];
    const radius = (Math.max(extents[0] ?? 0.3, extents[2] ?? 0.3) / 2) * 1.25 + 0.03;
    this.#ring.visible = entry.prop.owner_avatar_id === 0;
    this.#ring.position.copy(entry.group.position).y += 0.014;
    this.#ring.scale.set(radius, 1, radius);
  }
}

let shadowTexture: THREE.CanvasTexture | undefined;

function contactShadow(width: number): THREE.Mesh {
  shadowTexture ??= glow();
  const material = new THREE.MeshBasicMaterial({
    map: shadowTexture,
    color: "#1a0d05",
    transparent: true,
    opacity: 0.55,
    depthWrite: false,
  });
  const size = width * 1.5 + 0.05;
  const mesh = new THREE.Mesh(new THREE.PlaneGeometry(size, size).rotateX(-Math.PI / 2), material);
  mesh.renderOrder = 3;
  return mesh;
}
