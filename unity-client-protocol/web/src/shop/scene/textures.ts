/** Textures painted at start: parquet, carpet, marble, plaster, light and shadow blobs. */
import * as THREE from "three";
import { seeded } from "./random";

type Painter = (context: CanvasRenderingContext2D, width: number, height: number) => void;

/** A texture painted on a canvas; `repeatM` is the length in metres that one copy covers. */
export function painted(width: number, height: number, paint: Painter): THREE.CanvasTexture {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (context) paint(context, width, height);
  const texture = new THREE.CanvasTexture(canvas);
  texture.colorSpace = THREE.SRGBColorSpace;
  texture.anisotropy = 8;
  return texture;
}

function tiled(texture: THREE.CanvasTexture): THREE.CanvasTexture {
  texture.wrapS = texture.wrapT = THREE.RepeatWrapping;
  return texture;
}

const PLANK_CELLS = 5;
const PARQUET_CELLS = 40;
/** One copy of the parquet covers so many metres: planks of 0.55 × 0.11 m. */
export const PARQUET_M = 4.4;

/**
 * Herringbone oak. On a grid of cells, d = (x - y) mod 2n tells for each cell whether it belongs to
 * a plank that lies along x (d < n) or along y, and how far along it is.
 */
export function parquet(): THREE.CanvasTexture {
  const size = 1024;
  return tiled(
    painted(size, size, (context) => {
      const cell = size / PARQUET_CELLS;
      for (let y = 0; y < PARQUET_CELLS; y += 1) {
        for (let x = 0; x < PARQUET_CELLS; x += 1) {
          const period = 2 * PLANK_CELLS;
          const along = (((x - y) % period) + period) % period;
          if (along === 0) paintPlank(context, x, y, cell, false);
          else if (along === period - 1) paintPlank(context, x, y, cell, true);
        }
      }
    }),
  );
}

function paintPlank(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  cell: number,
  upright: boolean,
): void {
  const size = PARQUET_CELLS * cell;
  const width = upright ? cell : cell * PLANK_CELLS;
  const height = upright ? cell * PLANK_CELLS : cell;
  for (const shiftX of [0, -size]) {
    for (const shiftY of [0, -size]) {
      const random = seeded(x * 131 + y * 7919 + (upright ? 17 : 0));
      const left = x * cell + shiftX;
      const top = y * cell + shiftY;
      const light = 51 + random() * 9;
      context.fillStyle = `hsl(${27 + random() * 6} ${36 + random() * 8}% ${light}%)`;
      context.fillRect(left, top, width, height);
      for (let line = 0; line < 7; line += 1) {
        context.fillStyle = `hsl(25 40% ${light - 8 - random() * 9}% / ${0.16 + random() * 0.22})`;
        const offset = random() * (upright ? width : height);
        if (upright) context.fillRect(left + offset, top, 1, height);
        else context.fillRect(left, top + offset, width, 1);
      }
      context.strokeStyle = "hsl(24 40% 24% / 0.55)";
      context.lineWidth = 1;
      context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
    }
  }
}

/** Woven carpet in grey; the material's colour tints it. Covers 1 m. */
export function carpet(): THREE.CanvasTexture {
  return tiled(
    painted(256, 256, (context, width, height) => {
      const random = seeded(4);
      context.fillStyle = "#e4e2de";
      context.fillRect(0, 0, width, height);
      for (let y = 0; y < height; y += 4) {
        for (let x = 0; x < width; x += 4) {
          const tone = 198 + random() * 57;
          context.fillStyle = `rgb(${tone} ${tone} ${tone - 4} / 0.55)`;
          context.fillRect(x + ((y >> 2) % 2) * 2, y, 3, 3);
        }
      }
    }),
  );
}

/** Pale stone with soft veins. Covers 3 m. */
export function marble(): THREE.CanvasTexture {
  return tiled(
    painted(1024, 1024, (context, width, height) => {
      const random = seeded(11);
      context.fillStyle = "#efe7da";
      context.fillRect(0, 0, width, height);
      for (let cloud = 0; cloud < 60; cloud += 1) {
        const x = random() * width;
        const y = random() * height;
        const radius = 60 + random() * 180;
        const glow = context.createRadialGradient(x, y, 0, x, y, radius);
        const tone = random() < 0.5 ? "255 252 244" : "214 200 180";
        glow.addColorStop(0, `rgb(${tone} / 0.16)`);
        glow.addColorStop(1, `rgb(${tone} / 0)`);
        context.fillStyle = glow;
        context.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
      }
      for (let vein = 0; vein < 26; vein += 1) paintVein(context, width, height, random);
    }),
  );
}

