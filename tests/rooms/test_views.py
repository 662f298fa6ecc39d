"""How many frames are built, for whom and of what size."""

import json
import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from rooms.avatars import POSE_BYTES, POSE_DTYPE, PoseTable
from rooms.interest import Interest
from rooms.settings import InterestSettings, PoseSettings
from rooms.views import HEAD_BYTES, HEAD_DTYPE, NO_PAIRS, OUT_OF_SIGHT_MM, Members, Pairs, View
from server.store import DEMO_STORE, load_store
from server.wire import codec
from server.wire.messages import BY_NAME
from server.wire.websocket import binary_frame

NOW_MS = 1_790_000_000_000
TICK_MS = 50
TICKS_A_SECOND = 20
Points = list[tuple[float, float]]


class Crowd:
    """People at given points of the floor, each alone unless `party` says otherwise."""

    def __init__(
        self,
        points: Points,
        *,
        party: list[int] | None = None,
        hosts: tuple[int, ...] = (),
        blocked: Pairs = NO_PAIRS,
        settings: InterestSettings | None = None,
    ) -> None:
        self.poses = PoseTable(
            256, PoseSettings(speed_maximum_m_s=1_000, movement_allowance_m=1_000)
        )
        self.count = len(points)
        for avatar_id, (x, z) in enumerate(points, start=1):
            self.poses.enter(avatar_id, (x, 0.0, z), 0.0, NOW_MS)
        ids = np.arange(1, self.count + 1)
        self.here = Members(
            ids=ids,
            party=np.array(party) if party is not None else ids,
            is_host=np.isin(ids, hosts),
            receiving=np.ones(self.count, dtype=bool),
            blocked=blocked,
        )
        self.interest = Interest(settings or InterestSettings(), TICKS_A_SECOND)
        self.now_ms = NOW_MS
        self.first = self.tick()

    def step(self, *avatar_ids: int) -> None:
        """These (all, when none is named) move 20 mm, back or forth."""
        ids = np.array(avatar_ids or range(1, self.count + 1))
        records = np.frombuffer(self.poses.records(ids), POSE_DTYPE).copy()
        records["head"][:, 0] += 20 if (self.now_ms // TICK_MS) % 2 else -20
        assert not self.poses.accept(records, self.now_ms).refused

    def tick(self) -> list[View]:
        self.now_ms += TICK_MS
        return self.interest.views(self.poses, self.here, self.now_ms)


def grid(count: int, side_m: float) -> Points:
    side = math.ceil(math.sqrt(count))
    at = [(k / (side - 1) - 0.5) * side_m for k in range(side)]
    return [(x, z) for x in at for z in at][:count]


def told(views: list[View], receiver: int) -> tuple[list[int], list[int], list[int]]:
    """Ids in full records, in heads, and out of sight."""
    full, heads, gone = list[int](), list[int](), list[int]()
    for view in views:
        if receiver in view.receivers:
            full += np.frombuffer(view.records, POSE_DTYPE)["id"].tolist()
            for head in np.frombuffer(view.heads, HEAD_DTYPE):
                lost = head["head"][0] == OUT_OF_SIGHT_MM
                (gone if lost else heads).append(int(head["id"]))
    return full, heads, gone


# --- frames -------------------------------------------------------------------------------------


def test_all_in_one_place_is_one_frame_for_all() -> None:
    crowd = Crowd(grid(200, 6.0))
    assert [len(view.receivers) for view in crowd.first] == [200]
    for _ in range(10):
        crowd.step()
        (view,) = crowd.tick()
        assert view == View(tuple(range(1, 201)), crowd.poses.records(crowd.here.ids), b"")


def test_who_stands_still_costs_nothing() -> None:
    crowd = Crowd(grid(100, 40.0))
    settled = [crowd.tick() for _ in range(40)]
    assert any(settled), "told once more after a second"
    assert not any(crowd.tick() for _ in range(100))
    crowd.step(7)
    views = crowd.tick()
    assert {len(view.records) + len(view.heads) for view in views} <= {POSE_BYTES, HEAD_BYTES}


def test_without_interest_all_hear_of_all() -> None:
    crowd = Crowd(grid(100, 60.0), settings=InterestSettings(enabled=False))
    crowd.step()
    (view,) = crowd.tick()
    assert len(view.receivers) == 100
    assert len(view.records) == 100 * POSE_BYTES


def test_a_frame_is_built_once_for_all_who_receive_it() -> None:
    crowd = Crowd(grid(200, 40.0))
    for _ in range(10):
        crowd.step()
        views = crowd.tick()
        assert len({(view.records, view.heads) for view in views}) == len(views) <= 121
        receivers = Counter(i for view in views for i in view.receivers)
        assert set(receivers.values()) <= {1}


def test_few_blocks_cost_few_frames() -> None:
    pairs = frozenset({(1, 2), (2, 1), (3, 200), (200, 3), (3, 4), (4, 3)})
    crowd = Crowd(grid(200, 6.0), blocked=pairs)
    crowd.step()
    views = crowd.tick()
    # One for all others; of the five who must not see somebody, two must not see the same.
    assert sorted(len(view.receivers) for view in views) == [1, 1, 1, 2, 195]
    assert told(views, 3)[0] == [i for i in range(1, 201) if i not in (4, 200)]


# --- tiers --------------------------------------------------------------------------------------


def test_how_often_each_tier_is_told() -> None:
    crowd = Crowd([(0.0, 0.0), (5.0, 0.0), (16.0, 0.0), (32.0, 0.0), (-32.0, 25.0)])
    for _ in range(TICKS_A_SECOND):
        crowd.step()
        crowd.tick()
    times: Counter[tuple[str, int]] = Counter()
    for _ in range(5 * TICKS_A_SECOND):
        crowd.step()
        full, heads, gone = told(crowd.tick(), 1)
        times.update(("full", i) for i in full)
        times.update(("head", i) for i in heads)
        assert not gone
    assert {key: count / 5 for key, count in times.items()} == {
        ("full", 1): 20, ("full", 2): 20, ("full", 3): 10, ("head", 4): 4, ("head", 5): 4
    }  # fmt: skip


def test_who_goes_out_of_sight_is_told_of_once() -> None:
    crowd = Crowd([(0.0, 0.0), (20.0, 10.0)], settings=InterestSettings(middle_m=12.0, far_m=30.0))
    assert told(crowd.first, 1) == ([1], [2], [])
    crowd.poses.allow_teleport(2, (32.0, 0.0, 32.0), 0.0, crowd.now_ms)
    gone = [told(crowd.tick(), 1)[2] for _ in range(12)]
    assert [ids for ids in gone if ids] == [[2]]
    crowd.step(2)
    assert not any(2 in ids for _ in range(12) for ids in told(crowd.tick(), 1))


def test_hosts_are_near_to_all_and_parties_to_themselves() -> None:
    far = [(-25.0, 0.0), (25.0, 0.0), (25.0, 5.0), (-25.0, 5.0)]
    crowd = Crowd(far, party=[1, 1, 2, 3], hosts=(3,))
    for _ in range(6):
        crowd.step()
        views = crowd.tick()
        assert set(told(views, 1)[0]) == {1, 2, 3, 4}
        assert set(told(views, 2)[0]) == {1, 2, 3}
        assert set(told(views, 4)[0]) == {1, 3, 4}


def test_a_scattered_party_costs_one_frame_more() -> None:
    points = [(x, z) for x in (-25.0, 25.0) for z in (-9.0, -3.0, 3.0, 9.0)]
    alone, party = Crowd(points), Crowd(points, party=[7] * 8)
    for _ in range(10):
        for crowd in (alone, party):
            crowd.step()
        more = len(party.tick()) - len(alone.tick())
        assert more <= 1


def test_who_missed_something_gets_everything_once() -> None:
    crowd = Crowd([(0.0, 0.0), (1.0, 0.0), (16.0, 0.0), (40.0, 0.0), (30.0, 25.0)])
    for _ in range(30):
        crowd.tick()
    crowd.interest.needs_all(1)
    (view,) = crowd.tick()
    assert view.receivers == (1,)
    assert told([view], 1) == ([1, 2, 3], [4, 5], [])
    assert crowd.tick() == []


def test_a_walk_along_a_border_does_not_ask_for_everything() -> None:
    crowd = Crowd([(3.9, 0.0), (25.0, 0.0)])
    for _ in range(30):
        crowd.tick()
    for step in range(20):
        crowd.poses.allow_teleport(1, (3.8 + step % 2 * 0.5, 0.0, 0.0), 0.0, crowd.now_ms)
        assert told(crowd.tick(), 1) == ([1], [], [])


@pytest.mark.parametrize("field", ["near_m", "middle_m", "far_m", "far_hz"])
def test_tiers_must_be_in_order(field: str) -> None:
    values = {"near_m": 21.0, "middle_m": 46.0, "far_m": 5.0, "far_hz": 11.0}
    with pytest.raises(ValueError, match=field):
        replace(InterestSettings(), **{field: values[field]})  # type: ignore[arg-type]


# --- bytes --------------------------------------------------------------------------------------


def websocket_bytes(view: View) -> int:
    frames = 0
    for name, body in (("Poses", view.records), ("Poses", view.heads)):
        if body:
            frames += len(binary_frame(codec.encode(BY_NAME[name].number, NOW_MS, body)))
    return frames


def shoppers(count: int) -> Points:
    """One before each shelf of the demo store, in turn through the departments."""
    store = load_store(DEMO_STORE)
    slots = [store.layout.slots[k * 37 % len(store.layout.slots)] for k in range(count)]
    return [(slot.position[0], slot.position[2]) for slot in slots]


def test_24_shoppers_take_at_most_15_kilobytes_a_second_each() -> None:
    crowd = Crowd(shoppers(24))
    received: Counter[int] = Counter()
    for _ in range(5 * TICKS_A_SECOND):
        crowd.step()
        for view in crowd.tick():
            size = websocket_bytes(view)
            received.update(dict.fromkeys(view.receivers, size))
    assert set(received) == set(range(1, 25))
    assert max(received.values()) / 5 <= 15_000, json.dumps(received)


@pytest.mark.parametrize("count", [10, 24, 50, 200])
def test_an_update_at_full_rate_takes_at_most_38_bytes(count: int) -> None:
    crowd = Crowd(grid(count, 6.0))
    crowd.step()
    (view,) = crowd.tick()
    assert websocket_bytes(view) / count <= 38
