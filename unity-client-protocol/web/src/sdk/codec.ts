/**
 * Frames: one MessagePack array `[number, head, body]` in one binary WebSocket frame.
 *
 * The head's meaning depends on the message (request id, sequence number or a time in ms); the body
 * is a map, or bytes for the pose messages. Times are integers of ms and stay exact: they are far
 * below 2^53.
 */
import { decode, encode } from "@msgpack/msgpack";
import { ProtocolViolation } from "./errors";

/** Largest frame taken from a server, bytes. A room's whole state is some 100 kB. */
export const FRAME_BYTES_MAX = 4 * 1024 * 1024;

export type Body = Record<string, unknown> | Uint8Array;

export interface Frame {
  readonly number: number;
  readonly head: number;
  readonly body: Body;
}

/** Shortest frame that a server reads at once: a little more than two poses take. */
export const PROMPT_BYTES = 97;

/** Bytes of a frame. What is waited for (it has a head) is filled up so that it is read at once. */
export function encodeFrame(number: number, head: number, body: Body): Uint8Array<ArrayBuffer> {
  const bytes = encode([number, head, body]);
  if (head === 0 || body instanceof Uint8Array || bytes.byteLength >= PROMPT_BYTES) return bytes;
  const filler = " ".repeat(Math.max(0, PROMPT_BYTES - bytes.byteLength - 3));
  return encode([number, head, { ...body, _: filler }]);
}

/**
 * Read a frame. Throws ProtocolViolation for anything that is not `[number, head, body]`; the
 * fields of the body are the server's word and are not looked at here.
 */
export function decodeFrame(bytes: Uint8Array): Frame {
  if (bytes.byteLength > FRAME_BYTES_MAX) {
    throw new ProtocolViolation("TOO_LARGE", "The frame is larger than any message.");
  }
  let value: unknown;
  try {
    value = decode(bytes);
  } catch {
    throw new ProtocolViolation("BAD_FRAME", "The frame is not one MessagePack value.");
  }
  if (!Array.isArray(value) || value.length !== 3) {
    throw new ProtocolViolation("BAD_FRAME", "The frame is not an array of number, head and body.");
  }
  const [number, head] = value as unknown[];
  // A message without fields may come with nil instead of an empty map.
  const body: unknown = value[2] ?? {};
  if (!isCount(number) || !isCount(head) || !isBody(body)) {
    throw new ProtocolViolation("BAD_FRAME", "The frame's number, head or body has a wrong type.");
  }
  return { number, head, body };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isBody(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
