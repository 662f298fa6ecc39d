"""Cart and checkout as the room sees them: check what it can, ask commerce, show the outcome."""

from rooms import behaviour
from rooms.commands import (
    AddToCart,
    CartUpdated,
    CheckoutUpdated,
    ConfirmPayment,
    HoldExpired,
    LockCheckout,
    OrderPaid,
    Pay,
    RemoveFromCart,
    RequestCompleted,
    RequestFailed,
    SetQuantity,
    StockUpdated,
    UnlockCheckout,
)
from rooms.effects import (
    AddLine,
    AnswerChallenge,
    ChangeLine,
    OpenCheckout,
    ReleaseCheckout,
    StartPayment,
)
from rooms.errors import Refusal
from rooms.events import (
    Answer,
    CartChanged,
    CheckoutChanged,
    Error,
    HoldEnded,
    OrderConfirmed,
    StockChanged,
)
from rooms.state import Avatar, Turn
from rooms.types import StockView


def add_to_cart(turn: Turn, command: AddToCart) -> None:
    avatar = turn.avatar(command.avatar_id)
    product_id = next(
        (k for k, place in turn.state.placements.items() if command.sku in place.skus), ""
    )
    if not product_id:
        raise Refusal("SKU_NOT_HERE", sku=command.sku)
    if command.quantity < 1:
        raise Refusal("QUANTITY")
    behaviour.expect(turn, avatar, command.request_id, "add", product_id)
    turn.ask(AddLine(*_who(avatar, command.request_id), command.sku, command.quantity))


def set_quantity(turn: Turn, command: SetQuantity) -> None:
    avatar = turn.avatar(command.avatar_id)
    signal = "" if command.quantity else "remove"
    _change_line(turn, avatar, command.request_id, command.line_id, command.quantity, signal)


def remove_from_cart(turn: Turn, command: RemoveFromCart) -> None:
    avatar = turn.avatar(command.avatar_id)
    _change_line(turn, avatar, command.request_id, command.line_id, 0, "remove")


def _change_line(
    turn: Turn, avatar: Avatar, request_id: int, line_id: str, quantity: int, signal: str
) -> None:
    cart = turn.state.carts.get(avatar.party_id)
    lines = cart.lines if cart else ()
    product_id = next((line.product_id for line in lines if line.line_id == line_id), "")
    behaviour.expect(turn, avatar, request_id, signal, product_id)
    turn.ask(ChangeLine(*_who(avatar, request_id), line_id, quantity))


def lock_checkout(turn: Turn, command: LockCheckout) -> None:
    avatar = turn.avatar(command.avatar_id)
    behaviour.expect(turn, avatar, command.request_id)
    turn.ask(OpenCheckout(*_who(avatar, command.request_id), command.expected_total_minor))


def unlock_checkout(turn: Turn, command: UnlockCheckout) -> None:
    avatar = turn.avatar(command.avatar_id)
    behaviour.expect(turn, avatar, command.request_id)
    turn.ask(ReleaseCheckout(*_who(avatar, command.request_id), command.checkout_id))


def pay(turn: Turn, command: Pay) -> None:
    avatar = turn.avatar(command.avatar_id)
    behaviour.expect(turn, avatar, command.request_id)
    turn.ask(
        StartPayment(
            *_who(avatar, command.request_id),
            command.checkout_id,
            command.expected_total_minor,
            command.idempotency_key,
            command.payment_method,
        )
    )


def confirm_payment(turn: Turn, command: ConfirmPayment) -> None:
    avatar = turn.avatar(command.avatar_id)
    behaviour.expect(turn, avatar, command.request_id)
    turn.ask(
        AnswerChallenge(
            *_who(avatar, command.request_id),
            command.checkout_id,
            command.challenge_id,
            command.response,
        )
    )


# --- what commerce says -------------------------------------------------------------------------


def request_completed(turn: Turn, command: RequestCompleted) -> None:
    """Answer the request, if it still waits, and learn from what it meant."""
    avatar = turn.state.avatars.get(command.avatar_id)
    meant = avatar.pending.pop(command.request_id, None) if avatar else None
    if avatar is None or meant is None:
        return
    turn.tell(avatar.avatar_id, Answer(command.request_id, command.body))
    signal, product_id = meant
    if signal and product_id:
        behaviour.record(turn, avatar, signal, product_id)


def request_failed(turn: Turn, command: RequestFailed) -> None:
    avatar = turn.state.avatars.get(command.avatar_id)
    if avatar is not None and avatar.pending.pop(command.request_id, None) is not None:
        turn.tell(
            avatar.avatar_id,
            Error(command.request_id, command.code, command.message, command.data),
        )


def cart_updated(turn: Turn, command: CartUpdated) -> None:
    known = turn.state.carts.get(command.party_id)
    if known is not None and known.version >= command.cart.version:
        return
    if turn.state.party_members(command.party_id):
        turn.state.carts[command.party_id] = command.cart
        turn.tell_party(command.party_id, CartChanged(command.cart))


def checkout_updated(turn: Turn, command: CheckoutUpdated) -> None:
    known, new = turn.state.checkouts.get(command.party_id), command.checkout
    if known is not None and known.checkout_id == new.checkout_id and known.version >= new.version:
        return
    if turn.state.party_members(command.party_id):
        turn.state.checkouts[command.party_id] = new
        turn.tell_party(command.party_id, CheckoutChanged(new))


def order_paid(turn: Turn, command: OrderPaid) -> None:
    payer = turn.state.person(command.payer_person_id)
    turn.tell_party(
        command.party_id,
        OrderConfirmed(
            command.order_id,
            command.checkout_id,
            command.payer_person_id,
            payer.name if payer else "",
            command.total_minor,
            command.currency,
            command.items,
        ),
    )
    for avatar in turn.state.party_members(command.party_id):
        for product_id in command.product_ids:
            behaviour.record(turn, avatar, "buy", product_id)


def stock_updated(turn: Turn, command: StockUpdated) -> None:
    known = turn.state.stock.get(command.sku)
    if known is not None and known.version >= command.version:
        return
    stock = StockView(command.sku, command.product_id, command.available, command.version)
    turn.state.stock[command.sku] = stock
    turn.tell_all(StockChanged(stock))


def hold_expired(turn: Turn, command: HoldExpired) -> None:
    turn.tell_party(command.party_id, HoldEnded(command.line_id, command.product_id))
    for avatar in turn.state.party_members(command.party_id):
        behaviour.record(turn, avatar, "hold_expired", command.product_id)


def _who(avatar: Avatar, request_id: int) -> tuple[int, int, str, str]:
    return avatar.avatar_id, request_id, avatar.person_id, avatar.party_id
