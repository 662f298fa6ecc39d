"""Paying together: the room asks commerce, and tells each person what is for them alone.

Nothing here decides about money. All parts of a checkout are promised before any is taken, and when
one fails all are given back: that is commerce's to do, the room shows how far it is.
"""

from rooms.commands_together import (
    ChallengeReady,
    CoverShare,
    GiveUpPayment,
    HandOffReady,
    PassHold,
    RequestHandOff,
    SplitCheckout,
)
from rooms.effects import CallOffPayment, ChangeCover, DivideCheckout, MakeHandOff, PassLine
from rooms.errors import refuse
from rooms.events import ChallengeUrl
from rooms.shopping import CART, CHECKOUT
from rooms.state import Avatar, Pending, Turn

CUSTOM = "custom"


def split_checkout(turn: Turn, avatar: Avatar, command: SplitCheckout) -> None:
    """Divide the total. Custom amounts belong to people, one each; other plans have none."""
    people, amounts = command.person_ids, command.amounts_minor
    wanted = len(people) if command.plan == CUSTOM else 0
    if len(amounts) != wanted or len(set(people)) != len(people):
        raise refuse("INVALID_SPLIT", people=len(people), amounts=len(amounts))
    effect = DivideCheckout(
        *avatar.asker(command.request_id), command.checkout_id, command.plan, people, amounts
    )
    turn.ask(avatar, command.request_id, Pending(CHECKOUT), effect)


def cover_share(turn: Turn, avatar: Avatar, command: CoverShare) -> None:
    effect = ChangeCover(
        *avatar.asker(command.request_id), command.checkout_id, command.person_id, command.covers
    )
    turn.ask(avatar, command.request_id, Pending(CHECKOUT), effect)


def give_up_payment(turn: Turn, avatar: Avatar, command: GiveUpPayment) -> None:
    effect = CallOffPayment(*avatar.asker(command.request_id), command.checkout_id)
    turn.ask(avatar, command.request_id, Pending(CHECKOUT), effect)


def request_hand_off(turn: Turn, avatar: Avatar, command: RequestHandOff) -> None:
    effect = MakeHandOff(*avatar.asker(command.request_id), command.checkout_id)
    turn.ask(avatar, command.request_id, Pending(CHECKOUT), effect)


def pass_hold(turn: Turn, avatar: Avatar, command: PassHold) -> None:
    effect = PassLine(*avatar.asker(command.request_id), command.line_id, command.to_person_id)
    turn.ask(avatar, command.request_id, Pending(CART), effect)


# --- outcomes -----------------------------------------------------------------------------------


def hand_off_ready(turn: Turn, avatar: Avatar, command: HandOffReady) -> None:
    """The code is for the one who asked; the room does not keep it."""
    if turn.take_pending(avatar.avatar_id, command.request_id) is not None:
        turn.answer(
            avatar.avatar_id,
            command.request_id,
            code=command.code,
            path=command.path,
            qr_path=command.qr_path,
            amount_minor=command.amount_minor,
            currency=command.currency,
            expires_ms=command.expires_ms,
        )


def challenge_ready(turn: Turn, command: ChallengeReady) -> None:
    """The bank's page is for the payer; the room does not keep its address."""
    payer = turn.state.person(command.person_id)
    if payer is not None:
        asked = ChallengeUrl(
            command.checkout_id,
            command.challenge_id,
            command.url,
            command.text,
            command.expires_ms,
        )
        turn.tell(payer.avatar_id, asked)
