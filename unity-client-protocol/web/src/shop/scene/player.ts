/** You: where you stand and look, how you walk, and the pose that the others get. */
import * as THREE from "three";
import { facing, type HandPose, type Pose, type Position } from "../../sdk";
import type { Collisions } from "./collision";

export const EYE_HEIGHT_M = 1.65;
const WALK_M_PER_S = 2.1;
const RUN_M_PER_S = 3.6;
const ACCELERATION_PER_S = 10;
const PITCH_MAX = 1.35;
/** Where a hand is that holds something: right, down and ahead of the eyes, metres. */
const HOLD_OFFSET: Position = [0.24, -0.34, -0.52];
/** Arrived, metres. */
const NEAR_M = 0.12;
/** A walk that makes no way for so long has met furniture, s. */
const STUCK_S = 0.7;

/** What the keys, the mouse or the touch pad ask for. */
export interface Steering {
  /** -1 left to 1 right. */
  side: number;
  /** -1 back to 1 ahead. */
  ahead: number;
  run: boolean;
}

interface Walk {
  readonly x: number;
  readonly z: number;
  readonly done: (arrived: boolean) => void;
  bestM: number;
  stuckS: number;
}

export class Player {
  x = 0;
  z = 0;
  /** Radians; 0 looks to -Z, counter-clockwise. */
  yaw = 0;
  pitch = 0;
  readonly #velocity = new THREE.Vector2();
  #walk: Walk | null = null;
  #bobM = 0;

  constructor(private readonly collisions: Collisions) {}

  /** Stand here and face there at once. */
  placeAt(x: number, z: number, yawRadians: number): void {
    this.#finishWalk(false);
    this.x = x;
    this.z = z;
    this.yaw = yawRadians;
    this.#velocity.set(0, 0);
  }

  /** Turn the head, radians. */
  turn(byYaw: number, byPitch: number): void {
    this.yaw = Math.atan2(Math.sin(this.yaw + byYaw), Math.cos(this.yaw + byYaw));
    this.pitch = Math.max(-PITCH_MAX, Math.min(PITCH_MAX, this.pitch + byPitch));
  }

  /** Look at a point of the room. */
  lookAt(x: number, y: number, z: number): void {
    this.yaw = Math.atan2(this.x - x, this.z - z);
    const away = Math.hypot(x - this.x, z - this.z);
    this.pitch = Math.max(-PITCH_MAX, Math.min(PITCH_MAX, Math.atan2(y - EYE_HEIGHT_M, away)));
  }

  /** Walk in a straight line; the promise tells whether the place was reached. */
  walkTo(x: number, z: number): Promise<boolean> {
    this.#finishWalk(false);
    return new Promise((done) => {
      this.#walk = { x, z, done, bestM: Infinity, stuckS: 0 };
    });
  }

  update(steering: Steering, dtS: number): void {
    const wanted = this.#wanted(steering, dtS);
    this.#velocity.lerp(wanted, Math.min(1, ACCELERATION_PER_S * dtS));
    if (this.#velocity.length() < 0.01) {
      this.#velocity.set(0, 0);
      return;
    }
    const before = { x: this.x, z: this.z };
    [this.x, this.z] = this.collisions.free(
      this.x + this.#velocity.x * dtS,
      this.z + this.#velocity.y * dtS,
    );
    this.#bobM += Math.hypot(this.x - before.x, this.z - before.z);
  }

  /** Put the camera into your head. */
  aim(camera: THREE.Camera): void {
    const bob = Math.sin(this.#bobM * 4.2) * 0.012 * Math.min(1, this.#velocity.length());
    camera.position.set(this.x, EYE_HEIGHT_M + bob, this.z);
    camera.rotation.set(this.pitch, this.yaw, 0, "YXZ");
  }

  /** Where your hand is: "left" or "right", in the room. */
  hand(hand: string): HandPose {
    const [side, down, ahead] = HOLD_OFFSET;
    const offset = new THREE.Vector3(hand === "left" ? -side : side, down, ahead);
    offset.applyAxisAngle(new THREE.Vector3(0, 1, 0), this.yaw);
    return {
      position: [this.x + offset.x, EYE_HEIGHT_M + offset.y, this.z + offset.z],
      rotation: facing((this.yaw * 180) / Math.PI),
    };
  }

  /** The pose that the others get; hands are only shown while they hold something. */
  pose(avatarId: number, holds: { left: boolean; right: boolean }): Pose {
    return {
      avatarId,
      head: [this.x, EYE_HEIGHT_M, this.z],
      headRotation: facing((this.yaw * 180) / Math.PI, (this.pitch * 180) / Math.PI),
      left: holds.left ? this.hand("left") : null,
      right: holds.right ? this.hand("right") : null,
    };
  }

  #wanted(steering: Steering, dtS: number): THREE.Vector2 {
    const speed = steering.run ? RUN_M_PER_S : WALK_M_PER_S;
    const length = Math.hypot(steering.side, steering.ahead);
    if (length > 0.05) {
      this.#finishWalk(false);
      const scale = (Math.min(1, length) / length) * speed;
      const side = steering.side * scale;
      const ahead = steering.ahead * scale;
      return new THREE.Vector2(
        side * Math.cos(this.yaw) - ahead * Math.sin(this.yaw),
        -side * Math.sin(this.yaw) - ahead * Math.cos(this.yaw),
      );
    }
    return this.#walk ? this.#towards(this.#walk, dtS) : new THREE.Vector2();
  }

  #towards(walk: Walk, dtS: number): THREE.Vector2 {
    const away = Math.hypot(walk.x - this.x, walk.z - this.z);
    if (away < NEAR_M) {
      this.#finishWalk(true);
      return new THREE.Vector2();
    }
    if (away < walk.bestM - 0.02) {
      walk.bestM = away;
      walk.stuckS = 0;
    } else if ((walk.stuckS += dtS) > STUCK_S) {
      this.#finishWalk(false);
      return new THREE.Vector2();
    }
    const speed = Math.min(RUN_M_PER_S, Math.max(0.6, away * 2.5));
    return new THREE.Vector2(walk.x - this.x, walk.z - this.z).multiplyScalar(speed / away);
  }

  #finishWalk(arrived: boolean): void {
    const walk = this.#walk;
    this.#walk = null;
    walk?.done(arrived);
  }
}
