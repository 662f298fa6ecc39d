/** How much a machine can draw: start from what is known, then step down while frames are slow. */
import type * as THREE from "three";

export type Level = "low" | "medium" | "high";
const LEVELS: readonly Level[] = ["low", "medium", "high"];

/** Frames below this a second for `WINDOW_S` cost one level. */
const SLOW_FPS = 26;
const WINDOW_S = 2.5;
/** The first moments (shaders, textures) are no measure. */
const WARM_UP_S = 4;

export interface Settings {
  readonly shadows: boolean;
  readonly pixelRatioMax: number;
  readonly lodBias: number;
}

export const SETTINGS: Record<Level, Settings> = {
  low: { shadows: false, pixelRatioMax: 0.8, lodBias: 1 },
  medium: { shadows: false, pixelRatioMax: 1, lodBias: 0 },
  high: { shadows: true, pixelRatioMax: 2, lodBias: 0 },
};

/** The level to start with: software renderers and phones start lower. */
export function firstLevel(renderer: THREE.WebGLRenderer, asked: string | null): Level {
  if (LEVELS.includes(asked as Level)) return asked as Level;
  const gl = renderer.getContext();
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = info ? String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL)) : "";
  if (/swiftshader|llvmpipe|software/i.test(name)) return "low";
  return matchMedia("(pointer: coarse)").matches ? "medium" : "high";
}

export class QualityWatch {
  #frames = 0;
  #windowS = 0;
  #aliveS = 0;

  constructor(
    public level: Level,
    private readonly fixed: boolean,
  ) {}

  /** Count a frame; true when the level has just dropped. */
  frame(dtS: number): boolean {
    this.#aliveS += dtS;
    // A tab in the background draws one frame a second; that says nothing about the machine.
    if (this.fixed || this.#aliveS < WARM_UP_S || dtS > 0.5) return false;
    this.#frames += 1;
    this.#windowS += dtS;
    if (this.#windowS < WINDOW_S) return false;
    const fps = this.#frames / this.#windowS;
    this.#frames = 0;
    this.#windowS = 0;
    const index = LEVELS.indexOf(this.level);
    if (fps >= SLOW_FPS || index === 0) return false;
    this.level = LEVELS[index - 1]!;
    return true;
  }
}
