"""The message table of protocol galleria.1: every message, field, unit, limit and error.

A frame is one MessagePack array `[number, head, body]`. The head depends on the delivery class (see
`server.wire.schema.Delivery`); the body is a map, or `bin` for the three pose messages. Unknown map
keys are ignored, missing optional ones have their default: that is how the protocol grows.

MESSAGES.md, protocol.json, the golden vectors and the TypeScript types are generated from here.
"""

from server.wire.messages_together import TOGETHER_DOWN, TOGETHER_UP
from server.wire.schema import Delivery, Direction, Field, Message
from server.wire.structures import AVATAR_KINDS, CONSENT_CLASSES, ITEM_LIMIT, NAME_LIMIT

F = Field
UP = Direction.TO_SERVER
DOWN = Direction.TO_CLIENT

PROTOCOL_VERSION = 3
OLDEST_PROTOCOL_VERSION = 1
SUBPROTOCOL = "galleria.1"

_PRODUCT = F("product_id", "str", "Product id; empty for none.", limit=64)
_CHECKOUT = F("checkout_id", "str", "Checkout id.", limit=64)
_LINE = F("line_id", "str", "Cart line id.", limit=64)
_PROP = F("prop_id", "u32", "Prop id.")
_EPOCH = F("epoch", "u32", "Ownership epoch you know; a stale one is refused.")
_OFFER = F("offer_id", "u32", "Offer id.")
_TOTAL = F("expected_total_minor", "i64", "Total you saw, minor units; -1: any.", limit=10**12)
_OTHER = F("other_avatar_id", "u16", "Who.")
_QUANTITY = F("quantity", "u16", "How many.", limit=999)
_PARTY_ERRORS = ("NOT_IN_ROOM", "CART_LOCKED")
_CART_ERRORS = ("NOT_IN_ROOM", "SOLD_OUT", "CART_LOCKED", "LIMIT_REACHED", "BUSY", "STORE_BUSY")
_CHECKOUT_ERRORS = ("NOT_IN_ROOM", "CHECKOUT_NOT_FOUND", "CHECKOUT_STATE", "NOT_ALLOWED")

CONNECTION = (
    Message(1, "Hello", UP, Delivery.DIRECT, "First message of every connection.", (
        F("protocol_min", "u16", "Oldest protocol version you speak."),
        F("protocol_max", "u16", "Newest protocol version you speak."),
        F("client", "str", "Name and version of the client, for logs.", limit=64),
        F("kind", "str", "What you are.", values=AVATAR_KINDS),
        F("token", "str", "Guest token got over HTTP.", limit=1024),
        F("resume_token", "str", "Newest resume token, to go on with a session.", limit=1024,
          optional=True, default=""),
        F("last_seq", "u32", "Newest reliable sequence number you have seen.", optional=True,
          default=0),
    ), errors=("PROTOCOL_VERSION", "TOKEN_INVALID", "HELLO_TWICE")),
    Message(2, "Clock", UP, Delivery.LATEST, "Clock sync; the head is your time in ms."),
    Message(3, "Ack", UP, Delivery.COMMAND, "You have everything up to this sequence number.", (
        F("seq", "u32", "Sequence number."),
    )),
)  # fmt: skip

