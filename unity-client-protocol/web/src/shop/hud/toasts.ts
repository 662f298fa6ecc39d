/** Short notes at the top: news, and errors in the server's own words. */
import { GalleriaError } from "../../sdk";
import { h } from "./dom";

export type Tone = "info" | "good" | "bad";

const SHOWN_MS = 5_000;
const SHOWN_MAX = 4;

export class Toasts {
  readonly element = h("div", { class: "toasts", role: "status", "aria-live": "polite" });

  /** Say something. The newest notes stay; older ones make room. */
  say(text: string, tone: Tone = "info"): void {
    const toast = h("div", { class: `toast ${tone}` }, text);
    this.element.append(toast);
    while (this.element.childElementCount > SHOWN_MAX) this.element.firstElementChild?.remove();
    setTimeout(() => {
      toast.classList.add("gone");
      setTimeout(() => toast.remove(), 300);
    }, SHOWN_MS);
  }

  /** Tell what went wrong: the sentence that came with the error. */
  tell(error: unknown): void {
    const known = error instanceof GalleriaError;
    this.say(known ? error.message : "Something went wrong on this page; please try again.", "bad");
    if (!known) console.error(error);
  }
}
