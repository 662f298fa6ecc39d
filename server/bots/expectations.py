"""Which refusals are a shopper's daily life, and which mean that something is broken.

A bot that loses a race is doing its work; a bot that is told its frame was bad has found a bug.
"""

# The server is allowed to say these to anybody at any time.
BUSY = frozenset({"BUSY", "STORE_BUSY"})
# Somebody of the party was quicker: at the till, or with the line.
SHARED_CART = frozenset({"CART_LOCKED", "LINE_NOT_FOUND", "CART_EMPTY", "LIMIT_REACHED"})
RACE_FOR_STOCK = frozenset({"SOLD_OUT"})
# The lock ran out, was given back, or has been paid by somebody else meanwhile.
SHARED_TILL = frozenset({"CHECKOUT_NOT_FOUND", "CHECKOUT_STATE", "NOT_ALLOWED"})

# The total was divided anew, the time ran out, or too many cards were tried.
PAYING = frozenset({"TOTAL_CHANGED", "CHECKOUT_EXPIRED", "TOO_MANY_PAYMENTS"})

EXPECTED: dict[str, frozenset[str]] = {
    "join": frozenset({"ROOM_FULL", "SEAT_EXPIRED", "SERVER_FULL", "TOO_MANY_REQUESTS"}),
    "leave": frozenset(),
    "look": frozenset(),
    "vote": frozenset(),
    "grab": frozenset({"PROP_TAKEN", "HANDS_FULL"}),
    "put back": frozenset({"NOT_OWNER", "STALE_EPOCH"}),
    "offer": frozenset(
        {"AVATAR_NOT_FOUND", "OFFER_PENDING", "OUT_OF_REACH", "NOT_OWNER", "STALE_EPOCH"}
    ),
    "accept": frozenset({"OFFER_NOT_FOUND", "HANDS_FULL"}),
    "decline": frozenset({"OFFER_NOT_FOUND"}),
    "create party": frozenset({"ALREADY_IN_PARTY", "CART_LOCKED"}),
    "join party": frozenset({"ALREADY_IN_PARTY", "CART_LOCKED", "PARTY_NOT_FOUND", "PARTY_FULL"}),
    "leave party": frozenset({"CART_LOCKED", "NOT_IN_PARTY"}),
    "add to cart": SHARED_CART | RACE_FOR_STOCK,
    "race for the last": SHARED_CART | RACE_FOR_STOCK,
    "remove line": SHARED_CART,
    "lock": SHARED_CART | frozenset({"CHECKOUT_PROBLEMS"}),
    "unlock": SHARED_TILL,
    "pay": SHARED_TILL | PAYING,
    "split": SHARED_TILL,
    "cover": SHARED_TILL | frozenset({"SHARE_NOT_FOUND"}),
    "pay part": SHARED_TILL | PAYING | frozenset({"NOTHING_TO_PAY"}),
    "give up": SHARED_TILL,
    "confirm": SHARED_TILL | frozenset({"CHALLENGE_NOT_FOUND"}),
    "teleport": frozenset({"OUT_OF_BOUNDS"}),
}


def is_expected(action: str, code: str) -> bool:
    """Whether a good client can meet this refusal in this action."""
    return code in BUSY or code in EXPECTED[action]
