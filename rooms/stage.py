"""What hosts do: pin a product for everybody, call everybody together."""

from rooms.commands import Gather, Spotlight
from rooms.errors import Refusal
from rooms.events import Answer, GatherInvited, SpotlightChanged
from rooms.state import Avatar, Turn

HOST = "host"


def spotlight(turn: Turn, command: Spotlight) -> None:
    host = _host(turn, command.avatar_id)
    if command.product_id:
        turn.placement(command.product_id)
    turn.state.spotlight_product_id = command.product_id
    if command.request_id:
        turn.tell(host.avatar_id, Answer(command.request_id, {}))
    turn.tell_all(SpotlightChanged(command.product_id, host.avatar_id))


def gather(turn: Turn, command: Gather) -> None:
    """Keep a free spot for each of the others, facing the host; those nearest come first."""
    host = _host(turn, command.avatar_id)
    state = turn.state
    x, _, z = state.poses.position(host.avatar_id)
    others = [avatar_id for avatar_id in state.avatars if avatar_id != host.avatar_id]
    spots = state.layout.spots_around(
        x, z, len(others), state.settings.gather_radius_m, state.settings.personal_space_m
    )
    if command.request_id:
        turn.tell(host.avatar_id, Answer(command.request_id, {"invited": len(spots)}))
    for avatar_id, spot in zip(others, spots, strict=False):
        turn.tell(avatar_id, GatherInvited(host.avatar_id, spot.position, spot.yaw_degrees))


def _host(turn: Turn, avatar_id: int) -> Avatar:
    avatar = turn.avatar(avatar_id)
    if avatar.role != HOST:
        raise Refusal("NOT_ALLOWED")
    return avatar
