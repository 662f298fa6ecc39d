/**
 * A session with a Galleria server: requests and their answers, events exactly once and in order,
 * poses, server time, and a resume after every drop.
 *
 * States: `idle` -> `connecting` -> `online` <-> `reconnecting` -> `closed`. While reconnecting,
 * requests are kept and sent when the session goes on. When the server cannot resume the session,
 * waiting requests fail with SESSION_LOST and `fresh` is emitted: join a room again.
 */
import { adviceFor, farewell, retryDelayMs } from "./closing";
import { ServerClock, steadyClock } from "./clock";
import { type Body, decodeFrame, encodeFrame, type Frame } from "./codec";
import { Emitter } from "./emitter";
import { ConnectionLost, ProtocolViolation, RequestRefused } from "./errors";
import * as wire from "./messages";
import { packPose, type Pose } from "./pose";
import { PendingRequests, ReliableOrder } from "./requests";

export type ConnectionState = "idle" | "connecting" | "online" | "reconnecting" | "closed";

/** What the client itself tells; events of the room come as `event`. */
export interface ClientEvents {
  state: ConnectionState;
  /** A new session began (the first one, or a resume was not possible: `reason` says why). */
  fresh: { reason: string };
  /** The session goes on where it was. */
  resumed: { lastRequestId: number };
  event: { name: wire.RoomEventName; body: wire.RoomEvents[wire.RoomEventName] };
  poses: { timeMs: number; records: Uint8Array };
  /** People who are far away, or out of sight. */
  heads: { timeMs: number; heads: Uint8Array };
  /** The server complained about something that was not a request. */
  refused: RequestRefused;
  draining: wire.DrainingBody;
  closed: { code: number; reason: string };
}

export interface ClientOptions {
  readonly url: string;
  readonly token: string;
  readonly kind: wire.AvatarKind;
  /** Name and version of the client, for the server's logs. */
  readonly client?: string;
  /** Opens sockets; the browser's WebSocket unless given. */
  readonly openSocket?: (url: string, subprotocol: string) => WebSocket;
  /** Our clock in ms since the Unix epoch; must not go back. */
  readonly nowMs?: () => number;
  /** Number in [0, 1) for the jitter of retries. */
  readonly random?: () => number;
}

const ACK_AFTER_EVENTS = 16;
const ACK_AFTER_MS = 500;
const CLOCK_QUICK_MS = 150;
const CLOCK_QUICK_SAMPLES = 6;
const CLOCK_INTERVAL_MS = 4_000;
const WELCOME_TIMEOUT_MS = 8_000;
const CONNECT_LIMIT_MS = 15_000;
/** No byte for so long: the connection is dead although nobody said so. */
const SILENCE_MAX_MS = 20_000;

