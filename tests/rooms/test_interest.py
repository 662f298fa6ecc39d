"""Interest management: a model of every client is kept, and what it knows is compared with what is
so. The laws are those of the module: nobody gets less than the distance gives them, nobody is shown
where they no longer are, and who must not be seen is not."""

import math
import random
import struct
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.avatars import POSE_BYTES, POSE_DTYPE, UNTRACKED, PoseTable
from rooms.interest import Interest
from rooms.rotations import NO_ROTATION
from rooms.settings import InterestSettings, PoseSettings
from rooms.views import OUT_OF_SIGHT_MM, Members, Pairs, View

NOW_MS = 1_790_000_000_000
TICK_MS = 50
POSE, TURN, HEAD = struct.Struct("<H3h"), struct.Struct("<I"), struct.Struct("<H3hI")
SMALL = InterestSettings(cell_m=2, near_m=3, middle_m=6, far_m=10, hysteresis_m=0.5)
HALL_M = 12.0
SOON_TICKS = 5
"""The turn of the slowest tier comes within so many ticks (20 Hz by 4 Hz)."""


NEAR, MIDDLE, FAR, BEYOND = range(4)


class Snapshot(NamedTuple):
    """An avatar at a tick."""

    record: bytes
    head: bytes
    x_m: float
    z_m: float


def snapshot(record: bytes) -> Snapshot:
    (avatar_id, x_mm, y_mm, z_mm), (rotation,) = POSE.unpack(record[:8]), TURN.unpack(record[20:24])
    head = HEAD.pack(avatar_id, x_mm, y_mm, z_mm, rotation)
    return Snapshot(record, head, x_mm / 1_000, z_mm / 1_000)


class World:
    """Avatars that move at will, the interest of their room, and what each client knows."""

    def __init__(self, seed: int, settings: InterestSettings = SMALL) -> None:
        quick = PoseSettings(speed_maximum_m_s=1_000, movement_allowance_m=1_000)
        self.poses = PoseTable(64, quick)
        self.interest = Interest(settings, 20)
        self.settings = settings
        self.chance = random.Random(seed)
        self.parties: dict[int, int] = {}
        self.hosts: set[int] = set()
        self.away: set[int] = set()
        self.blocked: set[frozenset[int]] = set()
        self.apart: set[frozenset[int]] = set()
        self.known: dict[int, dict[int, bytes]] = {}
        self.past: deque[dict[int, Snapshot]] = deque(maxlen=SOON_TICKS + 1)
        self.now_ms = NOW_MS
        self.views: list[View] = []
        self.here = self.members()

    # --- what happens ---------------------------------------------------------------------------

    def enter(self, avatar_id: int, party: int, *, host: bool = False) -> None:
        x, z = (self.chance.uniform(-HALL_M, HALL_M) for _ in range(2))
        self.poses.enter(avatar_id, (x, 0.0, z), 0.0, self.now_ms)
        self.parties[avatar_id] = party
        if host:
            self.hosts.add(avatar_id)
        everybody = {i: self.poses.record(i) for i in self.parties}
        for other, known in self.known.items():
            if not self.hidden(other, avatar_id):
                known[avatar_id] = everybody[avatar_id]
        self.known[avatar_id] = {
            i: record for i, record in everybody.items() if not self.hidden(avatar_id, i)
        }

    def leave(self, avatar_id: int) -> None:
        self.poses.remove(avatar_id)
        del self.parties[avatar_id], self.known[avatar_id]
        self.hosts.discard(avatar_id)
        self.away.discard(avatar_id)
        for pairs in (self.blocked, self.apart):
            pairs -= {pair for pair in pairs if avatar_id in pair}
        for known in self.known.values():
            known.pop(avatar_id, None)
        self.interest.forget(avatar_id)

    def hidden(self, one: int, other: int) -> bool:
        return frozenset((one, other)) in self.blocked

    def move(self, avatar_id: int, step_m: float) -> None:
        x, _, z = self.poses.position(avatar_id)
        x, z = (
            min(HALL_M, max(-HALL_M, value + self.chance.uniform(-step_m, step_m)))
            for value in (x, z)
        )
        hand = (self.chance.randrange(-500, 500), -300, 200)
        turned = self.chance.randrange(1 << 32)
        record = (
            avatar_id, (round(x * 1000), 1_600, round(z * 1000)), hand, (UNTRACKED, 0, 0),
            (turned, turned, NO_ROTATION),
        )  # fmt: skip
        offered = np.array([record], dtype=POSE_DTYPE)
        assert not self.poses.accept(offered, self.now_ms).refused

    def members(self) -> Members:
        ids = sorted(self.parties)
        return Members(
            ids=np.array(ids, dtype=np.intp),
            party=np.array([self.parties[i] for i in ids], dtype=np.intp),
            is_host=np.array([i in self.hosts for i in ids], dtype=bool),
            receiving=np.array([i not in self.away for i in ids], dtype=bool),
            blocked=_both_ways(self.blocked),
            apart=_both_ways(self.apart),
        )

    def tick(self) -> list[View]:
        self.now_ms += TICK_MS
        here = self.members()
        if not _same(here, self.here):
            # As rooms do: what counts for who sees whom is made anew only when it has changed.
            self.here = here
        self.views = self.interest.views(self.poses, self.here, self.now_ms)
        self.past.append({i: snapshot(self.poses.record(i)) for i in self.parties})
        for view in self.views:
            assert view.records or view.heads
            assert len(set(view.receivers)) == len(view.receivers)
            for receiver in view.receivers:
                self._receive(receiver, view)
        return self.views

    def _receive(self, receiver: int, view: View) -> None:
        """What a client does, as PROTOCOL.md says it."""
        assert receiver not in self.away
        known = self.known[receiver]
        for at in range(0, len(view.records), POSE_BYTES):
            record = view.records[at : at + POSE_BYTES]
            avatar_id, *_ = POSE.unpack(record[:8])
            assert frozenset((receiver, avatar_id)) not in self.blocked | self.apart
            known[avatar_id] = record
        for avatar_id, x_mm, y_mm, z_mm, rotation in HEAD.iter_unpack(view.heads):
            assert frozenset((receiver, avatar_id)) not in self.blocked
            if self.parties[avatar_id] == self.parties[receiver]:
                continue
            if x_mm == OUT_OF_SIGHT_MM:
                known.pop(avatar_id, None)
            else:
                assert frozenset((receiver, avatar_id)) not in self.apart
                known[avatar_id] = HEAD.pack(avatar_id, x_mm, y_mm, z_mm, rotation)

    # --- what must be so ------------------------------------------------------------------------

    def check(self) -> None:
        for receiver in set(self.parties) - self.away:
            for other in self.parties:
                if not self.hidden(receiver, other):
                    self._check(receiver, other)
                else:
                    assert other not in self.known[receiver]

    def _check(self, receiver: int, other: int) -> None:
        known = self.known[receiver].get(other)
        if frozenset((receiver, other)) in self.apart:
            assert known is None
            return
        recent = [past[other] for past in self.past if other in past]
        if known is not None:
            # Nobody is shown where they have not been for long, near or far.
            assert any(known in (was.record, was.head) for was in recent)
        same_party = self.parties[receiver] == self.parties[other]
        # Who has just come nearer is told of at the next turn of the new tier.
        if same_party or other in self.hosts or self._within(receiver, other, 1) <= NEAR:
            assert known == recent[-1].record
        elif self._within(receiver, other, 2) <= MIDDLE:
            assert known in [was.record for was in recent[-2:]]
        elif self._within(receiver, other, SOON_TICKS) <= FAR:
            assert known is not None

    def _within(self, receiver: int, other: int, ticks: int) -> int:
        """The widest tier by distance that they were in to each other in the last ticks."""
        limits_m = [self.settings.near_m, self.settings.middle_m, self.settings.far_m]
        tiers = []
        for past in list(self.past)[-ticks:]:
            if receiver not in past or other not in past:
                return BEYOND
            one, two = past[receiver], past[other]
            distance_m = math.hypot(one.x_m - two.x_m, one.z_m - two.z_m)
            tiers.append(sum(distance_m > limit_m for limit_m in limits_m))
        return max(tiers)


