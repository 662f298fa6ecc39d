import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ConnectionLost, facing, type GalleriaClient, RequestRefused } from "../../src/sdk";
import { seeded } from "../../src/shop/scene/random";
import { LoopbackServer } from "./loopback";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const stock = (version: number): Record<string, unknown> => ({
  stock: { sku: "A", product_id: "a", available: 1, version },
});

async function connected(server: LoopbackServer): Promise<GalleriaClient> {
  const client = server.client();
  const ready = client.connect();
  await vi.advanceTimersByTimeAsync(10);
  await ready;
  return client;
}

/** Versions of StockChanged in the order in which they were told. */
function heard(client: GalleriaClient): number[] {
  const versions: number[] = [];
  client.on("event", ({ name, body }) => {
    if (name === "StockChanged") versions.push((body as { stock: { version: number } }).stock.version);
  });
  return versions;
}

describe("requests", () => {
  test("each gets its answer", async () => {
    const client = await connected(new LoopbackServer());
    const answers = await Promise.all([
      client.request("Grab", { prop_id: 4, hand: "left" }),
      client.request("Vote", { product_id: "mug", choice: 1 }),
    ]);
    expect(answers).toEqual([{ prop_id: 4, hand: "left" }, { product_id: "mug", choice: 1 }]);
  });

  test("a refusal carries code, sentence and data", async () => {
    const server = new LoopbackServer();
    server.answer = (_name, _body, id) => [
      "Error",
      { request_id: id, code: "PROP_TAKEN", message: "Ada holds it.", data: { by: 3 } },
    ];
    const client = await connected(server);
    const refusal = await client.request("Grab", { prop_id: 4, hand: "left" }).catch((error) => error);
    expect(refusal).toBeInstanceOf(RequestRefused);
    expect(refusal).toMatchObject({ code: "PROP_TAKEN", message: "Ada holds it.", data: { by: 3 } });
  });

  test("an error without a request is told as such", async () => {
    const server = new LoopbackServer();
    const client = await connected(server);
    const told: string[] = [];
    client.on("refused", (error) => told.push(error.code));
    server.tell("Error", { request_id: 0, code: "POSE_MALFORMED", message: "No.", data: {} });
    expect(told).toEqual(["POSE_MALFORMED"]);
  });
});

describe("moving", () => {
  test("a seat elsewhere is taken in a new session there, without a fresh event", async () => {
    const server = new LoopbackServer();
    const client = await connected(server);
    const fresh: string[] = [];
    client.on("fresh", ({ reason }) => fresh.push(reason));
    const moved = client.moveTo("ws://shop/w/2/ws");
    await vi.advanceTimersByTimeAsync(50);
    await moved;
    expect(server.urls).toEqual(["ws://shop/ws", "ws://shop/w/2/ws"]);
    expect(server.hellos[1]).toMatchObject({ resume_token: "" });
    expect(client.state).toBe("online");
    await client.moveTo("ws://shop/w/2/ws");
    expect(server.urls).toHaveLength(2);
    client.drop();
    await vi.advanceTimersByTimeAsync(500);
    expect(server.urls[2]).toBe("ws://shop/w/2/ws");
    expect(fresh).toEqual([]);
  });
});

