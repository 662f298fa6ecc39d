import { describe, expect, test } from "vitest";
import { ServerClock, steadyClock } from "../../src/sdk";
import { seeded } from "../../src/shop/scene/random";

describe("server clock", () => {
  test("finds the offset within half the quickest round trip, whatever the jitter", () => {
    const random = seeded(7);
    for (const offsetMs of [-7_200_000, -3, 0, 40, 3_600_000]) {
      let localMs = 1_000_000;
      const clock = new ServerClock(() => localMs);
      for (let round = 0; round < 16; round += 1) {
        const sent = localMs;
        const up = 5 + random() * 5 + (random() < 0.2 ? 300 : 0);
        const down = 5 + random() * 5;
        clock.add(sent, sent + up + offsetMs, sent + up + offsetMs + 1, sent + up + 1 + down);
        localMs += 500;
      }
      expect(Math.abs(clock.now() - (localMs + offsetMs))).toBeLessThan(5);
      expect(clock.roundTripMs).toBeGreaterThan(9);
    }
  });

  test("guesses until the first exchange, and ignores one that went backwards", () => {
    const clock = new ServerClock(() => 100);
    clock.guess(5_000);
    expect(clock.now()).toBe(5_000);
    clock.add(100, 200, 900, 110);
    expect(clock.samples).toBe(0);
    clock.add(100, 1_105, 1_105, 110);
    clock.guess(0);
    expect(clock.now()).toBe(1_100);
  });

  test("the local clock never goes back", () => {
    const now = steadyClock();
    let last = now();
    for (let round = 0; round < 1000; round += 1) {
      const next = now();
      expect(next).toBeGreaterThanOrEqual(last);
      last = next;
    }
  });
});
