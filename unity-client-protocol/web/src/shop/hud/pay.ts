/** Paying: the dialog with test cards, the bank's question, and the confirmation with tracking. */
import type { Checkout, HandOff, OrderConfirmed } from "../../sdk";
import type { ShopContext } from "../context";
import { countdown, money } from "../format";
import { TEST_CARDS } from "../payment";
import { openCheckout } from "./cart";
import { button, h, oncePerFrame, refresh } from "./dom";
import { phonePanel } from "./phone";
import { dueOf, sharesPanel, splitButtons, waitingPanel } from "./shares";

export class PayDialog {
  readonly element = h("dialog", { class: "pay", "aria-label": "Pay", "data-test": "pay-dialog" });
  #chosen = "success";
  #busy = false;
  #shownOrder: OrderConfirmed | null = null;
  #handOff: HandOff | null = null;
  readonly #render = oncePerFrame(() => this.#draw());

  constructor(private readonly shop: ShopContext) {
    const { room } = shop.visit;
    for (const change of ["checkout", "cart", "room"] as const) room.on(change, () => this.#changed());
    this.element.addEventListener("close", () => (this.#shownOrder = null));
    setInterval(() => this.#tick(), 250);
  }

  open(): void {
    this.#shownOrder = null;
    this.#show();
  }

  /** An order of the party is paid: everybody sees it. */
  confirm(order: OrderConfirmed): void {
    this.#shownOrder = order;
    this.#busy = false;
    this.#show();
  }

  #show(): void {
    this.#draw();
    if (!this.element.open) this.element.showModal();
  }

  #changed(): void {
    const checkout = this.shop.visit.room.checkout;
    const asksMe = checkout?.state === "paying" && this.#isAsked(checkout);
    // What the phone has paid is not to be paid again.
    if (!checkout || dueOf(checkout) <= 0) this.#handOff = null;
    if (asksMe && !this.element.open) this.#show();
    if (this.element.open) this.#render();
  }

  #draw(): void {
    const checkout = openCheckout(this.shop.visit.room.checkout);
    const close = button("×", () => this.element.close(), { class: "close", "aria-label": "Close", "data-key": "close" });
    if (this.#shownOrder) refresh(this.element, close, ...this.#confirmation(this.#shownOrder));
    else if (!checkout) refresh(this.element, close, ...this.#over());
    else if (checkout.challenge_id && (this.#isAsked(checkout) || !checkout.shares?.length)) {
      refresh(this.element, close, ...this.#challenge(checkout));
    } else if (checkout.in_doubt) refresh(this.element, close, ...this.#inDoubt(checkout));
    else refresh(this.element, close, ...this.#cards(checkout));
    this.#tick();
  }

  /** Whether my bank asks me something. */
  #isAsked(checkout: Checkout): boolean {
    const asked = checkout.challenge_person_id || checkout.payer_person_id;
    return checkout.challenge_id !== "" && asked === this.shop.visit.session?.person_id;
  }

  #head(title: string, checkout: Checkout): HTMLElement[] {
    const part = checkout.shares?.length ? (checkout.part_minor ?? 0) : checkout.total_minor;
    const whole = money(checkout.total_minor, checkout.currency);
    return [
      h("h2", {}, title),
      h(
        "p",
        { class: "sum" },
        h(
          "span",
          {},
          h("strong", { "data-test": "due" }, money(part, checkout.currency)),
          checkout.shares?.length ? ` of ${whole}` : "",
        ),
        h("span", { class: "timer", "data-expires": checkout.expires_ms }, ""),
      ),
    ];
  }

  #cards(checkout: Checkout): HTMLElement[] {
    const options = TEST_CARDS.map((card) =>
      h(
        "label",
        { class: "pay-card" },
        h("input", {
          type: "radio",
          name: "card",
          value: card.key,
          checked: card.key === this.#chosen,
          "data-key": `card-${card.key}`,
          onchange: () => (this.#chosen = card.key),
        }),
        h("span", {}, h("strong", {}, card.label), h("small", {}, card.hint)),
      ),
    );
    const shared = Boolean(checkout.shares?.length);
    const busy = this.#busy || (checkout.state === "paying" && !shared);
    const title = shared ? "Your part" : "Pay for your party";
    if (shared && dueOf(checkout) <= 0) {
      return [...this.#head(title, checkout), ...sharesPanel(this.shop, checkout), ...waitingPanel(this.shop, checkout)];
    }
    if (this.#handOff) {
      return [...this.#head(title, checkout), ...phonePanel(this.#handOff, () => this.#usePhone(null))];
    }
    return [
      ...this.#head(title, checkout),
      checkout.failure_message
        ? h("p", { class: "failure", role: "alert", "data-test": "failure" }, failureText(checkout))
        : h("p", { class: "hint" }, "This is a demo shop: choose a test card. No money moves."),
      ...sharesPanel(this.shop, checkout),
      ...splitButtons(this.shop, checkout),
      h("fieldset", { class: "cards", disabled: busy }, h("legend", {}, "Test card"), ...options),
      button(busy ? "One moment…" : "Pay now", () => void this.#pay(), {
        class: "primary wide",
        "data-key": "pay-now",
        "data-test": "pay-now",
        disabled: busy,
      }),
      button("Pay with my phone", () => void this.#askForCode(), {
        class: "quiet wide",
        "data-key": "phone",
        "data-test": "phone",
        disabled: busy,
      }),
    ];
  }

  async #askForCode(): Promise<void> {
    const { actions } = this.shop;
    await actions.attempt(actions.handOff().then((code) => this.#usePhone(code)));
  }

  #usePhone(code: HandOff | null): void {
    this.#handOff = code;
    this.#render();
  }

  async #pay(): Promise<void> {
    this.#busy = true;
    this.#render();
    await this.shop.actions.attempt(this.shop.actions.pay(this.#chosen));
    this.#busy = false;
    this.#render();
  }

  #challenge(checkout: Checkout): HTMLElement[] {
    const mine = this.#isAsked(checkout);
    const page = this.shop.visit.room.challenge;
    const answer = async (approve: boolean): Promise<void> => {
      this.#busy = true;
      this.#render();
      await this.shop.actions.attempt(this.shop.actions.confirm(approve));
      this.#busy = false;
      this.#render();
    };
    return [
      ...this.#head("Your bank asks back", checkout),
      h("p", { "data-test": "challenge" }, checkout.challenge_text || "Do you approve this payment?"),
      mine && page?.challenge_id === checkout.challenge_id
        ? h("a", { href: safeUrl(page.url), target: "_blank", rel: "noopener noreferrer" }, "Open your bank's page")
        : h("span", {}),
      mine
        ? h(
            "div",
            { class: "row" },
            button("Approve", () => void answer(true), { class: "primary", "data-key": "approve", "data-test": "approve", disabled: this.#busy }),
            button("Reject", () => void answer(false), { "data-key": "reject", "data-test": "reject", disabled: this.#busy }),
          )
        : h("p", { class: "hint" }, "Somebody of your party is answering their bank."),
    ];
  }

  #inDoubt(checkout: Checkout): HTMLElement[] {
    return [
      ...this.#head("Waiting for the bank", checkout),
      h("p", {}, "The bank has not answered in time. We ask again until we know; nobody pays twice."),
      h("div", { class: "spinner", role: "img", "aria-label": "Waiting" }),
    ];
  }

  #over(): HTMLElement[] {
    const failure = this.shop.visit.room.checkout?.failure_message;
    return [
      h("h2", {}, "Nothing to pay"),
      h("p", {}, failure || "The lock is over. Your cart is still there: lock it again to pay."),
    ];
  }

  #confirmation(order: OrderConfirmed): HTMLElement[] {
    const mine = order.payer_person_id === this.shop.visit.session?.person_id;
    return [
      h("div", { class: "tick", "aria-hidden": "true" }, "✓"),
      h("h2", { "data-test": "confirmed" }, "Thank you!"),
      h("p", {}, `${mine ? "You" : order.payer_name} paid ${money(order.total_minor, order.currency)}.`),
      h("ul", { class: "bought" }, ...order.items.map((item) => h("li", {}, item))),
      h(
        "p",
        {},
        "Follow your order: ",
        h(
          "a",
          { href: `/track/${encodeURIComponent(order.order_id)}`, target: "_blank", rel: "noopener", "data-test": "track" },
          order.order_id,
        ),
      ),
      button("Go on shopping", () => this.element.close(), { class: "primary wide", "data-key": "done", "data-test": "done" }),
    ];
  }

  #tick(): void {
    const now = this.shop.visit.client.clock.now();
    for (const timer of this.element.querySelectorAll<HTMLElement>(".timer")) {
      timer.textContent = countdown(Number(timer.dataset["expires"]) - now);
    }
  }
}

/** Whose part failed, and why. */
function failureText(checkout: Checkout): string {
  const name = checkout.shares?.length ? checkout.failure_name : "";
  return name ? `${name}: ${checkout.failure_message}` : checkout.failure_message;
}

/** A bank's page is a web page; other addresses (a wallet's) are opened with the phone. */
function safeUrl(url: string): string {
  return /^(https:|solana:)/.test(url) ? url : "#";
}
