import { describe, expect, test } from "vitest";
import { GalleriaError, ProtocolViolation } from "../../src/sdk";
import { adviceFor, farewell, retryDelayMs, WAIT_MS } from "../../src/sdk/closing";
import { PENDING_MAX, PendingRequests, ReliableOrder } from "../../src/sdk/requests";
import { CLOSES } from "../../src/protocol/generated";

describe("pending requests", () => {
  test("ids grow, answers are taken once", async () => {
    const pending = new PendingRequests();
    const first = pending.open(30, {});
    const second = pending.open(31, {});
    expect([first.waiting.id, second.waiting.id]).toEqual([1, 2]);
    expect(pending.answered({ request_id: 2, body: { epoch: 3 } })).toBe(true);
    expect(pending.answered({ request_id: 2, body: {} })).toBe(false);
    expect(await second.answer).toEqual({ epoch: 3 });
    expect(pending.after(0).map(({ id }) => id)).toEqual([1]);
    expect(pending.after(1)).toEqual([]);
  });

  test("there is a bound", () => {
    const pending = new PendingRequests();
    for (let round = 0; round < PENDING_MAX; round += 1) pending.open(30, {});
    expect(() => pending.open(30, {})).toThrow(GalleriaError);
    expect(pending.size).toBe(PENDING_MAX);
  });
});

describe("reliable order", () => {
  test("new, seen, missing", () => {
    const order = new ReliableOrder();
    expect([order.accept(1), order.accept(1), order.accept(2)]).toEqual([true, false, true]);
    expect(() => order.accept(4)).toThrow(ProtocolViolation);
    expect(order.lastSeq).toBe(2);
    expect(order.unacknowledged).toBe(2);
    order.acknowledged();
    expect(order.unacknowledged).toBe(0);
    order.reset();
    expect(order.accept(1)).toBe(true);
  });
});

describe("after a close", () => {
  test("every code of the protocol has advice and a sentence", () => {
    for (const { code } of Object.values(CLOSES)) {
      expect(["resume", "wait", "stay-away"]).toContain(adviceFor(code));
      expect(farewell(code)).toMatch(/\.$/);
    }
    expect(adviceFor(CLOSES.REPLACED.code)).toBe("stay-away");
    expect(adviceFor(CLOSES.SLOW.code)).toBe("resume");
    expect(adviceFor(1006)).toBe("resume");
    expect(adviceFor(1012)).toBe("wait");
  });

  test("pauses grow, are bounded, and are never the same for everybody", () => {
    for (const random of [0, 0.5, 0.999]) {
      for (let attempt = 0; attempt < 40; attempt += 1) {
        const pauseMs = retryDelayMs(attempt, "resume", random);
        expect(pauseMs).toBeGreaterThanOrEqual(0);
        expect(pauseMs).toBeLessThanOrEqual(10_000);
      }
    }
    expect(retryDelayMs(6, "resume", 0.5)).toBeGreaterThan(retryDelayMs(2, "resume", 0.5));
    expect(retryDelayMs(6, "resume", 0.2)).not.toBe(retryDelayMs(6, "resume", 0.3));
    expect(retryDelayMs(0, "wait", 0)).toBe(WAIT_MS);
  });
});
