"""What each member of a party is told of its cart and checkout: not everybody may see everything.

Who receives a gift sees neither its price nor a total that would tell it; why a bank refused is for
the one who asked it. Who drops out keeps their share: the others see that they are reconnecting, or
away, and how long the lock lasts.
"""

from dataclasses import replace

from rooms.basket import Cart, CartLine, Checkout, Share
from rooms.events import CartChanged, CheckoutChanged
from rooms.state import Party, State, Turn

OPEN_STATES = ("locked", "paying")
AWAY = "away"


def checkout_for(state: State, party: Party, person_id: str) -> Checkout | None:
    """The party's checkout as this person may see it, with who of the payers is here."""
    own = (entry.checkout for entry in party.own if entry.person_id == person_id)
    checkout = next(own, party.checkout)
    if checkout is None or not checkout.shares:
        return checkout
    return replace(checkout, shares=tuple(_with_presence(state, s) for s in checkout.shares))


def _with_presence(state: State, share: Share) -> Share:
    avatar = state.person(share.person_id)
    return replace(share, presence=AWAY if avatar is None else avatar.presence)


def cart_for(party: Party, person_id: str) -> Cart | None:
    """The party's cart as this person may see it."""
    cart = party.cart
    gifts = {
        gift.line_id: gift
        for gift in party.gifts
        if person_id in (gift.from_person_id, gift.to_person_id)
    }
    if cart is None or not gifts:
        return cart
    hidden_minor, lines = 0, list[CartLine]()
    for line in cart.lines:
        gift = gifts.get(line.line_id)
        if gift is not None and gift.to_person_id == person_id:
            hidden_minor += line.quantity * line.unit_price_minor
            line = replace(line, unit_price_minor=0, price_hidden=True)  # noqa: PLW2901
        receiver = gift.to_person_id if gift is not None else ""
        lines.append(replace(line, gift_for_person_id=receiver))
    return replace(cart, total_minor=cart.total_minor - hidden_minor, lines=tuple(lines))


def total_seen(party: Party, person_id: str, total_minor: int) -> int:
    """The whole total of the cart, for a total that this person saw without their gifts."""
    seen = cart_for(party, person_id)
    if party.cart is None or seen is None:
        return total_minor
    return total_minor + party.cart.total_minor - seen.total_minor


def tell_checkout(turn: Turn, party: Party) -> None:
    """Tell every member the checkout as they may see it."""
    if not party.own:
        # The same for all, so it is packed once.
        checkout = checkout_for(turn.state, party, "")
        if checkout is not None:
            turn.tell_party(party.party_id, CheckoutChanged(checkout))
        return
    for avatar_id in party.members:
        checkout = checkout_for(turn.state, party, turn.state.avatars[avatar_id].person_id)
        if checkout is not None:
            turn.tell(avatar_id, CheckoutChanged(checkout))


def tell_cart(turn: Turn, party: Party, *, only: tuple[str, ...] = ()) -> None:
    """Tell every member, or only these people, the cart as they may see it."""
    if not party.gifts and not only:
        if party.cart is not None:
            turn.tell_party(party.party_id, CartChanged(party.cart))
        return
    for avatar_id in party.members:
        person_id = turn.state.avatars[avatar_id].person_id
        cart = cart_for(party, person_id)
        if cart is not None and (not only or person_id in only):
            turn.tell(avatar_id, CartChanged(cart))


def tell_presence(turn: Turn, party_id: str, person_id: str) -> None:
    """Somebody came, dropped out or left: who waits for their share is told."""
    party = turn.state.parties.get(party_id)
    checkout = party.checkout if party is not None else None
    if party is None or checkout is None or checkout.state not in OPEN_STATES:
        return
    if any(share.person_id == person_id for share in checkout.shares):
        tell_checkout(turn, party)
