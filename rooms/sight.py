"""Who of a room may see whom at this tick: members, parties, blocks and bubbles, for `Interest`."""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from rooms.interest import Interest
from rooms.state import HOST, State
from rooms.views import NO_PAIRS, Members, Pairs, View


class Sight:
    """The poses of one room, ready to be sent."""

    def __init__(self, state: State, tick_rate_hz: int) -> None:
        self._state = state
        (west_m, _, north_m), (east_m, _, south_m) = state.layout.bounds
        diagonal_m = math.hypot(east_m - west_m, south_m - north_m)
        self._interest = Interest(state.settings.interest, tick_rate_hz, diagonal_m)
        self._version = state.sight_version
        self._party_numbers: dict[str, int] = {}
        self._parties_seen = 0
        # (owner of a bubble, who is in it)
        self._in_bubble: Pairs = NO_PAIRS
        self._here = self._members(NO_PAIRS, None)

    def forget(self, avatar_ids: Iterable[int]) -> None:
        """These avatars have left."""
        for avatar_id in avatar_ids:
            self._interest.forget(avatar_id)

    def needs_all(self, avatar_id: int) -> None:
        """The next tick sends this avatar everything it may see."""
        self._interest.needs_all(avatar_id)

    def views(self, receiving: NDArray[np.bool_] | None, now_ms: int) -> list[View]:
        """What is sent at this tick; as `Room.views`."""
        here, version = self._here, self._state.sight_version
        if version != self._version:
            self._version = version
            here = self._members(NO_PAIRS, receiving)
        apart = self._apart(here)
        if apart != here.apart or not _same(receiving, here):
            here = self._members(apart, receiving)
        self._here = here
        return self._interest.views(self._state.poses, here, now_ms)

    def _members(self, apart: Pairs, receiving: NDArray[np.bool_] | None) -> Members:
        state = self._state
        avatars = [state.avatars[avatar_id] for avatar_id in state.avatar_ids]
        numbers = {party_id: self._number_of(party_id) for party_id in state.parties}
        self._party_numbers = numbers
        return Members(
            ids=np.array(state.avatar_ids, dtype=np.intp),
            party=np.array([numbers[avatar.party_id] for avatar in avatars], dtype=np.intp),
            is_host=np.array([avatar.role == HOST for avatar in avatars], dtype=bool),
            receiving=np.ones(len(avatars), dtype=bool) if receiving is None else receiving.copy(),
            blocked=frozenset((a, b) for a, others in state.hidden.items() for b in others),
            apart=apart,
        )

    def _number_of(self, party_id: str) -> int:
        # A party keeps its number, so that it shows when somebody is in another one.
        known = self._party_numbers.get(party_id)
        if known is None:
            self._parties_seen += 1
            known = self._parties_seen
        return known

    def _apart(self, here: Members) -> Pairs:
        """Owners of a bubble and who is in it, both ways. Who is in stays in until they are a
        little further out; the owner's party and hosts never are."""
        radii = self._state.bubbles
        if not radii:
            self._in_bubble = NO_PAIRS
            return NO_PAIRS
        settings = self._state.settings
        owners = np.searchsorted(here.ids, list(radii))
        radius_m = np.array(list(radii.values()))[:, None]
        floor_m = self._state.poses.floor_points(here.ids)
        distance_m = np.hypot(*(floor_m[owners, None] - floor_m[None]).transpose(2, 0, 1))
        was_in = np.zeros(distance_m.shape, dtype=bool)
        if self._in_bubble:
            number = {avatar_id: index for index, avatar_id in enumerate(radii)}
            row = {avatar_id: index for index, avatar_id in enumerate(here.ids.tolist())}
            for owner, other in self._in_bubble:
                if owner in number and other in row:
                    was_in[number[owner], row[other]] = True
        is_in = distance_m < np.where(was_in, radius_m + settings.bubble_hysteresis_m, radius_m)
        is_in &= ~here.is_host & (here.party != here.party[owners][:, None])
        ids, owner_ids = here.ids.tolist(), list(radii)
        found = [(owner_ids[a], ids[b]) for a, b in np.argwhere(is_in).tolist()]
        self._in_bubble = frozenset(found)
        return self._in_bubble.union((other, owner) for owner, other in found)


def _same(receiving: NDArray[np.bool_] | None, here: Members) -> bool:
    if receiving is None:
        return here.all_receive
    return np.array_equal(receiving, here.receiving)
