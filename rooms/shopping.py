"""Cart, checkout and stock: the room asks commerce and shows what commerce says.

Nothing here decides about stock or money. A request that the room can tell is wrong is refused
at once; all others become effects and are answered when their outcome is back.
"""

from rooms import behaviour, gifts, till
from rooms.basket import Cart, CartLine, Checkout, OwnCheckout
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
from rooms.errors import RefusalError, refuse
from rooms.events import HoldEnded, OrderConfirmed, StockChanged
from rooms.parties import MOVES
from rooms.state import Avatar, Party, Pending, Turn
from rooms.till import OPEN_STATES
from rooms.types import StockView

CART, CHECKOUT = "cart", "checkout"
UNKNOWN_NAME = "somebody"

# --- asking -------------------------------------------------------------------------------------


def add_to_cart(turn: Turn, avatar: Avatar, command: AddToCart) -> None:
    product_id = turn.state.product_of_sku.get(command.sku)
    if product_id is None:
        raise refuse("SKU_NOT_HERE", sku=command.sku[:64])
    _check_quantity(turn, command.quantity, 1)
    effect = AddLine(*avatar.asker(command.request_id), command.sku, command.quantity)
    turn.ask(avatar, command.request_id, Pending(CART, "add", product_id), effect)


def set_quantity(turn: Turn, avatar: Avatar, command: SetQuantity) -> None:
    _check_quantity(turn, command.quantity, 0)
    _change_line(turn, avatar, command.request_id, command.line_id, command.quantity)


def remove_from_cart(turn: Turn, avatar: Avatar, command: RemoveFromCart) -> None:
    _change_line(turn, avatar, command.request_id, command.line_id, 0)


def _change_line(turn: Turn, avatar: Avatar, request_id: int, line_id: str, quantity: int) -> None:
    # A line the room does not know may exist all the same: the cart can change over HTTP.
    line = _line(turn.state.party_of(avatar), line_id)
    pending = Pending(CART)
    if line is not None and quantity == 0:
        pending = Pending(CART, "remove", line.product_id)
    effect = ChangeLine(*avatar.asker(request_id), line_id, quantity)
    turn.ask(avatar, request_id, pending, effect)


def lock_checkout(turn: Turn, avatar: Avatar, command: LockCheckout) -> None:
    expected_minor = command.expected_total_minor
    if expected_minor >= 0:
        party = turn.state.party_of(avatar)
        expected_minor = till.total_seen(party, avatar.person_id, expected_minor)
    effect = OpenCheckout(*avatar.asker(command.request_id), expected_minor)
    turn.ask(avatar, command.request_id, Pending(CHECKOUT), effect)


def unlock_checkout(turn: Turn, avatar: Avatar, command: UnlockCheckout) -> None:
    effect = ReleaseCheckout(*avatar.asker(command.request_id), command.checkout_id)
    turn.ask(avatar, command.request_id, Pending(CHECKOUT), effect)


def pay(turn: Turn, avatar: Avatar, command: Pay) -> None:
    effect = StartPayment(
        *avatar.asker(command.request_id),
        command.checkout_id,
        command.expected_total_minor,
        command.idempotency_key,
        command.payment_method,
        command.amount_minor,
    )
    turn.ask(avatar, command.request_id, Pending(CHECKOUT), effect)


def confirm_payment(turn: Turn, avatar: Avatar, command: ConfirmPayment) -> None:
    effect = AnswerChallenge(
        *avatar.asker(command.request_id),
        command.checkout_id,
        command.challenge_id,
        command.response,
    )
    turn.ask(avatar, command.request_id, Pending(CHECKOUT), effect)


def _check_quantity(turn: Turn, quantity: int, minimum: int) -> None:
    maximum = turn.state.settings.quantity_max
    if not minimum <= quantity <= maximum:
        raise refuse("LIMIT_REACHED", minimum=minimum, maximum=maximum)


# --- outcomes -----------------------------------------------------------------------------------


def request_completed(turn: Turn, avatar: Avatar, command: RequestCompleted) -> None:
    """A request was done outside. Only now it counts as something the person did."""
    waiting = turn.state.pending.get(avatar.avatar_id, {}).get(command.request_id)
    if waiting is None or waiting.subject in MOVES:
        # Not asked, answered before, or a party move, whose outcome has its own command.
        return
    turn.take_pending(avatar.avatar_id, command.request_id)
    turn.answer(avatar.avatar_id, command.request_id, **command.body)
    if waiting.signal:
        behaviour.record(turn, avatar, waiting.signal, waiting.product_id)


def request_failed(turn: Turn, avatar: Avatar, command: RequestFailed) -> None:
    """A request was refused outside; so it is told, in the words it was refused with."""
    if turn.take_pending(avatar.avatar_id, command.request_id) is not None:
        failure = RefusalError(command.code, command.message, command.data)
        turn.refused(avatar.avatar_id, command.request_id, failure)


# --- projections --------------------------------------------------------------------------------


