"""Product objects: picked up, put back, held out, taken.

A prop has one owner at every instant, by a lease with an epoch that grows with every change of
owner. A write with another epoch than the present one comes from somebody who has not yet heard of
the change, and is refused; clients may predict a grab and roll back on refusal.
"""

import math

from rooms import behaviour
from rooms.commands import AcceptOffer, DeclineOffer, Grab, OfferProp, PutBack
from rooms.errors import refuse
from rooms.events import OfferEnded, OfferMade, PropChanged
from rooms.state import HERE, Avatar, Offer, Prop, State, Turn

HANDS = ("right", "left")
"""In the order in which a free one is chosen when somebody takes what is held out to them."""

ACCEPTED, DECLINED, WITHDRAWN = "accepted", "declined", "withdrawn"
EXPIRED, VOID = "expired", "void"


def grab(turn: Turn, avatar: Avatar, command: Grab) -> None:
    """Pick a prop up. Grabbing what one holds already moves it to the other hand."""
    state = turn.state
    prop = _find(state, command.prop_id)
    if command.hand not in HANDS:
        raise refuse("FIELD_INVALID", field="hand")
    if prop.owner_avatar_id not in (0, avatar.avatar_id):
        raise refuse("PROP_TAKEN", owner_avatar_id=prop.owner_avatar_id)
    hands = _hands_in_use(state, avatar.avatar_id)
    if prop.owner_avatar_id == avatar.avatar_id:
        if prop.hand != command.hand:
            if command.hand in hands:
                raise refuse("HANDS_FULL", hand=command.hand)
            prop.hand = command.hand
            behaviour.changed_hands(prop)
            turn.tell_all(PropChanged(prop.view()))
        turn.answer(avatar.avatar_id, command.request_id, epoch=prop.epoch)
        return
    reach_m = state.settings.grab_reach_m
    _check_reach(math.dist(state.poses.position(avatar.avatar_id), prop.position), reach_m)
    if command.hand in hands or len(hands) >= state.settings.props_per_avatar:
        raise refuse("HANDS_FULL", hand=command.hand)
    give(turn, prop, avatar.avatar_id, command.hand)
    turn.answer(avatar.avatar_id, command.request_id, epoch=prop.epoch)
    behaviour.record(turn, avatar, "pick_up", prop.product_id, slot_id=prop.slot_id)


def put_back(turn: Turn, avatar: Avatar, command: PutBack) -> None:
    """Put a prop back on its slot; an offer of it is void."""
    prop = _held(turn.state, avatar, command.prop_id, command.epoch)
    turn.answer(avatar.avatar_id, command.request_id)
    _void_offers_of(turn, prop)
    give(turn, prop, 0, "")


def offer_prop(turn: Turn, avatar: Avatar, command: OfferProp) -> None:
    """Hold a prop out to somebody who is here and near."""
    state = turn.state
    prop = _held(state, avatar, command.prop_id, command.epoch)
    receiver = state.avatars.get(command.to_avatar_id)
    if (
        receiver is None
        or receiver is avatar
        or receiver.presence != HERE
        or state.is_hidden(avatar.avatar_id, receiver.avatar_id)
    ):
        raise refuse("AVATAR_NOT_FOUND", avatar_id=command.to_avatar_id)
    pending = next((o for o in state.offers.values() if o.prop_id == prop.prop_id), None)
    if pending is not None:
        raise refuse("OFFER_PENDING", offer_id=pending.offer_id)
    giver_at = state.poses.position(avatar.avatar_id)
    distance_m = math.dist(giver_at, state.poses.position(receiver.avatar_id))
    _check_reach(distance_m, state.settings.offer_reach_m)
    offer = Offer(
        state.next_offer_id,
        prop.prop_id,
        avatar.avatar_id,
        receiver.avatar_id,
        turn.now_ms + state.settings.offer_ttl_ms,
    )
    state.next_offer_id += 1
    state.offers[offer.offer_id] = offer
    state.timers.set(("offer", offer.offer_id), offer.expires_ms)
    turn.answer(avatar.avatar_id, command.request_id, offer_id=offer.offer_id)
    made = OfferMade(
        offer.offer_id, prop.prop_id, avatar.avatar_id, receiver.avatar_id, offer.expires_ms
    )
    turn.tell(avatar.avatar_id, made)
    turn.tell(receiver.avatar_id, made)


