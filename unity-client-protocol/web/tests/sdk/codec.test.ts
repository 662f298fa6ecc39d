import { describe, expect, test } from "vitest";
import { decodeFrame, encodeFrame, FRAME_BYTES_MAX, PROMPT_BYTES, ProtocolViolation } from "../../src/sdk";

function codeOf(bytes: Uint8Array): string {
  try {
    decodeFrame(bytes);
  } catch (error) {
    if (error instanceof ProtocolViolation) return error.code;
    throw error;
  }
  return "accepted";
}

describe("codec", () => {
  test("times of ms stay exact", () => {
    const nowMs = 1_800_000_000_123;
    const frame = decodeFrame(encodeFrame(2, nowMs, { at: nowMs + 0.25 }));
    expect(frame.head).toBe(nowMs);
    expect(frame.body).toMatchObject({ at: nowMs + 0.25 });
  });

  test("a request is long enough to be read at once", () => {
    for (const body of [{}, { seq: 1 }, { product_id: "m".repeat(20) }]) {
      const bytes = encodeFrame(30, 7, body);
      expect(bytes.byteLength).toBeGreaterThanOrEqual(PROMPT_BYTES);
      expect(decodeFrame(bytes).body).toMatchObject(body);
    }
    expect(encodeFrame(2, 0, { seq: 1 }).byteLength).toBeLessThan(PROMPT_BYTES);
    expect(encodeFrame(12, 5, new Uint8Array(3)).byteLength).toBeLessThan(PROMPT_BYTES);
  });

  test("bytes in a body stay bytes", () => {
    const frame = decodeFrame(encodeFrame(12, 5, Uint8Array.of(1, 2, 3)));
    expect(frame.body).toEqual(Uint8Array.of(1, 2, 3));
  });

  test.each([
    ["nothing", Uint8Array.of()],
    ["a byte that is never used", Uint8Array.of(0xc1)],
    ["cut off", Uint8Array.of(0x93, 1)],
    ["two fields", Uint8Array.of(0x92, 1, 2)],
    ["not an array", Uint8Array.of(0x80)],
    ["a body that is a number", Uint8Array.of(0x93, 1, 2, 3)],
    ["a negative head", Uint8Array.of(0x93, 1, 0xff, 0x80)],
    ["a number that is a text", Uint8Array.of(0x93, 0xa1, 0x61, 0, 0x80)],
    ["something behind the end", Uint8Array.of(0x93, 1, 0, 0x80, 0)],
  ])("refuses %s", (_what, bytes) => {
    expect(codeOf(bytes)).toBe("BAD_FRAME");
  });

  test("refuses what is larger than any message", () => {
    expect(codeOf(new Uint8Array(FRAME_BYTES_MAX + 1))).toBe("TOO_LARGE");
  });

  test("any cut of a good frame is refused and never throws anything else", () => {
    const whole = encodeFrame(110, 7, { room_id: "hall", poses: new Uint8Array(64), list: [1, "a", null] });
    for (let length = 0; length < whole.length; length += 1) {
      expect(codeOf(whole.slice(0, length))).toBe("BAD_FRAME");
    }
  });
});
