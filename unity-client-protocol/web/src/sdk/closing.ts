/** What a close code means for a client: come back, wait, or stay away. */

export type Advice = "resume" | "wait" | "stay-away";

/** Codes after which coming back with the same token cannot work, or is not wanted. */
const STAY_AWAY = new Map<number, string>([
  [4002, "This page speaks another version of the protocol; load it again."],
  [4003, "Your visit has run out; come in again."],
  [4006, "You are in the shop on another device or in another tab now."],
]);
/** Codes that ask for a pause. */
const WAIT = new Set([1012, 1013, 4004, 4007, 4010]);

export const WAIT_MS = 3_000;
const FIRST_DELAY_MS = 250;
const DELAY_MAX_MS = 10_000;

export function adviceFor(code: number): Advice {
  if (STAY_AWAY.has(code)) return "stay-away";
  return WAIT.has(code) ? "wait" : "resume";
}

/** Why not to come back, for people. */
export function farewell(code: number): string {
  return STAY_AWAY.get(code) ?? "The connection was closed.";
}

/**
 * Pause before the next try: exponential with full jitter, so that a thousand clients do not come
 * back in the same instant. `random` is in [0, 1).
 */
export function retryDelayMs(attempt: number, advice: Advice, random: number): number {
  const most = Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
  const jittered = attempt === 0 ? FIRST_DELAY_MS * random : most * (0.5 + random / 2);
  return advice === "wait" ? Math.max(WAIT_MS, jittered) : jittered;
}