def cart_updated(turn: Turn, command: CartUpdated) -> None:
    """Show a party's cart, unless a newer one is known. Parties that are not here are not kept."""
    party, cart = turn.state.parties.get(command.party_id), command.cart
    if party is None or cart == party.cart:
        return
    if party.cart is not None and cart.version < party.cart.version:
        return
    party.cart = cart
    if cart.lines and cart.checkout_id and cart.checkout_id == party.locked_checkout_id:
        party.locked_lines = _owners(cart)
    gifts.forget_without_line(turn, party)
    till.tell_cart(turn, party)


def checkout_updated(turn: Turn, command: CheckoutUpdated) -> None:
    """Show a party's checkout, unless what is known is newer."""
    party, checkout = turn.state.parties.get(command.party_id), command.checkout
    if party is None or _is_older(checkout, party.checkout):
        return
    own = _merged(party, command)
    if (checkout, own) == (party.checkout, party.own):
        return
    party.checkout, party.own = checkout, own
    if checkout.state in OPEN_STATES and checkout.checkout_id != party.locked_checkout_id:
        party.locked_checkout_id = checkout.checkout_id
        party.locked_lines = _owners(party.cart) if party.cart is not None else ()
    till.tell_checkout(turn, party)
    gifts.at_the_till(turn, party, command.gifts)


def _merged(party: Party, command: CheckoutUpdated) -> tuple[OwnCheckout, ...]:
    """What people see of this version, counting what was told of the same one before."""
    known, checkout = party.checkout, command.checkout
    own = {entry.person_id: entry for entry in command.own}
    if known is not None and known.checkout_id == checkout.checkout_id:
        for entry in party.own:
            if entry.checkout.version >= checkout.version:
                own.setdefault(entry.person_id, entry)
    return tuple(own[person_id] for person_id in sorted(own))


def _is_older(checkout: Checkout, known: Checkout | None) -> bool:
    if known is None:
        return False
    if checkout.checkout_id == known.checkout_id:
        return checkout.version < known.version
    # Versions of two checkouts cannot be compared, but a party has one open at a time: the end of
    # another one is news from before the open one.
    return known.state in OPEN_STATES and checkout.state not in OPEN_STATES


def stock_updated(turn: Turn, command: StockUpdated) -> None:
    """Show the stock of a SKU that is sold here, unless as new a number is known."""
    state = turn.state
    known = state.stock.get(command.sku)
    if command.sku not in state.product_of_sku:
        return
    if known is not None and command.version <= known.version:
        return
    stock = StockView(command.sku, command.product_id, command.available, command.version)
    state.stock[command.sku] = stock
    turn.tell_all(StockChanged(stock))


def hold_expired(turn: Turn, command: HoldExpired) -> None:
    """A line lost its stock. It is its owner's interaction, if they are here."""
    party = turn.state.parties.get(command.party_id)
    if party is None:
        return
    turn.tell_party(party.party_id, HoldEnded(command.line_id, command.product_id))
    line = _line(party, command.line_id)
    owner = turn.state.person(line.owner_person_id) if line is not None else None
    if owner is not None:
        behaviour.record(turn, owner, "hold_expired", command.product_id)


def order_paid(turn: Turn, command: OrderPaid) -> None:
    """Tell the party, once, and note for each member who is here what they bought."""
    state = turn.state
    party = state.parties.get(command.party_id)
    if party is None or party.confirmed_order_id == command.order_id:
        return
    party.confirmed_order_id = command.order_id
    turn.tell_party(
        party.party_id,
        OrderConfirmed(
            order_id=command.order_id,
            checkout_id=command.checkout_id,
            payer_person_id=command.payer_person_id,
            payer_name=_name_of(turn, party, command.payer_person_id),
            total_minor=command.total_minor,
            currency=command.currency,
            items=command.items,
        ),
    )
    known = party.locked_lines if party.locked_checkout_id == command.checkout_id else ()
    owned = [entry for entry in dict.fromkeys(known) if entry[0] in command.product_ids]
    # What nobody is known to have put in belongs to who pays.
    unowned = dict.fromkeys(command.product_ids)
    for product_id, _ in owned:
        unowned.pop(product_id, None)
    for product_id, person_id in (*owned, *((p, command.payer_person_id) for p in unowned)):
        buyer = state.person(person_id)
        if buyer is not None:
            behaviour.record(turn, buyer, "buy", product_id)


def _owners(cart: Cart) -> tuple[tuple[str, str], ...]:
    return tuple((line.product_id, line.owner_person_id) for line in cart.lines)


def _line(party: Party, line_id: str) -> CartLine | None:
    lines = party.cart.lines if party.cart is not None else ()
    return next((line for line in lines if line.line_id == line_id), None)


def _name_of(turn: Turn, party: Party, person_id: str) -> str:
    avatar = turn.state.person(person_id)
    if avatar is not None:
        return avatar.name
    if party.checkout is not None and party.checkout.locked_by_person_id == person_id:
        return party.checkout.locked_by_name
    lines = party.cart.lines if party.cart is not None else ()
    owners = (line.owner_name for line in lines if line.owner_person_id == person_id)
    return next(owners, UNKNOWN_NAME)
