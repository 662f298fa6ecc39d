"""Product objects: picking up, putting back, holding out, taking.

A prop has one owner at every instant; each change of owner raises its epoch, and whoever acts on an
old epoch is refused. A prop that is held out stays with its giver until it is taken.
"""

from rooms import behaviour
from rooms.commands import AcceptOffer, DeclineOffer, Grab, OfferProp, PutBack
from rooms.errors import Refusal
from rooms.events import Answer, OfferEnded, OfferMade, PropChanged
from rooms.space import distance_m
from rooms.state import Offer, Prop, State, Turn

HANDS = ("left", "right")


def grab(turn: Turn, command: Grab) -> None:
    avatar = turn.avatar(command.avatar_id)
    prop = _prop(turn, command.prop_id)
    if prop.owner_avatar_id:
        raise Refusal("PROP_TAKEN", owner_avatar_id=prop.owner_avatar_id)
    if command.hand not in _free_hands(turn.state, avatar.avatar_id):
        raise Refusal("HANDS_FULL")
    reach = turn.state.settings.grab_reach_m
    if distance_m(turn.state.poses.position(avatar.avatar_id), prop.home) > reach:
        raise Refusal("OUT_OF_REACH", reach_m=reach)
    _give(turn, prop, avatar.avatar_id, command.hand)
    _answer(turn, command.avatar_id, command.request_id, epoch=prop.epoch)
    behaviour.record(turn, avatar, "pick_up", prop.product_id)


def put_back(turn: Turn, command: PutBack) -> None:
    prop = _own(turn, command.avatar_id, command.prop_id, command.epoch)
    _give(turn, prop, 0, "")
    _answer(turn, command.avatar_id, command.request_id)


def offer(turn: Turn, command: OfferProp) -> None:
    prop = _own(turn, command.avatar_id, command.prop_id, command.epoch)
    state = turn.state
    if command.to_avatar_id not in state.avatars or command.to_avatar_id == command.avatar_id:
        raise Refusal("AVATAR_NOT_FOUND", avatar_id=command.to_avatar_id)
    if any(entry.prop_id == prop.prop_id for entry in state.offers.values()):
        raise Refusal("OFFER_PENDING")
    reach = state.settings.offer_reach_m
    giver, receiver = (
        state.poses.position(avatar_id) for avatar_id in (command.avatar_id, command.to_avatar_id)
    )
    if distance_m(giver, receiver) > reach:
        raise Refusal("OUT_OF_REACH", reach_m=reach)
    state.last_offer_id += 1
    entry = Offer(
        state.last_offer_id,
        prop.prop_id,
        command.avatar_id,
        command.to_avatar_id,
        turn.now_ms + state.settings.offer_ttl_ms,
    )
    state.offers[entry.offer_id] = entry
    turn.at(entry.expires_ms, "offer", entry.offer_id)
    made = OfferMade(
        entry.offer_id,
        entry.prop_id,
        entry.from_avatar_id,
        entry.to_avatar_id,
        entry.expires_ms,
    )
    _answer(turn, command.avatar_id, command.request_id, offer_id=entry.offer_id)
    turn.tell(entry.from_avatar_id, made)
    turn.tell(entry.to_avatar_id, made)


def accept(turn: Turn, command: AcceptOffer) -> None:
    receiver = turn.avatar(command.avatar_id)
    entry = _offer(turn, command.offer_id)
    if entry.to_avatar_id != receiver.avatar_id:
        raise Refusal("NOT_ALLOWED")
    hands = _free_hands(turn.state, receiver.avatar_id)
    if not hands:
        raise Refusal("HANDS_FULL")
    prop = turn.state.props[entry.prop_id]
    giver = turn.state.avatars[entry.from_avatar_id]
    _end(turn, entry, "accepted")
    _give(turn, prop, receiver.avatar_id, hands[-1])
    _answer(turn, command.avatar_id, command.request_id, prop_id=prop.prop_id, epoch=prop.epoch)
    behaviour.record(turn, giver, "hand_over", prop.product_id)
    behaviour.record(turn, receiver, "hand_over", prop.product_id)


def decline(turn: Turn, command: DeclineOffer) -> None:
    turn.avatar(command.avatar_id)
    entry = _offer(turn, command.offer_id)
    outcomes = {entry.to_avatar_id: "declined", entry.from_avatar_id: "withdrawn"}
    if command.avatar_id not in outcomes:
        raise Refusal("NOT_ALLOWED")
    _end(turn, entry, outcomes[command.avatar_id])
    _answer(turn, command.avatar_id, command.request_id)


def offer_expired(turn: Turn, offer_id: int, _word: str) -> None:
    """Timer: nobody took it."""
    entry = turn.state.offers.get(offer_id)
    if entry is not None:
        _end(turn, entry, "expired")


def drop_all(turn: Turn, avatar_id: int) -> None:
    """Somebody goes: offers by and to them are void, what they held stands on its slot again."""
    for entry in list(turn.state.offers.values()):
        if avatar_id in (entry.from_avatar_id, entry.to_avatar_id):
            _end(turn, entry, "void")
    for prop in turn.state.props.values():
        if prop.owner_avatar_id == avatar_id:
            _give(turn, prop, 0, "")


def _give(turn: Turn, prop: Prop, owner_avatar_id: int, hand: str) -> None:
    for entry in list(turn.state.offers.values()):
        if entry.prop_id == prop.prop_id:
            _end(turn, entry, "void")
    prop.owner_avatar_id = owner_avatar_id
    prop.hand = hand
    prop.epoch += 1
    turn.tell_all(PropChanged(prop.view()))


def _end(turn: Turn, entry: Offer, outcome: str) -> None:
    del turn.state.offers[entry.offer_id]
    ended = OfferEnded(entry.offer_id, outcome)
    turn.tell(entry.from_avatar_id, ended)
    turn.tell(entry.to_avatar_id, ended)


def _prop(turn: Turn, prop_id: int) -> Prop:
    prop = turn.state.props.get(prop_id)
    if prop is None:
        raise Refusal("PROP_NOT_FOUND", prop_id=prop_id)
    return prop


def _own(turn: Turn, avatar_id: int, prop_id: int, epoch: int) -> Prop:
    turn.avatar(avatar_id)
    prop = _prop(turn, prop_id)
    if prop.owner_avatar_id != avatar_id:
        raise Refusal("NOT_OWNER", owner_avatar_id=prop.owner_avatar_id)
    if prop.epoch != epoch:
        raise Refusal("STALE_EPOCH", epoch=prop.epoch)
    return prop


def _offer(turn: Turn, offer_id: int) -> Offer:
    entry = turn.state.offers.get(offer_id)
    if entry is None:
        raise Refusal("OFFER_NOT_FOUND", offer_id=offer_id)
    return entry


def _free_hands(state: State, avatar_id: int) -> list[str]:
    held = [p.hand for p in state.props.values() if p.owner_avatar_id == avatar_id]
    if len(held) >= state.settings.props_per_avatar:
        return []
    return [hand for hand in HANDS if hand not in held]


def _answer(turn: Turn, avatar_id: int, request_id: int, **body: object) -> None:
    if request_id:
        turn.tell(avatar_id, Answer(request_id, body))
