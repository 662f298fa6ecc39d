/** Top bar (where you are, how the connection is), what you hold, the hint line and the help. */
import type { ConnectionState } from "../../sdk";
import type { ShopContext } from "../context";
import { zoneAt } from "../layout";
import { type Level, LEVELS } from "../scene/quality";
import type { World } from "../scene/world";
import { button, h, oncePerFrame, refresh } from "./dom";

const STATE_WORDS: Record<ConnectionState, string> = {
  idle: "Not connected",
  connecting: "Connecting…",
  online: "Connected",
  reconnecting: "Reconnecting…",
  closed: "Disconnected",
};

export class TopBar {
  readonly #zone = h("span", { class: "zone" });
  readonly #state = h("span", { class: "state", role: "status", "data-test": "connection" });
  readonly element: HTMLElement;

  constructor(
    private readonly shop: ShopContext,
    openHelp: () => void,
  ) {
    const places = h("select", {
      "aria-label": "Go to a department",
      onchange: () => {
        void shop.actions.attempt(shop.actions.goToWaypoint(places.value));
        places.value = "";
        places.blur();
      },
    });
    places.append(h("option", { value: "" }, "Go to…"));
    for (const { id, name } of shop.layout.waypoints) places.append(h("option", { value: id }, name));
    this.element = h(
      "header",
      { class: "topbar panel" },
      h("strong", { class: "logo" }, "Galleria"),
      this.#zone,
      places,
      button("Keys", openHelp, { class: "quiet", title: "H" }),
      this.#state,
    );
    setInterval(() => this.#draw(), 500);
    shop.visit.client.on("state", () => this.#draw());
    this.#draw();
  }

  #draw(): void {
    const { client } = this.shop.visit;
    const { player } = this.shop.world;
    this.#zone.textContent = zoneAt(this.shop.layout, player.x, player.z)?.name ?? this.shop.layout.name;
    const trip = client.state === "online" && client.clock.samples ? ` · ${Math.round(client.clock.roundTripMs)} ms` : "";
    this.#state.textContent = STATE_WORDS[client.state] + trip;
    this.#state.dataset["state"] = client.state;
  }
}

/** What is in your hands. */
export class HandsBar {
  readonly element = h("section", { class: "hands", "aria-label": "In your hands", "data-test": "hands" });
  readonly #render = oncePerFrame(() => this.#draw());

  constructor(
    private readonly shop: ShopContext,
    private readonly openCard: (productId: string) => void,
  ) {
    const { room } = shop.visit;
    for (const change of ["prop", "room", "offers"] as const) room.on(change, () => this.#render());
    this.#render();
  }

  #draw(): void {
    const { actions, visit } = this.shop;
    refresh(
      this.element,
      ...visit.room.held.map((prop) => {
        const product = visit.catalogue.product(prop.product_id);
        return h(
          "div",
          { class: "held panel" },
          button(product?.name ?? prop.product_id, () => this.openCard(prop.product_id), { class: "quiet", "data-key": `held-${prop.prop_id}` }),
          button("Hold out (O)", () => void actions.attempt(actions.offerToNearest()), { "data-key": `offer-${prop.prop_id}`, "data-test": "hold-out" }),
          button("Put back (E)", () => void actions.attempt(actions.putBack(prop.prop_id)), { "data-key": `back-${prop.prop_id}` }),
        );
      }),
    );
  }
}

const KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ["W A S D", "walk; with Shift, run"],
  ["Drag, ← →", "look round"],
  ["M", "mouse look on and off"],
  ["Click", "open what you point at"],
  ["E", "pick up what you look at, put back what you hold"],
  ["O", "hold it out to whoever is nearest"],
  ["Y / N", "accept or decline what you are asked"],
  ["V / B", "vote for or against what you look at"],
  ["C", "cart open or shut"],
  ["Esc", "close what is open"],
  ["H", "this help"],
];

/** The keys, and how well to draw, as a dialog. */
export function helpDialog(world: World): HTMLDialogElement {
  const dialog = h(
    "dialog",
    { class: "help", "aria-label": "Keys" },
    h("h2", {}, "Getting about"),
    h(
      "dl",
      {},
      ...KEYS.map(([keys, meaning]) => h("div", {}, h("dt", {}, h("kbd", {}, keys)), h("dd", {}, meaning))),
    ),
    h("label", { class: "graphics" }, "Graphics ", graphics(world)),
    button("Got it", () => dialog.close(), { class: "primary wide", autofocus: true }),
  );
  return dialog;
}

function graphics(world: World): HTMLSelectElement {
  const choice = h("select", { onchange: () => world.setQuality(choice.value as Level) });
  for (const level of LEVELS) {
    choice.append(h("option", { value: level, selected: level === world.quality.level }, level));
  }
  return choice;
}

/** A walk pad for touch screens: drag from its middle. */
export function walkPad(steer: (side: number, ahead: number) => void): HTMLElement {
  const knob = h("span", { class: "knob" });
  const pad = h("div", { class: "walkpad", "aria-label": "Walk" }, knob);
  const move = (event: PointerEvent): void => {
    const bounds = pad.getBoundingClientRect();
    const x = ((event.clientX - bounds.left) / bounds.width) * 2 - 1;
    const y = ((event.clientY - bounds.top) / bounds.height) * 2 - 1;
    const length = Math.max(1, Math.hypot(x, y));
    knob.style.transform = `translate(${(x / length) * 34}px, ${(y / length) * 34}px)`;
    steer(x / length, -y / length);
  };
  const stop = (): void => {
    knob.style.transform = "";
    steer(0, 0);
  };
  pad.addEventListener("pointerdown", (event) => {
    pad.setPointerCapture(event.pointerId);
    move(event);
  });
  pad.addEventListener("pointermove", (event) => {
    if (event.buttons) move(event);
  });
  pad.addEventListener("pointerup", stop);
  pad.addEventListener("pointercancel", stop);
  return pad;
}
