/** The shop floor: puts the scene, the HUD and the visit together and runs what happens each frame. */
import { packPose, type Pose, unpackPoses, yawOf } from "../sdk";
import { Actions } from "./actions";
import type { ShopContext } from "./context";
import { HandsBar, helpDialog, TopBar, walkPad } from "./hud/bars";
import { ProductCard } from "./hud/card";
import { CartPanel } from "./hud/cart";
import { button, h } from "./hud/dom";
import { PartyPanel } from "./hud/party";
import { PayDialog } from "./hud/pay";
import { PicksStrip } from "./hud/picks";
import { Prompts } from "./hud/prompts";
import { Toasts } from "./hud/toasts";
import type { Layout } from "./layout";
import { World } from "./scene/world";
import type { Visit } from "./visit";

/** How often it is looked at what the gaze rests on, s. */
const GAZE_INTERVAL_S = 0.2;

export class Shop implements ShopContext {
  readonly world: World;
  readonly actions: Actions;
  readonly card: ProductCard;
  readonly #cart: CartPanel;
  readonly #pay: PayDialog;
  readonly #prompts: Prompts;
  readonly #help: HTMLDialogElement;
  readonly #hint = h("p", { class: "hint-line", "aria-live": "off" });
  #gazedProp = 0;
  #gazeS = 0;
  #poseS = 0;
  #lastPose: Uint8Array | null = null;

  constructor(
    readonly visit: Visit,
    readonly layout: Layout,
    canvas: HTMLCanvasElement,
    hud: HTMLElement,
    readonly toasts: Toasts,
  ) {
    this.world = new World(
      {
        canvas,
        layout,
        catalogue: visit.catalogue,
        room: visit.room,
        client: visit.client,
        handlers: { click: (x, y) => this.#click(x, y), key: (code) => this.#key(code) },
      },
      (dtS) => this.#eachFrame(dtS),
    );
    this.actions = new Actions(visit, this.world, layout, toasts);
    this.#help = helpDialog(this.world);
    this.card = new ProductCard(this);
    this.#pay = new PayDialog(this);
    this.#cart = new CartPanel(this, () => this.#pay.open());
    this.#prompts = new Prompts(this);
    const openCard = (productId: string): void => this.card.open(productId);
    hud.replaceChildren(
      new TopBar(this, () => this.#help.showModal()).element,
      h("div", { class: "left" }, new PartyPanel(this).element, this.card.element),
      h("div", { class: "right" }, this.#cart.element),
      this.#prompts.element,
      h("div", { class: "bottom" }, this.#hint, new HandsBar(this, openCard).element, new PicksStrip(this, openCard).element),
      h("div", { class: "crosshair", "aria-hidden": "true" }),
      walkPad((side, ahead) => this.world.input.pad(side, ahead)),
      toasts.element,
      this.#pay.element,
      this.#help,
    );
    this.#standWhereTheServerSays();
    this.#listen();
  }

  #listen(): void {
    const { client, room } = this.visit;
    client.on("event", ({ name, body }) => {
      if (name === "PoseRefused") this.#correct((body as { pose: Uint8Array }).pose);
      if (name === "OrderConfirmed") this.#pay.confirm(body as never);
      if (name === "HoldEnded") this.#holdEnded((body as { product_id: string }).product_id);
      if (name === "SpotlightChanged") this.#spotlit((body as { product_id: string }).product_id);
      if (name === "AvatarLeft" && (body as { avatar_id: number }).avatar_id === room.myAvatarId) {
        this.#over("You are in this room from another window now.");
      }
      if (name === "AvatarEntered") this.toasts.say(`${(body as { avatar: { name: string } }).avatar.name} came in.`);
    });
    room.on("room", () => this.#standWhereTheServerSays());
    client.on("refused", (error) => this.toasts.tell(error));
    client.on("draining", ({ reason }) => this.toasts.say(reason || "The shop closes for a moment."));
    client.on("resumed", () => this.toasts.say("You are back; nothing was lost.", "good"));
    client.on("closed", ({ reason }) => this.#over(reason));
    document.addEventListener("visibilitychange", () => {
      // Nobody looks at what is in a hidden tab; it must not count as a long look.
      if (document.hidden) client.look("");
      this.#gazedProp = 0;
    });
  }

  #holdEnded(productId: string): void {
    const name = this.visit.catalogue.product(productId)?.name ?? "a product";
    this.toasts.say(`The hold on ${name} has run out; others can buy it now.`, "bad");
  }

  /** The visit has ended and does not come back by itself. */
  #over(reason: string): void {
    document.body.dataset["state"] = "over";
    const dialog = h(
      "dialog",
      { class: "over", "aria-label": "The visit has ended", "data-test": "over" },
      h("h2", {}, "Until next time"),
      h("p", {}, reason),
      h("p", {}, "Your cart is kept for you."),
      button("Come in again", () => location.reload(), { class: "primary wide" }),
    );
    document.body.append(dialog);
    dialog.showModal();
    this.world.stop();
  }

  #spotlit(productId: string): void {
    const name = this.visit.catalogue.product(productId)?.name;
    if (name) this.toasts.say(`In the spotlight: ${name}.`);
  }

  #standWhereTheServerSays(): void {
    const pose = this.visit.room.newestPose(this.visit.room.myAvatarId);
    if (pose) this.#stand(pose);
  }

  #correct(record: Uint8Array): void {
    if (this.actions.jumping) return;
    for (const pose of unpackPoses(record)) this.#stand(pose);
  }

