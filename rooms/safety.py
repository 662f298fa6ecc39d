"""Keeping away from somebody: block, mute, the personal bubble, and retreat.

A block hides two people from each other in everything, both ways, whoever of them asked for it, and
until it is taken back: the shell remembers it between visits. It sleeps between members of one
party, because they share a cart and a checkout, and nobody there shall be unseen: a member cannot
be blocked, a party with somebody one is hidden from cannot be joined, and when two are put into one
party all the same (over HTTP, say), each sees the other come in, and go when one leaves the party.

A bubble takes poses only, and only while somebody is in it (see `rooms.sight`). A mute is one-way
and lasts for the visit; voice and captions go by it.
"""

import math

from rooms import props
from rooms.commands import Block, Mute, Retreat, SetPersonalSpace, Unblock, Unmute
from rooms.effects import RememberBlock
from rooms.errors import refuse
from rooms.events import AvatarEntered, AvatarLeft, PropChanged, SpotlightChanged
from rooms.state import Avatar, State, Turn

HIDDEN = "hidden"


def block(turn: Turn, avatar: Avatar, command: Block) -> None:
    """Hide somebody who is here, and the asker from them, at once."""
    state = turn.state
    other = _find(state, avatar, command.other_avatar_id)
    if other.party_id == avatar.party_id:
        raise refuse("IN_YOUR_PARTY", avatar_id=other.avatar_id)
    _check_space(state, len(avatar.blocked))
    avatar.blocked[other.person_id] = other.name
    turn.answer(avatar.avatar_id, command.request_id, person_id=other.person_id)
    turn.effects.append(RememberBlock(avatar.person_id, other.person_id, other.name, blocked=True))
    refresh(turn, avatar)


def unblock(turn: Turn, avatar: Avatar, command: Unblock) -> None:
    """Take a block back. Who has blocked the asker as well stays hidden."""
    name = avatar.blocked.pop(command.person_id, None)
    if name is None:
        raise refuse("BLOCK_NOT_FOUND", person_id=command.person_id[:64])
    turn.answer(avatar.avatar_id, command.request_id)
    turn.effects.append(RememberBlock(avatar.person_id, command.person_id, name, blocked=False))
    refresh(turn, avatar)


def mute(turn: Turn, avatar: Avatar, command: Mute) -> None:
    """Do not hear somebody; they are not told."""
    other = _find(turn.state, avatar, command.other_avatar_id)
    if other.person_id not in avatar.muted:
        _check_space(turn.state, len(avatar.muted))
    avatar.muted[other.person_id] = None
    turn.answer(avatar.avatar_id, command.request_id)


def unmute(turn: Turn, avatar: Avatar, command: Unmute) -> None:
    """Hear somebody again; the same again changes nothing."""
    other = _find(turn.state, avatar, command.other_avatar_id)
    avatar.muted.pop(other.person_id, None)
    turn.answer(avatar.avatar_id, command.request_id)


def set_personal_space(turn: Turn, avatar: Avatar, command: SetPersonalSpace) -> None:
    """The radius of one's bubble from now on, metres; 0: none."""
    maximum_m = turn.state.settings.bubble_radius_maximum_m
    if not (math.isfinite(command.radius_m) and 0 <= command.radius_m <= maximum_m):
        raise refuse("RADIUS_OUT_OF_RANGE", maximum_m=maximum_m)
    turn.state.set_bubble(avatar, command.radius_m)
    turn.answer(avatar.avatar_id, command.request_id)


def retreat(turn: Turn, avatar: Avatar, command: Retreat) -> None:
    """Be somewhere else at once: the nearest free place that is far from everybody, else the
    emptiest one. Nobody is turned round: where the eyes look stays as it is."""
    state, avatar_id = turn.state, avatar.avatar_id
    x, _, z = state.poses.position(avatar_id)
    people = state.poses.floor_points([other for other in state.avatar_ids if other != avatar_id])
    spot_x, spot_z = state.floor.refuge(x, z, people)
    position, yaw_degrees = (spot_x, 0.0, spot_z), state.poses.yaw_degrees(avatar_id)
    state.poses.allow_teleport(avatar_id, position, yaw_degrees, turn.now_ms)
    turn.answer(avatar_id, command.request_id, position=position, yaw_degrees=yaw_degrees)


# --- who is hidden from whom --------------------------------------------------------------------


def settle_in(state: State, avatar: Avatar) -> None:
    """Hide a newcomer, of whom nobody has heard yet, from whom they must not meet."""
    for other in state.avatars.values():
        if _must_not_meet(avatar, other):
            state.hide(avatar.avatar_id, other.avatar_id)


def refresh(turn: Turn, avatar: Avatar) -> None:
    """Hide and show what has changed between an avatar and all others, and tell both sides."""
    state = turn.state
    for other in list(state.avatars.values()):
        must_not_meet = _must_not_meet(avatar, other)
        if must_not_meet == state.is_hidden(avatar.avatar_id, other.avatar_id):
            continue
        if must_not_meet:
            _part(turn, avatar, other)
        else:
            state.show(avatar.avatar_id, other.avatar_id)
            _introduce(turn, avatar, other)
            _introduce(turn, other, avatar)


def check_party(avatar: Avatar, members: list[Avatar]) -> None:
    """Refuse a party with somebody in it whom this avatar is hidden from. Who was blocked is told
    what everybody is told of a code that does not exist."""
    if any(member.person_id in avatar.blocked for member in members):
        raise refuse("BLOCKED_IN_PARTY")
    if any(avatar.person_id in member.blocked for member in members):
        raise refuse("PARTY_NOT_FOUND")


def _must_not_meet(one: Avatar, other: Avatar) -> bool:
    if one.party_id == other.party_id:
        return False
    return one.has_block_with(other)


def _part(turn: Turn, one: Avatar, other: Avatar) -> None:
    state = turn.state
    props.void_offers_between(turn, one.avatar_id, other.avatar_id)
    for avatar, lost in ((one, other), (other, one)):
        turn.tell(avatar.avatar_id, AvatarLeft(lost.avatar_id, HIDDEN))
    state.hide(one.avatar_id, other.avatar_id)
    for avatar, lost in ((one, other), (other, one)):
        _tell_props(turn, avatar, lost)


def _introduce(turn: Turn, avatar: Avatar, other: Avatar) -> None:
    # Without a pose: whether they may see where the other is depends on bubbles, and is for the
    # next tick to say.
    turn.tell(avatar.avatar_id, AvatarEntered(other.view(), b""))
    _tell_props(turn, avatar, other)
    state = turn.state
    if state.spotlight_by_avatar_id == other.avatar_id:
        shown = SpotlightChanged(state.spotlight_product_id, other.avatar_id)
        turn.tell(avatar.avatar_id, shown)


def _tell_props(turn: Turn, avatar: Avatar, owner: Avatar) -> None:
    for prop in turn.state.props.values():
        if prop.owner_avatar_id == owner.avatar_id:
            turn.tell(avatar.avatar_id, PropChanged(prop.view()))


def _find(state: State, avatar: Avatar, other_avatar_id: int) -> Avatar:
    """Somebody else who is here; who is hidden is not found, as if they were not here."""
    other = state.avatars.get(other_avatar_id)
    if other is None or other is avatar or state.is_hidden(avatar.avatar_id, other_avatar_id):
        raise refuse("AVATAR_NOT_FOUND", avatar_id=other_avatar_id)
    return other


def _check_space(state: State, count: int) -> None:
    limit = state.settings.blocks_per_person
    if count >= limit:
        raise refuse("BLOCKS_FULL", limit=limit)
