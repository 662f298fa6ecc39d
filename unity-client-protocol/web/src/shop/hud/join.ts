/** The door: your name, how you come in, and what you allow. */
import type { ConsentClass, RoomSummary } from "../../sdk";
import type { Entry } from "../visit";
import { h } from "./dom";

const CONSENTS: readonly (readonly [ConsentClass, string, string])[] = [
  ["session", "While I am here", "what I look at may shape what is shown to me during this visit"],
  ["personal", "Remember my taste", "so that the next visit starts where this one ended"],
  ["aggregate", "Count me in, unnamed", "for numbers about many people together"],
];
const NAME_KEPT = "galleria.name";

type Way = "alone" | "party" | "invite";

export class JoinScreen {
  readonly element: HTMLElement;
  readonly #name = h("input", {
    type: "text",
    id: "join-name",
    name: "name",
    required: true,
    maxlength: 32,
    autocomplete: "nickname",
    placeholder: "How shall the others call you?",
    "data-test": "name",
  });
  readonly #code = h("input", { type: "text", maxlength: 64, autocomplete: "off", "data-test": "code", "aria-label": "Code" });
  readonly #enter = h("button", { type: "submit", class: "primary wide", "data-test": "enter" }, "Enter the shop");
  readonly #note = h("p", { class: "note", role: "alert" });
  readonly #rooms = h("p", { class: "rooms" });
  readonly #consents = new Map<ConsentClass, HTMLInputElement>();
  readonly #query = new URLSearchParams(location.search);
  #way: Way = "alone";

  constructor(onEnter: (entry: Entry) => void) {
    this.#name.value = this.#query.get("name") ?? kept();
    const invite = this.#query.get("invite");
    const party = this.#query.get("party");
    if (invite) this.#way = "invite";
    else if (party) this.#way = "party";
    this.#code.value = invite ?? party ?? "";
    const form = h(
      "form",
      {
        class: "door",
        onsubmit: (event) => {
          event.preventDefault();
          keep(this.#name.value.trim());
          onEnter(this.#entry());
        },
      },
      h("p", { class: "kicker" }, "Welcome to"),
      h("h1", {}, "Galleria"),
      h("p", { class: "lead" }, "A department store to stroll through together: look, pick things up, hand them over, fill one cart and pay."),
      h("label", { for: "join-name" }, "Your name"),
      this.#name,
      this.#ways(),
      this.#consentFields(),
      this.#enter,
      this.#note,
      this.#rooms,
    );
    this.element = h("main", { class: "join" }, form);
  }

  /** Who is in the shop already. */
  showRooms(rooms: readonly RoomSummary[]): void {
    const [room] = rooms;
    if (!room) return;
    const people = room.population === 1 ? "1 person is" : `${room.population} people are`;
    this.#rooms.textContent = `${people} in the ${room.name} now.`;
  }

  /** Something is going on; the form waits. */
  busy(step: string): void {
    this.#enter.disabled = true;
    this.#enter.textContent = step;
    this.#note.textContent = "";
  }

  /** It did not work; the form is there again. */
  failed(sentence: string): void {
    this.#enter.disabled = false;
    this.#enter.textContent = "Enter the shop";
    this.#note.textContent = sentence;
  }

  #entry(): Entry {
    const code = this.#code.value.trim();
    const hostKey = this.#query.get("host");
    const roomId = this.#query.get("room");
    return {
      name: this.#name.value.trim(),
      consent: [...this.#consents].filter(([, box]) => box.checked).map(([consent]) => consent),
      ...(this.#way === "party" && code ? { partyCode: code } : {}),
      ...(this.#way === "invite" && code ? { invite: code } : {}),
      ...(hostKey ? { hostKey } : {}),
      ...(roomId ? { roomId } : {}),
    };
  }

  #ways(): HTMLElement {
    const label = { alone: "Just walk in", party: "Join friends", invite: "I have an invite" };
    const placeholder = { alone: "", party: "Party code, such as K7MPQ2", invite: "Invite code" };
    const show = (): void => {
      this.#code.hidden = this.#way === "alone";
      this.#code.placeholder = placeholder[this.#way];
    };
    const group = h("div", { class: "ways", role: "radiogroup", "aria-label": "How you come in" });
    for (const way of ["alone", "party", "invite"] as const) {
      group.append(
        h(
          "label",
          {},
          h("input", {
            type: "radio",
            name: "way",
            value: way,
            checked: way === this.#way,
            onchange: () => {
              this.#way = way;
              show();
              if (way !== "alone") this.#code.focus();
            },
          }),
          h("span", {}, label[way]),
        ),
      );
    }
    show();
    return h("div", {}, group, this.#code);
  }

  #consentFields(): HTMLElement {
    const fields = h(
      "fieldset",
      { class: "consents" },
      h("legend", {}, "What the shop may learn from your visit (all optional)"),
    );
    for (const [consent, title, meaning] of CONSENTS) {
      const box = h("input", { type: "checkbox", name: consent });
      this.#consents.set(consent, box);
      fields.append(h("label", {}, box, h("span", {}, h("strong", {}, title), ` ${meaning}`)));
    }
    return fields;
  }
}

function kept(): string {
  try {
    return localStorage.getItem(NAME_KEPT) ?? "";
  } catch {
    return "";
  }
}

function keep(name: string): void {
  try {
    localStorage.setItem(NAME_KEPT, name);
  } catch {
    // Without storage the name is typed again next time.
  }
}
