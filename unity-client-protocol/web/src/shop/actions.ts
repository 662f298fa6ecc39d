/**
 * Everything a shopper can do, for keys, buttons and tests alike. Each answers with a promise that
 * rejects with the server's refusal; `attempt` turns a refusal into a note on the screen.
 */
import { type ConsentClass, GalleriaError, type HandOff, type PropView } from "../sdk";
import type { Layout } from "./layout";
import { cardOf, PaymentKeys } from "./payment";
import type { Toasts } from "./hud/toasts";
import type { World } from "./scene/world";
import type { Visit } from "./visit";

/** How near one stands in front of a product, metres. */
const VIEW_DISTANCES_M = [1.15, 1.4, 1.7, 2.1];
const VIEW_TURNS_DEGREES = [0, 35, -35, 75, -75, 130, -130, 180];
const OFFER_REACH_M = 4;
const GRAB_REACH_M = 2.8;

export class Actions {
  /** Poses are held back while a jump is on its way, or they would be refused as too fast. */
  jumping = false;
  readonly #keys = new PaymentKeys();

  constructor(
    private readonly visit: Visit,
    private readonly world: World,
    private readonly layout: Layout,
    private readonly toasts: Toasts,
  ) {}

  /** Do it, and show what the server says when it refuses. True when it worked. */
  async attempt(work: Promise<unknown>): Promise<boolean> {
    try {
      await work;
      return true;
    } catch (error) {
      this.toasts.tell(error);
      return false;
    }
  }

  // --- moving -------------------------------------------------------------------------------

  walkTo(x: number, z: number): Promise<boolean> {
    return this.world.player.walkTo(x, z);
  }

  lookAt(productId: string): void {
    const prop = this.visit.room.propOfProduct(productId);
    const place = prop && this.world.products.positionOf(prop.prop_id);
    if (place) this.world.player.lookAt(place.x, place.y + 0.12, place.z);
  }

  async teleport(x: number, z: number, yawDegrees: number): Promise<void> {
    this.jumping = true;
    try {
      await this.visit.client.request("Teleport", { position: [x, 0, z], yaw_degrees: yawDegrees });
      this.world.player.placeAt(x, z, (yawDegrees * Math.PI) / 180);
    } finally {
      this.jumping = false;
    }
  }

  /** Jump in front of a product and look at it. */
  async goTo(productId: string): Promise<void> {
    const placement = this.layout.placements.find((entry) => entry.product_id === productId);
    const slot = this.layout.slots.find((entry) => entry.id === placement?.slot_id);
    if (!slot) throw new GalleriaError("PRODUCT_NOT_HERE", "This product is not on show here.");
    const [x, z] = this.#viewpoint(slot.position, slot.yaw_degrees);
    const yaw = (Math.atan2(x - slot.position[0], z - slot.position[2]) * 180) / Math.PI;
    await this.teleport(x, z, yaw);
    this.lookAt(productId);
  }

  async goToWaypoint(id: string): Promise<void> {
    const waypoint = this.layout.waypoints.find((entry) => entry.id === id);
    if (!waypoint) return;
    const [x, z] = this.world.collisions.free(waypoint.position[0], waypoint.position[2]);
    await this.teleport(x, z, waypoint.yaw_degrees);
    this.world.player.pitch = 0;
  }