def _same(one: Members, other: Members) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("ids", "party", "is_host", "receiving")
    ) and (one.blocked, one.apart) == (other.blocked, other.apart)


def _both_ways(pairs: Iterable[frozenset[int]]) -> Pairs:
    return frozenset((a, b) for pair in pairs for a in pair for b in pair if a != b)


def live(world: World, ticks: int) -> None:
    """A life of coming, going, standing, walking, jumping, dropping out, blocking and bubbles."""
    chance = world.chance
    for _ in range(ticks):
        here = sorted(world.parties)
        for avatar_id in here:
            if chance.random() < 0.6:
                world.move(avatar_id, 0.4)
            elif chance.random() < 0.03:
                world.move(avatar_id, 20.0)
        lot = chance.random()
        if lot < 0.1 and len(here) < 14:
            free = next(i for i in range(1, 64) if i not in world.parties)
            world.enter(free, chance.randrange(4) or 100 + free, host=chance.random() < 0.1)
        elif lot < 0.15 and here:
            world.leave(chance.choice(here))
        elif lot < 0.2 and here:
            world.away ^= {chance.choice(here)}
        elif lot < 0.25 and here:
            _change_party(world, chance.choice(here))
        elif lot < 0.4 and len(here) > 1:
            _keep_apart(world, frozenset(chance.sample(here, 2)))
        for view in world.tick():
            assert set(view.receivers) <= set(world.parties) - world.away
        world.check()


def _change_party(world: World, avatar_id: int) -> None:
    party = world.chance.randrange(4) or 100 + avatar_id
    mates = [i for i, other in world.parties.items() if other == party]
    if not any(frozenset((avatar_id, mate)) in world.blocked | world.apart for mate in mates):
        world.parties[avatar_id] = party


def _keep_apart(world: World, pair: frozenset[int]) -> None:
    one, other = pair
    if world.parties[one] == world.parties[other]:
        return
    if world.chance.random() < 0.5:
        world.apart ^= {pair}
        return
    world.blocked ^= {pair}
    for a, b in ((one, other), (other, one)):
        # AvatarLeft, or AvatarEntered without a pose.
        world.known[a].pop(b, None)


@pytest.mark.parametrize("seed", range(8))
def test_every_client_knows_what_it_should_and_no_more(seed: int) -> None:
    world = World(seed)
    for avatar_id in range(1, 9):
        world.enter(avatar_id, avatar_id % 5, host=avatar_id == 1)
    live(world, 100)


@given(
    st.integers(0, 1 << 32),
    st.builds(
        InterestSettings,
        cell_m=st.sampled_from([1.0, 4.0]),
        near_m=st.sampled_from([2.0, 5.0]),
        middle_m=st.sampled_from([5.0, 8.0]),
        far_m=st.sampled_from([8.0, 12.0, 40.0]),
        hysteresis_m=st.sampled_from([0.0, 0.5, 3.0]),
        enabled=st.booleans(),
    ),
)
def test_whatever_the_settings(seed: int, settings: InterestSettings) -> None:
    world = World(seed, settings)
    if not settings.enabled:
        world.settings = InterestSettings(near_m=90, middle_m=90, far_m=90)
    for avatar_id in range(1, 6):
        world.enter(avatar_id, avatar_id % 3)
    live(world, 12)
