"""The words of paying together, gifts and waiting lines: from commerce's into those of rooms."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from commerce import CartView, CheckoutState, CheckoutView, drop_events
from commerce.gift import Gift as CommerceGift
from commerce.views import ShareView
from commerce.waiting_line import Standing
from rooms.basket import Checkout, Gift, Place, Share
from rooms.commands_together import ChallengeReady, LineMoved
from server import translate

NameOf = Callable[[str], str]

HIDDEN_MINOR = -1
UNKNOWN_MS = -1


def checkout(view: CheckoutView, name_of: NameOf, person_id: str = "") -> Checkout:
    """A checkout with everything about who pays: the public view, or what this person sees."""
    challenge, failure = view.challenge, view.last_failure
    failed = failure.person_id if failure else None
    # Without shares one pays all, and until somebody does it can be anybody.
    part_minor = 0 if view.shares else view.total_minor
    for share in view.shares:
        if person_id and (share.covered_by or share.person_id) == person_id:
            part_minor += share.amount_minor or 0
    due_minor = view.due_minor
    if due_minor is None:
        due_minor = part_minor if view.state is CheckoutState.LOCKED else 0
    return replace(
        translate.checkout(replace(view, due_minor=None), name_of),
        challenge_person_id=(challenge.person_id or "") if challenge else "",
        failure_person_id=failed or "",
        failure_name=name_of(failed) if failed else "",
        released_reason=view.released_reason or "",
        part_minor=part_minor,
        due_minor=due_minor,
        shares=tuple(_share(share, name_of) for share in view.shares),
    )


def _share(share: ShareView, name_of: NameOf) -> Share:
    return Share(
        person_id=share.person_id,
        name=name_of(share.person_id),
        amount_minor=HIDDEN_MINOR if share.amount_minor is None else share.amount_minor,
        covered_by_person_id=share.covered_by or "",
        state=str(share.state),
    )


def challenge_ready(view: CheckoutView, person_id: str) -> ChallengeReady | None:
    """The page on which this person's bank asks, if there is one. `view` is theirs."""
    challenge = view.challenge
    if challenge is None or not challenge.url or challenge.person_id != person_id:
        return None
    return ChallengeReady(
        person_id=person_id,
        checkout_id=view.id,
        challenge_id=challenge.challenge_id,
        url=challenge.url,
        text=challenge.instructions,
        expires_ms=challenge.expires_ms,
    )


def gifts_of(gifts: Iterable[CommerceGift], cart: CartView, name_of: NameOf) -> tuple[Gift, ...]:
    """Gifts of lines that are in this cart."""
    lines = {line.line_id: line for line in cart.lines}
    return tuple(
        Gift(
            line_id=line.line_id,
            product_id=line.product_id,
            name=line.name,
            options=", ".join(str(value) for value in line.options.values()),
            quantity=line.quantity,
            from_person_id=gift.giver_id,
            from_name=name_of(gift.giver_id),
            to_person_id=gift.receiver_id,
            to_name=name_of(gift.receiver_id),
            state="accepted" if gift.accepted else "offered",
        )
        for gift in gifts
        if gift.cart_id == cart.id and (line := lines.get(gift.line_id)) is not None
    )


def accepted_gifts(view: CheckoutView, name_of: NameOf) -> tuple[Gift, ...]:
    """The gifts of a locked cart; only accepted ones are in it."""
    return tuple(
        Gift(
            line_id=line.line_id,
            product_id=line.product_id,
            name=line.name,
            options=", ".join(str(value) for value in line.options.values()),
            quantity=line.quantity,
            from_person_id=line.owner_id,
            from_name=name_of(line.owner_id),
            to_person_id=line.gift_for,
            to_name=name_of(line.gift_for),
            state="accepted",
        )
        for line in view.lines
        if line.gift_for is not None
    )


def place(standing: Standing) -> Place:
    """Where somebody stands; which product it is, the room knows."""
    return Place(
        sku=standing.sku,
        product_id="",
        state="waiting" if standing.admitted_until_ms is None else "admitted",
        ahead=standing.ahead,
        waiting=standing.waiting,
        estimate_ms=UNKNOWN_MS if standing.estimate_ms is None else standing.estimate_ms,
        admitted_until_ms=standing.admitted_until_ms or 0,
    )


def no_place(sku: str, state: str) -> Place:
    """A place that was given up ("left") or lost ("over")."""
    return Place(sku, "", state, 0, 0, UNKNOWN_MS, 0)


def line_moved(event: drop_events.LineMoved) -> LineMoved:
    return LineMoved(event.sku, event.person_ids, event.admitted_until_ms or 0, event.waiting)
