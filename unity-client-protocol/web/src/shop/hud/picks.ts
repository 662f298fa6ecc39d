/** Recommendations for you and for your party, each with its reason; a click takes you there. */
import type { Item } from "../../sdk";
import type { ShopContext } from "../context";
import { money } from "../format";
import { button, h, oncePerFrame, refresh } from "./dom";

const SHOWN = 6;

export class PicksStrip {
  readonly element = h("section", { class: "picks", "aria-label": "Picks", "data-test": "picks" });
  readonly #render = oncePerFrame(() => this.#draw());
  #scope = "you";
  #open = true;

  constructor(
    private readonly shop: ShopContext,
    private readonly openCard: (productId: string) => void,
  ) {
    const { room } = shop.visit;
    for (const change of ["recommendations", "party", "room"] as const) room.on(change, () => this.#render());
    this.#render();
  }

  #draw(): void {
    const { room } = this.shop.visit;
    const together = room.party.length > 1 && (room.recommendations.get("party")?.length ?? 0) > 0;
    const scope = together ? this.#scope : "you";
    const items = (room.recommendations.get(scope) ?? []).slice(0, SHOWN);
    this.element.hidden = items.length === 0;
    const tab = (name: string, label: string): HTMLElement =>
      button(label, () => this.#choose(name), {
        class: "tab",
        "aria-pressed": String(scope === name),
        "data-key": `tab-${name}`,
      });
    refresh(
      this.element,
      h(
        "header",
        {},
        tab("you", "For you"),
        together && tab("party", "For your party"),
        button(this.#open ? "Hide" : "Show", () => this.#toggle(), { class: "tab quiet", "data-key": "toggle" }),
      ),
      this.#open && h("div", { class: "strip" }, ...items.map((item) => this.#item(item))),
    );
  }

  #choose(scope: string): void {
    this.#scope = scope;
    this.#open = true;
    this.#render();
  }

  #toggle(): void {
    this.#open = !this.#open;
    this.#render();
  }

  #item(item: Item): HTMLElement | null {
    const { actions, visit } = this.shop;
    const product = visit.catalogue.product(item.product_id);
    if (!product) return null;
    const picture = visit.catalogue.variant(product.id)?.thumbnail.url;
    const go = async (): Promise<void> => {
      if (await actions.attempt(actions.goTo(product.id))) this.openCard(product.id);
    };
    return h(
      "button",
      {
        type: "button",
        class: "pick",
        "data-key": `pick-${product.id}`,
        "aria-label": `Go to ${product.name}: ${item.reason}`,
        onclick: () => void go(),
      },
      picture ? h("img", { src: picture, alt: "", width: 64, height: 64 }) : null,
      h(
        "span",
        {},
        h("strong", {}, product.name),
        h("em", {}, item.reason),
        h("small", {}, money(product.price_minor, product.currency)),
      ),
    );
  }
}
