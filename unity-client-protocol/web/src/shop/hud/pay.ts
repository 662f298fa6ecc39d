/** Paying: the dialog with test cards, the bank's question, and the confirmation with tracking. */
import type { Checkout, OrderConfirmed } from "../../sdk";
import type { ShopContext } from "../context";
import { countdown, money } from "../format";
import { TEST_CARDS } from "../payment";
import { openCheckout } from "./cart";
import { button, h, oncePerFrame, refresh } from "./dom";

export class PayDialog {
  readonly element = h("dialog", { class: "pay", "aria-label": "Pay", "data-test": "pay-dialog" });
  #chosen = "success";
  #busy = false;
  #shownOrder: OrderConfirmed | null = null;
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
    const asksMe =
      checkout?.state === "paying" &&
      checkout.challenge_id !== "" &&
      checkout.payer_person_id === this.shop.visit.session?.person_id;
    if (asksMe && !this.element.open) this.#show();
    if (this.element.open) this.#render();
  }

  #draw(): void {
    const checkout = openCheckout(this.shop.visit.room.checkout);
    const close = button("×", () => this.element.close(), { class: "close", "aria-label": "Close", "data-key": "close" });
    if (this.#shownOrder) refresh(this.element, close, ...this.#confirmation(this.#shownOrder));
    else if (!checkout) refresh(this.element, close, ...this.#over());
    else if (checkout.challenge_id) refresh(this.element, close, ...this.#challenge(checkout));
    else if (checkout.in_doubt) refresh(this.element, close, ...this.#inDoubt(checkout));
    else refresh(this.element, close, ...this.#cards(checkout));
    this.#tick();
  }

  #head(title: string, checkout: Checkout): HTMLElement[] {
    return [
      h("h2", {}, title),
      h(
        "p",
        { class: "sum" },
        h("strong", {}, money(checkout.total_minor, checkout.currency)),
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
    const busy = this.#busy || checkout.state === "paying";
    return [
      ...this.#head("Pay for your party", checkout),
      checkout.failure_message
        ? h("p", { class: "failure", role: "alert", "data-test": "failure" }, checkout.failure_message)
        : h("p", { class: "hint" }, "This is a demo shop: choose a test card. No money moves."),
      h("fieldset", { class: "cards", disabled: busy }, h("legend", {}, "Test card"), ...options),
      button(busy ? "One moment…" : "Pay now", () => void this.#pay(), {
        class: "primary wide",
        "data-key": "pay-now",
        "data-test": "pay-now",
        disabled: busy,
      }),
    ];
  }

  async #pay(): Promise<void> {
    this.#busy = true;
    this.#render();
    await this.shop.actions.attempt(this.shop.actions.pay(this.#chosen));
    this.#busy = false;
    this.#render();
  }

  #challenge(checkout: Checkout): HTMLElement[] {
    const mine = checkout.payer_person_id === this.shop.visit.session?.person_id;
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