PRESENCE = (
    Message(10, "Join", UP, Delivery.REQUEST, "Take the seat you reserved over HTTP.", (
        F("seat_token", "str", "Seat reservation token; valid once, for 15 s.", limit=1024),
        F("name", "str", "Name that others see.", limit=NAME_LIMIT),
        F("consent", "str[]", "Consent classes; empty: nothing leaves the room.", limit=3,
          values=CONSENT_CLASSES, optional=True, default=()),
    ), answer=(
        F("room_id", "str", "Room you are in."),
        F("avatar_id", "u16", "Your avatar; the id in your pose records."),
        F("layout_url", "str", "Where to get the layout (JSON)."),
        F("manifest_url", "str", "Where to get the asset manifest (JSON)."),
    ), errors=("SEAT_EXPIRED", "SEAT_INVALID", "ROOM_NOT_FOUND", "ROOM_FULL", "ALREADY_IN_ROOM")),
    Message(11, "Leave", UP, Delivery.REQUEST, "A clean goodbye to the room.",
            errors=("NOT_IN_ROOM",)),
    Message(12, "Pose", UP, Delivery.LATEST,
            "Your pose: one 32-byte record; the head is the server time of the sample in ms.",
            errors=("POSE_MALFORMED",), binary_body=True),
    Message(13, "Teleport", UP, Delivery.REQUEST, "Jump to a free point of the floor.", (
        F("position", "pos", "Where your feet shall be, metres.", limit=32),
        F("yaw_degrees", "f64", "Where you shall face; 0 is -Z, counter-clockwise.", limit=3600),
    ), errors=("NOT_IN_ROOM", "OUT_OF_BOUNDS")),
    Message(14, "SetConsent", UP, Delivery.REQUEST, "Change what may leave the room about you.", (
        F("classes", "str[]", "Consent classes.", limit=3, values=CONSENT_CLASSES),
    ), errors=("NOT_IN_ROOM",)),
    Message(15, "Look", UP, Delivery.COMMAND, "Your gaze rests on a product, or on none.",
            (_PRODUCT,), errors=("NOT_IN_ROOM", "PRODUCT_NOT_HERE")),
)  # fmt: skip

PARTY = (
    Message(20, "CreateParty", UP, Delivery.REQUEST, "Open a party that friends join by code.",
            answer=(F("party_id", "str", "Party."), F("party_code", "str", "Code to give away.")),
            errors=(*_PARTY_ERRORS, "ALREADY_IN_PARTY")),
    Message(21, "JoinParty", UP, Delivery.REQUEST, "Join a party; your cart moves in with you.",
            (F("code", "str", "The party's code.", limit=16),),
            answer=(F("party_id", "str", "Party."), F("party_code", "str", "Its code.")),
            errors=(*_PARTY_ERRORS, "PARTY_NOT_FOUND", "PARTY_FULL", "ALREADY_IN_PARTY",
                    "BLOCKED_IN_PARTY")),
    Message(22, "LeaveParty", UP, Delivery.REQUEST, "Go on alone; your own lines come along.",
            errors=(*_PARTY_ERRORS, "NOT_IN_PARTY")),
    Message(23, "Vote", UP, Delivery.REQUEST, "Your opinion, for your party.", (
        _PRODUCT, F("choice", "i8", "-1 no, 0 take back, 1 yes.", limit=1),
    ), errors=("NOT_IN_ROOM", "PRODUCT_NOT_HERE")),
)  # fmt: skip

PROPS = (
    Message(30, "Grab", UP, Delivery.REQUEST, "Pick a product up.", (
        _PROP, F("hand", "str", "Which hand.", values=("left", "right")),
    ), answer=(F("epoch", "u32", "Your ownership epoch."),),
            errors=("NOT_IN_ROOM", "PROP_NOT_FOUND", "PROP_TAKEN", "OUT_OF_REACH", "HANDS_FULL")),
    Message(31, "PutBack", UP, Delivery.REQUEST, "Put a product back on its slot.", (
        _PROP, _EPOCH,
    ), errors=("NOT_IN_ROOM", "PROP_NOT_FOUND", "NOT_OWNER", "STALE_EPOCH")),
    Message(32, "OfferProp", UP, Delivery.REQUEST, "Hold a product out to somebody.", (
        _PROP, _EPOCH, F("to_avatar_id", "u16", "Who shall take it."),
    ), answer=(F("offer_id", "u32", "The offer."),),
            errors=("NOT_IN_ROOM", "PROP_NOT_FOUND", "NOT_OWNER", "STALE_EPOCH",
                    "AVATAR_NOT_FOUND", "OFFER_PENDING", "OUT_OF_REACH")),
    Message(33, "AcceptOffer", UP, Delivery.REQUEST, "Take what is held out to you.", (_OFFER,),
            answer=(F("prop_id", "u32", "Prop you own now."), F("epoch", "u32", "Your epoch.")),
            errors=("NOT_IN_ROOM", "OFFER_NOT_FOUND", "NOT_ALLOWED", "HANDS_FULL")),
    Message(34, "DeclineOffer", UP, Delivery.REQUEST,
            "Do not take it; said by the giver, take the offer back.", (_OFFER,),
            errors=("NOT_IN_ROOM", "OFFER_NOT_FOUND", "NOT_ALLOWED")),
)  # fmt: skip

