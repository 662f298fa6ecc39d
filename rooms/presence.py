"""Coming, going, dropping out and coming back; where somebody stands."""

import math

from rooms import behaviour, gifts, parties, props, safety, till, waiting_line
from rooms.commands import Detach, Enter, Leave, Resume, Teleport
from rooms.effects import ReleaseSeat
from rooms.errors import RefusalError, refuse
from rooms.events import (
    AvatarChanged,
    AvatarEntered,
    AvatarLeft,
    OfferMade,
    RoomState,
    SpotlightChanged,
)
from rooms.hiding import prop_without_owner
from rooms.space import Spawn
from rooms.state import HERE, RECONNECTING, Avatar, Prop, State, Turn
from rooms.types import BlockedPerson

LEFT = "left"
GRACE_OVER = "grace_over"
MOVED = "moved"
REFUSED = "refused"


def enter(turn: Turn, command: Enter) -> None:
    """Let a person in. Somebody who is here already (a second device, a page that was loaded again)
    goes on as the new avatar: where they stand, and with what they hold.

    A refused newcomer gives the seat back, so that its avatar id and reservation are free again.
    """
    state = turn.state
    if command.avatar_id in state.avatars:
        # The id belongs to somebody who is here: their seat must not be touched.
        raise refuse("ALREADY_IN_ROOM")
    try:
        _check_place(state, command)
    except RefusalError:
        turn.effects.append(
            ReleaseSeat(command.avatar_id, command.person_id, command.session_id, REFUSED)
        )
        raise
    before = state.person(command.person_id)
    held, spawn = list[tuple[Prop, str]](), None
    if before is not None:
        held = [(prop, prop.hand) for prop in props.held_by(state, before)]
        x, _, z = state.poses.position(before.avatar_id)
        spawn = Spawn((x, 0.0, z), state.poses.yaw_degrees(before.avatar_id))
        remove(turn, before, MOVED)
    avatar = _seat(turn, command, before, spawn)
    turn.answer(
        avatar.avatar_id, command.request_id, room_id=state.room_id, avatar_id=avatar.avatar_id
    )
    turn.tell(avatar.avatar_id, room_state(state, avatar))
    pose = state.poses.record(avatar.avatar_id)
    turn.tell_all(AvatarEntered(avatar.view(), pose), but=avatar.avatar_id)
    for prop, hand in held:
        props.give(turn, prop, avatar.avatar_id, hand)
    parties.tell_members(turn, state.party_of(avatar))
    till.tell_presence(turn, avatar.party_id, avatar.person_id)
    state.avatars_with_news[avatar.avatar_id] = None
    state.parties_with_news[avatar.party_id] = None


def _check_place(state: State, command: Enter) -> None:
    population = len(state.avatars) - (command.person_id in state.avatar_of_person)
    if population >= state.settings.capacity or not state.poses.can_enter(command.avatar_id):
        raise refuse("ROOM_FULL", room_id=state.room_id, capacity=state.settings.capacity)


def _seat(turn: Turn, command: Enter, before: Avatar | None, spawn: Spawn | None) -> Avatar:
    state = turn.state
    if spawn is None:
        spawn = state.floor.spawn(state.poses.floor_points(state.avatar_ids))
    state.poses.enter(
        command.avatar_id, spawn.position, spawn.yaw_degrees, turn.now_ms, state.layout.bounds
    )
    avatar = Avatar(
        avatar_id=command.avatar_id,
        person_id=command.person_id,
        session_id=command.session_id,
        name=command.name,
        kind=command.kind,
        role=command.role,
        party_id=command.party_id,
        consent=behaviour.known_consent(command.consent),
        blocked={person.person_id: person.name for person in command.blocked},
        personal_space_m=state.settings.bubble_radius_m,
    )
    if before is not None:
        # What they said on the other device is newer than what was read for this one.
        avatar.blocked, avatar.muted = before.blocked, before.muted
        avatar.personal_space_m = before.personal_space_m
        avatar.places = before.places
    state.add(avatar)
    for place in avatar.places:
        waiting_line.set_timers(state, place.sku)
    parties.add_member(state, avatar, command.party_id, command.party_code)
    safety.settle_in(state, avatar)
    return avatar


