/** A visit: who you are, your seat, your connection, and the way back in after a lost session. */
import {
  type ConsentClass,
  GalleriaClient,
  GalleriaHttp,
  type GuestSession,
  RoomModel,
  type Seat,
} from "../sdk";
import { Catalogue } from "./catalogue";
import { forgetGuest, keepGuest } from "./guest";
import type { Layout } from "./layout";

export interface Entry {
  readonly name: string;
  readonly roomId?: string;
  readonly invite?: string;
  readonly partyCode?: string;
  readonly hostKey?: string;
  readonly consent: readonly ConsentClass[];
  /** Who this is already, when the page was loaded again. */
  readonly session?: GuestSession;
}

/** What came of trying to join the friends' party at the door. */
export interface Arrival {
  readonly layout: Layout;
  readonly partyError: unknown;
}

export class Visit {
  readonly http = new GalleriaHttp();
  readonly room = new RoomModel();
  readonly catalogue = new Catalogue();
  session: GuestSession | null = null;
  #client: GalleriaClient | null = null;

  constructor(readonly entry: Entry) {}

  get client(): GalleriaClient {
    if (!this.#client) throw new Error("the visit has not begun");
    return this.#client;
  }

  /** Come in: token, seat, connection, Join, layout, catalogue. Throws what the server says. */
  async begin(onStep: (step: string) => void): Promise<Arrival> {
    onStep("Greeting the doorman…");
    const seat = await this.#reserve();
    const session = this.session as GuestSession;
    const client = new GalleriaClient({
      url: seat.socket_url,
      token: session.token,
      kind: matchMedia("(pointer: coarse)").matches ? "phone" : "desktop",
      client: "galleria-web/0.1",
    });
    this.#client = client;
    this.#keepModel(client);
    onStep("Opening the doors…");
    await client.connect();
    this.room.setTickRate(client.welcome?.tick_rate_hz || 20);
    const joined = await client.request("Join", {
      seat_token: seat.seat_token,
      name: session.name,
      consent: [...this.entry.consent],
    });
    this.room.roomId ||= joined.room_id;
    keepGuest(this.entry, session, joined.room_id);
    onStep("Arranging the shelves…");
    const [layout] = await Promise.all([
      this.http.get<Layout>(joined.layout_url),
      this.catalogue.load(this.http, joined.manifest_url),
    ]);
    client.on("fresh", () => void this.#comeBack());
    return { layout, partyError: await this.#joinFriends() };
  }

  /** Be somebody, who one was before if possible, and have a seat. */
  async #reserve(): Promise<Seat> {
    const { name, hostKey, invite, roomId, session } = this.entry;
    if (session) {
      this.session = session;
      this.http.token = session.token;
      try {
        return await this.http.reserveSeat(door(roomId, undefined));
      } catch {
        // The token has run out, or the room has closed: come in as anybody does.
        forgetGuest();
      }
    }
    this.session = await this.http.openSession(name, hostKey);
    return this.http.reserveSeat(door(session ? undefined : roomId, invite));
  }

  /** Emitted errors of coming back; set by the page. */
  onTrouble: (error: unknown) => void = () => undefined;
  /** Called when the visit goes on in a new session. */
  onReturn: () => void = () => undefined;

  async #joinFriends(): Promise<unknown> {
    if (!this.entry.partyCode) return null;
    try {
      await this.client.request("JoinParty", { code: this.entry.partyCode });
      return null;
    } catch (error) {
      return error;
    }
  }

  /** The server could not resume: take a new seat with the same token; the cart is kept there. */
  async #comeBack(): Promise<void> {
    try {
      const seat = await this.http.reserveSeat({ room_id: this.room.roomId });
      await this.client.moveTo(seat.socket_url);
      await this.client.request("Join", {
        seat_token: seat.seat_token,
        name: this.session?.name ?? this.entry.name,
        consent: [...this.entry.consent],
      });
      this.onReturn();
    } catch (error) {
      this.onTrouble(error);
    }
  }

  #keepModel(client: GalleriaClient): void {
    client.on("event", ({ name, body }) => this.room.apply(name, body, client.clock.now()));
    client.on("poses", ({ timeMs, records }) =>
      this.room.applyPoses(timeMs, records, client.clock.now()),
    );
    client.on("heads", ({ timeMs, heads }) =>
      this.room.applyHeads(timeMs, heads, client.clock.now()),
    );
  }
}

function door(roomId: string | undefined, invite: string | undefined): Record<string, string> {
  if (invite) return { invite };
  return roomId ? { room_id: roomId } : {};
}