SHOPPING = (
    Message(40, "AddToCart", UP, Delivery.REQUEST,
            "Put a SKU into the party's cart and take a light hold on it.", (
                F("sku", "str", "SKU.", limit=64), _QUANTITY,
            ), answer=(F("cart_version", "u32", "Version of the cart that has it."),),
            errors=(*_CART_ERRORS, "SKU_NOT_HERE", "WAIT_IN_LINE")),
    Message(41, "SetQuantity", UP, Delivery.REQUEST, "Change a line's quantity; 0 removes it.",
            (_LINE, _QUANTITY), answer=(F("cart_version", "u32", "Version of the cart."),),
            errors=(*_CART_ERRORS, "LINE_NOT_FOUND")),
    Message(42, "RemoveFromCart", UP, Delivery.REQUEST, "Remove a line; its hold ends at once.",
            (_LINE,), answer=(F("cart_version", "u32", "Version of the cart."),),
            errors=("NOT_IN_ROOM", "CART_LOCKED", "LINE_NOT_FOUND")),
    Message(43, "LockCheckout", UP, Delivery.REQUEST,
            "Freeze cart, prices and stock so that it can be paid.", (_TOTAL,),
            answer=(_CHECKOUT, F("total_minor", "i64", "What is to be paid, minor units."),
                    F("currency", "str", "ISO 4217."),
                    F("expires_ms", "u64", "When the lock ends, server time.")),
            errors=("NOT_IN_ROOM", "CART_LOCKED", "CHECKOUT_PROBLEMS", "BUSY", "STORE_BUSY")),
    Message(44, "UnlockCheckout", UP, Delivery.REQUEST, "Give the lock back; the cart stays.",
            (_CHECKOUT,), errors=_CHECKOUT_ERRORS),
    Message(45, "Pay", UP, Delivery.REQUEST, "Pay the locked checkout, or your part of it.", (
        _CHECKOUT,
        F("expected_total_minor", "i64", "What you pay in all, minor units: the locked total, or "
          "your share and those you cover (`part_minor`).", limit=10**12),
        F("payment_method", "str", "Token of a payment method, such as test:<card>. credit: and "
          "gift:<code> are answered with a challenge, for ConfirmPayment.", limit=128),
        F("idempotency_key", "str", "Same key, same answer: one charge however often asked.",
          limit=64),
        F("amount_minor", "i64", "How much of it with this method, minor units, the rest with "
          "another one afterwards; 0: all you still have to pay.", limit=10**12,
          optional=True, default=0, since=3),
    ), answer=(F("state", "str", "State of the checkout now."),
               F("order_id", "str", "Order, when it is paid; else empty.")),
            errors=(*_CHECKOUT_ERRORS, "PAYMENT_METHOD_UNKNOWN", "TOTAL_CHANGED",
                    "IDEMPOTENCY_KEY_REUSED", "CHECKOUT_EXPIRED", "INVALID_AMOUNT",
                    "NOTHING_TO_PAY", "TOO_MANY_PAYMENTS", "COUPON_ENDED")),
    Message(46, "ConfirmPayment", UP, Delivery.REQUEST, "Answer a payment challenge.", (
        _CHECKOUT, F("challenge_id", "str", "Challenge.", limit=64),
        F("response", "str", "Your answer.", values=("approve", "reject")),
    ), answer=(F("state", "str", "State of the checkout now."),
               F("order_id", "str", "Order, when it is paid; else empty.")),
            errors=(*_CHECKOUT_ERRORS, "CHALLENGE_NOT_FOUND")),
)  # fmt: skip

