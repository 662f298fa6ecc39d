/** The product card: picture, price, choice of SKU, live stock, votes, pick up, add to cart. */
import type { ProductView, SkuView } from "../../sdk";
import { optionsText } from "../catalogue";
import type { ShopContext } from "../context";
import { money } from "../format";
import { button, h, oncePerFrame, refresh } from "./dom";

export class ProductCard {
  readonly element = h("section", {
    class: "card panel",
    "aria-label": "Product",
    "data-test": "card",
    hidden: true,
  });
  #productId = "";
  #sku = "";
  readonly #render = oncePerFrame(() => this.#draw());

  constructor(private readonly shop: ShopContext) {
    const { room } = shop.visit;
    for (const change of ["stock", "votes", "prop", "room", "spotlight"] as const) {
      room.on(change, () => this.#render());
    }
  }

  get productId(): string {
    return this.#productId;
  }

  /** Open the card of a product; its first SKU that can be had is chosen. */
  open(productId: string): void {
    const skus = this.shop.visit.catalogue.skusHere(productId, this.shop.layout);
    if (!skus.length) return;
    if (productId !== this.#productId) {
      this.#productId = productId;
      this.#sku = (skus.find((sku) => this.#left(sku) > 0) ?? skus[0]!).sku;
    }
    this.element.hidden = false;
    this.#render();
  }

  close(): void {
    this.#productId = "";
    this.element.hidden = true;
  }

  #left(sku: SkuView): number {
    return this.shop.visit.room.stock.get(sku.sku)?.available ?? sku.available;
  }

  #choose(sku: string): void {
    this.#sku = sku;
    this.shop.world.products.showSku(this.#productId, sku);
    this.#render();
  }

  #draw(): void {
    const product = this.shop.visit.catalogue.product(this.#productId);
    if (!product) return;
    const skus = this.shop.visit.catalogue.skusHere(product.id, this.shop.layout);
    const chosen = skus.find((sku) => sku.sku === this.#sku) ?? skus[0];
    if (!chosen) return;
    const picture = this.shop.visit.catalogue.variant(product.id, chosen.sku)?.thumbnail.url;
    refresh(
      this.element,
      button("×", () => this.close(), { class: "close", "aria-label": "Close", "data-key": "close" }),
      h(
        "div",
        { class: "card-head" },
        picture ? h("img", { src: picture, alt: product.alt_text, width: 132, height: 132 }) : null,
        h(
          "div",
          {},
          h("p", { class: "brand" }, product.brand),
          h("h2", {}, product.name),
          h("p", { class: "price" }, money(chosen.price_minor, product.currency)),
          this.#stockLine(chosen),
        ),
      ),
      h("p", { class: "description" }, product.description),
      this.#choices(skus, chosen),
      this.#buttons(product, chosen),
      this.#votes(product),
    );
  }

  #stockLine(sku: SkuView): HTMLElement {
    const left = this.#left(sku);
    const text = left === 0 ? "Sold out" : left <= 3 ? `Only ${left} left` : `${left} in stock`;
    const tone = left === 0 ? "out" : left <= 3 ? "few" : "many";
    return h("p", { class: `stock ${tone}`, "data-test": "stock", "data-available": left }, text);
  }

  #choices(skus: SkuView[], chosen: SkuView): HTMLElement {
    const group = h("div", { class: "choices", role: "radiogroup", "aria-label": "Choose" });
    for (const sku of skus) {
      const swatch = h("span", { class: "swatch" });
      swatch.style.background = sku.colour;
      const left = this.#left(sku);
      const choice = h(
        "button",
        {
          type: "button",
          role: "radio",
          "aria-checked": String(sku.sku === chosen.sku),
          class: left === 0 ? "choice out" : "choice",
          "data-key": sku.sku,
          "data-sku": sku.sku,
          title: left === 0 ? "Sold out" : `${left} in stock`,
          onclick: () => this.#choose(sku.sku),
        },
        swatch,
        optionsText(sku) || sku.sku,
      );
      group.append(choice);
    }
    return group;
  }

  #buttons(product: ProductView, chosen: SkuView): HTMLElement {
    const { actions, visit } = this.shop;
    const prop = visit.room.propOfProduct(product.id);
    const mine = prop?.owner_avatar_id === visit.room.myAvatarId;
    const holder = prop && !mine ? visit.room.avatars.get(prop.owner_avatar_id) : undefined;
    const soldOut = this.#left(chosen) === 0;
    return h(
      "div",
      { class: "row" },
      button(soldOut ? "Sold out" : "Add to cart", () => void actions.attempt(actions.addToCart(chosen.sku)), {
        class: "primary",
        "data-key": "add",
        "data-test": "add-to-cart",
        disabled: soldOut,
      }),
      prop && !holder
        ? button(mine ? "Put back" : "Pick up", () => void actions.attempt(actions.toggleHold(prop.prop_id)), {
            "data-key": "hold",
            "data-test": "pick-up",
          })
        : null,
      holder ? h("span", { class: "note" }, `${holder.name} holds it`) : null,
      button("Go there", () => void actions.attempt(actions.goTo(product.id)), {
        class: "quiet",
        "data-key": "go",
      }),
      this.#spotlightButton(product.id),
    );
  }

  #spotlightButton(productId: string): HTMLElement | null {
    const { actions, visit } = this.shop;
    if (visit.room.me?.role !== "host") return null;
    const pinned = visit.room.spotlightProductId === productId;
    return button(
      pinned ? "Lights off" : "Spotlight",
      () => void actions.attempt(actions.spotlight(pinned ? "" : productId)),
      { class: "quiet", "data-key": "spotlight" },
    );
  }

  #votes(product: ProductView): HTMLElement {
    const { actions, visit } = this.shop;
    const tally = visit.room.votes.get(product.id);
    const cast = (choice: -1 | 1): void => void actions.attempt(actions.vote(product.id, choice));
    return h(
      "div",
      { class: "votes" },
      h("span", {}, "Your party says"),
      button(`Yes · ${tally?.up ?? 0}`, () => cast(1), { "aria-label": "Vote yes", "data-key": "up", title: "V" }),
      button(`No · ${tally?.down ?? 0}`, () => cast(-1), { "aria-label": "Vote no", "data-key": "down", title: "B" }),
    );
  }
}
