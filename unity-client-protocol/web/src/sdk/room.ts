/**
 * The room as events tell it: who is here, what stands where, what can be bought, what the party
 * has. Kept by `apply`; nothing here sends or draws. `changed` names what is new.
 */
import { Emitter } from "./emitter";
import { JitterDelay, PoseTrack } from "./interpolation";
import type * as wire from "./messages";
import { type Pose, unpackHeads, unpackPoses } from "./pose";

/** Heads of far away people come at 4 Hz unless the shop's operator says otherwise. */
const HEADS_EVERY_MS = 250;

/** What may have changed, for those who draw it. */
export interface RoomChanges {
  /** Everything: a new RoomState. */
  room: wire.RoomEvents["RoomState"];
  avatar: { avatarId: number };
  prop: { propId: number };
  stock: { sku: string };
  votes: { productId: string };
  party: null;
  cart: null;
  checkout: null;
  offers: null;
  gifts: null;
  places: null;
  recommendations: null;
  spotlight: null;
}

/** What I see on one place of my party's shelf, and who sees the same there. */
export interface Displayed extends wire.Item, wire.DisplayPlace {}

export class RoomModel extends Emitter<RoomChanges> {
  roomId = "";
  myAvatarId = 0;
  partyId = "";
  partyCode = "";
  cart: wire.Cart | null = null;
  checkout: wire.Checkout | null = null;
  spotlightProductId = "";
  /** Radius of my bubble, metres; 0: none. */
  personalSpaceM = 0;
  /** Names of the people I had blocked when I came in, by person id. */
  readonly blocked = new Map<string, string>();
  readonly avatars = new Map<number, wire.AvatarView>();
  readonly props = new Map<number, wire.PropView>();
  readonly stock = new Map<string, wire.StockView>();
  readonly votes = new Map<string, wire.TallyView>();
  readonly offers = new Map<number, wire.OfferMade>();
  /** Gifts by me and for me, by line. */
  readonly gifts = new Map<string, wire.Gift>();
  /** My places in waiting lines, by SKU. */
  readonly places = new Map<string, wire.Place>();
  /** Members of my party in this room, with the ids that lines and shares carry. */
  members: readonly wire.PartyMember[] = [];
  /** Where my bank asks, when it has a page of its own. */
  challenge: wire.ChallengeUrl | null = null;
  /** Lists by scope: "you" and "party". */
  readonly recommendations = new Map<string, readonly wire.Item[]>();
  /** The shelf that fills itself for my party, in the order of its places. */
  display: readonly Displayed[] = [];
  readonly orders: wire.OrderConfirmed[] = [];
  readonly #tracks = new Map<number, PoseTrack>();
  #delay: JitterDelay;
  #tickMs: number;

  /** `tickRateHz` as the Welcome told it. */
  constructor(tickRateHz = 20) {
    super();
    this.#tickMs = 1000 / tickRateHz;
    this.#delay = new JitterDelay(this.#tickMs);
  }

  /** The server may have told another tick rate after a fresh start. */
  setTickRate(tickRateHz: number): void {
    this.#tickMs = 1000 / tickRateHz;
    this.#delay = new JitterDelay(this.#tickMs);
  }

  /** Take an event; `serverNowMs` stamps poses that come without a time of their own. */
  apply<Name extends wire.RoomEventName>(
    name: Name,
    body: wire.RoomEvents[Name],
    serverNowMs: number,
  ): void {
    const handler = HANDLERS[name] as
      | ((model: RoomModel, body: wire.RoomEvents[Name], nowMs: number) => void)
      | undefined;
    handler?.(this, body, serverNowMs);
  }

  /** Take a payload of pose records of server time `timeMs`. */
  applyPoses(timeMs: number, records: Uint8Array, serverNowMs: number): void {
    this.#delay.add(timeMs, serverNowMs);
    for (const pose of unpackPoses(records)) this.addPose(timeMs, pose);
  }

  /**
   * Take a payload of heads of server time `timeMs`: people who are far away, or out of sight. Of my
   * own party whole poses come, and its heads are left out.
   */
  applyHeads(timeMs: number, heads: Uint8Array, serverNowMs: number): void {
    this.#delay.add(timeMs, serverNowMs);
    for (const { avatarId, pose } of unpackHeads(heads)) {
      if (this.avatars.get(avatarId)?.party_id === this.partyId) continue;
      if (pose) this.addPose(timeMs, pose, HEADS_EVERY_MS);
      else this.forgetPoses(avatarId);
    }
  }

