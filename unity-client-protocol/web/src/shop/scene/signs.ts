/** Hanging signs with the departments' names, and name tags and labels painted on canvases. */
import * as THREE from "three";
import type { Layout, Zone } from "../layout";
import { blend, SolidBuilder } from "./build";
import { painted } from "./textures";

const SERIF = '"Iowan Old Style", "Palatino Linotype", Palatino, Georgia, serif';
const SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';

/** The house's own sign hangs over the atrium. */
const HOUSE_COLOUR = "#a8442a";

/** A sign for every zone: a framed board on two rods, readable from both sides. */
export function buildSigns(layout: Layout): THREE.Group {
  const group = new THREE.Group();
  group.name = "signs";
  const frames = new SolidBuilder();
  for (const zone of layout.zones) {
    const board = zone.id === "atrium" ? layout.name : zone.name;
    const width = Math.min(4.2, 1.3 + board.length * 0.165);
    const [x, y, z] = zone.sign;
    frames.at(x, y, z, zone.sign_yaw_degrees);
    frames.box([width + 0.1, 0.72, 0.07], [0, -0.36, 0], "#3a2a1d", 0.02);
    frames.box([width + 0.16, 0.04, 0.1], [0, 0.35, 0], "#c29a58", 0.01);
    frames.box([width + 0.16, 0.04, 0.1], [0, -0.39, 0], "#c29a58", 0.01);
    const rod = Math.max(0.1, layout.size_m[1] - y - 0.36);
    for (const side of [-1, 1]) {
      frames.post([0.012, 0.012], rod, [side * (width / 2 - 0.1), 0.36, 0], "#c29a58", 6);
    }
    group.add(...faces(zone, board, width));
  }
  const mesh = frames.build(new THREE.MeshStandardMaterial({ vertexColors: true, roughness: 0.5 }));
  mesh.castShadow = false;
  group.add(mesh);
  return group;
}

function faces(zone: Zone, board: string, width: number): THREE.Mesh[] {
  const ground = zone.id === "atrium" ? HOUSE_COLOUR : zone.colour;
  const material = new THREE.MeshBasicMaterial({ map: signTexture(board, ground, width) });
  const [x, y, z] = zone.sign;
  const yaw = (zone.sign_yaw_degrees * Math.PI) / 180;
  return [0, Math.PI].map((turn) => {
    const face = new THREE.Mesh(new THREE.PlaneGeometry(width, 0.62), material);
    face.rotation.y = yaw + turn;
    face.position.set(x, y, z);
    face.translateZ(0.037);
    return face;
  });
}

function signTexture(text: string, colour: string, width: number): THREE.CanvasTexture {
  const pixels = Math.round(width * 220);
  return painted(pixels, 136, (context, w, h) => {
    const ground = context.createLinearGradient(0, 0, 0, h);
    ground.addColorStop(0, `#${blend(colour, "#1c130c", 0.5).getHexString()}`);
    ground.addColorStop(1, `#${blend(colour, "#120c07", 0.66).getHexString()}`);
    context.fillStyle = ground;
    context.fillRect(0, 0, w, h);
    context.strokeStyle = "#d9b77c";
    context.lineWidth = 2;
    context.strokeRect(9, 9, w - 18, h - 18);
    let size = 74;
    do {
      size -= 2;
      context.font = `600 ${size}px ${SERIF}`;
    } while (context.measureText(text).width > w - 90 && size > 20);
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.shadowColor = "rgb(255 205 130 / 0.55)";
    context.shadowBlur = 18;
    context.fillStyle = "#ffeccb";
    context.fillText(text, w / 2, h / 2 + 4);
  });
}

export interface TagStyle {
  readonly title: string;
  readonly subtitle?: string;
  /** A dot of this colour stands before the title. */
  readonly dot?: string;
  readonly ground?: string;
  readonly ink?: string;
  /** Height of the tag in the room, metres. */
  readonly heightM: number;
}

/** A small label that always faces the camera. Dispose of it with `disposeTag`. */
export function makeTag(style: TagStyle): THREE.Sprite {
  const lines = style.subtitle ? 2 : 1;
  const high = lines === 2 ? 104 : 64;
  const measure = document.createElement("canvas").getContext("2d");
  const titleFont = `600 34px ${SANS}`;
  const subtitleFont = `500 28px ${SANS}`;
  let wide = 60;
  if (measure) {
    measure.font = titleFont;
    wide = measure.measureText(style.title).width + (style.dot ? 30 : 0);
    measure.font = subtitleFont;
    wide = Math.max(wide, measure.measureText(style.subtitle ?? "").width) + 48;
  }
  const map = painted(Math.ceil(wide), high, (context, w, h) => {
    context.beginPath();
    context.roundRect(1, 1, w - 2, h - 2, lines === 2 ? 22 : 30);
    context.fillStyle = style.ground ?? "rgb(28 20 14 / 0.82)";
    context.fill();
    context.textBaseline = "middle";
    context.fillStyle = style.ink ?? "#fff6e8";
    context.font = titleFont;
    const start = style.dot ? 50 : 24;
    context.fillText(style.title, start, lines === 2 ? 34 : h / 2 + 1);
    if (style.dot) {
      context.beginPath();
      context.arc(30, lines === 2 ? 34 : h / 2, 10, 0, Math.PI * 2);
      context.fillStyle = style.dot;
      context.fill();
    }
    if (style.subtitle) {
      context.font = subtitleFont;
      context.fillStyle = "#ffd79a";
      context.fillText(style.subtitle, 24, 74);
    }
  });
  const material = new THREE.SpriteMaterial({ map, depthWrite: false, transparent: true, fog: false });
  const sprite = new THREE.Sprite(material);
  sprite.scale.set((style.heightM * wide) / high, style.heightM, 1);
  sprite.userData["size"] = new THREE.Vector2(sprite.scale.x, sprite.scale.y);
  sprite.renderOrder = 10;
  return sprite;
}

/** Keep a tag from filling the screen: nearer than `fullM` it shrinks with the distance. */
export function fitTag(tag: THREE.Sprite, distanceM: number, fullM = 2.4): void {
  const size = tag.userData["size"] as THREE.Vector2;
  const share = Math.max(0.25, Math.min(1, distanceM / fullM));
  tag.scale.set(size.x * share, size.y * share, 1);
}

export function disposeTag(tag: THREE.Sprite): void {
  tag.removeFromParent();
  tag.material.map?.dispose();
  tag.material.dispose();
}
