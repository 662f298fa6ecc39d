"""Who is in the room: entering, leaving, dropping and coming back, parties, consent."""

from typing import Any

from rooms import behaviour, props, votes
from rooms.commands import (
    CreateParty,
    Detach,
    Enter,
    JoinParty,
    Leave,
    LeaveParty,
    PartyCompleted,
    Resume,
    SetConsent,
    Teleport,
)
from rooms.effects import EnterParty, OpenParty, QuitParty, ReleaseSeat
from rooms.errors import Refusal
from rooms.events import (
    Answer,
    AvatarChanged,
    AvatarEntered,
    AvatarLeft,
    CartChanged,
    CheckoutChanged,
    OfferMade,
    PartyChanged,
    RoomState,
    VotesChanged,
)
from rooms.space import freest
from rooms.state import HERE, RECONNECTING, Avatar, Turn


def answer(turn: Turn, avatar_id: int, request_id: int, body: dict[str, Any]) -> None:
    """The one good answer to a request; nothing when nobody waits."""
    if request_id:
        turn.tell(avatar_id, Answer(request_id, body))


def enter(turn: Turn, command: Enter) -> None:
    """Let somebody in. The same person on a second device takes over from the first."""
    state = turn.state
    older = state.person(command.person_id)
    if len(state.avatars) - (older is not None) >= state.settings.capacity:
        turn.ask(ReleaseSeat(command.avatar_id, command.person_id, command.session_id, "refused"))
        raise Refusal("ROOM_FULL", capacity=state.settings.capacity)
    if older is not None:
        remove(turn, older, "moved")
    taken = [state.poses.position(avatar_id) for avatar_id in state.avatars]
    spot = freest(state.layout.spawns, taken)
    state.poses.enter(
        command.avatar_id, spot.position, spot.yaw_degrees, turn.now_ms, state.layout.size_m
    )
    avatar = Avatar(
        avatar_id=command.avatar_id,
        person_id=command.person_id,
        session_id=command.session_id,
        name=command.name,
        kind=command.kind,
        role=command.role,
        party_id=command.party_id,
        party_code=command.party_code,
        consent=command.consent,
    )
    state.avatars[avatar.avatar_id] = avatar
    answer(
        turn,
        avatar.avatar_id,
        command.request_id,
        {"room_id": state.room_id, "avatar_id": avatar.avatar_id},
    )
    turn.tell(avatar.avatar_id, room_state(turn, avatar))
    pose = state.poses.record(avatar.avatar_id)
    turn.tell_all(AvatarEntered(avatar.view(), pose), but=avatar.avatar_id)
    tell_party(turn, avatar.party_id)
    behaviour.want_recommendations(turn, avatar)


def room_state(turn: Turn, avatar: Avatar) -> RoomState:
    """Everything a late joiner needs."""
    state = turn.state
    mine = (avatar.avatar_id,)
    return RoomState(
        room_id=state.room_id,
        avatar_id=avatar.avatar_id,
        avatars=tuple(other.view() for other in state.avatars.values()),
        poses=state.poses.records(list(state.avatars)),
        props=tuple(prop.view() for prop in state.props.values()),
        stock=tuple(state.stock.values()),
        party_id=avatar.party_id,
        party_code=avatar.party_code,
        cart=state.carts.get(avatar.party_id),
        checkout=state.checkouts.get(avatar.party_id),
        votes=votes.tallies(state, avatar.party_id),
        spotlight_product_id=state.spotlight_product_id,
        offers=tuple(
            OfferMade(o.offer_id, o.prop_id, o.from_avatar_id, o.to_avatar_id, o.expires_ms)
            for o in state.offers.values()
            if o.from_avatar_id in mine or o.to_avatar_id in mine
        ),
    )


def leave(turn: Turn, command: Leave) -> None:
    avatar = turn.avatar(command.avatar_id)
    answer(turn, command.avatar_id, command.request_id, {})
    remove(turn, avatar, "left")


def remove(turn: Turn, avatar: Avatar, reason: str) -> None:
    """Take somebody out of the room; what they held goes back to its slot."""
    state = turn.state
    behaviour.end_look(turn, avatar)
    props.drop_all(turn, avatar.avatar_id)
    votes.take_back_all(turn, avatar)
    del state.avatars[avatar.avatar_id]
    state.poses.remove(avatar.avatar_id)
    behaviour.forget(turn, avatar)
    turn.tell_all(AvatarLeft(avatar.avatar_id, reason))
    if reason != "left":
        turn.tell(avatar.avatar_id, AvatarLeft(avatar.avatar_id, reason))
    turn.ask(ReleaseSeat(avatar.avatar_id, avatar.person_id, avatar.session_id, reason))
    tell_party(turn, avatar.party_id)
    _forget_empty_party(turn, avatar.party_id)