def room_state(state: State, avatar: Avatar) -> RoomState:
    """Everything this avatar needs to draw the room, and nothing of whom it must not hear of."""
    party = state.party_of(avatar)
    hidden = state.hidden.get(avatar.avatar_id, set())
    seen = tuple(avatar_id for avatar_id in state.avatar_ids if avatar_id not in hidden)
    by_avatar = [(prop.owner_avatar_id, prop.view()) for prop in state.props.values()]
    return RoomState(
        room_id=state.room_id,
        avatar_id=avatar.avatar_id,
        avatars=tuple(state.avatars[avatar_id].view() for avatar_id in seen),
        poses=state.poses.records(seen),
        props=tuple(
            prop_without_owner(view) if owner in hidden else view for owner, view in by_avatar
        ),
        stock=tuple(state.stock[sku] for sku in sorted(state.stock)),
        party_id=party.party_id,
        party_code=party.code,
        cart=till.cart_for(party, avatar.person_id),
        checkout=till.checkout_for(state, party, avatar.person_id),
        votes=party.tallies(),
        spotlight_product_id=state.spotlight_product_id,
        offers=tuple(
            OfferMade(o.offer_id, o.prop_id, o.from_avatar_id, o.to_avatar_id, o.expires_ms)
            for o in state.offers.values()
            if avatar.avatar_id in (o.from_avatar_id, o.to_avatar_id)
        ),
        blocked=tuple(BlockedPerson(*entry) for entry in avatar.blocked.items()),
        muted_avatar_ids=tuple(i for i in seen if state.avatars[i].person_id in avatar.muted),
        personal_space_m=avatar.personal_space_m,
        members=parties.members_of(state, party),
        gifts=gifts.gifts_of(party, avatar.person_id),
        places=avatar.places,
    )


def leave(turn: Turn, avatar: Avatar, command: Leave) -> None:
    turn.answer(avatar.avatar_id, command.request_id)
    remove(turn, avatar, LEFT)


def detach(turn: Turn, avatar: Avatar, _command: Detach) -> None:
    """The connection is gone; everything waits for the grace period. Doing it twice is once."""
    if avatar.presence == RECONNECTING:
        return
    behaviour.end_gaze(turn, avatar)
    avatar.presence = RECONNECTING
    state = turn.state
    state.timers.set(("grace", avatar.avatar_id), turn.now_ms + state.settings.grace_period_ms)
    turn.tell_all(AvatarChanged(avatar.view()), but=avatar.avatar_id)
    till.tell_presence(turn, avatar.party_id, avatar.person_id)


def resume(turn: Turn, avatar: Avatar, command: Resume) -> None:
    """The session is back; events it missed are replayed by the session itself."""
    turn.answer(avatar.avatar_id, command.request_id)
    if avatar.presence == HERE:
        return
    avatar.presence = HERE
    turn.state.timers.cancel(("grace", avatar.avatar_id))
    turn.tell_all(AvatarChanged(avatar.view()), but=avatar.avatar_id)
    till.tell_presence(turn, avatar.party_id, avatar.person_id)
    waiting_line.look_again(turn, avatar)
    turn.state.avatars_with_news[avatar.avatar_id] = None


def grace_over(turn: Turn, avatar_id: int) -> None:
    remove(turn, turn.state.avatars[avatar_id], GRACE_OVER)


def remove(turn: Turn, avatar: Avatar, reason: str) -> None:
    """The avatar is gone: what it held, offered, voted and pinned goes with it."""
    state, avatar_id = turn.state, avatar.avatar_id
    behaviour.end_gaze(turn, avatar)
    props.give_everything_back(turn, avatar)
    if state.spotlight_by_avatar_id == avatar_id:
        state.spotlight_product_id, state.spotlight_by_avatar_id = "", 0
        turn.tell_all(SpotlightChanged("", avatar_id), but=avatar_id)
    state.discard(avatar)
    turn.gone.append(avatar_id)
    state.pending.pop(avatar_id, None)
    state.poses.remove(avatar_id)
    for what in ("grace", "gaze", "recommend_avatar"):
        state.timers.cancel((what, avatar_id))
    gone = AvatarLeft(avatar_id, reason)
    turn.tell_all(gone)
    if reason != LEFT:
        # Nobody asked for it, so the one who is gone has to be told as well.
        turn.tell(avatar_id, gone)
    parties.remove_member(turn, avatar)
    till.tell_presence(turn, avatar.party_id, avatar.person_id)
    for place in avatar.places:
        waiting_line.set_timers(state, place.sku)
    state.unhide(avatar_id)
    turn.effects.append(ReleaseSeat(avatar_id, avatar.person_id, avatar.session_id, reason))


def teleport(turn: Turn, avatar: Avatar, command: Teleport) -> None:
    """Jump to a free point of the floor."""
    state = turn.state
    if not math.isfinite(command.yaw_degrees) or not state.floor.can_stand(command.position):
        raise refuse("OUT_OF_BOUNDS")
    x, _, z = command.position
    state.poses.allow_teleport(avatar.avatar_id, (x, 0.0, z), command.yaw_degrees, turn.now_ms)
    turn.answer(avatar.avatar_id, command.request_id)
