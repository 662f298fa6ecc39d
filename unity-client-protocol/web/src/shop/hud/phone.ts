/** Paying with the phone: a code and its QR, for the one who asked and for nobody else. */
import type { HandOff } from "../../sdk";
import { money } from "../format";
import { button, h } from "./dom";

/** What leads the phone to its page; `onBack` is called when the shopper pays here after all. */
export function phonePanel(code: HandOff, onBack: () => void): HTMLElement[] {
  return [
    h(
      "figure",
      { class: "hand-off", "data-test": "hand-off" },
      h("img", { src: code.qr_path, alt: "QR code of the page on which your phone pays", width: 200, height: 200 }),
      h(
        "figcaption",
        {},
        h("strong", { class: "code", "data-test": "hand-off-code" }, code.code),
        h("span", {}, ` pays ${money(code.amount_minor, code.currency)}, once. `),
        h("span", { class: "timer", "data-expires": code.expires_ms }),
      ),
    ),
    h("p", { class: "hint" }, `Scan it, or open ${location.host}${code.path} on your phone. Show it to nobody else.`),
    button("Pay here instead", onBack, { class: "wide", "data-key": "phone-back" }),
  ];
}