def detach(turn: Turn, command: Detach) -> None:
    """The connection is gone: everything waits for the grace period."""
    avatar = turn.state.avatars.get(command.avatar_id)
    if avatar is None or avatar.presence == RECONNECTING:
        return
    behaviour.end_look(turn, avatar)
    avatar.presence = RECONNECTING
    avatar.grace_until_ms = turn.now_ms + turn.state.settings.grace_period_ms
    turn.at(avatar.grace_until_ms, "grace", avatar.avatar_id)
    turn.tell_all(AvatarChanged(avatar.view()), but=avatar.avatar_id)


def grace_over(turn: Turn, avatar_id: int, _word: str) -> None:
    """Timer: whoever has not come back is gone."""
    avatar = turn.state.avatars.get(avatar_id)
    if (
        avatar is not None
        and avatar.presence == RECONNECTING
        and avatar.grace_until_ms <= turn.now_ms
    ):
        remove(turn, avatar, "grace_over")


def resume(turn: Turn, command: Resume) -> None:
    avatar = turn.state.avatars.get(command.avatar_id)
    if avatar is not None and avatar.presence == RECONNECTING:
        avatar.presence = HERE
        turn.tell_all(AvatarChanged(avatar.view()), but=avatar.avatar_id)


def set_consent(turn: Turn, command: SetConsent) -> None:
    avatar = turn.avatar(command.avatar_id)
    # What was seen under the old consent is settled under it.
    behaviour.end_look(turn, avatar)
    avatar.consent = command.classes
    answer(turn, command.avatar_id, command.request_id, {})


def teleport(turn: Turn, command: Teleport) -> None:
    avatar = turn.avatar(command.avatar_id)
    x, _, z = command.position
    if not turn.state.layout.is_free(x, z):
        raise Refusal("OUT_OF_BOUNDS", x=x, z=z)
    turn.state.poses.allow_teleport(avatar.avatar_id, (x, 0.0, z), command.yaw_degrees, turn.now_ms)
    answer(turn, command.avatar_id, command.request_id, {})


# --- party --------------------------------------------------------------------------------------


def create_party(turn: Turn, command: CreateParty) -> None:
    avatar = _alone(turn, command.avatar_id)
    behaviour.expect(turn, avatar, command.request_id)
    turn.ask(OpenParty(avatar.avatar_id, command.request_id, avatar.person_id, avatar.party_id))


def join_party(turn: Turn, command: JoinParty) -> None:
    avatar = _alone(turn, command.avatar_id)
    behaviour.expect(turn, avatar, command.request_id)
    turn.ask(
        EnterParty(
            avatar.avatar_id, command.request_id, avatar.person_id, avatar.party_id, command.code
        )
    )


def leave_party(turn: Turn, command: LeaveParty) -> None:
    avatar = turn.avatar(command.avatar_id)
    if not avatar.party_code:
        raise Refusal("NOT_IN_PARTY")
    behaviour.expect(turn, avatar, command.request_id)
    turn.ask(QuitParty(avatar.avatar_id, command.request_id, avatar.person_id, avatar.party_id))


def party_completed(turn: Turn, command: PartyCompleted) -> None:
    """The outside has put the person into a party: votes stay behind, friends are told."""
    avatar = turn.state.avatars.get(command.avatar_id)
    if avatar is None or avatar.pending.pop(command.request_id, None) is None:
        return
    before = avatar.party_id
    votes.take_back_all(turn, avatar)
    avatar.party_id, avatar.party_code = command.party_id, command.party_code
    answer(
        turn,
        avatar.avatar_id,
        command.request_id,
        {"party_id": command.party_id, "party_code": command.party_code},
    )
    turn.tell_all(AvatarChanged(avatar.view()))
    tell_party(turn, before)
    tell_party(turn, command.party_id)
    _show_what_is_shared(turn, avatar)
    _forget_empty_party(turn, before)
    behaviour.want_recommendations(turn, avatar)


def tell_party(turn: Turn, party_id: str) -> None:
    """Tell a party who is in it."""
    members = turn.state.party_members(party_id)
    if members:
        code = next((m.party_code for m in members if m.party_code), "")
        ids = tuple(member.avatar_id for member in members)
        turn.tell_party(party_id, PartyChanged(party_id, code, ids))


def _show_what_is_shared(turn: Turn, avatar: Avatar) -> None:
    """A new member of a party gets its cart, checkout and votes as they are."""
    state = turn.state
    if (cart := state.carts.get(avatar.party_id)) is not None:
        turn.tell(avatar.avatar_id, CartChanged(cart))
    if (checkout := state.checkouts.get(avatar.party_id)) is not None:
        turn.tell(avatar.avatar_id, CheckoutChanged(checkout))
    for tally in votes.tallies(state, avatar.party_id):
        turn.tell(avatar.avatar_id, VotesChanged(tally))


def _alone(turn: Turn, avatar_id: int) -> Avatar:
    avatar = turn.avatar(avatar_id)
    if avatar.party_code:
        raise Refusal("ALREADY_IN_PARTY", party_code=avatar.party_code)
    return avatar


def _forget_empty_party(turn: Turn, party_id: str) -> None:
    if not turn.state.party_members(party_id):
        turn.state.carts.pop(party_id, None)
        turn.state.checkouts.pop(party_id, None)
        turn.state.votes.pop(party_id, None)
