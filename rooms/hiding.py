"""What those who must not hear of somebody are told instead: mostly nothing.

Every event that tells of an avatar is listed here, and `Turn` asks for each event, so that no
handler can forget it. News of a party need no place: its members are never hidden from each other.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rooms.events import (
    AvatarChanged,
    AvatarEntered,
    AvatarLeft,
    Event,
    GatherInvited,
    OfferMade,
    PropChanged,
    SpotlightChanged,
)
from rooms.types import PropView


def prop_without_owner(prop: PropView) -> PropView:
    """A prop as those see it from whom its owner is hidden: it is away, and nobody has it."""
    return replace(prop, owner_avatar_id=0, hand="", away=True)


def _nothing(_event: Any) -> None:
    return None


def _prop(event: PropChanged) -> PropChanged:
    return PropChanged(prop_without_owner(event.prop))


def _spotlight(event: SpotlightChanged) -> SpotlightChanged:
    return SpotlightChanged(event.product_id, 0)


TELLS_OF: dict[type[Event], tuple[Callable[[Any], int], Callable[[Any], Event | None]]] = {
    AvatarEntered: (lambda event: event.avatar.avatar_id, _nothing),
    AvatarChanged: (lambda event: event.avatar.avatar_id, _nothing),
    AvatarLeft: (lambda event: event.avatar_id, _nothing),
    PropChanged: (lambda event: event.prop.owner_avatar_id, _prop),
    OfferMade: (lambda event: event.from_avatar_id, _nothing),
    SpotlightChanged: (lambda event: event.by_avatar_id, _spotlight),
    GatherInvited: (lambda event: event.by_avatar_id, _nothing),
}
"""The avatar an event tells of, and what those hear from whom it is hidden (None: nothing)."""