  #stand(pose: Pose): void {
    this.world.player.placeAt(pose.head[0], pose.head[2], (yawOf(pose.headRotation) * Math.PI) / 180);
    this.#lastPose = null;
  }

  #eachFrame(dtS: number): void {
    this.#gazeS += dtS;
    if (this.#gazeS >= GAZE_INTERVAL_S) {
      this.#gazeS = 0;
      this.#gaze();
    }
    this.#poseS += dtS;
    const tickS = 1 / (this.visit.client.welcome?.tick_rate_hz || 20);
    if (this.#poseS >= tickS) {
      this.#poseS %= tickS;
      this.#sendPose();
    }
  }

  /** Only a pose that differs from the last one is worth a message. */
  #sendPose(): void {
    const { client, room } = this.visit;
    if (client.state !== "online" || this.actions.jumping || !room.myAvatarId) return;
    const hands = room.held.map((prop) => prop.hand);
    const pose = this.world.player.pose(room.myAvatarId, {
      left: hands.includes("left"),
      right: hands.includes("right"),
    });
    const record = packPose(pose);
    const last = this.#lastPose;
    if (last && record.every((byte, index) => byte === last[index])) return;
    this.#lastPose = record;
    client.sendPose(pose);
  }

  #gaze(): void {
    const propId = this.world.pickProp();
    if (propId === this.#gazedProp) return;
    this.#gazedProp = propId;
    this.world.products.highlight(propId);
    const product = this.#gazedProduct();
    this.visit.client.look(product ?? "");
    this.#hint.textContent = product ? "E pick up · click for details · V / B vote" : "";
    this.world.renderer.domElement.style.cursor = product ? "pointer" : "";
  }

  #gazedProduct(): string | undefined {
    return this.visit.room.props.get(this.#gazedProp)?.product_id;
  }

  #click(x: number, y: number): void {
    const propId = this.world.pickProp(x, y);
    const productId = this.visit.room.props.get(propId)?.product_id;
    if (productId) this.card.open(productId);
  }

  #key(code: string): boolean {
    const { actions, visit } = this;
    const product = this.#gazedProduct() ?? this.card.productId;
    const keys: Record<string, () => void> = {
      KeyE: () => this.#pickUpOrPutBack(),
      KeyO: () => void actions.attempt(actions.offerToNearest()),
      KeyY: () => this.#prompts.answer(true),
      KeyN: () => this.#prompts.answer(false),
      KeyV: () => product && void actions.attempt(actions.vote(product, 1)),
      KeyB: () => product && void actions.attempt(actions.vote(product, -1)),
      KeyC: () => this.#cart.toggle(),
      KeyM: () => this.world.input.toggleLock(),
      KeyH: () => this.#help.showModal(),
      Escape: () => this.card.close(),
    };
    const action = visit.client.state === "closed" ? undefined : keys[code];
    action?.();
    return action !== undefined;
  }

  #pickUpOrPutBack(): void {
    const { actions, visit } = this;
    const gazed = visit.room.props.get(this.#gazedProp);
    const held = visit.room.held.at(-1);
    if (gazed && gazed.owner_avatar_id === 0) void actions.attempt(actions.grab(gazed.prop_id));
    else if (held) void actions.attempt(actions.putBack(held.prop_id));
  }
}
