/** What waits for you: products held out, gifts, a host who calls, your turn in a waiting line. */
import type { GatherInvited, Gift, OfferMade, Place } from "../../sdk";
import type { ShopContext } from "../context";
import { countdown } from "../format";
import { button, h, oncePerFrame, refresh } from "./dom";

/** A call to gather that nobody answers goes away, ms. */
const GATHER_SHOWN_MS = 20_000;

export class Prompts {
  readonly element = h("div", { class: "prompts", role: "alert", "data-test": "prompts" });
  #gather: { call: GatherInvited; untilMs: number } | null = null;
  readonly #render = oncePerFrame(() => this.#draw());

  constructor(private readonly shop: ShopContext) {
    const { visit } = shop;
    for (const change of ["offers", "gifts", "places", "cart", "room"] as const) visit.room.on(change, () => this.#render());
    visit.client.on("event", ({ name, body }) => {
      if (name !== "GatherInvited") return;
      const call = body as GatherInvited;
      this.#gather = { call, untilMs: performance.now() + GATHER_SHOWN_MS };
      this.#render();
    });
    setInterval(() => this.#tick(), 500);
    this.#render();
  }

  /** Answer the oldest question by key. True when there was one. */
  answer(accept: boolean): boolean {
    const offer = this.shop.visit.room.offersToMe[0];
    if (offer) {
      void this.shop.actions.attempt(this.shop.actions.answerOffer(offer.offer_id, accept));
      return true;
    }
    if (!this.#gather) return false;
    void this.#answerGather(accept);
    return true;
  }

  #draw(): void {
    const { room } = this.shop.visit;
    refresh(
      this.element,
      ...room.offersToMe.map((offer) => this.#offered(offer)),
      ...room.offersByMe.map((offer) => this.#waiting(offer)),
      ...room.giftsToMe.map((gift) => this.#gift(gift)),
      ...[...room.places.values()].filter((place) => !this.#isInCart(place)).map((place) => this.#place(place)),
      this.#gather && this.#called(this.#gather.call),
    );
    this.#tick();
  }

  #productName(propId: number): string {
    const prop = this.shop.visit.room.props.get(propId);
    return this.shop.visit.catalogue.product(prop?.product_id ?? "")?.name ?? "something";
  }

  #nameOf(avatarId: number): string {
    return this.shop.visit.room.avatars.get(avatarId)?.name ?? "Somebody";
  }

  #offered(offer: OfferMade): HTMLElement {
    const { actions } = this.shop;
    const answer = (accept: boolean): void =>
      void actions.attempt(actions.answerOffer(offer.offer_id, accept));
    return h(
      "div",
      { class: "prompt panel", "data-test": "offer" },
      h("p", {}, h("strong", {}, this.#nameOf(offer.from_avatar_id)), ` holds out: ${this.#productName(offer.prop_id)} `, timer(offer.expires_ms)),
      h(
        "div",
        { class: "row" },
        button("Take it (Y)", () => answer(true), { class: "primary", "data-key": `take-${offer.offer_id}`, "data-test": "accept-offer" }),
        button("No, thanks (N)", () => answer(false), { "data-key": `decline-${offer.offer_id}`, "data-test": "decline-offer" }),
      ),
    );
  }

  #waiting(offer: OfferMade): HTMLElement {
    const { actions } = this.shop;
    return h(
      "div",
      { class: "prompt panel" },
      h("p", {}, `You hold out ${this.#productName(offer.prop_id)} to ${this.#nameOf(offer.to_avatar_id)} `, timer(offer.expires_ms)),
      button("Take it back", () => void actions.attempt(actions.answerOffer(offer.offer_id, false)), { "data-key": `back-${offer.offer_id}` }),
    );
  }

  #gift(gift: Gift): HTMLElement {
    const { actions } = this.shop;
    const answer = (accept: boolean): void => void actions.attempt(actions.answerGift(gift.line_id, accept));
    return h(
      "div",
      { class: "prompt panel", "data-test": "gift-offer" },
      h("p", {}, h("strong", {}, gift.from_name), ` wants to give you: ${gift.name} ${gift.options}`),
      h(
        "div",
        { class: "row" },
        button("Thank you!", () => answer(true), { class: "primary", "data-key": `gift-${gift.line_id}`, "data-test": "accept-gift" }),
        button("No, thanks", () => answer(false), { "data-key": `no-gift-${gift.line_id}` }),
      ),
    );
  }

  /** Who has it in the cart needs not be told that it is their turn. */
  #isInCart(place: Place): boolean {
    const { room, session } = this.shop.visit;
    const lines = room.cart?.lines ?? [];
    return place.state === "admitted" && lines.some((line) => line.sku === place.sku && line.owner_person_id === session?.person_id);
  }

  #place(place: Place): HTMLElement {
    const { actions, visit } = this.shop;
    const name = visit.catalogue.product(place.product_id)?.name ?? place.sku;
    const leave = button("Leave the line", () => void actions.attempt(actions.leaveLine(place.sku)), { "data-key": `leave-${place.sku}` });
    if (place.state === "admitted") {
      return h(
        "div",
        { class: "prompt panel", "data-test": "admitted" },
        h("p", {}, h("strong", {}, "It is your turn: "), `${name} `, timer(place.admitted_until_ms)),
        h(
          "div",
          { class: "row" },
          button("Add to cart", () => void actions.attempt(actions.addToCart(place.sku)), { class: "primary", "data-key": `take-${place.sku}`, "data-test": "take-drop" }),
          leave,
        ),
      );
    }
    const about = place.estimate_ms > 0 ? `, about ${countdown(place.estimate_ms)}` : "";
    const ahead = place.ahead === 0 ? "You are next" : `${place.ahead} before you`;
    return h(
      "div",
      { class: "prompt panel", "data-test": "place" },
      h("p", {}, h("strong", {}, `In line for ${name}: `), `${ahead}${about}.`),
      leave,
    );
  }

  #called(call: GatherInvited): HTMLElement {
    return h(
      "div",
      { class: "prompt panel", "data-test": "gather-call" },
      h("p", {}, h("strong", {}, this.#nameOf(call.by_avatar_id)), " calls everybody together."),
      h(
        "div",
        { class: "row" },
        button("Come along (Y)", () => void this.#answerGather(true), { class: "primary", "data-key": "gather-go" }),
        button("Not now (N)", () => void this.#answerGather(false), { "data-key": "gather-no" }),
      ),
    );
  }

  async #answerGather(come: boolean): Promise<void> {
    const call = this.#gather?.call;
    this.#gather = null;
    this.#render();
    if (!call || !come) return;
    const { actions } = this.shop;
    await actions.attempt(actions.teleport(call.position[0], call.position[2], call.yaw_degrees));
  }

  #tick(): void {
    const now = this.shop.visit.client.clock.now();
    for (const element of this.element.querySelectorAll<HTMLElement>(".timer")) {
      element.textContent = countdown(Number(element.dataset["expires"]) - now);
    }
    if (this.#gather && performance.now() > this.#gather.untilMs) {
      this.#gather = null;
      this.#render();
    }
  }
}

function timer(expiresMs: number): HTMLElement {
  return h("span", { class: "timer", "data-expires": expiresMs });
}
