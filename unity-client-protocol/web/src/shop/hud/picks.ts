/**
 * Recommendations for you and for your party, and your party's shelf with a mark where friends see the same; each
 * with its reason. A click takes you there.
 */
import type { Displayed, Item } from "../../sdk";
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
    const friends = room.party.length > 1;
    const together = friends && (room.recommendations.get("party")?.length ?? 0) > 0;
    const shelf = friends && room.display.length > 0;
    const scope = (this.#scope === "party" && together) || (this.#scope === "display" && shelf) ? this.#scope : "you";
    const items: readonly (Item | Displayed)[] =
      scope === "display" ? room.display : (room.recommendations.get(scope) ?? []).slice(0, SHOWN);
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
        shelf && tab("display", "On your shelf"),
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

  /** Which friends see the same, in words; empty when I see it alone. */
  #shared(place: Displayed): string {
    const { avatars } = this.shop.visit.room;
    const names = place.shared_with_avatar_ids.flatMap((id) => avatars.get(id)?.name ?? []);
    return names.length > 0 ? `Shared with ${names.join(", ")}` : "";
  }

  #item(item: Item | Displayed): HTMLElement | null {
    const { actions, visit } = this.shop;
    const product = visit.catalogue.product(item.product_id);
    if (!product) return null;
    const picture = visit.catalogue.variant(product.id)?.thumbnail.url;
    const shared = "place" in item ? this.#shared(item) : "";
    const go = async (): Promise<void> => {
      if (await actions.attempt(actions.goTo(product.id))) this.openCard(product.id);
    };
    return h(
      "button",
      {
        type: "button",
        class: shared ? "pick shared" : "pick",
        "data-key": `pick-${product.id}${"place" in item ? `-${item.place}` : ""}`,
        "aria-label": `Go to ${product.name}: ${shared || item.reason}`,
        onclick: () => void go(),
      },
      picture ? h("img", { src: picture, alt: "", width: 64, height: 64 }) : null,
      h(
        "span",
        {},
        h("strong", {}, product.name),
        h("em", {}, shared || item.reason),
        h("small", {}, money(product.price_minor, product.currency)),
      ),
    );
  }
}
