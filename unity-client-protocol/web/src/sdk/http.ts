/** The shop over HTTP: who you are, which rooms there are, seats, products, assets. */
import { HttpProblem } from "./errors";

export interface GuestSession {
  readonly token: string;
  readonly person_id: string;
  readonly name: string;
  readonly role: string;
  readonly expires_ms: number;
}

export interface RoomSummary {
  readonly room_id: string;
  readonly name: string;
  readonly population: number;
  readonly capacity: number;
}

export interface Seat {
  readonly seat_token: string;
  readonly room_id: string;
  readonly expires_ms: number;
  readonly socket_url: string;
}

export interface InviteCode {
  readonly invite: string;
  readonly url?: string;
}

export interface SkuView {
  readonly sku: string;
  readonly options: Readonly<Record<string, string>>;
  readonly colour: string;
  readonly price_minor: number;
  readonly currency?: string;
  readonly available: number;
  readonly version: number;
}

export interface ProductView {
  readonly id: string;
  readonly name: string;
  readonly brand: string;
  readonly description: string;
  readonly department: string;
  readonly tags: readonly string[];
  readonly price_minor: number;
  readonly currency: string;
  readonly alt_text: string;
  readonly weight_g: number;
  readonly skus: readonly SkuView[];
}

/** Products asked for at once; the server's largest page is not smaller. */
const PAGE_SIZE = 50;
const PAGES_MAX = 200;
const TIMEOUT_MS = 15_000;

/** Calls to one server. `base` is its origin, empty for the page's own. */
export class GalleriaHttp {
  token = "";

  constructor(private readonly base = "") {}

  /** Come in as a guest, or as a host when a host key is given; keeps the token. */
  async openSession(name: string, hostKey = ""): Promise<GuestSession> {
    const session = hostKey
      ? await this.post<GuestSession>("/session/host", { name, host_key: hostKey })
      : await this.post<GuestSession>("/session/guest", { name });
    this.token = session.token;
    return session;
  }

  rooms(): Promise<RoomSummary[]> {
    return this.get<RoomSummary[]>("/rooms");
  }

  /** Reserve a seat: in a room, by a friend's invite, or in the first room. */
  reserveSeat(door: { room_id?: string; invite?: string }): Promise<Seat> {
    return this.post<Seat>("/seats", door);
  }

  /** A code (and link) that brings friends into this room. */
  createInvite(roomId: string): Promise<InviteCode> {
    return this.post<InviteCode>(`/rooms/${encodeURIComponent(roomId)}/invites`, {});
  }

  /** The whole catalogue, page by page. */
  async products(): Promise<ProductView[]> {
    const all = new Map<string, ProductView>();
    for (let page = 1; page <= PAGES_MAX; page += 1) {
      const items = await this.get<ProductView[]>(`/products?page=${page}&size=${PAGE_SIZE}`);
      for (const item of items) all.set(item.id, item);
      if (items.length < PAGE_SIZE) break;
    }
    return [...all.values()];
  }

  /** Any JSON document of this server. */
  get<T>(path: string): Promise<T> {
    return this.#call<T>("GET", path);
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.#call<T>("POST", path, body);
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (this.token) headers["Authorization"] = `Bearer ${this.token}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let response: Response;
    try {
      response = await fetch(this.base + path, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch {
      throw new HttpProblem("UNREACHABLE", "The shop does not answer; is the server up?", 0);
    }
    if (!response.ok) throw await problemOf(response);
    return (await response.json()) as T;
  }
}

async function problemOf(response: Response): Promise<HttpProblem> {
  let problem: Record<string, unknown> = {};
  try {
    problem = (await response.json()) as Record<string, unknown>;
  } catch {
    // Not a problem document (a proxy's page, for instance): the status says what there is to say.
  }
  const code = typeof problem["code"] === "string" ? problem["code"] : `HTTP_${response.status}`;
  const detail = problem["detail"] ?? problem["title"];
  const sentence =
    typeof detail === "string" ? detail : `The server answered with status ${response.status}.`;
  const data = problem["data"];
  const facts = typeof data === "object" && data !== null ? (data as Record<string, unknown>) : {};
  return new HttpProblem(code, sentence, response.status, facts);
}
