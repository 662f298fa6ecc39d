"""Who may pay what of a checkout just now."""

from commerce.checkout import CheckoutState, Trigger, advance
from commerce.db.checkouts import Checkout
from commerce.errors import ConflictError, InvalidRequestError, NothingToPayError
from commerce.payment import AttemptState


def done_by(checkout: Checkout, person_id: str) -> bool:
    """Whether this person has paid, or has nothing left to do until the others have paid."""
    mine = [attempt for attempt in checkout.attempts if attempt.payer_id == person_id]
    if checkout.state is CheckoutState.PAID:
        return any(attempt.attempt_id in checkout.captured for attempt in mine)
    live = [attempt.state for attempt in mine if attempt.live]
    waiting = {AttemptState.AUTHORISED}
    return bool(live) and set(live) == waiting and checkout.due_from(person_id) == 0


def check_time(checkout: Checkout, now_ms: int) -> None:
    """Raises CHECKOUT_STATE or CHECKOUT_EXPIRED."""
    advance(checkout.state, Trigger.PAY)
    if now_ms >= checkout.expires_ms:
        raise ConflictError(
            "CHECKOUT_EXPIRED",
            "The time of this checkout has run out. Lock the cart again.",
            {"expires_ms": checkout.expires_ms},
        )


def check_turn(checkout: Checkout, person_id: str) -> None:
    """Raises CHECKOUT_STATE while it is not this person's turn: somebody else pays all of it, or
    what is there is just being taken or given back."""
    live = checkout.live_attempts
    decided = any(a.state in (AttemptState.CAPTURING, AttemptState.VOIDING) for a in live)
    asked = any(a.payer_id == person_id and a.state is not AttemptState.AUTHORISED for a in live)
    others = not checkout.shares and any(a.payer_id != person_id for a in live)
    if decided or asked or others:
        raise ConflictError(
            "CHECKOUT_STATE",
            "The checkout is being paid just now.",
            {"state": str(checkout.state), "action": str(Trigger.PAY)},
        )


def amount_of(checkout: Checkout, person_id: str, wished_minor: int | None) -> int:
    """What is to be asked for: what was wished, or all that is due. Raises NOTHING_TO_PAY or
    INVALID_AMOUNT."""
    due_minor = checkout.due_from(person_id)
    if due_minor <= 0 and checkout.total_minor > 0:
        raise NothingToPayError({"part_minor": checkout.part_of(person_id)})
    amount_minor = due_minor if wished_minor is None else wished_minor
    if not min(1, due_minor) <= amount_minor <= due_minor:
        raise InvalidRequestError(
            "INVALID_AMOUNT",
            "That is more than you have to pay, or nothing.",
            {"field": "amount_minor", "due_minor": due_minor},
        )
    return amount_minor