def accept_offer(turn: Turn, avatar: Avatar, command: AcceptOffer) -> None:
    """Take what is held out: the prop moves into a free hand, the giver owns it no more."""
    state = turn.state
    offer = _find_offer(state, command.offer_id)
    if offer.to_avatar_id != avatar.avatar_id:
        raise refuse("NOT_ALLOWED", offer_id=offer.offer_id)
    hands = _hands_in_use(state, avatar.avatar_id)
    free = [hand for hand in HANDS if hand not in hands]
    if not free or len(hands) >= state.settings.props_per_avatar:
        raise refuse("HANDS_FULL", offer_id=offer.offer_id)
    prop, giver = state.props[offer.prop_id], state.avatars[offer.from_avatar_id]
    _end_offer(turn, offer, ACCEPTED)
    give(turn, prop, avatar.avatar_id, free[0])
    turn.answer(avatar.avatar_id, command.request_id, prop_id=prop.prop_id, epoch=prop.epoch)
    for person in (giver, avatar):
        behaviour.record(turn, person, "hand_over", prop.product_id, slot_id=prop.slot_id)


def decline_offer(turn: Turn, avatar: Avatar, command: DeclineOffer) -> None:
    """Said by the receiver: no, thanks. Said by the giver: take the offer back."""
    offer = _find_offer(turn.state, command.offer_id)
    if avatar.avatar_id not in (offer.to_avatar_id, offer.from_avatar_id):
        raise refuse("NOT_ALLOWED", offer_id=offer.offer_id)
    turn.answer(avatar.avatar_id, command.request_id)
    declined = avatar.avatar_id == offer.to_avatar_id
    _end_offer(turn, offer, DECLINED if declined else WITHDRAWN)


def offer_due(turn: Turn, offer_id: int) -> None:
    _end_offer(turn, turn.state.offers[offer_id], EXPIRED)


def give_everything_back(turn: Turn, avatar: Avatar) -> None:
    """For somebody who leaves: their offers are void, what they hold returns to its slot."""
    state = turn.state
    for offer in list(state.offers.values()):
        if avatar.avatar_id in (offer.from_avatar_id, offer.to_avatar_id):
            _end_offer(turn, offer, VOID)
    for prop in held_by(state, avatar):
        give(turn, prop, 0, "")


def held_by(state: State, avatar: Avatar) -> list[Prop]:
    """What this avatar has in its hands."""
    return [prop for prop in state.props.values() if prop.owner_avatar_id == avatar.avatar_id]


def void_offers_between(turn: Turn, avatar_id: int, other_id: int) -> None:
    """What one of these two holds out to the other is held out no more."""
    for offer in list(turn.state.offers.values()):
        if {offer.from_avatar_id, offer.to_avatar_id} == {avatar_id, other_id}:
            _end_offer(turn, offer, VOID)


def _find(state: State, prop_id: int) -> Prop:
    prop = state.props.get(prop_id)
    if prop is None:
        raise refuse("PROP_NOT_FOUND", prop_id=prop_id)
    return prop


def _held(state: State, avatar: Avatar, prop_id: int, epoch: int) -> Prop:
    """A prop that this avatar holds, known by its present epoch."""
    prop = _find(state, prop_id)
    if prop.epoch != epoch:
        raise refuse("STALE_EPOCH", epoch=prop.epoch, owner_avatar_id=prop.owner_avatar_id)
    if prop.owner_avatar_id != avatar.avatar_id:
        raise refuse("NOT_OWNER", owner_avatar_id=prop.owner_avatar_id)
    return prop


def _find_offer(state: State, offer_id: int) -> Offer:
    offer = state.offers.get(offer_id)
    if offer is None:
        raise refuse("OFFER_NOT_FOUND", offer_id=offer_id)
    return offer


def _hands_in_use(state: State, avatar_id: int) -> set[str]:
    return {prop.hand for prop in state.props.values() if prop.owner_avatar_id == avatar_id}


def _check_reach(distance_m: float, reach_m: float) -> None:
    if distance_m > reach_m:
        raise refuse("OUT_OF_REACH", distance_m=round(distance_m, 2), reach_m=reach_m)


def give(turn: Turn, prop: Prop, owner_avatar_id: int, hand: str) -> None:
    """Make this avatar the owner, or with 0 put the prop on its slot, and tell everybody."""
    behaviour.end_handling(turn, prop)
    prop.owner_avatar_id, prop.hand = owner_avatar_id, hand
    prop.epoch += 1
    behaviour.begin_handling(turn, prop)
    turn.tell_all(PropChanged(prop.view()))


def _void_offers_of(turn: Turn, prop: Prop) -> None:
    for offer in list(turn.state.offers.values()):
        if offer.prop_id == prop.prop_id:
            _end_offer(turn, offer, VOID)


def _end_offer(turn: Turn, offer: Offer, outcome: str) -> None:
    """Told to both; of them, one who leaves in this step still hears it if they listen."""
    del turn.state.offers[offer.offer_id]
    turn.state.timers.cancel(("offer", offer.offer_id))
    for avatar_id in (offer.from_avatar_id, offer.to_avatar_id):
        turn.tell(avatar_id, OfferEnded(offer.offer_id, outcome))