describe("drops", () => {
  test("requests made while offline are sent after the resume", async () => {
    const server = new LoopbackServer();
    const client = await connected(server);
    client.drop();
    expect(client.state).toBe("reconnecting");
    const answer = client.request("Vote", { product_id: "mug", choice: 1 });
    await vi.advanceTimersByTimeAsync(500);
    expect(await answer).toEqual({ product_id: "mug", choice: 1 });
    expect(server.hellos[1]).toMatchObject({ resume_token: "r1" });
  });

  test("an answer that was lost on the way is brought again, the request is not done twice", async () => {
    const server = new LoopbackServer();
    const client = await connected(server);
    server.socket!.cutAfterReceived = 0;
    const answer = client.request("Vote", { product_id: "mug", choice: 1 });
    await vi.advanceTimersByTimeAsync(500);
    expect(await answer).toEqual({ product_id: "mug", choice: 1 });
    expect(server.executed).toEqual([1]);
  });

  test("whatever the line does: events once and in order, requests done once", async () => {
    for (let seed = 1; seed <= 25; seed += 1) {
      const random = seeded(seed);
      const server = new LoopbackServer();
      server.configure = (socket) => {
        // Long enough for hello and welcome, so that the line comes up at all.
        socket.cutAfterSent = 3 + Math.floor(random() * 12);
        socket.cutAfterReceived = 3 + Math.floor(random() * 20);
      };
      const client = await connected(server);
      const versions = heard(client);
      const answers: Promise<unknown>[] = [];
      for (let round = 1; round <= 60; round += 1) {
        server.tell("StockChanged", stock(round));
        if (round % 2) answers.push(client.request("Vote", { product_id: `p${round}`, choice: 0 }));
        if (random() < 0.1) client.drop();
        if (random() < 0.3) await vi.advanceTimersByTimeAsync(random() * 400);
      }
      await vi.advanceTimersByTimeAsync(60_000);
      expect(await Promise.all(answers)).toHaveLength(30);
      expect(versions).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
      expect(server.executed).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
      client.close();
    }
  });

  test("a gap in the sequence leads to a resume that fills it", async () => {
    const server = new LoopbackServer();
    const client = await connected(server);
    const versions = heard(client);
    const line = server.socket!;
    server.socket = null;
    server.tell("StockChanged", stock(1));
    server.socket = line;
    server.tell("StockChanged", stock(2));
    expect(client.state).toBe("reconnecting");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(versions).toEqual([1, 2]);
  });

  test("a session that is gone fails what waits and starts to count anew", async () => {
    const server = new LoopbackServer();
    const client = await connected(server);
    server.answer = () => null;
    const waiting = client.request("Leave", {}).catch((error: unknown) => error);
    const fresh: string[] = [];
    client.on("fresh", ({ reason }) => fresh.push(reason));
    server.forget = true;
    client.drop();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await waiting).toBeInstanceOf(ConnectionLost);
    expect(fresh).toEqual(["new"]);
    const versions = heard(client);
    server.tell("StockChanged", stock(9));
    expect(versions).toEqual([9]);
  });

  test("the codes that say so end it", async () => {
    const server = new LoopbackServer();
    const client = await connected(server);
    const reasons: string[] = [];
    client.on("closed", ({ reason }) => reasons.push(reason));
    server.socket!.cut(4006);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(client.state).toBe("closed");
    expect(reasons[0]).toMatch(/another device/);
    expect(server.hellos).toHaveLength(1);
    await expect(client.request("Leave", {})).rejects.toBeInstanceOf(ConnectionLost);
  });

  test("silence is noticed", async () => {
    const server = new LoopbackServer();
    const client = await connected(server);
    server.take = () => undefined;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(client.state).toBe("reconnecting");
    client.close();
  });
});

test("a shop that does not answer is told, not waited for", async () => {
  const server = new LoopbackServer();
  server.take = () => undefined;
  const client = server.client();
  const refused = expect(client.connect(15_000)).rejects.toBeInstanceOf(ConnectionLost);
  await vi.advanceTimersByTimeAsync(16_000);
  await refused;
  expect(client.state).toBe("closed");
});

describe("keeping in touch", () => {
  test("acknowledges soon, and after many events at once", async () => {
    const server = new LoopbackServer();
    await connected(server);
    server.tell("StockChanged", stock(1));
    expect(server.acked).toBe(0);
    await vi.advanceTimersByTimeAsync(600);
    expect(server.acked).toBe(1);
    for (let version = 2; version <= 20; version += 1) server.tell("StockChanged", stock(version));
    expect(server.acked).toBeGreaterThanOrEqual(17);
  });

  test("asks for the time", async () => {
    const client = await connected(new LoopbackServer());
    await vi.advanceTimersByTimeAsync(2_000);
    expect(client.clock.samples).toBeGreaterThanOrEqual(6);
  });

  test("poses carry server time; none while offline or backed up", async () => {
    const server = new LoopbackServer();
    const client = await connected(server);
    const heads: number[] = [];
    const take = server.take.bind(server);
    server.take = (socket, bytes) => {
      if (bytes[1] === 12) heads.push(bytes.length);
      else take(socket, bytes);
    };
    const pose = { avatarId: 1, head: [0, 1.6, 0] as [number, number, number], headRotation: facing(0), left: null, right: null };
    client.sendPose(pose);
    server.socket!.bufferedAmount = 100_000;
    client.sendPose(pose);
    client.drop();
    client.sendPose(pose);
    expect(heads).toHaveLength(1);
  });

  test("what is not known is ignored", async () => {
    const server = new LoopbackServer();
    const client = await connected(server);
    server.socket!.bring(new Uint8Array([0x93, 0xcd, 0x03, 0xe7, 0, 0x80]));
    expect(client.state).toBe("online");
    // With the next number it is a reliable event: those behind it are no gap.
    server.socket!.bring(new Uint8Array([0x93, 0xcd, 0x03, 0xe7, 1, 0x80]));
    const events: string[] = [];
    client.on("event", ({ name }) => events.push(name));
    server.direct("StockChanged", 2, stock(2));
    expect(events).toEqual(["StockChanged"]);
    expect(client.state).toBe("online");
  });
});