STAFF = (
    Message(50, "Spotlight", UP, Delivery.REQUEST, "Pin a product for all, or none. Hosts only.",
            (_PRODUCT,), errors=("NOT_IN_ROOM", "NOT_ALLOWED", "PRODUCT_NOT_HERE")),
    Message(51, "Gather", UP, Delivery.REQUEST, "Invite all around you. Hosts only.",
            answer=(F("invited", "u16", "How many got a free spot."),),
            errors=("NOT_IN_ROOM", "NOT_ALLOWED")),
)  # fmt: skip

SAFETY = (
    Message(60, "Block", UP, Delivery.REQUEST,
            "Never see or hear of somebody again, nor be seen by them, in any room.", (_OTHER,),
            answer=(F("person_id", "str", "Whom Unblock takes."),),
            errors=("NOT_IN_ROOM", "AVATAR_NOT_FOUND", "IN_YOUR_PARTY", "BLOCKS_FULL"), since=2),
    Message(61, "Unblock", UP, Delivery.REQUEST, "Take a block back.", (
        F("person_id", "str", "Of the answer to Block, or of RoomState.", limit=64),
    ), errors=("NOT_IN_ROOM", "BLOCK_NOT_FOUND"), since=2),
    Message(62, "Mute", UP, Delivery.REQUEST,
            "Do not hear somebody's voice and captions on this visit; they are not told.",
            (_OTHER,), errors=("NOT_IN_ROOM", "AVATAR_NOT_FOUND", "BLOCKS_FULL"), since=2),
    Message(63, "Unmute", UP, Delivery.REQUEST, "Hear them again.", (_OTHER,),
            errors=("NOT_IN_ROOM", "AVATAR_NOT_FOUND"), since=2),
    Message(64, "SetPersonalSpace", UP, Delivery.REQUEST,
            "Set your bubble: who is nearer is not shown to you, nor you to them. Your party and "
            "hosts always are.", (
                F("radius_m", "f64", "Radius, metres; 0: none.", limit=2),
            ), errors=("NOT_IN_ROOM", "RADIUS_OUT_OF_RANGE"), since=2),
    Message(65, "Retreat", UP, Delivery.REQUEST,
            "Be at a free place away from people at once; go where the answer says.",
            answer=(F("position", "pos", "Where your feet are now, metres."),
                    F("yaw_degrees", "f64", "Where you face, as before.")),
            errors=("NOT_IN_ROOM",), since=2),
)  # fmt: skip

