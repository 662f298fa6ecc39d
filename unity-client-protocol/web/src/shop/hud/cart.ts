/** The party's shared cart with hold timers, and the lock with its countdown. */
import type { CartLine, Checkout } from "../../sdk";
import type { ShopContext } from "../context";
import { countdown, money, plural } from "../format";
import { colourOf } from "../scene/avatars";
import { button, h, oncePerFrame, refresh } from "./dom";

const TICK_MS = 250;
/** On a phone the cart starts shut: there is no room for it beside the hall. */
const SMALL_SCREEN_PX = 720;
/** A hold that ends soon is shown as urgent, ms. */
const URGENT_MS = 60_000;

export class CartPanel {
  readonly element = h("aside", { class: "cart panel", "aria-label": "Shared cart", "data-test": "cart" });
  readonly #render = oncePerFrame(() => this.#draw());
  #open = innerWidth > SMALL_SCREEN_PX;

  constructor(
    private readonly shop: ShopContext,
    private readonly openPay: () => void,
  ) {
    const { room } = shop.visit;
    for (const change of ["cart", "checkout", "room", "party"] as const) {
      room.on(change, () => this.#render());
    }
    setInterval(() => this.#tick(), TICK_MS);
    this.#render();
  }

  toggle(): void {
    this.#open = !this.#open;
    this.#render();
  }

  #draw(): void {
    const { cart, checkout } = this.shop.visit.room;
    const lines = cart?.lines ?? [];
    const open = openCheckout(checkout);
    const count = lines.reduce((sum, line) => sum + line.quantity, 0);
    const together = this.shop.visit.room.party.length > 1;
    this.element.classList.toggle("closed", !this.#open);
    refresh(
      this.element,
      h(
        "button",
        {
          type: "button",
          class: "cart-head",
          "aria-expanded": String(this.#open),
          "data-key": "head",
          onclick: () => this.toggle(),
        },
        h("strong", {}, together ? "Our cart" : "Your cart"),
        h("span", { class: "count" }, plural(count, "item", "items")),
      ),
      this.#open && (lines.length ? this.#lines(lines, open !== null) : emptyNote()),
      this.#open && lines.length > 0 && h(
        "div",
        { class: "total" },
        h("span", {}, "Total"),
        h("strong", { "data-test": "total" }, money(cart?.total_minor ?? 0, cart?.currency ?? "EUR")),
      ),
      this.#open && (open ? this.#locked(open) : lines.length > 0 && this.#lockButton()),
    );
    this.#tick();
  }

  #lines(lines: readonly CartLine[], locked: boolean): HTMLElement {
    const list = h("ul", { class: "lines" });
    for (const line of lines) list.append(this.#line(line, locked));
    return list;
  }

  #line(line: CartLine, locked: boolean): HTMLElement {
    const { actions, visit } = this.shop;
    const picture = visit.catalogue.variant(line.product_id, line.sku)?.thumbnail.url;
    const dot = h("span", { class: "dot" });
    dot.style.background = colourOf(line.owner_person_id);
    const currency = visit.room.cart?.currency ?? "EUR";
    const change = (quantity: number): void =>
      void actions.attempt(actions.setQuantity(line.line_id, quantity));
    return h(
      "li",
      { class: `line ${line.hold_state}`, "data-test": "line", "data-sku": line.sku },
      picture ? h("img", { src: picture, alt: "", width: 52, height: 52 }) : null,
      h(
        "div",
        { class: "what" },
        h("strong", {}, line.name),
        h("span", { class: "options" }, line.options),
        h("span", { class: "owner" }, dot, line.owner_name),
      ),
      h(
        "div",
        { class: "how-much" },
        h("span", {}, money(line.unit_price_minor * line.quantity, currency)),
        h(
          "span",
          { class: "timer", "data-state": line.hold_state, "data-expires": line.hold_expires_ms },
          holdText(line, 0),
        ),
        locked
          ? h("span", { class: "quantity" }, `× ${line.quantity}`)
          : h(
              "span",
              { class: "quantity" },
              button("−", () => change(line.quantity - 1), { "aria-label": `One ${line.name} less`, "data-key": `${line.line_id}-less` }),
              String(line.quantity),
              button("+", () => change(line.quantity + 1), { "aria-label": `One ${line.name} more`, "data-key": `${line.line_id}-more` }),
              button("×", () => void actions.attempt(actions.removeLine(line.line_id)), { "aria-label": `Remove ${line.name}`, "data-key": `${line.line_id}-remove` }),
            ),
      ),
    );
  }

  #lockButton(): HTMLElement {
    const { actions } = this.shop;
    const lock = async (): Promise<void> => {
      if (await actions.attempt(actions.lock())) this.openPay();
    };
    return h(
      "div",
      {},
      button("Lock checkout", () => void lock(), { class: "primary wide", "data-key": "lock", "data-test": "lock" }),
      h("p", { class: "hint" }, "Locking keeps stock and prices for two minutes while one of you pays."),
    );
  }

  #locked(checkout: Checkout): HTMLElement {
    const { actions, visit } = this.shop;
    const mine = checkout.locked_by_person_id === visit.session?.person_id;
    const who = mine ? "You" : checkout.locked_by_name;
    const paying = checkout.state === "paying";
    return h(
      "div",
      { class: "locked" },
      h(
        "p",
        {},
        paying ? "Paying… " : `${who} locked the cart. `,
        h("span", { class: "timer", "data-state": "firm", "data-expires": checkout.expires_ms }, ""),
      ),
      h(
        "div",
        { class: "row" },
        button("Pay", () => this.openPay(), { class: "primary", "data-key": "pay", "data-test": "open-pay" }),
        mine && !paying
          ? button("Unlock", () => void actions.attempt(actions.unlock()), { "data-key": "unlock", "data-test": "unlock" })
          : null,
      ),
    );
  }

  /** Only the timers change between two events. */
  #tick(): void {
    const now = this.shop.visit.client.clock.now();
    for (const timer of this.element.querySelectorAll<HTMLElement>(".timer")) {
      const leftMs = Number(timer.dataset["expires"]) - now;
      const state = timer.dataset["state"];
      const text = state === "expired" || Number(timer.dataset["expires"]) === 0 ? "not held" : countdown(leftMs);
      if (timer.textContent !== text) timer.textContent = text;
      timer.classList.toggle("urgent", state !== "expired" && leftMs < URGENT_MS);
    }
  }
}

/** The checkout, if it is one that can still be paid or released. */
export function openCheckout(checkout: Checkout | null): Checkout | null {
  return checkout && (checkout.state === "locked" || checkout.state === "paying") ? checkout : null;
}

function holdText(line: CartLine, leftMs: number): string {
  return line.hold_state === "expired" ? "not held" : countdown(leftMs);
}

function emptyNote(): HTMLElement {
  return h(
    "p",
    { class: "empty" },
    "Nothing in it yet. Click a product, choose, and add it: your whole party sees it here.",
  );
}
