/** The page: first the door, then the shop. `window.galleria` is there for tests and the curious. */
import "./styles/base.css";
import "./styles/hud.css";
import "./styles/panels.css";
import "./styles/dialogs.css";
import { GalleriaError, GalleriaHttp } from "../sdk";
import { guestComingBack } from "./guest";
import { JoinScreen } from "./hud/join";
import { h } from "./hud/dom";
import { Toasts } from "./hud/toasts";
import { Shop } from "./shop";
import { type Entry, Visit } from "./visit";

declare global {
  interface Window {
    /** The running shop, once you are in. */
    galleria?: Shop;
  }
}

const hud = document.getElementById("hud") as HTMLElement;
const canvas = document.getElementById("scene") as HTMLCanvasElement;
const toasts = new Toasts();

function hasWebGl(): boolean {
  try {
    return document.createElement("canvas").getContext("webgl2") !== null;
  } catch {
    return false;
  }
}

function sayNoWebGl(): void {
  document.body.dataset["state"] = "no-webgl";
  hud.replaceChildren(
    h(
      "main",
      { class: "join" },
      h(
        "div",
        { class: "door" },
        h("h1", {}, "Galleria"),
        h("p", { class: "lead" }, "This browser cannot draw in 3D (WebGL 2 is missing or switched off), and the hall is a 3D place."),
        h("p", {}, "Switch on hardware acceleration or take another browser. Everything in the shop is also there over HTTP: ", h("a", { href: "/docs" }, "see the API"), "."),
      ),
    ),
  );
}

async function enter(entry: Entry, join: JoinScreen): Promise<void> {
  const visit = new Visit(entry);
  try {
    const { layout, partyError } = await visit.begin((step) => join.busy(step));
    window.galleria = new Shop(visit, layout, canvas, hud, toasts);
    document.body.dataset["state"] = "in-room";
    canvas.focus();
    if (partyError) toasts.tell(partyError);
    visit.onTrouble = (error) => toasts.tell(error);
    visit.onReturn = () => toasts.say("You are back in the hall; your cart was kept.", "good");
  } catch (error) {
    document.body.dataset["state"] = "joining";
    if (!(error instanceof GalleriaError)) console.error(error);
    join.failed(error instanceof GalleriaError ? error.message : "The hall could not be opened; please try again.");
  }
}

function open(): void {
  document.body.dataset["state"] = "joining";
  if (!hasWebGl()) {
    sayNoWebGl();
    return;
  }
  const join = new JoinScreen((entry) => void enter(entry, join));
  hud.replaceChildren(join.element);
  // How full it is, is a nicety: without an answer the door opens all the same.
  new GalleriaHttp().rooms().then((rooms) => join.showRooms(rooms), () => undefined);
  const guest = guestComingBack();
  if (guest) void enter(guest, join);
}

open();
