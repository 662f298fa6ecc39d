/** The other end of a socket, in this process: speaks galleria.1 and loses what it is told to lose. */
import {
  type Body,
  decodeFrame,
  encodeFrame,
  GalleriaClient,
  type MessageName,
} from "../../src/sdk";
import { nameOf, numberOf } from "../../src/sdk/messages";

type Down = readonly [name: MessageName, body: Record<string, unknown>];

/** One connection; the half that the client sees looks like a browser's WebSocket. */
export class LoopbackSocket {
  readyState = 0;
  binaryType = "blob";
  bufferedAmount = 0;
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  /** Frames still to be taken from the client before the line is cut. */
  cutAfterSent = Infinity;
  /** Frames still to be brought to the client before the line is cut. */
  cutAfterReceived = Infinity;

  constructor(private readonly server: LoopbackServer) {
    queueMicrotask(() => {
      if (this.readyState !== 0) return;
      this.readyState = 1;
      this.onopen?.();
    });
  }

  send(bytes: Uint8Array): void {
    if (this.readyState !== 1) return;
    if (this.cutAfterSent <= 0) return this.cut(1006);
    this.cutAfterSent -= 1;
    this.server.take(this, bytes);
  }

  close(): void {
    this.readyState = 3;
  }

  bring(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.readyState !== 1) return;
    if (this.cutAfterReceived <= 0) return this.cut(1006);
    this.cutAfterReceived -= 1;
    this.onmessage?.({ data: bytes.slice().buffer });
  }

  cut(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

/** Keeps one session over connections: reliable events with numbers, requests executed once. */
export class LoopbackServer {
  readonly executed: number[] = [];
  readonly hellos: Record<string, unknown>[] = [];
  readonly urls: string[] = [];
  socket: LoopbackSocket | null = null;
  acked = 0;
  /** Refuse the next resume, as after a grace period that is over. */
  forget = false;
  configure: (socket: LoopbackSocket) => void = () => undefined;
  answer: (name: MessageName, body: Record<string, unknown>, id: number) => Down | null = (
    _name,
    body,
    id,
  ) => ["Answer", { request_id: id, body }];
  #log: Down[] = [];
  #lastRequestId = 0;

  readonly open = (url: string): WebSocket => {
    this.urls.push(url);
    const socket = new LoopbackSocket(this);
    this.configure(socket);
    this.socket = socket;
    return socket as unknown as WebSocket;
  };

  client(): GalleriaClient {
    return new GalleriaClient({
      url: "ws://shop/ws",
      token: "token",
      kind: "desktop",
      openSocket: this.open,
      random: () => 0.5,
    });
  }

  /** Send a reliable event. */
  tell(name: MessageName, body: Record<string, unknown>): void {
    this.#log.push([name, body]);
    this.#bring(this.#log.length);
  }

  /** Send something that is not numbered. */
  direct(name: MessageName, head: number, body: Body): void {
    this.socket?.bring(encodeFrame(numberOf(name), head, body));
  }

  take(socket: LoopbackSocket, bytes: Uint8Array): void {
    const { number, head, body } = decodeFrame(bytes);
    const name = nameOf(number)!;
    // "_" only makes a short request longer; nobody reads it.
    const { _, ...fields } = body as Record<string, unknown>;
    if (name === "Hello") this.#hello(socket, fields);
    else if (name === "Ack") this.acked = Number(fields["seq"]);
    else if (name === "Clock") this.direct("ClockAnswer", head, { received_ms: head + 5, sent_ms: head + 5 });
    else if (head > this.#lastRequestId && name !== "Pose" && name !== "Look") {
      this.#lastRequestId = head;
      this.executed.push(head);
      const answer = this.answer(name, fields, head);
      if (answer) this.tell(...answer);
    }
  }

  #hello(socket: LoopbackSocket, hello: Record<string, unknown>): void {
    this.hellos.push(hello);
    const resumed = hello["resume_token"] !== "" && !this.forget;
    if (!resumed) {
      this.#log = [];
      this.#lastRequestId = 0;
    }
    this.forget = false;
    const welcome = {
      protocol: 1, session_id: "s", person_id: "p", resume_token: `r${this.hellos.length}`,
      resumed, fresh_reason: resumed ? "" : "new", last_request_id: this.#lastRequestId,
      server_time_ms: 1000, tick_rate_hz: 20, grace_period_ms: 15_000, ping_interval_ms: 15_000,
    };
    socket.bring(encodeFrame(numberOf("Welcome"), 0, welcome));
    const lastSeq = Number(hello["last_seq"]);
    if (resumed) for (let seq = lastSeq + 1; seq <= this.#log.length; seq += 1) this.#bring(seq);
  }

  #bring(seq: number): void {
    const [name, body] = this.#log[seq - 1]!;
    this.socket?.bring(encodeFrame(numberOf(name), seq, body));
  }
}
