/** How much a machine can draw: start from what is known, then step down while frames are slow. */

export type Level = "lowest" | "low" | "medium" | "high";
export const LEVELS: readonly Level[] = ["lowest", "low", "medium", "high"];

/** Frames below this a second for `WINDOW_S` cost one level. */
const SLOW_FPS = 26;
const WINDOW_S = 2.5;
/** The first moments (shaders, textures) are no measure. */
const WARM_UP_S = 4;

export interface Settings {
  readonly shadows: boolean;
  /** Light worked out per pixel, and pools of light on the floor. */
  readonly rich: boolean;
  readonly pixelRatioMax: number;
  readonly lodBias: number;
}

export const SETTINGS: Record<Level, Settings> = {
  lowest: { shadows: false, rich: false, pixelRatioMax: 0.45, lodBias: 2 },
  low: { shadows: false, rich: false, pixelRatioMax: 0.7, lodBias: 1 },
  medium: { shadows: false, rich: true, pixelRatioMax: 1, lodBias: 0 },
  high: { shadows: true, rich: true, pixelRatioMax: 2, lodBias: 0 },
};

/** The level to start with: software renderers and phones start lower. */
export function firstLevel(asked: string | null): Level {
  if (LEVELS.includes(asked as Level)) return asked as Level;
  if (drawsInSoftware()) return "low";
  return matchMedia("(pointer: coarse)").matches ? "medium" : "high";
}

function drawsInSoftware(): boolean {
  const gl = document.createElement("canvas").getContext("webgl2");
  const info = gl?.getExtension("WEBGL_debug_renderer_info");
  const name = gl && info ? String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL)) : "";
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software/i.test(name);
}

export class QualityWatch {
  #frames = 0;
  #windowS = 0;
  #aliveS = 0;

  constructor(
    public level: Level,
    private fixed: boolean,
  ) {}

  /** A person chose: stay there. */
  fix(level: Level): void {
    this.level = level;
    this.fixed = true;
  }

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
