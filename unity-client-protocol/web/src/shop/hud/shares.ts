/** Who pays which part of a checkout: the list, its buttons, and what is waited for. */
import type { Checkout, Share } from "../../sdk";
import type { ShopContext } from "../context";
import { money } from "../format";
import { button, h } from "./dom";

const STATES: Readonly<Record<string, string>> = {
  open: "not yet",
  paying: "paying…",
  authorised: "promised ✓",
  paid: "paid ✓",
};
const PRESENCES: Readonly<Record<string, string>> = {
  reconnecting: " · reconnecting…",
  away: " · not in this room",
};

/** What I still have to pay. Older servers do not tell: then one pays all. */
export function dueOf(checkout: Checkout): number {
  return checkout.due_minor ?? (checkout.state === "locked" ? checkout.total_minor : 0);
}

/** Everybody's part, who has promised it, and the way to pay for a friend. */
export function sharesPanel(shop: ShopContext, checkout: Checkout): HTMLElement[] {
  const shares = checkout.shares ?? [];
  if (!shares.length) return [];
  return [
    h(
      "ul",
      { class: "shares", "data-test": "shares" },
      ...shares.map((share) => row(shop, checkout, share)),
    ),
  ];
}

function row(shop: ShopContext, checkout: Checkout, share: Share): HTMLElement {
  const me = shop.visit.session?.person_id ?? "";
  const coverer = checkout.shares?.find((other) => other.person_id === share.covered_by_person_id);
  const amount = share.amount_minor < 0 ? "a gift for you" : money(share.amount_minor, checkout.currency);
  const name = share.person_id === me ? `${share.name} (you)` : share.name;
  const covered = coverer ? ` · ${coverer.person_id === me ? "you pay" : `${coverer.name} pays`}` : "";
  return h(
    "li",
    { class: `share ${share.state}`, "data-test": "share", "data-state": share.state },
    h("span", {}, h("strong", {}, name), covered, PRESENCES[share.presence] ?? ""),
    h("span", {}, amount),
    h("span", { class: "how" }, STATES[share.state] ?? share.state),
    coverButton(shop, share, me),
  );
}

function coverButton(shop: ShopContext, share: Share, me: string): HTMLElement | null {
  const { actions } = shop;
  const mine = share.covered_by_person_id === me;
  if (share.person_id === me || share.state !== "open" || share.amount_minor <= 0) return null;
  if (share.covered_by_person_id && !mine) return null;
  return button(mine ? "Not me" : "I pay", () => void actions.attempt(actions.cover(share.person_id, !mine)), {
    class: "quiet",
    "aria-label": mine ? `Do not pay for ${share.name}` : `Pay for ${share.name}`,
    "data-key": `cover-${share.person_id}`,
    "data-test": "cover",
  });
}

/** How far it is: so many parts are promised. Empty while one pays all. */
export function progressOf(checkout: Checkout): string {
  const shares = (checkout.shares ?? []).filter((share) => share.amount_minor !== 0);
  if (!shares.length) return "";
  const done = shares.filter((share) => share.state === "authorised" || share.state === "paid").length;
  return `${done} of ${shares.length} parts promised. `;
}

/** How to divide the total, for the one who locked it and as long as nobody pays. */
export function splitButtons(shop: ShopContext, checkout: Checkout): HTMLElement[] {
  const { actions, visit } = shop;
  const mine = checkout.locked_by_person_id === visit.session?.person_id;
  if (!mine || checkout.state !== "locked" || visit.room.members.length < 2) return [];
  return [
    h(
      "div",
      { class: "row" },
      button("Split equally", () => void actions.attempt(actions.split("equal")), {
        "data-key": "split-equal",
        "data-test": "split-equal",
      }),
      button("Each their own", () => void actions.attempt(actions.split("own_lines")), {
        "data-key": "split-own",
        "data-test": "split-own",
      }),
    ),
  ];
}

/** My part is promised: whom we wait for, and the way to call it off. */
export function waitingPanel(shop: ShopContext, checkout: Checkout): HTMLElement[] {
  const { actions, visit } = shop;
  const me = visit.session?.person_id;
  const missing = (checkout.shares ?? []).filter((share) => share.state === "open" || share.state === "paying");
  const names = missing.map((share) => share.name).join(", ");
  const paying = checkout.state === "paying";
  const mayGiveUp =
    checkout.locked_by_person_id === me ||
    (checkout.shares ?? []).some(
      (share) => share.state === "authorised" && (share.covered_by_person_id || share.person_id) === me,
    );
  return [
    h("p", { "data-test": "waiting" }, names ? `Waiting for ${names}. Nothing is taken before everybody has paid.` : "One moment…"),
    ...(paying && mayGiveUp
      ? [
          button("Give up: everybody gets their part back", () => void actions.attempt(actions.giveUp()), {
            class: "wide",
            "data-key": "give-up",
            "data-test": "give-up",
          }),
        ]
      : []),
    ...splitButtons(shop, checkout),
  ];
}
