/** The party's shared cart with hold timers, and the lock with its countdown. */
import type { CartLine, Checkout } from "../../sdk";
import type { ShopContext } from "../context";
import { countdown, money, plural } from "../format";
import { colourOf } from "../scene/avatars";
import { button, h, oncePerFrame, refresh } from "./dom";
import { progressOf } from "./shares";

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
    for (const change of ["cart", "checkout", "room", "party", "gifts"] as const) {
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
        this.#gift(line, locked),
      ),
      h(
        "div",
        { class: "how-much" },
        h("span", {}, line.price_hidden ? "a gift" : money(line.unit_price_minor * line.quantity, currency)),
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

  /** Whom my line is for, or the way to give it or its hold to a friend. */
  #gift(line: CartLine, locked: boolean): HTMLElement | null {
    const { actions, visit } = this.shop;
    const me = visit.session?.person_id;
    const gift = visit.room.gifts.get(line.line_id);
    if (gift) {
      const waits = gift.state === "offered" ? " (not answered yet)" : "";
      const who = gift.to_person_id === me ? `a gift from ${gift.from_name}` : `a gift for ${gift.to_name}${waits}`;
      const back =
        gift.from_person_id === me && !locked
          ? button("take back", () => void actions.attempt(actions.offerGift(line.line_id, "")), { class: "quiet", "data-key": `${line.line_id}-back` })
          : null;
      return h("span", { class: "gift", "data-test": "gift" }, who, back);
    }
    const friends = visit.room.members.filter((member) => member.person_id !== me);
    if (locked || line.owner_person_id !== me || !friends.length) return null;
    const choice = h(
      "select",
      {
        "aria-label": `Give ${line.name} to a friend`,
        "data-key": `${line.line_id}-give`,
        "data-test": "give",
        onchange: () => {
          const [how, index] = choice.value.split(" ");
          const friend = friends[Number(index)];
          if (!friend) return;
          const act = how === "gift" ? actions.offerGift : actions.passHold;
          void actions.attempt(act.call(actions, line.line_id, friend.person_id));
          choice.value = "";
        },
      },
      h("option", { value: "" }, "Give…"),
      ...friends.map((friend, index) => h("option", { value: `gift ${index}` }, `as a gift to ${friend.name}`)),
      ...friends.map((friend, index) => h("option", { value: `pass ${index}` }, `${friend.name} takes and pays it`)),
    );
    return choice;
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
      h("p", { class: "hint" }, "Locking keeps stock and prices while you pay, alone or together."),
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
        progressOf(checkout) || (paying ? "Paying… " : `${who} locked the cart. `),
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
