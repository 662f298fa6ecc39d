import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { MESSAGES } from "../../src/protocol/generated";
import { type Body, decodeFrame, encodeFrame, packPose, unpackPoses } from "../../src/sdk";

interface Vector {
  readonly meaning: string;
  readonly hex: string;
  readonly message: string;
  readonly number: number;
  readonly head: number;
  readonly body: Record<string, unknown>;
}

const file = new URL("../../../vectors/good.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vector[];

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

/** Bytes stand in the vectors as `{"$bin": hex}`. */
function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Record<string, unknown>;
  if (typeof fields["$bin"] === "string") return bytesOf(fields["$bin"]);
  return Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, revive(field)]));
}

describe("golden vectors", () => {
  test("there are many", () => {
    expect(vectors.length).toBeGreaterThan(50);
  });

  test.each(vectors)("$message: $meaning", (vector) => {
    const frame = decodeFrame(bytesOf(vector.hex));
    expect(frame.number).toBe(vector.number);
    expect(frame.number).toBe(MESSAGES[vector.message as keyof typeof MESSAGES].number);
    expect(frame.head).toBe(vector.head);
    const body = revive(vector.body) as Body;
    // Optional fields that were left out stand in the vector with their defaults.
    for (const [field, value] of Object.entries(body)) {
      if (field in frame.body) expect(frame.body).toHaveProperty([field], value);
    }
    // What we would send for the same values is read as the same values.
    expect(decodeFrame(encodeFrame(vector.number, vector.head, body))).toMatchObject({
      number: vector.number,
      head: vector.head,
      body,
    });
  });

  test.each(vectors.filter((vector) => vector.message === "Pose"))(
    "a pose survives unpacking and packing: $meaning",
    (vector) => {
      const record = bytesOf(String(vector.body["$bin"]));
      const [pose] = unpackPoses(record);
      const again = packPose(pose!);
      // Positions are exact; rotations come back within a step of their quantisation.
      const handless = (bytes: Uint8Array): number[] => {
        const copy = bytes.slice(0, 20);
        for (const at of [8, 14]) {
          if (new DataView(copy.buffer).getInt16(at, true) === -32768) copy.fill(0, at + 2, at + 6);
        }
        return [...copy];
      };
      expect(handless(again)).toEqual(handless(record));
      const [twice] = unpackPoses(again);
      pose!.headRotation.forEach((part, axis) => {
        expect(Math.abs(twice!.headRotation[axis]! - part)).toBeLessThan(0.003);
      });
    },
  );
});
