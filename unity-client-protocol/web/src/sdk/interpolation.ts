/**
 * Smooth motion out of a stream of poses that come 20 times a second, late and unevenly.
 *
 * Others are drawn a little in the past, where there is a pose on either side of the moment to be
 * drawn. How far in the past follows from the jitter that is really there: the mean lateness of
 * packets plus four times its mean deviation (the rule TCP uses for its timeout, RFC 6298), plus
 * one tick, within bounds. The server sends nothing for somebody who stands still, so a gap means
 * "stood still until one tick before the next pose", not "drifted for two seconds". For the same
 * reason nothing is extrapolated: who stopped must not be drawn a step too far until they move again.
 * Far away people are told of less often, and are drawn so much further in the past.
 */
import type { HandPose, Pose } from "./pose";
import type { Position } from "./messages";
import { slerp } from "./rotation";

/** Poses kept for one avatar; at 20 Hz more than a second, beyond any delay allowed below. */
const POSES_KEPT = 32;
const DELAY_MIN_MS = 60;
const DELAY_MAX_MS = 400;
/** A jump farther than this between two ticks is a teleport, and is not drawn as a flight. */
const TELEPORT_M = 1.5;

/** Delay by which others are drawn in the past; follows the jitter of arrivals. */
export class JitterDelay {
  #latenessMs = 0;
  #deviationMs = 15;
  #started = false;

  constructor(private readonly tickMs: number) {}

  /** A packet with poses of server time `sampleMs` arrived at server time `arrivedMs`. */
  add(sampleMs: number, arrivedMs: number): void {
    const lateness = Math.max(0, arrivedMs - sampleMs);
    if (!this.#started) {
      this.#started = true;
      this.#latenessMs = lateness;
      return;
    }
    const error = lateness - this.#latenessMs;
    this.#deviationMs += (Math.abs(error) - this.#deviationMs) / 16;
    this.#latenessMs += error / 16;
  }

  /** Delay in ms. */
  get delayMs(): number {
    const wanted = this.#latenessMs + 4 * this.#deviationMs + this.tickMs;
    return Math.min(DELAY_MAX_MS, Math.max(DELAY_MIN_MS, wanted));
  }
}

interface Stamped {
  readonly timeMs: number;
  readonly pose: Pose;
  /** Time between two such poses of somebody who moves, ms. */
  readonly everyMs: number;
}

/** The newest poses of one avatar. */
export class PoseTrack {
  readonly #poses: Stamped[] = [];

  constructor(private readonly tickMs: number) {}

  /**
   * Take a pose of server time `timeMs`, of those that come every `everyMs`. One that is older than
   * the newest is dropped.
   */
  add(timeMs: number, pose: Pose, everyMs = this.tickMs): void {
    const last = this.#poses.at(-1);
    if (last && timeMs <= last.timeMs) return;
    if (last && timeMs - last.timeMs > 2 * everyMs) {
      this.#poses.push({ timeMs: timeMs - everyMs, pose: last.pose, everyMs });
    }
    this.#poses.push({ timeMs, pose, everyMs });
    while (this.#poses.length > POSES_KEPT) this.#poses.shift();
  }

  /** The newest pose as it came; undefined before the first. */
  get newest(): Pose | undefined {
    return this.#poses.at(-1)?.pose;
  }

  /** The pose to draw for server time `drawnMs`; undefined before the first one came. */
  at(drawnMs: number): Pose | undefined {
    const poses = this.#poses;
    const last = poses.at(-1);
    if (!last) return undefined;
    const timeMs = drawnMs - (last.everyMs - this.tickMs);
    if (timeMs >= last.timeMs) return last.pose;
    for (let index = poses.length - 1; index > 0; index -= 1) {
      const after = poses[index]!;
      const before = poses[index - 1]!;
      if (timeMs >= before.timeMs) return between(before, after, timeMs);
    }
    return poses[0]!.pose;
  }
}

function between(before: Stamped, after: Stamped, timeMs: number): Pose {
  if (distance(before.pose.head, after.pose.head) > TELEPORT_M) return before.pose;
  const share = (timeMs - before.timeMs) / (after.timeMs - before.timeMs);
  return {
    avatarId: after.pose.avatarId,
    head: mix(before.pose.head, after.pose.head, share),
    headRotation: slerp(before.pose.headRotation, after.pose.headRotation, share),
    left: mixHand(before.pose.left, after.pose.left, share),
    right: mixHand(before.pose.right, after.pose.right, share),
  };
}

function mixHand(before: HandPose | null, after: HandPose | null, share: number): HandPose | null {
  if (!before || !after) return after;
  return {
    position: mix(before.position, after.position, share),
    rotation: slerp(before.rotation, after.rotation, share),
  };
}

function mix(from: Position, to: Position, share: number): Position {
  return [
    from[0] + (to[0] - from[0]) * share,
    from[1] + (to[1] - from[1]) * share,
    from[2] + (to[2] - from[2]) * share,
  ];
}

function distance(a: Position, b: Position): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}