  /** Take one pose, of those that come every `everyMs`. */
  addPose(timeMs: number, pose: Pose, everyMs = this.#tickMs): void {
    let track = this.#tracks.get(pose.avatarId);
    if (!track) {
      track = new PoseTrack(this.#tickMs);
      this.#tracks.set(pose.avatarId, track);
    }
    track.add(timeMs, pose, everyMs);
  }

  /** Where to draw somebody now: a little in the past, in between two poses; undefined: nowhere. */
  poseOf(avatarId: number, serverNowMs: number): Pose | undefined {
    return this.#tracks.get(avatarId)?.at(serverNowMs - this.#delay.delayMs);
  }

  /** The newest pose known of somebody. */
  newestPose(avatarId: number): Pose | undefined {
    return this.#tracks.get(avatarId)?.newest;
  }

  /** By how much others are drawn in the past, ms. */
  get delayMs(): number {
    return this.#delay.delayMs;
  }

  get me(): wire.AvatarView | undefined {
    return this.avatars.get(this.myAvatarId);
  }

  /** Members of my party in this room, me included. */
  get party(): wire.AvatarView[] {
    return [...this.avatars.values()].filter((avatar) => avatar.party_id === this.partyId);
  }

  /** Product objects in my hands. */
  get held(): wire.PropView[] {
    return [...this.props.values()].filter((prop) => prop.owner_avatar_id === this.myAvatarId);
  }

  propOfProduct(productId: string): wire.PropView | undefined {
    return [...this.props.values()].find((prop) => prop.product_id === productId);
  }

  /** Offers that wait for my answer. */
  get offersToMe(): wire.OfferMade[] {
    return [...this.offers.values()].filter((offer) => offer.to_avatar_id === this.myAvatarId);
  }

  /** Gifts that wait for my answer. */
  get giftsToMe(): wire.Gift[] {
    const me = this.members.find((member) => member.avatar_id === this.myAvatarId);
    return [...this.gifts.values()].filter(
      (gift) => gift.state === "offered" && gift.to_person_id === me?.person_id,
    );
  }

  /** Offers of mine that are open. */
  get offersByMe(): wire.OfferMade[] {
    return [...this.offers.values()].filter((offer) => offer.from_avatar_id === this.myAvatarId);
  }

  /** Forget everything; a RoomState follows. */
  clear(): void {
    const maps = [this.avatars, this.props, this.stock, this.votes, this.offers, this.#tracks];
    for (const map of [...maps, this.recommendations, this.blocked]) map.clear();
    this.gifts.clear();
    this.places.clear();
    this.display = [];
    this.challenge = null;
  }

  /** For the handlers of this file. */
  tell<Name extends keyof RoomChanges>(name: Name, value: RoomChanges[Name]): void {
    this.emit(name, value);
  }

  forgetPoses(avatarId: number): void {
    this.#tracks.delete(avatarId);
  }
}

type Handlers = {
  [Name in wire.RoomEventName]?: (
    model: RoomModel,
    body: wire.RoomEvents[Name],
    nowMs: number,
  ) => void;
};

const HANDLERS: Handlers = {
  RoomState: enter,
  AvatarEntered(model, { avatar, pose }, nowMs) {
    model.forgetPoses(avatar.avatar_id);
    model.avatars.set(avatar.avatar_id, avatar);
    for (const first of unpackPoses(pose)) model.addPose(nowMs, first);
    model.tell("avatar", { avatarId: avatar.avatar_id });
    model.tell("party", null);
  },
  AvatarChanged(model, { avatar }) {
    model.avatars.set(avatar.avatar_id, avatar);
    model.tell("avatar", { avatarId: avatar.avatar_id });
    model.tell("party", null);
  },
  AvatarLeft(model, body) {
    model.avatars.delete(body.avatar_id);
    model.forgetPoses(body.avatar_id);
    model.tell("avatar", { avatarId: body.avatar_id });
    model.tell("party", null);
  },
  PropChanged(model, { prop }) {
    const known = model.props.get(prop.prop_id);
    if (known && known.epoch > prop.epoch) return;
    model.props.set(prop.prop_id, prop);
    model.tell("prop", { propId: prop.prop_id });
  },
  OfferMade(model, offer) {
    model.offers.set(offer.offer_id, offer);
    model.tell("offers", null);
  },
  OfferEnded(model, body) {
    model.offers.delete(body.offer_id);
    model.tell("offers", null);
  },
  PartyChanged(model, body) {
    if (model.partyId !== body.party_id) {
      model.votes.clear();
      model.gifts.clear();
      model.display = [];
    }
    model.members = body.members ?? [];
    model.partyId = body.party_id;
    model.partyCode = body.party_code;
    model.tell("party", null);
    model.tell("votes", { productId: "" });
    model.tell("gifts", null);
  },
  VotesChanged(model, { tally }) {
    model.votes.set(tally.product_id, tally);
    model.tell("votes", { productId: tally.product_id });
  },
  CartChanged(model, { cart }) {
    const known = model.cart;
    if (known && known.cart_id === cart.cart_id && known.version > cart.version) return;
    model.cart = cart;
    model.tell("cart", null);
  },
  CheckoutChanged(model, { checkout }) {
    const known = model.checkout;
    if (known?.checkout_id === checkout.checkout_id && known.version > checkout.version) return;
    model.checkout = checkout;
    model.tell("checkout", null);
  },
  OrderConfirmed(model, order) {
    model.orders.push(order);
    model.tell("checkout", null);
  },
  ChallengeUrl(model, challenge) {
    model.challenge = challenge;
    model.tell("checkout", null);
  },
  GiftOffered(model, { gift }) {
    model.gifts.set(gift.line_id, gift);
    model.tell("gifts", null);
  },
  GiftAnswered(model, { line_id, outcome }) {
    const gift = model.gifts.get(line_id);
    if (gift && outcome === "accepted") model.gifts.set(line_id, { ...gift, state: "accepted" });
    else model.gifts.delete(line_id);
    model.tell("gifts", null);
  },
  LinePosition(model, { place }) {
    if (place.state === "waiting" || place.state === "admitted") model.places.set(place.sku, place);
    else model.places.delete(place.sku);
    model.tell("places", null);
  },
  StockChanged(model, { stock }) {
    const known = model.stock.get(stock.sku);
    if (known && known.version > stock.version) return;
    model.stock.set(stock.sku, stock);
    model.tell("stock", { sku: stock.sku });
  },
  Recommendations(model, body) {
    const places = body.places ?? [];
    if (body.scope === "display") {
      model.display = body.items.flatMap((item, number) => (places[number] ? [{ ...item, ...places[number] }] : []));
    } else model.recommendations.set(body.scope, body.items);
    model.tell("recommendations", null);
  },
  SpotlightChanged(model, body) {
    model.spotlightProductId = body.product_id;
    model.tell("spotlight", null);
  },
};

function enter(model: RoomModel, state: wire.RoomEvents["RoomState"], nowMs: number): void {
  model.clear();
  model.roomId = state.room_id;
  model.myAvatarId = state.avatar_id;
  model.partyId = state.party_id;
  model.partyCode = state.party_code;
  model.cart = state.cart;
  model.checkout = state.checkout;
  model.spotlightProductId = state.spotlight_product_id;
  model.personalSpaceM = state.personal_space_m;
  model.members = state.members ?? [];
  for (const gift of state.gifts ?? []) model.gifts.set(gift.line_id, gift);
  for (const place of state.places ?? []) model.places.set(place.sku, place);
  for (const person of state.blocked) model.blocked.set(person.person_id, person.name);
  for (const avatar of state.avatars) model.avatars.set(avatar.avatar_id, avatar);
  for (const prop of state.props) model.props.set(prop.prop_id, prop);
  for (const stock of state.stock) model.stock.set(stock.sku, stock);
  for (const tally of state.votes) model.votes.set(tally.product_id, tally);
  for (const offer of state.offers) model.offers.set(offer.offer_id, offer);
  for (const pose of unpackPoses(state.poses)) model.addPose(nowMs, pose);
  model.tell("room", state);
}
