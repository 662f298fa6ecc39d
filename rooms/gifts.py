"""Gifts: a line of the cart that its owner pays for somebody else of the party.

Only giver and receiver are told, so that it can be a surprise for the others. The receiver sees no
price, from the offer on. Commerce decides; the room keeps what it said, as long as the line is in
the cart.
"""

from dataclasses import replace

from rooms import till
from rooms.basket import Gift
from rooms.commands_together import AnswerGift, GiftEnded, GiftsUpdated, OfferGift
from rooms.effects import AcceptGift, GiveLine
from rooms.events import Event, GiftAnswered, GiftOffered
from rooms.state import Avatar, Party, Pending, Turn

GIFT = "gift"
OFFERED, ACCEPTED, WITHDRAWN, OVER = "offered", "accepted", "withdrawn", "over"


def offer_gift(turn: Turn, avatar: Avatar, command: OfferGift) -> None:
    effect = GiveLine(*avatar.asker(command.request_id), command.line_id, command.to_person_id)
    turn.ask(avatar, command.request_id, Pending(GIFT), effect)


def answer_gift(turn: Turn, avatar: Avatar, command: AnswerGift) -> None:
    effect = AcceptGift(*avatar.asker(command.request_id), command.line_id, command.accept)
    turn.ask(avatar, command.request_id, Pending(GIFT), effect)


def gifts_of(party: Party, person_id: str) -> tuple[Gift, ...]:
    """The gifts by this person and for them."""
    return tuple(g for g in party.gifts if person_id in (g.from_person_id, g.to_person_id))


# --- outcomes -----------------------------------------------------------------------------------


def gifts_updated(turn: Turn, command: GiftsUpdated) -> None:
    """What is new is told, and what is over although nobody here has answered it."""
    party = turn.state.parties.get(command.party_id)
    if party is None or (party.cart is not None and command.cart_version < party.cart.version):
        return
    now = {gift.line_id: gift for gift in command.gifts}
    if not _being_answered(turn, party):
        for gift in party.gifts:
            new = now.get(gift.line_id)
            if new is None or new.to_person_id != gift.to_person_id:
                _end(turn, party, gift, OVER)
            elif gift.state == OFFERED and new.state == ACCEPTED:
                _end(turn, party, gift, ACCEPTED)
    known = {gift.line_id for gift in party.gifts}
    for gift in command.gifts:
        if gift.line_id not in known:
            _keep(party, gift)
            _tell(turn, gift, GiftOffered(gift))
            till.tell_cart(turn, party, only=(gift.from_person_id, gift.to_person_id))


def _being_answered(turn: Turn, party: Party) -> bool:
    # Its outcome is on its way and says more than that the offer is gone.
    return any(
        pending.subject == GIFT
        for avatar_id in party.members
        for pending in turn.state.pending.get(avatar_id, {}).values()
    )


def gift_ended(turn: Turn, command: GiftEnded) -> None:
    """A gift was answered, or taken back."""
    party = turn.state.parties.get(command.party_id)
    if party is None:
        return
    for gift in party.gifts:
        if gift.line_id == command.line_id and gift.state == OFFERED:
            _end(turn, party, gift, command.outcome)


def at_the_till(turn: Turn, party: Party, gifts: tuple[Gift, ...]) -> None:
    """These are the accepted gifts of a locked cart, wherever they were accepted."""
    known = {gift.line_id: gift for gift in party.gifts}
    for gift in gifts:
        before = known.get(gift.line_id)
        if before is not None and before.state == OFFERED:
            _end(turn, party, before, ACCEPTED)
        elif before is None:
            _keep(party, gift)
            till.tell_cart(turn, party, only=(gift.from_person_id, gift.to_person_id))


def forget_without_line(turn: Turn, party: Party) -> None:
    """The cart is another: gifts whose line is gone are gone with it."""
    lines = {line.line_id for line in party.cart.lines} if party.cart is not None else set()
    for gift in party.gifts:
        if gift.line_id not in lines:
            party.gifts = tuple(other for other in party.gifts if other is not gift)
            if gift.state == OFFERED:
                _tell(turn, gift, GiftAnswered(gift.line_id, WITHDRAWN))


def _keep(party: Party, gift: Gift) -> None:
    others = (other for other in party.gifts if other.line_id != gift.line_id)
    party.gifts = (*others, gift)


def _end(turn: Turn, party: Party, gift: Gift, outcome: str) -> None:
    if outcome == ACCEPTED:
        _keep(party, replace(gift, state=ACCEPTED))
    else:
        party.gifts = tuple(other for other in party.gifts if other.line_id != gift.line_id)
    _tell(turn, gift, GiftAnswered(gift.line_id, outcome))
    if outcome != ACCEPTED:
        till.tell_cart(turn, party, only=(gift.from_person_id, gift.to_person_id))


def _tell(turn: Turn, gift: Gift, event: Event) -> None:
    for person_id in (gift.from_person_id, gift.to_person_id):
        avatar = turn.state.person(person_id)
        if avatar is not None:
            turn.tell(avatar.avatar_id, event)
