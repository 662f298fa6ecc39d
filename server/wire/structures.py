"""Structures and limits that several messages of the table share."""

from recommender.interactions import REASON_CODES
from server.wire.schema import Field, Structure

F = Field

AVATAR_KINDS = ("vr", "desktop", "phone", "companion", "bot")
CONSENT_CLASSES = ("session", "personal", "aggregate")
NAME_LIMIT = 32
ITEM_LIMIT = 20
ID_LIMIT = 128
SHARES_MAX = 24
SPLIT_PLANS = ("custom", "equal", "own_lines")

REASON_CODES_SENTENCE = (
    "Why, for programs; others may come: "
    + "; ".join(f"{code} ({meaning})" for code, meaning in REASON_CODES.items())
    + "."
)

STRUCTURES: tuple[Structure, ...] = (
    Structure("AvatarView", "Somebody in the room.", (
        F("avatar_id", "u16", "Avatar."), F("name", "str", "Name that others see."),
        F("kind", "str", "vr, desktop, phone, companion or bot."),
        F("role", "str", "shopper or host."), F("party_id", "str", "Party."),
        F("presence", "str", "here or reconnecting."),
    )),
    Structure("PropView", "A product object: on its slot, or in somebody's hand.", (
        F("prop_id", "u32", "Prop."), F("product_id", "str", "What it is."),
        F("slot_id", "u32", "Where it belongs."),
        F("owner_avatar_id", "u16", "Who holds it; 0: it stands on its slot."),
        F("hand", "str", "left, right or empty."),
        F("epoch", "u32", "Grows with every change of owner."),
        F("away", "bool", "It is not on its slot: somebody has it whom you do not see.",
          optional=True, default=False, since=2),
    )),
    Structure("BlockedPerson", "Somebody you have blocked.", (
        F("person_id", "str", "Whom Unblock takes."),
        F("name", "str", "The name they went by then."),
    )),
    Structure("StockView", "How many of a SKU can still be bought.", (
        F("sku", "str", "SKU."), F("product_id", "str", "Product."),
        F("available", "u32", "On hand less held."), F("version", "u64", "Newer is larger."),
    )),
    Structure("TallyView", "Votes of a party on a product.", (
        F("product_id", "str", "Product."), F("up", "u16", "Yes."), F("down", "u16", "No."),
    )),
    Structure("CartLine", "A line of a shared cart.", (
        F("line_id", "str", "Line."), F("sku", "str", "SKU."), F("product_id", "str", "Product."),
        F("name", "str", "Name."), F("options", "str", "Colour, size, for people."),
        F("quantity", "u16", "How many."), F("unit_price_minor", "i64", "Price, minor units."),
        F("owner_person_id", "str", "Who put it in."), F("owner_name", "str", "Their name."),
        F("hold_state", "str", "held, firm, expired, or none (held only at the till)."),
        F("hold_expires_ms", "u64", "When the hold ends, server time; 0: not held."),
        F("gift_for_person_id", "str", "Who gets it as a gift, or is asked whether they want it; "
          "told to giver and receiver only.", optional=True, default="", since=3),
        F("price_hidden", "bool", "It is a gift for you: the price is not told, and not in the "
          "total.", optional=True, default=False, since=3),
    )),
    Structure("Cart", "A party's shared cart.", (
        F("cart_id", "str", "Cart."), F("version", "u32", "Newer is larger."),
        F("currency", "str", "ISO 4217."), F("total_minor", "i64", "Sum of the lines."),
        F("lines", "CartLine[]", "Lines."), F("checkout_id", "str", "Open checkout, or empty."),
    )),
    Structure("Checkout", "A party's checkout.", (
        F("checkout_id", "str", "Checkout."), F("version", "u32", "Newer is larger."),
        F("state", "str", "locked, paying, paid or released."),
        F("locked_by_person_id", "str", "Who locked it."), F("locked_by_name", "str", "Name."),
        F("total_minor", "i64", "To be paid, minor units."), F("currency", "str", "ISO 4217."),
        F("expires_ms", "u64", "When the lock ends, server time."),
        F("payer_person_id", "str", "Who pays, or empty."),
        F("challenge_id", "str", "Open payment challenge, or empty."),
        F("challenge_text", "str", "What the payer shall do."),
        F("in_doubt", "bool", "The gateway has not answered; it will be settled."),
        F("failure_code", "str", "Why the last try failed, or empty."),
        F("failure_message", "str", "The same for people."),
        F("order_id", "str", "Order, when paid."),
        F("challenge_person_id", "str", "Whose bank asks, or empty.",
          optional=True, default="", since=3),
        F("failure_person_id", "str", "Whose part failed; empty: nobody's, or the time ran out.",
          optional=True, default="", since=3),
        F("failure_name", "str", "Their name.", optional=True, default="", since=3),
        F("released_reason", "str", "Why it was released: unlocked, expired or payment_failed.",
          optional=True, default="", since=3),
        F("part_minor", "i64", "What you pay in all, shares you cover included: what Pay expects.",
          optional=True, default=0, since=3),
        F("due_minor", "i64", "What is left of it.", optional=True, default=0, since=3),
        F("shares", "Share[]", "Who pays which part; empty: one pays all.",
          optional=True, default=(), since=3),
    )),
    Structure("Share", "The part of one person. All parts are promised before any is taken; when "
              "one fails, all are given back.", (
        F("person_id", "str", "Whose part."), F("name", "str", "Their name."),
        F("amount_minor", "i64", "Minor units; -1: not told, it would give a gift's price away."),
        F("covered_by_person_id", "str", "Who pays it instead, or empty."),
        F("state", "str", "open, paying, authorised (promised, not taken) or paid."),
        F("presence", "str", "here, reconnecting (their place is kept) or away."),
    )),
    Structure("Gift", "A line of the cart that somebody gives to somebody else of the party.", (
        F("line_id", "str", "Line."), F("product_id", "str", "Product."),
        F("name", "str", "Name."), F("options", "str", "Colour, size, for people."),
        F("quantity", "u16", "How many."),
        F("from_person_id", "str", "Who gives and pays."), F("from_name", "str", "Their name."),
        F("to_person_id", "str", "Who gets it."), F("to_name", "str", "Their name."),
        F("state", "str", "offered or accepted."),
    )),
    Structure("Place", "Somebody's place in the waiting line of a drop.", (
        F("sku", "str", "SKU."), F("product_id", "str", "Product."),
        F("state", "str", "waiting, admitted (add it to your cart now), left or over."),
        F("ahead", "u32", "People before you."), F("waiting", "u32", "People who wait."),
        F("estimate_ms", "i64", "How long it may take, ms; -1: not known yet."),
        F("admitted_until_ms", "u64", "Until when you can hold it, server time; 0: not let in."),
    )),
    Structure("PartyMember", "Somebody of your party in this room.", (
        F("person_id", "str", "As in cart lines and shares."), F("name", "str", "Name."),
        F("avatar_id", "u16", "Their avatar."),
    )),
    Structure("Item", "A recommendation.", (
        F("product_id", "str", "Product."), F("score", "f64", "Larger is better."),
        F("reason_code", "str", REASON_CODES_SENTENCE), F("reason", "str", "Why, for people."),
    )),
    Structure("DisplayPlace", "A place of the shelf that fills itself for your party.", (
        F("place", "u8", "Which one, from 0."),
        F("shared_with_avatar_ids", "u16[]", "Friends who see the same product there; empty: it "
          "is there for you."),
    )),
    Structure("OfferMade", "An open offer.", (
        F("offer_id", "u32", "Offer."), F("prop_id", "u32", "Prop."),
        F("from_avatar_id", "u16", "Giver."), F("to_avatar_id", "u16", "Receiver."),
        F("expires_ms", "u64", "When it lapses, server time."),
    )),
)  # fmt: skip
BY_NAME: dict[str, Structure] = {structure.name: structure for structure in STRUCTURES}
