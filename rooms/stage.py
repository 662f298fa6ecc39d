"""Hosting: what a host shows to everybody, and how everybody is called together."""

from rooms.commands import Gather, Spotlight
from rooms.errors import refuse
from rooms.events import GatherInvited, SpotlightChanged
from rooms.floor import yaw_towards
from rooms.state import HERE, HOST, Avatar, Turn


def spotlight(turn: Turn, avatar: Avatar, command: Spotlight) -> None:
    """Pin a product, or none. It is unpinned when the host who pinned it leaves."""
    _check_host(avatar)
    state = turn.state
    if command.product_id:
        state.check_product(command.product_id)
    turn.answer(avatar.avatar_id, command.request_id)
    if command.product_id == state.spotlight_product_id:
        return
    state.spotlight_product_id = command.product_id
    state.spotlight_by_avatar_id = avatar.avatar_id if command.product_id else 0
    turn.tell_all(SpotlightChanged(command.product_id, avatar.avatar_id))


def gather(turn: Turn, avatar: Avatar, command: Gather) -> None:
    """Invite everybody who is here, but whom the host is hidden from, each to a free spot in rings
    around the host, facing the host.

    A spot is a suggestion: who wants to come teleports there, or anywhere else.
    """
    _check_host(avatar)
    state = turn.state
    host_id = avatar.avatar_id
    others = [a for a in state.avatars.values() if a is not avatar]
    invited = sorted(
        a.avatar_id
        for a in others
        if a.presence == HERE and not state.is_hidden(host_id, a.avatar_id)
    )
    staying = sorted({a.avatar_id for a in others}.difference(invited))
    x, _, z = state.poses.position(host_id)
    spots = state.floor.spots_around(
        x,
        z,
        state.poses.yaw_degrees(host_id),
        len(invited),
        # Who is not invited stays where they are, and nobody shall be sent into them.
        state.poses.floor_points(staying),
    )
    turn.answer(host_id, command.request_id, invited=len(spots))
    for invited_id, (spot_x, spot_z) in zip(invited, spots, strict=False):
        yaw_degrees = yaw_towards(spot_x, spot_z, x, z)
        turn.tell(invited_id, GatherInvited(host_id, (spot_x, 0.0, spot_z), yaw_degrees))


def _check_host(avatar: Avatar) -> None:
    if avatar.role != HOST:
        raise refuse("NOT_ALLOWED")
