/**
 * The 32-byte pose record: where somebody's head and hands are.
 *
 *     offset  type    meaning
 *          0  u16     avatar id
 *          2  i16 ×3  head, mm
 *          8  i16 ×3  left hand, mm from the head; x = -32768: not tracked
 *         14  i16 ×3  right hand, the same
 *         20  u32 ×3  rotation of head, left hand, right hand (smallest three)
 *
 * Little endian. Positions are exact to 0.5 mm within ±32.767 m. From afar only id, head and its
 * rotation come, in 12 bytes; x = -32768: out of sight until heard of again.
 */
import { ProtocolViolation } from "./errors";
import type { Position } from "./messages";
import { NO_ROTATION, packRotation, type Rotation, unpackRotation } from "./rotation";

export const POSE_BYTES = 32;
export const HEAD_BYTES = 12;
const UNTRACKED = -32768;
const LARGEST_MM = 32767;

/** A hand: its place in the room (not relative to the head), metres. */
export interface HandPose {
  readonly position: Position;
  readonly rotation: Rotation;
}

/** Head and hands of an avatar, metres in the room. A hand that is not tracked is null. */
export interface Pose {
  readonly avatarId: number;
  readonly head: Position;
  readonly headRotation: Rotation;
  readonly left: HandPose | null;
  readonly right: HandPose | null;
}

/** The record of a pose. Out-of-range values are clamped to the range of the record. */
export function packPose(pose: Pose): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(POSE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, pose.avatarId, true);
  putPosition(view, 2, pose.head, [0, 0, 0]);
  putHand(view, 8, 24, pose.left, pose.head);
  putHand(view, 14, 28, pose.right, pose.head);
  view.setUint32(20, packRotation(pose.headRotation), true);
  return bytes;
}

/** All poses of a payload. Throws ProtocolViolation when it is not whole records. */
export function unpackPoses(bytes: Uint8Array): Pose[] {
  if (bytes.byteLength % POSE_BYTES !== 0) {
    throw new ProtocolViolation("POSE_MALFORMED", "A pose payload is not whole 32-byte records.");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const poses: Pose[] = [];
  for (let at = 0; at < bytes.byteLength; at += POSE_BYTES) {
    const head = takePosition(view, at + 2, [0, 0, 0]);
    poses.push({
      avatarId: view.getUint16(at, true),
      head,
      headRotation: unpackRotation(view.getUint32(at + 20, true)),
      left: takeHand(view, at + 8, at + 24, head),
      right: takeHand(view, at + 14, at + 28, head),
    });
  }
  return poses;
}

/** Somebody far away: their pose without hands, or null when they are out of sight. */
export interface DistantHead {
  readonly avatarId: number;
  readonly pose: Pose | null;
}

/** All heads of a payload. Throws ProtocolViolation when it is not whole heads. */
export function unpackHeads(bytes: Uint8Array): DistantHead[] {
  if (bytes.byteLength % HEAD_BYTES !== 0) {
    throw new ProtocolViolation("POSE_MALFORMED", "A heads payload is not whole 12-byte heads.");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const heads: DistantHead[] = [];
  for (let at = 0; at < bytes.byteLength; at += HEAD_BYTES) {
    const avatarId = view.getUint16(at, true);
    const head = takePosition(view, at + 2, [0, 0, 0]);
    const headRotation = unpackRotation(view.getUint32(at + 8, true));
    const nowhere = view.getInt16(at + 2, true) === UNTRACKED;
    const pose = nowhere ? null : { avatarId, head, headRotation, left: null, right: null };
    heads.push({ avatarId, pose });
  }
  return heads;
}

function putHand(
  view: DataView,
  at: number,
  rotationAt: number,
  hand: HandPose | null,
  head: Position,
): void {
  if (hand === null) view.setInt16(at, UNTRACKED, true);
  else putPosition(view, at, hand.position, head);
  view.setUint32(rotationAt, packRotation(hand?.rotation ?? NO_ROTATION), true);
}

function takeHand(
  view: DataView,
  at: number,
  rotationAt: number,
  head: Position,
): HandPose | null {
  if (view.getInt16(at, true) === UNTRACKED) return null;
  return {
    position: takePosition(view, at, head),
    rotation: unpackRotation(view.getUint32(rotationAt, true)),
  };
}

function putPosition(view: DataView, at: number, position: Position, origin: Position): void {
  for (let axis = 0; axis < 3; axis += 1) {
    const millimetres = Math.round((position[axis]! - origin[axis]!) * 1000);
    const bounded = Math.max(-LARGEST_MM, Math.min(LARGEST_MM, millimetres));
    view.setInt16(at + 2 * axis, bounded, true);
  }
}

function takePosition(view: DataView, at: number, origin: Position): Position {
  return [
    origin[0] + view.getInt16(at, true) / 1000,
    origin[1] + view.getInt16(at + 2, true) / 1000,
    origin[2] + view.getInt16(at + 4, true) / 1000,
  ];
}
