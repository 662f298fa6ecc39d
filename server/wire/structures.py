"""Structures and limits that several messages of the table share."""

from server.wire.schema import Field, Structure

F = Field

AVATAR_KINDS = ("vr", "desktop", "phone", "companion", "bot")
CONSENT_CLASSES = ("session", "personal", "aggregate")
NAME_LIMIT = 32
ITEM_LIMIT = 20

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
        F("hold_state", "str", "held, firm or expired."),
        F("hold_expires_ms", "u64", "When the hold ends, server time; 0: not held."),
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
    )),
    Structure("Item", "A recommendation.", (
        F("product_id", "str", "Product."), F("score", "f64", "Larger is better."),
        F("reason_code", "str", "Why, for programs."), F("reason", "str", "Why, for people."),
    )),
    Structure("OfferMade", "An open offer.", (
        F("offer_id", "u32", "Offer."), F("prop_id", "u32", "Prop."),
        F("from_avatar_id", "u16", "Giver."), F("to_avatar_id", "u16", "Receiver."),
        F("expires_ms", "u64", "When it lapses, server time."),
    )),
)  # fmt: skip
BY_NAME: dict[str, Structure] = {structure.name: structure for structure in STRUCTURES}
