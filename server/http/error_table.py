"""Error codes that HTTP can answer, with their status and what they mean.

`commerce` decides about its own; they stand here as well because clients want one list. A test
compares the two.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """A code, its HTTP status, what it means and what can be done."""

    code: str
    status: int
    meaning: str


_ROWS = (
    ErrorRow("BAD_REQUEST", 400, "The request could not be understood."),
    ErrorRow("BODY_NOT_JSON", 400, "The body is not JSON."),
    ErrorRow("BODY_TOO_LARGE", 413, "The request body is larger than this server takes."),
    ErrorRow("REQUEST_INVALID", 422, "Some fields are not right; `data.problems` lists them."),
    ErrorRow("NOT_FOUND", 404, "There is nothing at this address."),
    ErrorRow("METHOD_NOT_ALLOWED", 405, "The address does not answer this method; see Allow."),
    ErrorRow("RANGE_NOT_SATISFIABLE", 416, "The file is shorter than the range asked for."),
    ErrorRow("TOO_MANY_REQUESTS", 429, "Too many requests from this address; see Retry-After."),
    ErrorRow("INTERNAL_ERROR", 500, "A fault of the server; `instance` helps to find it."),
    ErrorRow("UNAVAILABLE", 503, "The server cannot answer just now; try again."),
    ErrorRow("PAGE_NOT_BUILT", 503, "The web page was not built; the API works."),
    ErrorRow("DRAINING", 503, "The server is closing; try again in a moment."),
    ErrorRow("NAME_INVALID", 422, "A name needs 1 to 32 visible characters."),
    ErrorRow("HOST_KEY_WRONG", 403, "The host key is not right."),
    ErrorRow("TOKEN_MISSING", 401, "Get a token first: POST /session/guest."),
    ErrorRow("TOKEN_INVALID", 401, "The token was not issued here, or was changed."),
    ErrorRow("TOKEN_EXPIRED", 401, "The token has run out; get a new one."),
    ErrorRow("IDEMPOTENCY_KEY_MISSING", 400, "A payment needs an Idempotency-Key header."),
    ErrorRow("ROOM_NOT_FOUND", 404, "There is no such room."),
    ErrorRow("ROOM_FULL", 409, "The room has no seat left; try again, or another room."),
    ErrorRow("TOO_MANY_SEATS", 422, "More seats than one request may reserve; see `data`."),
    ErrorRow("INVITE_NOT_FOUND", 404, "The invite is unknown, used up or has run out."),
    ErrorRow("BUSY", 503, "Too much at once; try again in a moment."),
    ErrorRow("WORKER_LOST", 503, "The process that was asked has ended; try again in a moment."),
    ErrorRow("ORIGIN_REFUSED", 403, "Pages of this origin may not open the game socket."),
    ErrorRow("SUBPROTOCOL_MISSING", 400, "The game socket needs its subprotocol offered."),
    ErrorRow("ASSET_NOT_FOUND", 404, "There is no such asset."),
    ErrorRow("PRODUCT_NOT_FOUND", 404, "There is no such product."),
    ErrorRow("SKU_NOT_FOUND", 404, "There is no such SKU."),
    ErrorRow("LINE_NOT_FOUND", 404, "There is no such line in your cart."),
    ErrorRow("SOLD_OUT", 409, "Too few are left; `data` has what is, and what is like it."),
    ErrorRow("CART_LOCKED", 409, "The cart is at the till; unlock it first."),
    ErrorRow("LIMIT_REACHED", 409, "More than one person or cart may hold."),
    ErrorRow("IDEMPOTENCY_KEY_REUSED", 409, "The key was used for another action; take a new one."),
    ErrorRow("STORE_BUSY", 503, "The database is busy; nothing was done, try again."),
    ErrorRow("STORE_FULL", 503, "The disk is full; nothing was done."),
    ErrorRow("STORE_FAILED", 503, "The database cannot be used; nothing was done."),
    ErrorRow("COMMERCE_CLOSED", 503, "The shop is closing; nothing was done."),
    ErrorRow("DISCONTINUED", 409, "This is not sold any more."),
    ErrorRow("CURRENCY_MISMATCH", 409, "One cart has one currency."),
    ErrorRow("CHECKOUT_EXPIRED", 409, "The lock ran out; the cart still has everything."),
    ErrorRow("INVALID_ID", 422, "An id is not of the form that ids have."),
    ErrorRow("INVALID_PAGE", 422, "A page or its size is out of range."),
    ErrorRow("INVALID_TERM", 422, "The search term is out of range."),
    ErrorRow("INVALID_QUANTITY", 422, "A quantity is a whole number from 1 up."),
    ErrorRow("INVALID_AMOUNT", 422, "An amount is a whole number of minor units."),
    ErrorRow("INVALID_CURRENCY", 422, "A currency is three capital letters of ISO 4217."),
    ErrorRow("INVALID_IDEMPOTENCY_KEY", 422, "The key has 8 to 128 printable ASCII characters."),
    ErrorRow(
        "CHECKOUT_PROBLEMS", 409, "The cart cannot be locked; `data.problems` has every reason."
    ),
    ErrorRow("CHECKOUT_NOT_FOUND", 404, "There is no such checkout of yours."),
    ErrorRow("CHECKOUT_STATE", 409, "The checkout is not in a state for this; see `data`."),
    ErrorRow("NOT_ALLOWED", 403, "This is for somebody else to do."),
    ErrorRow("TOTAL_CHANGED", 409, "The total is not the one you agreed to."),
    ErrorRow("PAYMENT_METHOD_UNKNOWN", 422, "No provider knows this means of payment."),
    ErrorRow("CHALLENGE_NOT_FOUND", 404, "There is no such open question."),
    ErrorRow("INVALID_RESPONSE", 422, "The bank's question has no such answer."),
    ErrorRow("CART_NOT_FOUND", 404, "There is no such cart of yours."),
    ErrorRow("NOT_IN_SHARED_CART", 409, "You are not sharing a cart just now."),
    ErrorRow("ORDER_NOT_FOUND", 404, "There is no such order."),
    ErrorRow("TOO_MANY_PAYMENTS", 429, "Too many failed tries to pay; see `data.retry_after_ms`."),
    ErrorRow("WEBHOOK_REFUSED", 400, "Not the provider's notice, or too old."),
    ErrorRow("NOTHING_TO_PAY", 409, "Nothing is left for you to pay."),
    ErrorRow("REFUND_TOO_LARGE", 409, "So much is not left of what was paid."),
    ErrorRow("HAND_OFF_ENDED", 409, "The code was used or has run out."),
    ErrorRow("INVALID_SPLIT", 422, "The parts do not fit the total or the party."),
    ErrorRow("INVALID_CONTACT", 422, "See `data.fields`."),
    ErrorRow("INVALID_RECEIVER", 422, "A gift goes to somebody else in the cart."),
    ErrorRow("INVALID_REASON", 422, "A reason is at most 500 characters."),
    ErrorRow("CREDIT_NOT_FOUND", 404, "There is no such credit."),
    ErrorRow("PERSON_NOT_FOUND", 404, "Whoever this was asked to be forgotten."),
    ErrorRow("CREDIT_LEFT", 409, "There is store credit left; spend it, or send `forfeit=true`."),
    ErrorRow("GIFT_NOT_FOUND", 404, "There is no such gift."),
    ErrorRow("HAND_OFF_NOT_FOUND", 404, "No payment waits under this code."),
    ErrorRow("PAYMENT_NOT_FOUND", 404, "There is no such payment."),
    ErrorRow("PROVIDER_NOT_FOUND", 404, "There is no such payment provider."),
    ErrorRow("PROVIDER_SILENT", 503, "The payment provider does not answer just now."),
    ErrorRow("SHARE_NOT_FOUND", 404, "This person has no part in the checkout."),
    ErrorRow(
        "WAIT_IN_LINE",
        409,
        "There is a waiting line: join it, `PUT /drops/{sku}/place`; see `data`.",
    ),
    ErrorRow("MEMBER_NOT_FOUND", 404, "There is nobody like that in the cart."),
    ErrorRow("DROP_NOT_FOUND", 404, "There is no waiting line for this SKU."),
    ErrorRow("PLACE_NOT_FOUND", 404, "You are not in this line."),
    ErrorRow("WAREHOUSE_NOT_FOUND", 404, "There is no such warehouse."),
    ErrorRow("WAREHOUSE_EXISTS", 409, "There is a warehouse with this id."),
    ErrorRow("NOT_ENOUGH_STOCK", 409, "So many pieces are not free there."),
    ErrorRow("INVALID_WAREHOUSE", 422, "A warehouse has an id and a name."),
    ErrorRow("INVALID_REGION", 422, "A region is a country, and how its postal codes begin."),
    ErrorRow("REGION_NOT_FOUND", 404, "There is no such region."),
    ErrorRow("KIT_HAS_NO_STOCK", 409, "A kit has the stock of its parts; change theirs."),
    ErrorRow("INVALID_COUPON", 422, "A coupon cannot be like that; see `data.field`."),
    ErrorRow("LIMIT_NOT_FOUND", 404, "There is no purchase limit for this SKU."),
    ErrorRow("CONTACT_NOT_FOUND", 404, "You have not left an address."),
    ErrorRow("COUPON_NOT_FOUND", 404, "There is no such coupon."),
    ErrorRow("COUPON_EXISTS", 409, "There is a coupon with this code."),
    ErrorRow("COUPON_ENDED", 409, "The coupon is over, or was used up."),
    ErrorRow("COUPON_NOT_APPLICABLE", 409, "The coupon does not fit what is in the cart."),
    ErrorRow("INVALID_NETWORK", 422, "This is not the address of a network."),
)

ERRORS: dict[str, ErrorRow] = {row.code: row for row in _ROWS}