  /** A free place from which a slot is seen from its front, if there is one. */
  #viewpoint(position: readonly number[], yawDegrees: number): [number, number] {
    for (const turn of VIEW_TURNS_DEGREES) {
      for (const distance of VIEW_DISTANCES_M) {
        const angle = ((yawDegrees + turn) * Math.PI) / 180;
        const x = position[0]! + Math.sin(angle) * distance;
        const z = position[2]! + Math.cos(angle) * distance;
        if (this.world.collisions.isFree(x, z)) return [x, z];
      }
    }
    return this.world.collisions.free(position[0]!, position[2]!);
  }

  // --- products -----------------------------------------------------------------------------

  /** Pick a product up, with the right hand first; steps nearer when it is out of reach. */
  async grab(propId: number): Promise<void> {
    const prop = this.#prop(propId);
    const place = this.world.products.positionOf(propId);
    const { player } = this.world;
    if (place && prop.owner_avatar_id === 0 && Math.hypot(place.x - player.x, place.z - player.z) > GRAB_REACH_M) {
      await this.goTo(prop.product_id);
    }
    const taken = this.visit.room.held.map((held) => held.hand);
    const hand = taken.includes("right") ? "left" : "right";
    await this.visit.client.request("Grab", { prop_id: propId, hand });
  }

  async putBack(propId: number): Promise<void> {
    const prop = this.#prop(propId);
    await this.visit.client.request("PutBack", { prop_id: propId, epoch: prop.epoch });
  }

  /** Pick up what is not in your hands, put back what is. */
  async toggleHold(propId: number): Promise<void> {
    const prop = this.#prop(propId);
    if (prop.owner_avatar_id === this.visit.room.myAvatarId) await this.putBack(propId);
    else await this.grab(propId);
  }

  /** Hold the newest thing in your hand out to whoever stands nearest. */
  async offerToNearest(): Promise<void> {
    const prop = this.visit.room.held.at(-1);
    if (!prop) throw new GalleriaError("NOTHING_HELD", "Pick something up first, then hold it out.");
    const to = this.world.nearestAvatar(OFFER_REACH_M);
    if (!to) throw new GalleriaError("NOBODY_NEAR", "Nobody stands near enough to take it.");
    await this.visit.client.request("OfferProp", {
      prop_id: prop.prop_id,
      epoch: prop.epoch,
      to_avatar_id: to,
    });
  }

  async answerOffer(offerId: number, accept: boolean): Promise<void> {
    await this.visit.client.request(accept ? "AcceptOffer" : "DeclineOffer", { offer_id: offerId });
  }

  async vote(productId: string, choice: -1 | 0 | 1): Promise<void> {
    await this.visit.client.request("Vote", { product_id: productId, choice });
  }

  // --- cart and checkout --------------------------------------------------------------------

  /** Put something into the cart; what is sold by a waiting line gets you a place in it. */
  async addToCart(sku: string, quantity = 1): Promise<void> {
    try {
      await this.visit.client.request("AddToCart", { sku, quantity });
    } catch (error) {
      if (!(error instanceof GalleriaError) || error.code !== "WAIT_IN_LINE") throw error;
      await this.visit.client.request("JoinLine", { sku });
      this.toasts.say("Many want this just now: you have a place in the line.");
    }
  }

  async leaveLine(sku: string): Promise<void> {
    await this.visit.client.request("LeaveLine", { sku });
  }

  /** Offer a line to a friend as a gift; to nobody (empty): take it back. */
  async offerGift(lineId: string, toPersonId: string): Promise<void> {
    await this.visit.client.request("OfferGift", { line_id: lineId, to_person_id: toPersonId });
  }

  async answerGift(lineId: string, accept: boolean): Promise<void> {
    await this.visit.client.request("AnswerGift", { line_id: lineId, accept });
  }

  /** Make a line, with its hold, a friend's. */
  async passHold(lineId: string, toPersonId: string): Promise<void> {
    await this.visit.client.request("PassHold", { line_id: lineId, to_person_id: toPersonId });
  }

  async setQuantity(lineId: string, quantity: number): Promise<void> {
    await this.visit.client.request("SetQuantity", { line_id: lineId, quantity });
  }

  async removeLine(lineId: string): Promise<void> {
    await this.visit.client.request("RemoveFromCart", { line_id: lineId });
  }

  /** Freeze the cart at the total you see. */
  async lock(): Promise<void> {
    const total = this.visit.room.cart?.total_minor ?? -1;
    await this.visit.client.request("LockCheckout", { expected_total_minor: total });
  }

  async unlock(): Promise<void> {
    await this.visit.client.request("UnlockCheckout", { checkout_id: this.#checkoutId() });
  }

  /** Pay with a test card by its key ("success", "decline", ...). Answers the checkout's state. */
  async pay(cardKey: string): Promise<string> {
    const checkoutId = this.#checkoutId();
    const card = cardOf(cardKey);
    if (!card) throw new GalleriaError("PAYMENT_METHOD_UNKNOWN", "There is no such test card.");
    const answer = await this.visit.client.request("Pay", {
      checkout_id: checkoutId,
      expected_total_minor: this.#partMinor(),
      payment_method: card.method,
      idempotency_key: this.#keys.keyFor(checkoutId),
    });
    this.#keys.answered(checkoutId);
    return answer.state;
  }

  /** Divide the total: everybody the same, or what they put in. */
  async split(plan: "equal" | "own_lines"): Promise<void> {
    await this.visit.client.request("SplitCheckout", { checkout_id: this.#checkoutId(), plan });
  }

  /** Pay a friend's share as well, or not any more. */
  async cover(personId: string, covers: boolean): Promise<void> {
    await this.visit.client.request("CoverShare", {
      checkout_id: this.#checkoutId(),
      person_id: personId,
      covers,
    });
  }

  /** Call off a payment that waits for others. */
  async giveUp(): Promise<void> {
    await this.visit.client.request("GiveUpPayment", { checkout_id: this.#checkoutId() });
  }

  /** A code with which my phone pays my part. */
  async handOff(): Promise<HandOff> {
    return this.visit.client.request("RequestHandOff", { checkout_id: this.#checkoutId() });
  }

  async confirm(approve: boolean): Promise<string> {
    const challengeId = this.visit.room.checkout?.challenge_id ?? "";
    const answer = await this.visit.client.request("ConfirmPayment", {
      checkout_id: this.#checkoutId(),
      challenge_id: challengeId,
      response: approve ? "approve" : "reject",
    });
    return answer.state;
  }

  // --- party and staff ----------------------------------------------------------------------

  async createParty(): Promise<void> {
    await this.visit.client.request("CreateParty", {});
  }

  async joinParty(code: string): Promise<void> {
    await this.visit.client.request("JoinParty", { code });
  }

  async leaveParty(): Promise<void> {
    await this.visit.client.request("LeaveParty", {});
  }

  async spotlight(productId: string): Promise<void> {
    await this.visit.client.request("Spotlight", { product_id: productId });
  }

  async gather(): Promise<number> {
    return (await this.visit.client.request("Gather", {})).invited;
  }

  async setConsent(classes: ConsentClass[]): Promise<void> {
    await this.visit.client.request("SetConsent", { classes });
  }

  /** A link that brings friends into this room. */
  async inviteLink(): Promise<string> {
    const { invite, url } = await this.visit.http.createInvite(this.visit.room.roomId);
    return url ?? `${location.origin}/?invite=${encodeURIComponent(invite)}`;
  }

  #prop(propId: number): PropView {
    const prop = this.visit.room.props.get(propId);
    if (!prop) throw new GalleriaError("PROP_NOT_FOUND", "This product is not here any more.");
    return prop;
  }

  /** What I pay in all: the total, or my share and those I cover. */
  #partMinor(): number {
    const checkout = this.visit.room.checkout;
    return checkout?.part_minor ?? checkout?.total_minor ?? -1;
  }

  #checkoutId(): string {
    const checkout = this.visit.room.checkout;
    if (!checkout) throw new GalleriaError("CHECKOUT_NOT_FOUND", "There is no open checkout.");
    return checkout.checkout_id;
  }
}
