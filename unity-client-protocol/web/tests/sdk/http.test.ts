import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GalleriaHttp, HttpProblem } from "../../src/sdk";

interface Call {
  readonly method: string;
  readonly path: string;
  readonly token: string | undefined;
  readonly body: unknown;
}

let server: Server;
let base: string;
let calls: Call[];
let answer: (call: Call) => [status: number, type: string, text: string];

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

beforeEach(async () => {
  calls = [];
  server = createServer((request, response) => {
    void textOf(request).then((text) => {
      const call: Call = {
        method: request.method ?? "",
        path: request.url ?? "",
        token: request.headers.authorization,
        body: text ? JSON.parse(text) : undefined,
      };
      calls.push(call);
      const [status, type, body] = answer(call);
      response.writeHead(status, { "content-type": type }).end(body);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

describe("http", () => {
  test("keeps the token for what comes after", async () => {
    answer = ({ path }) => [201, "application/json", JSON.stringify(path.startsWith("/session") ? { token: "T", name: "Ada" } : { seat_token: "S" })];
    const http = new GalleriaHttp(base);
    await http.openSession("Ada");
    expect(await http.reserveSeat({ invite: "abc" })).toEqual({ seat_token: "S" });
    expect(calls).toEqual([
      { method: "POST", path: "/session/guest", token: undefined, body: { name: "Ada" } },
      { method: "POST", path: "/seats", token: "Bearer T", body: { invite: "abc" } },
    ]);
  });

  test("a host shows a key", async () => {
    answer = () => [201, "application/json", '{"token": "T"}'];
    await new GalleriaHttp(base).openSession("Ada", "k");
    expect(calls[0]).toMatchObject({ path: "/session/host", body: { name: "Ada", host_key: "k" } });
  });

  test("reads all pages of products", async () => {
    const all = Array.from({ length: 120 }, (_, index) => ({ id: `p${index}` }));
    answer = ({ path }) => {
      const query = new URL(path, "http://x").searchParams;
      const size = Number(query.get("size"));
      const start = (Number(query.get("page")) - 1) * size;
      return [200, "application/json", JSON.stringify(all.slice(start, start + size))];
    };
    expect(await new GalleriaHttp(base).products()).toHaveLength(120);
    expect(calls).toHaveLength(3);
  });

  test("a problem document becomes a typed error", async () => {
    answer = () => [409, "application/problem+json", '{"title": "x", "detail": "This room is full.", "code": "ROOM_FULL", "data": {"capacity": 64}}'];
    const problem = await new GalleriaHttp(base).reserveSeat({}).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(HttpProblem);
    expect(problem).toMatchObject({ code: "ROOM_FULL", status: 409, message: "This room is full.", data: { capacity: 64 } });
  });

  test("anything else that is bad becomes one too", async () => {
    answer = () => [502, "text/html", "<h1>Bad gateway</h1>"];
    await expect(new GalleriaHttp(base).rooms()).rejects.toMatchObject({ code: "HTTP_502", status: 502 });
    const nowhere = new GalleriaHttp("http://127.0.0.1:9");
    await expect(nowhere.rooms()).rejects.toMatchObject({ code: "UNREACHABLE", status: 0 });
  });
});
