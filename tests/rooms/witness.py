"""Watches what every avatar is told, and that nobody hears of somebody who is hidden from them."""

import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from rooms.avatars import POSE_DTYPE
from rooms.events import AvatarEntered, AvatarLeft, Error, Event, Recommendations, RoomState
from rooms.room import Room, Step
from rooms.safety import HIDDEN
from rooms.state import HOST
from rooms.views import HEAD_DTYPE, OUT_OF_SIGHT_MM


def avatars_in(value: Any, name: str = "") -> Iterator[int]:
    """All avatar ids that an event, or a part of it, names."""
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from avatars_in(getattr(value, field.name), field.name)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from avatars_in(part, key)
    elif isinstance(value, tuple | list):
        for part in value:
            yield from avatars_in(part, name)
    elif isinstance(value, bytes):
        yield from np.frombuffer(value, POSE_DTYPE)["id"].tolist()
    elif "avatar_id" in name and isinstance(value, int):
        yield value


class Witness:
    """What each avatar of a room has been told about whom it must not hear of."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._gone: dict[int, set[int]] = {}

    def after(self, step: Step) -> None:
        """Look at all that was told in a step, and at the poses of a tick that follows it."""
        hidden = self._room._state.hidden
        for out in step.events:
            for receiver in out.avatar_ids:
                self._heard(receiver, out.event)
        here = set(self._room.avatar_ids)
        self._gone = {i: gone & here for i, gone in self._gone.items() if i in here}
        assert {i: gone for i, gone in self._gone.items() if gone} == hidden
        for one, others in hidden.items():
            parties = self._room._state.avatars
            assert all(parties[one].party_id != parties[other].party_id for other in others)
        self._poses()

    def _heard(self, receiver: int, event: Event) -> None:
        gone = self._gone.setdefault(receiver, set())
        hidden = self._room._state.hidden.get(receiver, set())
        if isinstance(event, RoomState):
            # Of a newcomer who is hidden nobody is told at all.
            gone.clear()
            gone |= hidden
            for other in hidden:
                self._gone.setdefault(other, set()).add(receiver)
        elif isinstance(event, AvatarEntered):
            gone.discard(event.avatar.avatar_id)
        echo = isinstance(event, Error) and event.code == "AVATAR_NOT_FOUND"
        assert echo or not gone.intersection(avatars_in(event)), event
        if isinstance(event, AvatarLeft) and event.reason == HIDDEN:
            gone.add(event.avatar_id)
        if isinstance(event, Recommendations):
            self._displayed(receiver, event)

    def _displayed(self, receiver: int, event: Recommendations) -> None:
        """A shelf names friends only: of the party, and nobody with whom there is a block."""
        state = self._room._state
        viewer = state.avatars[receiver]
        assert len(event.places) == (len(event.items) if event.scope == "display" else 0)
        for friend_id in (i for place in event.places for i in place.shared_with_avatar_ids):
            friend = state.avatars[friend_id]
            assert friend_id != receiver
            assert friend.party_id == viewer.party_id
            assert friend.person_id not in viewer.blocked
            assert viewer.person_id not in friend.blocked

    def _poses(self) -> None:
        state = self._room._state
        for view in self._room.views():
            records = set(np.frombuffer(view.records, POSE_DTYPE)["id"].tolist())
            heads = np.frombuffer(view.heads, HEAD_DTYPE)
            placed = set(heads["id"][heads["head"][:, 0] != OUT_OF_SIGHT_MM].tolist()) | records
            named = set(heads["id"].tolist()) | records
            for receiver in view.receivers:
                assert not named & state.hidden.get(receiver, set())
                assert not any(self._too_close(receiver, other) for other in placed)

    def _too_close(self, one: int, other: int) -> bool:
        """Whether one of them is in the bubble of the other, and must not be."""
        state = self._room._state
        pair = [state.avatars[one], state.avatars[other]]
        if pair[0].party_id == pair[1].party_id:
            return False
        at, to = state.poses.floor_points([one, other]).tolist()
        return any(
            math.dist(at, to) < owner.personal_space_m and visitor.role != HOST
            for owner, visitor in (pair, pair[::-1])
        )