DOWNWARD = (
    Message(100, "Welcome", DOWN, Delivery.DIRECT, "Answer to Hello.", (
        F("protocol", "u16", "Version spoken from now on."),
        F("session_id", "str", "Your session."),
        F("person_id", "str", "Whom the token stands for."),
        F("resume_token", "str", "Good for one resume; the next Welcome brings the next."),
        F("resumed", "bool", "True: the session goes on. False: fresh, join again."),
        F("fresh_reason", "str", "Why a resume was not possible: invalid, expired, not_yours, "
          "used_before, session_over or events_lost; empty otherwise."),
        F("last_request_id", "u32", "Newest request the server has; send later ones again."),
        F("server_time_ms", "u64", "Server time."),
        F("tick_rate_hz", "u8", "Pose ticks a second."),
        F("grace_period_ms", "u32", "How long a dropped session waits for you."),
        F("ping_interval_ms", "u32", "Send something at least this often."),
    )),
    Message(101, "Answer", DOWN, Delivery.RELIABLE, "The one good answer to a request.", (
        F("request_id", "u32", "The request."),
        F("body", "any", "The answer's fields, as listed with the request."),
    )),
    Message(102, "Error", DOWN, Delivery.RELIABLE,
            "The one bad answer to a request (request_id 0: to something without an id).", (
                F("request_id", "u32", "The request, or 0."),
                F("code", "str", "Stable code."),
                F("message", "str", "A sentence for a person."),
                F("data", "any", "Facts that go with the code."),
            )),
    Message(103, "ClockAnswer", DOWN, Delivery.LATEST,
            "Clock sync; the head is the time you sent.", (
                F("received_ms", "u64", "Server time at which yours arrived."),
                F("sent_ms", "u64", "Server time at which this left."),
            )),
    Message(110, "RoomState", DOWN, Delivery.RELIABLE, "Everything a late joiner needs.", (
        F("room_id", "str", "Room."),
        F("avatar_id", "u16", "You."),
        F("avatars", "AvatarView[]", "Everybody, you included."),
        F("poses", "bin", "32-byte records of everybody who has a pose."),
        F("props", "PropView[]", "All product objects."),
        F("stock", "StockView[]", "Live stock."),
        F("party_id", "str", "Your party."),
        F("party_code", "str", "Its code; empty while you are alone."),
        F("cart", "Cart?", "Your party's cart."),
        F("checkout", "Checkout?", "Your party's checkout."),
        F("votes", "TallyView[]", "Your party's votes."),
        F("spotlight_product_id", "str", "Pinned product, or empty."),
        F("offers", "OfferMade[]", "Offers that wait for you or by you."),
        F("blocked", "BlockedPerson[]", "Whom you have blocked.", since=2),
        F("muted_avatar_ids", "u16[]", "Whom you have muted, of those here.", since=2),
        F("personal_space_m", "f64", "Radius of your bubble, metres; 0: none.", since=2),
        F("members", "PartyMember[]", "Your party in this room, you included.",
          optional=True, default=(), since=3),
        F("gifts", "Gift[]", "Gifts by you and for you.", optional=True, default=(), since=3),
        F("places", "Place[]", "Your places in waiting lines.",
          optional=True, default=(), since=3),
    )),
    Message(111, "Poses", DOWN, Delivery.LATEST,
            "32-byte records of avatars that moved; the head is server time.", binary_body=True),
    Message(116, "Heads", DOWN, Delivery.LATEST,
            "12-byte heads of avatars that are far away or out of sight; the head is server time.",
            binary_body=True, since=2),
    Message(112, "AvatarEntered", DOWN, Delivery.RELIABLE, "Somebody came in.", (
        F("avatar", "AvatarView", "Who."),
        F("pose", "bin", "Their first record; empty: where they are follows."),
    )),
    Message(113, "AvatarChanged", DOWN, Delivery.RELIABLE, "Presence or party changed.", (
        F("avatar", "AvatarView", "Who, as they are now."),
    )),
    Message(114, "AvatarLeft", DOWN, Delivery.RELIABLE, "Somebody is gone.", (
        F("avatar_id", "u16", "Who."), F("reason", "str", "left, grace_over, moved or hidden."),
    )),
    Message(115, "PoseRefused", DOWN, Delivery.RELIABLE,
            "Your pose was not taken; stand where the record says.", (
                F("code", "str", "Why."), F("pose", "bin", "Your record as the server has it."),
            )),
    Message(120, "PropChanged", DOWN, Delivery.RELIABLE, "A product object has a new owner.", (
        F("prop", "PropView", "As it is now."),
    )),
    Message(121, "OfferMade", DOWN, Delivery.RELIABLE, "A product is held out.", (
        F("offer_id", "u32", "Offer."), F("prop_id", "u32", "Prop."),
        F("from_avatar_id", "u16", "Giver."), F("to_avatar_id", "u16", "Receiver."),
        F("expires_ms", "u64", "When it lapses, server time."),
    )),
    Message(122, "OfferEnded", DOWN, Delivery.RELIABLE, "An offer is over.", (
        F("offer_id", "u32", "Offer."),
        F("outcome", "str", "accepted, declined, withdrawn, expired or void."),
    )),
    Message(130, "PartyChanged", DOWN, Delivery.RELIABLE, "Your party is another now.", (
        F("party_id", "str", "Party."), F("party_code", "str", "Code; empty while alone."),
        F("member_avatar_ids", "u16[]", "Members in this room."),
        F("members", "PartyMember[]", "The same with who they are.",
          optional=True, default=(), since=3),
    )),
    Message(131, "VotesChanged", DOWN, Delivery.RELIABLE, "Your party's votes on a product.", (
        F("tally", "TallyView", "As it is now."),
    )),
    Message(132, "CartChanged", DOWN, Delivery.RELIABLE, "Your party's cart.", (
        F("cart", "Cart", "As it is now."),
    )),
    Message(133, "CheckoutChanged", DOWN, Delivery.RELIABLE, "Your party's checkout.", (
        F("checkout", "Checkout", "As it is now."),
    )),
    Message(134, "OrderConfirmed", DOWN, Delivery.RELIABLE, "Your party has bought.", (
        F("order_id", "str", "Order; GET /track/{order_id} follows it."),
        F("checkout_id", "str", "Checkout."),
        F("payer_person_id", "str", "Who paid."), F("payer_name", "str", "Their name."),
        F("total_minor", "i64", "Total, minor units."), F("currency", "str", "ISO 4217."),
        F("items", "str[]", "What was bought, for people."),
    )),
    Message(135, "StockChanged", DOWN, Delivery.RELIABLE, "Live stock of a SKU.", (
        F("stock", "StockView", "As it is now; ignore older versions."),
    )),
    Message(136, "HoldEnded", DOWN, Delivery.RELIABLE, "A line of your cart lost its stock.", (
        F("line_id", "str", "Line."), F("product_id", "str", "Product."),
    )),
    Message(140, "Recommendations", DOWN, Delivery.RELIABLE, "Ranked products, with reasons.", (
        F("scope", "str", "you, party, or (for parties of two and more) display: the shelf that "
          "fills itself for your party, as you see it. Ignore others: more may come."),
        F("items", "Item[]", "Best first; on a display in the order of the places.",
          limit=ITEM_LIMIT),
        F("places", "DisplayPlace[]", "On a display one for each of the items.", limit=ITEM_LIMIT,
          optional=True, default=(), since=3),
    )),
    Message(150, "SpotlightChanged", DOWN, Delivery.RELIABLE, "A host pinned a product.", (
        F("product_id", "str", "Product, or empty."), F("by_avatar_id", "u16", "Host."),
    )),
    Message(151, "GatherInvited", DOWN, Delivery.RELIABLE, "A host calls you to a free spot.", (
        F("by_avatar_id", "u16", "Host."), F("position", "pos", "Your spot, metres."),
        F("yaw_degrees", "f64", "So that you face the host."),
    )),
    Message(160, "Draining", DOWN, Delivery.DIRECT, "The server is about to stop.", (
        F("reason", "str", "Why, for people."),
        F("until_ms", "u64", "When connections are closed, server time."),
    )),
)  # fmt: skip

MESSAGES: tuple[Message, ...] = (
    *CONNECTION, *PRESENCE, *PARTY, *PROPS, *SHOPPING, *STAFF, *SAFETY, *TOGETHER_UP, *DOWNWARD,
    *TOGETHER_DOWN,
)  # fmt: skip
BY_NUMBER: dict[int, Message] = {message.number: message for message in MESSAGES}
BY_NAME: dict[str, Message] = {message.name: message for message in MESSAGES}
