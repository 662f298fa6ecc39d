import { describe, expect, test } from "vitest";
import type { Fixture, Layout } from "../../src/shop/layout";
import { zoneAt } from "../../src/shop/layout";
import { BODY_RADIUS_M, Collisions } from "../../src/shop/scene/collision";
import { Player } from "../../src/shop/scene/player";
import { seeded } from "../../src/shop/scene/random";

function table(x: number, z: number, w: number, d: number, yaw = 0, h = 0.75): Fixture {
  return { id: "t", kind: "table", position: [x, 0, z], size_m: [w, h, d], yaw_degrees: yaw, colour: "#fff" };
}

function hall(...fixtures: Fixture[]): Layout {
  return {
    id: "hall", name: "Hall", size_m: [20, 5, 10], fixtures, slots: [], waypoints: [], placements: [],
    zones: [{ id: "a", name: "A", minimum: [0, 0], maximum: [5, 5], colour: "#fff", sign: [0, 3, 0], sign_yaw_degrees: 0 }],
  };
}

/** How deep a point is inside a turned box that is grown by a body, metres; 0 outside. */
function depth(fixture: Fixture, x: number, z: number): number {
  const yaw = (fixture.yaw_degrees * Math.PI) / 180;
  const dx = x - fixture.position[0];
  const dz = z - fixture.position[2];
  const localX = Math.abs(dx * Math.cos(yaw) - dz * Math.sin(yaw));
  const localZ = Math.abs(dx * Math.sin(yaw) + dz * Math.cos(yaw));
  const outX = Math.max(0, localX - fixture.size_m[0] / 2);
  const outZ = Math.max(0, localZ - fixture.size_m[2] / 2);
  return Math.max(0, BODY_RADIUS_M - Math.hypot(outX, outZ));
}

describe("collisions", () => {
  test("nobody ends up inside a fixture or outside the walls", () => {
    const random = seeded(3);
    for (const yaw of [0, 20, 45, 90, -60]) {
      const fixture = table(1, 0.5, 2.2, 1.1, yaw);
      const collisions = new Collisions(hall(fixture));
      for (let round = 0; round < 400; round += 1) {
        const [x, z] = collisions.free(random() * 30 - 15, random() * 16 - 8);
        expect(depth(fixture, x, z)).toBeLessThan(0.001);
        expect(Math.abs(x)).toBeLessThanOrEqual(10);
        expect(Math.abs(z)).toBeLessThanOrEqual(5);
        expect(collisions.isFree(x, z)).toBe(true);
      }
    }
  });

  test("what is low is stepped on", () => {
    expect(new Collisions(hall(table(0, 0, 4, 4, 0, 0.1))).isFree(0, 0)).toBe(true);
  });
});

describe("player", () => {
  const still = { side: 0, ahead: 0, run: false };

  async function walk(player: Player, x: number, z: number): Promise<boolean> {
    let arrived: boolean | null = null;
    void player.walkTo(x, z).then((result) => (arrived = result));
    for (let frame = 0; frame < 2000 && arrived === null; frame += 1) {
      player.update(still, 1 / 60);
      await Promise.resolve();
    }
    return arrived!;
  }

  test("walks ahead where it looks", () => {
    for (const yaw of [0, Math.PI / 2, 2.5]) {
      const player = new Player(new Collisions(hall()));
      player.placeAt(0, 0, yaw);
      for (let frame = 0; frame < 60; frame += 1) player.update({ ...still, ahead: 1 }, 1 / 60);
      expect(player.x).toBeCloseTo(-Math.sin(yaw) * Math.hypot(player.x, player.z), 6);
      expect(Math.hypot(player.x, player.z)).toBeGreaterThan(1.5);
      expect(Math.hypot(player.x, player.z)).toBeLessThan(2.2);
    }
  });

  test("arrives, or says that it could not", async () => {
    const free = new Player(new Collisions(hall()));
    expect(await walk(free, 4, -2)).toBe(true);
    expect(Math.hypot(free.x - 4, free.z + 2)).toBeLessThan(0.2);
    const blocked = new Player(new Collisions(hall(table(3, 0, 1, 8))));
    expect(await walk(blocked, 6, 0)).toBe(false);
    expect(blocked.x).toBeLessThan(2.5);
  });

  test("looks at a point", () => {
    const player = new Player(new Collisions(hall()));
    player.lookAt(-3, 1.65, 0);
    expect(player.yaw).toBeCloseTo(Math.PI / 2, 6);
    expect(player.pitch).toBeCloseTo(0, 6);
    player.lookAt(0, 0, -1);
    expect(player.yaw).toBeCloseTo(0, 6);
    expect(player.pitch).toBeLessThan(-0.9);
  });

  test("shows a hand only while it holds something", () => {
    const player = new Player(new Collisions(hall()));
    const pose = player.pose(5, { left: false, right: true });
    expect(pose.left).toBeNull();
    expect(pose.right!.position[0]).toBeGreaterThan(0.1);
    expect(Math.hypot(...pose.right!.position.map((value, axis) => value - pose.head[axis]!))).toBeLessThan(1.2);
  });
});

test("zones by place", () => {
  expect(zoneAt(hall(), 1, 1)?.name).toBe("A");
  expect(zoneAt(hall(), -1, 1)).toBeUndefined();
});
