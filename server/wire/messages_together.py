"""The part of the message table for what a party does at the till: paying in parts, handing a
payment to a phone, gifts and holds for one another, and the waiting lines of drops.
"""

from server.wire.schema import Delivery, Direction, Field, Message
from server.wire.structures import ID_LIMIT, SHARES_MAX, SPLIT_PLANS

F = Field
UP = Direction.TO_SERVER
DOWN = Direction.TO_CLIENT

_CHECKOUT = F("checkout_id", "str", "Checkout id.", limit=64)
_LINE = F("line_id", "str", "Cart line id.", limit=64)
_SKU = F("sku", "str", "SKU.", limit=64)
_STATE = F("state", "str", "State of the checkout now.")
_CHECKOUT_ERRORS = (
    "NOT_IN_ROOM", "BUSY", "STORE_BUSY", "CHECKOUT_NOT_FOUND", "CHECKOUT_STATE", "NOT_ALLOWED"
)  # fmt: skip
_LINE_ERRORS = ("NOT_IN_ROOM", "BUSY", "STORE_BUSY", "LINE_NOT_FOUND", "CART_LOCKED")
_DROP_ERRORS = ("NOT_IN_ROOM", "BUSY", "STORE_BUSY", "SKU_NOT_HERE", "DROP_NOT_FOUND")
_STANDING = (
    F("ahead", "u32", "People before you; 0: you are next, or in."),
    F("waiting", "u32", "People who wait in this line."),
    F("estimate_ms", "i64", "How long it may take, ms; -1: not known yet."),
    F("admitted_until_ms", "u64", "Until when you can hold it, server time; 0: not let in yet."),
)

TOGETHER_UP = (
    Message(70, "SplitCheckout", UP, Delivery.REQUEST,
            "Divide the locked total among the party. For the one who locked it, before anybody "
            "pays; done again, it replaces what was.", (
                _CHECKOUT, F("plan", "str", "How.", values=SPLIT_PLANS),
                F("person_ids", "str[]", "Who pays; empty: all who share the cart.",
                  limit=SHARES_MAX, item_limit=ID_LIMIT, optional=True, default=()),
                F("amounts_minor", "i64[]", "For custom: what each of `person_ids` pays, in their "
                  "order; the sum is the total.", limit=SHARES_MAX, item_limit=10**12,
                  optional=True, default=()),
            ), answer=(_STATE,), errors=(*_CHECKOUT_ERRORS, "INVALID_SPLIT"), since=3),
    Message(71, "CoverShare", UP, Delivery.REQUEST,
            "Pay somebody else's share as well, or not any more.", (
                _CHECKOUT, F("person_id", "str", "Whose share.", limit=ID_LIMIT),
                F("covers", "bool", "False: leave it to them again.", optional=True, default=True),
            ), answer=(F("due_minor", "i64", "What you have to pay now, minor units."),),
            errors=(*_CHECKOUT_ERRORS, "SHARE_NOT_FOUND"), since=3),
    Message(72, "GiveUpPayment", UP, Delivery.REQUEST,
            "Call a payment off that waits for others: all parts are given back, the cart stays "
            "locked. For who has paid a part, and for the one who locked it.", (_CHECKOUT,),
            answer=(_STATE,), errors=_CHECKOUT_ERRORS, since=3),
    Message(73, "RequestHandOff", UP, Delivery.REQUEST,
            "A code with which your phone pays what you have to pay, once, exactly this amount. "
            "An earlier code of yours ends. Nobody else is told.", (_CHECKOUT,),
            answer=(F("code", "str", "To be typed on the phone."),
                    F("path", "str", "Page of this server on which the phone pays."),
                    F("qr_path", "str", "Its QR code as an SVG image, of this server too."),
                    F("amount_minor", "i64", "What the phone pays, minor units."),
                    F("currency", "str", "ISO 4217."),
                    F("expires_ms", "u64", "When the code ends, server time.")),
            errors=(*_CHECKOUT_ERRORS, "NOTHING_TO_PAY", "LIMIT_REACHED"), since=3),
    Message(74, "OfferGift", UP, Delivery.REQUEST,
            "Offer a line you put in to somebody of your party: you pay, the price is hidden.",
            (_LINE, F("to_person_id", "str", "Who shall get it; empty: take the offer back.",
                      limit=ID_LIMIT)),
            errors=(*_LINE_ERRORS, "NOT_ALLOWED", "INVALID_RECEIVER"), since=3),
    Message(75, "AnswerGift", UP, Delivery.REQUEST, "Accept a gift that is offered to you, or not.",
            (_LINE, F("accept", "bool", "Whether you take it.")),
            errors=("NOT_IN_ROOM", "BUSY", "STORE_BUSY", "GIFT_NOT_FOUND", "CART_LOCKED"), since=3),
    Message(76, "PassHold", UP, Delivery.REQUEST,
            "Give a line to somebody else of your party; the hold on its stock goes with it.",
            (_LINE, F("to_person_id", "str", "Whose it shall be.", limit=ID_LIMIT)),
            answer=(F("cart_version", "u32", "Version of the cart."),),
            errors=(*_LINE_ERRORS, "MEMBER_NOT_FOUND", "LIMIT_REACHED", "SOLD_OUT"), since=3),
    Message(80, "JoinLine", UP, Delivery.REQUEST,
            "Take a place in the waiting line of a drop, next to your party; who has one keeps it. "
            "LinePosition tells how it goes on.", (_SKU,), answer=_STANDING,
            errors=(*_DROP_ERRORS, "LINES_FULL", "LIMIT_REACHED"), since=3),
    Message(81, "LeaveLine", UP, Delivery.REQUEST, "Give up your place in a waiting line.",
            (_SKU,), errors=_DROP_ERRORS, since=3),
)  # fmt: skip

TOGETHER_DOWN = (
    Message(137, "ChallengeUrl", DOWN, Delivery.RELIABLE,
            "Your bank asks you on a page of its own; only you are told. When you have answered "
            "there, send ConfirmPayment with approve.", (
                F("checkout_id", "str", "Checkout."), F("challenge_id", "str", "Challenge."),
                F("url", "str", "Page of the bank, or address for a wallet."),
                F("text", "str", "What to do, for people."),
                F("expires_ms", "u64", "Until when, server time."),
            ), since=3),
    Message(138, "GiftOffered", DOWN, Delivery.RELIABLE,
            "A line is offered as a gift; giver and receiver are told.", (
                F("gift", "Gift", "What, by whom, for whom."),
            ), since=3),
    Message(139, "GiftAnswered", DOWN, Delivery.RELIABLE,
            "A gift was answered; giver and receiver are told.", (
                F("line_id", "str", "Line."),
                F("outcome", "str", "accepted, declined, withdrawn, or over: answered or taken "
                  "back outside of the room."),
            ), since=3),
    Message(145, "LinePosition", DOWN, Delivery.RELIABLE,
            "Where you stand in the waiting line of a drop.", (
                F("place", "Place", "As it is now."),
            ), since=3),
)  # fmt: skip
