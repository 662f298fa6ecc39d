/** Who you are with: members, the code to give away, joining and leaving; and the way to invite. */
import type { ShopContext } from "../context";
import { colourOf } from "../scene/avatars";
import { button, h, oncePerFrame, refresh } from "./dom";

export class PartyPanel {
  readonly element = h("section", { class: "party panel", "aria-label": "Party", "data-test": "party" });
  readonly #render = oncePerFrame(() => this.#draw());
  #typed = "";

  constructor(private readonly shop: ShopContext) {
    const { room } = shop.visit;
    for (const change of ["party", "room", "avatar"] as const) room.on(change, () => this.#render());
    this.#render();
  }

  #draw(): void {
    const { room } = this.shop.visit;
    const others = room.avatars.size - 1;
    refresh(
      this.element,
      h(
        "header",
        {},
        h("strong", {}, room.partyCode ? "Your party" : "You shop alone"),
        h("span", { class: "count" }, others === 1 ? "1 other here" : `${others} others here`),
      ),
      h("ul", { class: "members" }, ...room.party.map((member) => this.#member(member.name, member.avatar_id, member.presence))),
      room.partyCode ? this.#code(room.partyCode) : this.#alone(),
      this.#hostRow(),
    );
  }

  #member(name: string, avatarId: number, presence: string): HTMLElement {
    const { room } = this.shop.visit;
    const dot = h("span", { class: "dot" });
    dot.style.background = colourOf(room.partyId);
    const you = avatarId === room.myAvatarId ? " (you)" : "";
    const away = presence === "here" ? "" : " · reconnecting…";
    return h("li", {}, dot, `${name}${you}${away}`);
  }

  #code(code: string): HTMLElement {
    const { actions } = this.shop;
    return h(
      "div",
      { class: "row" },
      button(code, () => void this.#copy(code, "Party code copied."), {
        class: "code",
        title: "Copy the party code",
        "aria-label": `Copy party code ${code}`,
        "data-key": "code",
        "data-test": "party-code",
      }),
      button("Invite", () => void this.#invite(), { class: "quiet", "data-key": "invite" }),
      button("Leave", () => void actions.attempt(actions.leaveParty()), { class: "quiet", "data-key": "leave" }),
    );
  }

  #alone(): HTMLElement {
    const { actions } = this.shop;
    const field = h("input", {
      type: "text",
      maxlength: 16,
      size: 8,
      placeholder: "Code",
      autocomplete: "off",
      "aria-label": "Party code of your friends",
      "data-key": "join-code",
      value: this.#typed,
      oninput: () => (this.#typed = field.value),
    });
    const join = (): void => {
      const code = field.value.trim();
      if (code) void actions.attempt(actions.joinParty(code));
    };
    return h(
      "form",
      {
        class: "row",
        onsubmit: (event) => {
          event.preventDefault();
          join();
        },
      },
      button("Open a party", () => void actions.attempt(actions.createParty()), { "data-key": "create", "data-test": "create-party" }),
      field,
      h("button", { type: "submit", class: "quiet", "data-key": "join" }, "Join"),
    );
  }

  #hostRow(): HTMLElement | null {
    const { actions, toasts, visit } = this.shop;
    if (visit.room.me?.role !== "host") return null;
    const gather = async (): Promise<void> => {
      const invited = await actions.gather();
      toasts.say(invited === 1 ? "One guest was invited to you." : `${invited} guests were invited to you.`, "good");
    };
    return h(
      "div",
      { class: "row host" },
      h("span", { class: "badge" }, "Host"),
      button("Gather all here", () => void actions.attempt(gather()), { "data-key": "gather", "data-test": "gather" }),
    );
  }

  async #invite(): Promise<void> {
    await this.shop.actions.attempt(
      (async () => this.#copy(await this.shop.actions.inviteLink(), "Link to this room copied."))(),
    );
  }

  async #copy(text: string, done: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.shop.toasts.say(done, "good");
    } catch {
      // No clipboard without HTTPS: show it, so that it can be copied by hand.
      this.shop.toasts.say(text);
    }
  }
}