function paintVein(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  random: () => number,
): void {
  let x = random() * width;
  let y = random() * height;
  let heading = random() * Math.PI * 2;
  context.beginPath();
  context.moveTo(x, y);
  for (let step = 0; step < 40; step += 1) {
    heading += (random() - 0.5) * 0.7;
    x += Math.cos(heading) * 16;
    y += Math.sin(heading) * 16;
    context.lineTo(x, y);
  }
  context.strokeStyle = `rgb(160 140 118 / ${0.08 + random() * 0.14})`;
  context.lineWidth = 0.6 + random() * 2.4;
  context.stroke();
}

/** A coffered ceiling: one square panel with a stepped frame. Covers 4 m. */
export function coffer(): THREE.CanvasTexture {
  return tiled(
    painted(256, 256, (context, width) => {
      const steps = ["#d9cdb8", "#efe6d6", "#c9baa0", "#f5eee1", "#fbf6ec"];
      steps.forEach((tone, index) => {
        const inset = [0, 10, 26, 32, 44][index]!;
        context.fillStyle = tone;
        context.fillRect(inset, inset, width - 2 * inset, width - 2 * inset);
      });
    }),
  );
}

/** Evening sky behind a window with glazing bars, arched at the top; transparent outside. */
export function archedWindow(): THREE.CanvasTexture {
  return painted(256, 512, (context, width, height) => {
    const arch = (inset: number): void => {
      const radius = width / 2 - inset;
      context.beginPath();
      context.moveTo(inset, height - inset);
      context.lineTo(inset, width / 2);
      context.arc(width / 2, width / 2, radius, Math.PI, 0);
      context.lineTo(width - inset, height - inset);
      context.closePath();
    };
    arch(2);
    context.fillStyle = "#a8865c";
    context.fill();
    arch(16);
    const sky = context.createLinearGradient(0, 0, 0, height);
    sky.addColorStop(0, "#a9cbe6");
    sky.addColorStop(0.45, "#e9e3d3");
    sky.addColorStop(0.75, "#ffe6bd");
    sky.addColorStop(1, "#f7c98e");
    context.fillStyle = sky;
    context.fill();
    context.save();
    context.clip();
    paintSkyline(context, width, height);
    context.fillStyle = "#b5946a";
    context.fillRect(width / 2 - 4, 0, 8, height);
    for (const y of [0.27, 0.5, 0.74]) context.fillRect(0, height * y, width, 7);
    context.restore();
  });
}

function paintSkyline(context: CanvasRenderingContext2D, width: number, height: number): void {
  const random = seeded(23);
  for (const [base, tone] of [[0.8, "rgb(196 160 130 / 0.5)"], [0.88, "rgb(150 118 104 / 0.55)"]] as const) {
    context.fillStyle = tone;
    let x = -10;
    while (x < width) {
      const wide = 14 + random() * 34;
      const top = height * (base - random() * 0.16);
      context.fillRect(x, top, wide, height - top);
      x += wide;
    }
  }
}

/** A soft round glow, white in the middle: light pools, and black as shadow when tinted. */
export function glow(): THREE.CanvasTexture {
  return painted(128, 128, (context, width) => {
    const half = width / 2;
    const gradient = context.createRadialGradient(half, half, 0, half, half, half);
    gradient.addColorStop(0, "rgb(255 255 255 / 1)");
    gradient.addColorStop(0.35, "rgb(255 255 255 / 0.55)");
    gradient.addColorStop(0.7, "rgb(255 255 255 / 0.14)");
    gradient.addColorStop(1, "rgb(255 255 255 / 0)");
    context.fillStyle = gradient;
    context.fillRect(0, 0, width, width);
  });
}

/** A soft-edged rectangle: the shadow under furniture. */
export function softBox(): THREE.CanvasTexture {
  return painted(128, 128, (context, width) => {
    const image = context.createImageData(width, width);
    for (let y = 0; y < width; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const away = Math.max(Math.abs(x - 63.5), Math.abs(y - 63.5)) / 64;
        const corner = Math.hypot(Math.max(0, Math.abs(x - 63.5) - 40), Math.max(0, Math.abs(y - 63.5) - 40)) / 24;
        const share = Math.min(1, Math.max(0, 1 - corner)) * (away < 1 ? 1 : 0);
        image.data.set([255, 255, 255, 255 * share * share * (3 - 2 * share)], 4 * (y * width + x));
      }
    }
    context.putImageData(image, 0, 0);
  });
}
