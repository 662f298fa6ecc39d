import { describe, expect, test } from "vitest";
import { facing, JitterDelay, type Pose, PoseTrack } from "../../src/sdk";

const TICK_MS = 50;

function standing(x: number, yaw = 0): Pose {
  return { avatarId: 1, head: [x, 1.6, 0], headRotation: facing(yaw), left: null, right: null };
}

describe("pose track", () => {
  test("is between two poses in between their times", () => {
    const track = new PoseTrack(TICK_MS);
    track.add(1000, standing(0));
    track.add(1050, standing(0.1, 90));
    expect(track.at(1025)!.head[0]).toBeCloseTo(0.05, 9);
    expect(track.at(900)!.head[0]).toBe(0);
  });

  test("stands where the last pose was, and never beyond it", () => {
    const track = new PoseTrack(TICK_MS);
    track.add(1000, standing(0));
    track.add(1050, standing(0.1));
    for (const later of [1050, 1100, 9000]) expect(track.at(later)!.head[0]).toBe(0.1);
  });

  test("who stood still starts to walk late, and does not drift through the pause", () => {
    const track = new PoseTrack(TICK_MS);
    track.add(1000, standing(0));
    track.add(4000, standing(0.1));
    expect(track.at(2500)!.head[0]).toBe(0);
    expect(track.at(3950)!.head[0]).toBe(0);
    expect(track.at(3975)!.head[0]).toBeCloseTo(0.05, 9);
  });

  test("a teleport is a jump", () => {
    const track = new PoseTrack(TICK_MS);
    track.add(1000, standing(0));
    track.add(1050, standing(9));
    expect(track.at(1040)!.head[0]).toBe(0);
    expect(track.at(1050)!.head[0]).toBe(9);
  });

  test("old and doubled poses change nothing, and there is a bound", () => {
    const track = new PoseTrack(TICK_MS);
    for (let tick = 0; tick < 500; tick += 1) {
      track.add(1000 + tick * TICK_MS, standing(tick));
      track.add(1000 + tick * TICK_MS, standing(-1));
      track.add(500, standing(-2));
    }
    expect(track.newest!.head[0]).toBe(499);
    expect(track.at(0)!.head[0]).toBeGreaterThan(400);
  });

  test("a hand that appears is there at once", () => {
    const track = new PoseTrack(TICK_MS);
    track.add(1000, standing(0));
    track.add(1050, { ...standing(0), right: { position: [0, 1, 0], rotation: facing(0) } });
    expect(track.at(1025)!.right).not.toBeNull();
  });
});

describe("jitter delay", () => {
  test("is short on a steady line and grows with jitter, within bounds", () => {
    const steady = new JitterDelay(TICK_MS);
    const shaky = new JitterDelay(TICK_MS);
    for (let tick = 0; tick < 200; tick += 1) {
      steady.add(tick * TICK_MS, tick * TICK_MS + 5);
      shaky.add(tick * TICK_MS, tick * TICK_MS + (tick % 2 ? 5 : 80));
    }
    expect(steady.delayMs).toBeLessThan(70);
    expect(shaky.delayMs).toBeGreaterThan(150);
    shaky.add(0, 1e9);
    expect(shaky.delayMs).toBeLessThanOrEqual(400);
  });
});
