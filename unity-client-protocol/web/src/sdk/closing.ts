/** What a close code means for a client: come back, wait, or stay away. */
import { CLOSES } from "../protocol/generated";

export type Advice = "resume" | "wait" | "stay-away";

/** WebSocket's own codes of a server that stops or is busy (RFC 6455, IANA registry). */
const SERVER_PAUSES = new Set([1012, 1013]);

const FAREWELLS = new Map<number, string>([
  [CLOSES.PROTOCOL_VERSION.code, "This page speaks another version of the protocol; load it again."],
  [CLOSES.TOKEN_INVALID.code, "Your visit has run out; load the page to come in again."],
  [CLOSES.REPLACED.code, "You are in the shop on another device or in another tab now."],
]);

export const WAIT_MS = 3_000;
const FIRST_DELAY_MS = 250;
const DELAY_MAX_MS = 10_000;

/** The protocol's advice for its own codes; any other loss is worth a resume. */
export function adviceFor(code: number): Advice {
  const close = Object.values(CLOSES).find((entry) => entry.code === code);
  if (!close) return SERVER_PAUSES.has(code) ? "wait" : "resume";
  if (close.advice === "resume") return code === CLOSES.DRAINING.code ? "wait" : "resume";
  return close.advice === "later" ? "wait" : "stay-away";
}

/** Why not to come back, for people. */
export function farewell(code: number): string {
  const close = Object.values(CLOSES).find((entry) => entry.code === code);
  return FAREWELLS.get(code) ?? (close ? `The shop closed the connection: ${close.reason}.` : "The connection was closed.");
}

/**
 * Pause before the next try: exponential with jitter, so that a thousand clients do not come back
 * in the same instant. `random` is in [0, 1).
 */
export function retryDelayMs(attempt: number, advice: Advice, random: number): number {
  const most = Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
  const jittered = attempt === 0 ? FIRST_DELAY_MS * random : most * (0.5 + random / 2);
  return advice === "wait" ? Math.max(WAIT_MS, jittered) : jittered;
}