export class GalleriaClient extends Emitter<ClientEvents> {
  readonly clock: ServerClock;
  welcome: wire.WelcomeBody | null = null;
  readonly #pending = new PendingRequests();
  readonly #order = new ReliableOrder();
  readonly #nowMs: () => number;
  #state: ConnectionState = "idle";
  #socket: WebSocket | null = null;
  #url: string;
  #arrived: (() => void) | null = null;
  #attempt = 0;
  #heardMs = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #ackTimer: ReturnType<typeof setTimeout> | undefined;
  #clockTimer: ReturnType<typeof setTimeout> | undefined;
  #welcomeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: ClientOptions) {
    super();
    this.#url = options.url;
    this.#nowMs = options.nowMs ?? steadyClock();
    this.clock = new ServerClock(this.#nowMs);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /**
   * Connect and wait for the Welcome, with retries. Throws ConnectionLost when the server does not
   * want us, or has not answered in `limitMs`.
   */
  async connect(limitMs = CONNECT_LIMIT_MS): Promise<void> {
    if (this.#state !== "idle") throw new ConnectionLost("STATE", "This client was used already.");
    const late = setTimeout(() => this.#end(1006, "The shop does not answer; is it up?"), limitMs);
    try {
      await new Promise<void>((resolve, reject) => {
        this.on("fresh", () => resolve());
        this.on("closed", ({ reason }) => reject(new ConnectionLost("CLOSED", reason)));
        this.#open("connecting");
      });
    } finally {
      clearTimeout(late);
    }
  }

  /** Ask; the promise is the one answer, or rejects with RequestRefused or ConnectionLost. */
  async request<Name extends wire.RequestName>(
    name: Name,
    body: wire.Requests[Name]["body"],
  ): Promise<wire.Requests[Name]["answer"]> {
    if (this.#state === "closed" || this.#state === "idle") {
      throw new ConnectionLost("CLOSED", "You are not connected to the shop.");
    }
    const { waiting, answer } = this.#pending.open(wire.numberOf(name), body as Body);
    if (this.#state === "online") this.#send(waiting.number, waiting.id, waiting.body);
    return (await answer) as wire.Requests[Name]["answer"];
  }

  /** Where your gaze rests; not answered, and not worth keeping while offline. */
  look(productId: string): void {
    if (this.#state !== "online") return;
    this.#send(wire.numberOf("Look"), 0, { product_id: productId });
  }

  /** Send a pose sampled now; dropped while offline or when the socket is backed up. */
  sendPose(pose: Pose): void {
    if (this.#state !== "online" || (this.#socket?.bufferedAmount ?? 0) > 4_096) return;
    this.#send(wire.numberOf("Pose"), Math.max(0, Math.round(this.clock.now())), packPose(pose));
  }

  /** Lose the connection on purpose, as a bad network does; the client resumes by itself. */
  drop(): void {
    this.#lost(this.#socket, 1006);
  }

  /**
   * Go on at the address of a new seat, in a new session; a server may have several addresses. Does
   * nothing when we are there already. Throws ConnectionLost.
   */
  async moveTo(url: string): Promise<void> {
    if (this.#state === "closed") throw new ConnectionLost("CLOSED", "You left the shop.");
    if (url === this.#url) return;
    this.#url = url;
    this.welcome = null;
    this.#stopTimers();
    this.#letGo(this.#socket);
    await new Promise<void>((resolve, reject) => {
      this.#arrived = resolve;
      this.on("closed", ({ reason }) => reject(new ConnectionLost("CLOSED", reason)));
      this.#open("reconnecting");
    });
  }

  /** Go for good. */
  close(): void {
    this.#end(1000, "You left the shop.");
  }

  #open(state: ConnectionState): void {
    this.#setState(state);
    const make =
      this.options.openSocket ?? ((url, subprotocol) => new WebSocket(url, subprotocol));
    const socket = make(this.#url, wire.SUBPROTOCOL);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#heardMs = this.#nowMs();
    this.#welcomeTimer = setTimeout(() => this.#lost(socket, 1006), WELCOME_TIMEOUT_MS);
    socket.onopen = () => this.#sayHello(socket);
    socket.onclose = (event) => this.#lost(socket, event.code);
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (socket === this.#socket) this.#received(socket, event.data);
    };
  }

  #sayHello(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    const hello: wire.HelloBody = {
      protocol_min: wire.OLDEST_PROTOCOL_VERSION,
      protocol_max: wire.PROTOCOL_VERSION,
      client: this.options.client ?? "galleria-web",
      kind: this.options.kind,
      token: this.options.token,
      resume_token: this.welcome?.resume_token ?? "",
      last_seq: this.#order.lastSeq,
    };
    this.#send(wire.numberOf("Hello"), 0, hello as unknown as Body);
  }

  #received(socket: WebSocket, data: unknown): void {
    this.#heardMs = this.#nowMs();
    try {
      if (!(data instanceof ArrayBuffer)) {
        throw new ProtocolViolation("BAD_FRAME", "The server sent text.");
      }
      this.#handle(decodeFrame(new Uint8Array(data)));
    } catch (error) {
      // A gap or bytes that are not ours: resuming brings everything again, in order.
      if (!(error instanceof ProtocolViolation)) throw error;
      this.#lost(socket, 1006);
    }
  }

  #handle(frame: Frame): void {
    const name = wire.nameOf(frame.number);
    if (name === undefined) {
      // By its number it is a reliable event: it must not be missing before the next one.
      if (frame.head === this.#order.lastSeq + 1) {
        this.#order.accept(frame.head);
        this.#acknowledgeSoon();
      }
      return;
    }
    if (wire.isReliable(name)) {
      if (!this.#order.accept(frame.head)) return;
      this.#acknowledgeSoon();
    }
    const body = frame.body as never;
    if (name === "Welcome") this.#welcomed(body);
    else if (name === "Answer") this.#pending.answered(body);
    else if (name === "Error") this.#refused(body);
    else if (name === "ClockAnswer") this.#clockAnswered(frame.head, body);
    else if (name === "Poses") this.emit("poses", { timeMs: frame.head, records: body });
    else if (name === "Heads") this.emit("heads", { timeMs: frame.head, heads: body });
    else if (name === "Draining") this.emit("draining", body);
    else this.emit("event", { name: name as wire.RoomEventName, body });
  }

  #welcomed(welcome: wire.WelcomeBody): void {
    clearTimeout(this.#welcomeTimer);
    this.welcome = welcome;
    this.clock.guess(welcome.server_time_ms);
    this.#attempt = 0;
    if (!welcome.resumed) {
      this.#pending.abandon("The visit could not be resumed; your cart is kept.");
      this.#order.reset();
    }
    this.#setState("online");
    this.#askTime(0);
    if (welcome.resumed) {
      for (const waiting of this.#pending.after(welcome.last_request_id)) {
        this.#send(waiting.number, waiting.id, waiting.body);
      }
      this.emit("resumed", { lastRequestId: welcome.last_request_id });
    } else if (this.#arrived) {
      this.#arrived();
      this.#arrived = null;
    } else {
      this.emit("fresh", { reason: welcome.fresh_reason });
    }
  }

  #refused(error: wire.ErrorBody): void {
    if (this.#pending.refused(error)) return;
    this.emit("refused", new RequestRefused(error.code, error.message, error.data));
  }

  #clockAnswered(sentMs: number, answer: wire.ClockAnswerBody): void {
    this.clock.add(sentMs, answer.received_ms, answer.sent_ms, this.#nowMs());
  }

  /** Ask for the time: quickly at first, then steadily; it also keeps the connection alive. */
  #askTime(asked: number): void {
    clearTimeout(this.#clockTimer);
    if (this.#state !== "online") return;
    if (this.#nowMs() - this.#heardMs > SILENCE_MAX_MS) {
      this.#lost(this.#socket, 1006);
      return;
    }
    this.#send(wire.numberOf("Clock"), Math.round(this.#nowMs()), {});
    const pauseMs = asked < CLOCK_QUICK_SAMPLES ? CLOCK_QUICK_MS : CLOCK_INTERVAL_MS;
    this.#clockTimer = setTimeout(() => this.#askTime(asked + 1), pauseMs);
  }

  #acknowledgeSoon(): void {
    if (this.#order.unacknowledged >= ACK_AFTER_EVENTS) this.#acknowledge();
    else this.#ackTimer ??= setTimeout(() => this.#acknowledge(), ACK_AFTER_MS);
  }

  #acknowledge(): void {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    if (this.#state !== "online" || this.#order.unacknowledged === 0) return;
    this.#send(wire.numberOf("Ack"), 0, { seq: this.#order.lastSeq });
    this.#order.acknowledged();
  }

  #lost(socket: WebSocket | null, code: number): void {
    if (socket === null || socket !== this.#socket) return;
    this.#stopTimers();
    this.#letGo(socket);
    const advice = adviceFor(code);
    if (advice === "stay-away") {
      this.#end(code, farewell(code));
      return;
    }
    this.#setState("reconnecting");
    const pauseMs = retryDelayMs(this.#attempt, advice, (this.options.random ?? Math.random)());
    this.#attempt += 1;
    this.#retryTimer = setTimeout(() => this.#open("reconnecting"), pauseMs);
  }

  #letGo(socket: WebSocket | null): void {
    this.#socket = null;
    if (socket === null) return;
    socket.onopen = socket.onclose = socket.onmessage = null;
    socket.close();
  }

  #end(code: number, reason: string): void {
    if (this.#state === "closed") return;
    this.#socket?.close(1000);
    this.#socket = null;
    this.#stopTimers();
    this.#pending.abandon(reason);
    this.#setState("closed");
    this.emit("closed", { code, reason });
  }

  #stopTimers(): void {
    for (const timer of [this.#retryTimer, this.#ackTimer, this.#clockTimer, this.#welcomeTimer]) {
      clearTimeout(timer);
    }
    this.#ackTimer = undefined;
  }

  #setState(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.emit("state", state);
  }

  #send(number: number, head: number, body: Body): void {
    if (this.#socket?.readyState === 1) this.#socket.send(encodeFrame(number, head, body));
  }
}
