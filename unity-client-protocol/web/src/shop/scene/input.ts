/**
 * Keyboard, mouse and touch. Drag or pointer lock to look round, WASD or arrows to walk; a short
 * click is a click. Keys typed into a field of the HUD are not steering.
 */
import type { Player, Steering } from "./player";

const RADIANS_PER_PIXEL = 0.0035;
/** A press that moves less is a click, pixels. */
const CLICK_SLOP_PX = 6;
const TURN_KEY_RADIANS_PER_S = 1.9;

const WALK_KEYS: Record<string, readonly [side: number, ahead: number]> = {
  KeyW: [0, 1],
  ArrowUp: [0, 1],
  KeyS: [0, -1],
  ArrowDown: [0, -1],
  KeyA: [-1, 0],
  KeyD: [1, 0],
};

export interface InputHandlers {
  /** A click on the scene; place in -1..1, right and up. */
  click(x: number, y: number): void;
  /** A key that is not steering. True: it meant something, and nobody else shall have it. */
  key(code: string): boolean;
}

export class Input {
  readonly steering: Steering = { side: 0, ahead: 0, run: false };
  /** Where the pointer is, -1..1, right and up; the middle while the pointer is locked. */
  readonly pointer = { x: 0, y: 0 };
  readonly #down = new Set<string>();
  readonly #pad = { side: 0, ahead: 0 };
  #drag: { id: number; x: number; y: number; movedPx: number } | null = null;

  constructor(
    private readonly canvas: HTMLElement,
    private readonly player: Player,
    private readonly handlers: InputHandlers,
  ) {
    canvas.addEventListener("pointerdown", (event) => this.#pressed(event));
    canvas.addEventListener("pointermove", (event) => this.#moved(event));
    canvas.addEventListener("pointerup", (event) => this.#released(event));
    canvas.addEventListener("pointercancel", () => (this.#drag = null));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    window.addEventListener("keydown", (event) => this.#keyDown(event));
    window.addEventListener("keyup", (event) => this.#down.delete(event.code));
    window.addEventListener("blur", () => this.#down.clear());
    document.addEventListener("pointerlockchange", () => {
      document.body.dataset["pointer"] = this.locked ? "locked" : "free";
    });
  }

  get locked(): boolean {
    return document.pointerLockElement === this.canvas;
  }

  /** Take the mouse for looking round, or give it back. */
  toggleLock(): void {
    if (this.locked) document.exitPointerLock();
    else void this.canvas.requestPointerLock();
  }

  /** The walk pad of touch screens, -1..1. */
  pad(side: number, ahead: number): void {
    this.#pad.side = side;
    this.#pad.ahead = ahead;
  }

  /** Read the keys into `steering`; arrows left and right turn. */
  update(dtS: number): void {
    let side = this.#pad.side;
    let ahead = this.#pad.ahead;
    for (const code of this.#down) {
      const [keySide, keyAhead] = WALK_KEYS[code] ?? [0, 0];
      side += keySide;
      ahead += keyAhead;
    }
    this.steering.side = Math.max(-1, Math.min(1, side));
    this.steering.ahead = Math.max(-1, Math.min(1, ahead));
    this.steering.run = this.#down.has("ShiftLeft") || this.#down.has("ShiftRight");
    const turn = Number(this.#down.has("ArrowLeft")) - Number(this.#down.has("ArrowRight"));
    if (turn) this.player.turn(turn * TURN_KEY_RADIANS_PER_S * dtS, 0);
    if (this.locked) this.pointer.x = this.pointer.y = 0;
  }

  #pressed(event: PointerEvent): void {
    this.canvas.focus();
    if (this.locked) {
      if (event.button === 0) this.handlers.click(0, 0);
      return;
    }
    this.#drag = { id: event.pointerId, x: event.clientX, y: event.clientY, movedPx: 0 };
    try {
      this.canvas.setPointerCapture(event.pointerId);
    } catch {
      // A pointer that is gone already cannot be captured; the drag ends by itself.
    }
  }

  #moved(event: PointerEvent): void {
    const bounds = this.canvas.getBoundingClientRect();
    this.pointer.x = ((event.clientX - bounds.left) / bounds.width) * 2 - 1;
    this.pointer.y = 1 - ((event.clientY - bounds.top) / bounds.height) * 2;
    if (this.locked) {
      this.player.turn(-event.movementX * RADIANS_PER_PIXEL * 0.7, -event.movementY * RADIANS_PER_PIXEL * 0.7);
      return;
    }
    const drag = this.#drag;
    if (!drag || drag.id !== event.pointerId) return;
    const byX = event.clientX - drag.x;
    const byY = event.clientY - drag.y;
    drag.x = event.clientX;
    drag.y = event.clientY;
    drag.movedPx += Math.abs(byX) + Math.abs(byY);
    if (drag.movedPx > CLICK_SLOP_PX) {
      this.player.turn(byX * RADIANS_PER_PIXEL, byY * RADIANS_PER_PIXEL);
    }
  }

  #released(event: PointerEvent): void {
    const drag = this.#drag;
    this.#drag = null;
    if (drag && drag.id === event.pointerId && drag.movedPx <= CLICK_SLOP_PX) {
      this.#moved(event);
      this.handlers.click(this.pointer.x, this.pointer.y);
    }
  }

  #keyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.code in WALK_KEYS || event.code.startsWith("Arrow")) {
      if (event.code.startsWith("Arrow") && event.target !== this.canvas && event.target !== document.body) {
        return;
      }
      event.preventDefault();
      this.#down.add(event.code);
    } else if (event.code.startsWith("Shift")) {
      this.#down.add(event.code);
    } else if (!event.repeat && this.handlers.key(event.code)) {
      // Otherwise the letter would go to what the key has just opened.
      event.preventDefault();
    }
  }
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.matches("input, textarea, select, [contenteditable]") || target.closest("dialog[open]") !== null;
}
