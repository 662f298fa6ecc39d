"""Interest management: who hears of whom, how often and in how much detail.

The floor is cut into square cells. Everybody in a cell receives the same frame, built once, and a
tier is chosen for each avatar by its distance from the cell's square, grown by the slack of the
hysteresis: so nobody in a cell gets less than their own distance would give them.

    near     full record, each tick
    middle   full record, at `middle_hz`
    far      head only (12 bytes), at `far_hz`
    beyond   nothing; whoever passes from sight is told of once, as "out of sight"

Hosts are near to all. Members of one party are near to one another: what the cell's frame lacks of
them comes in one frame more for the party. What changed between two turns of a slower tier is kept
for the next turn, so a lower rate loses nothing. Cells take their turns at different ticks.

An avatar changes its tier only by moving, and then it has changed; or the receiver comes into
another cell, and then they need all: one frame with everything to be seen from there, and with "out
of sight" for everybody else. The same is for those who are new, are back, or were skipped. Cells
that would get the same share one frame, so a room in which all are near to all has one frame.

Whom a receiver must not see (`Members.blocked`, `Members.apart`) is taken out before any of this.
Receivers with the same cell and the same hidden avatars share frames; all others are not affected.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rooms.avatars import MM_PER_M, POSE_DTYPE, PoseTable
from rooms.settings import InterestSettings
from rooms.views import Frames, Members, Rows, Tiers, Truths, View

_TOGETHER_SLACK_M = 1.0
"""A crowd counts as one again when it is so much closer than it must be, lest it flaps."""

Metres = NDArray[np.float32]


@dataclass(slots=True)
class _Memory:
    """What is remembered of each member, in the order of `Members.ids`.

    `needs`: is to be sent everything; `cell` (n, 2), where `placed`; `floor_m` (n, 2): x and z at
    the last tick. Per phase of the cells (phases, n): `middle_due` and `far_due`, changed since the
    last turn; `travelled_m`, how far at most since the last far turn.
    """

    needs: Truths
    placed: Truths
    cell: NDArray[np.int32]
    floor_m: Metres
    middle_due: Truths
    far_due: Truths
    travelled_m: Metres


class Interest:
    """Decides once per tick what is sent to whom. Pure: the same calls give the same views."""

    def __init__(
        self, settings: InterestSettings, tick_rate_hz: int, diagonal_m: float = math.inf
    ) -> None:
        """`diagonal_m`: two people of the room are never further apart."""
        self._settings = settings
        self._all_near = not settings.enabled or diagonal_m <= settings.near_m
        self._near_m = settings.near_m if settings.enabled else math.inf
        self._tick = 0
        self._middle_every = max(1, round(tick_rate_hz / settings.middle_hz))
        self._far_every = max(1, round(tick_rate_hz / settings.far_hz))
        self._together = False
        self._forgotten: set[int] = set()
        self._asked: set[int] = set()
        self._here: Members | None = None
        self._memory = self._nothing(0)

    def forget(self, avatar_id: int) -> None:
        """An avatar is gone; its id may name somebody else at the next tick."""
        self._forgotten.add(avatar_id)
        self._asked.discard(avatar_id)

    def needs_all(self, avatar_id: int) -> None:
        """This receiver has missed something: the next tick sends it all it should see."""
        self._asked.add(avatar_id)

    def views(self, poses: PoseTable, here: Members, now_ms: int) -> list[View]:
        """What is to be sent now, every frame built once; to be called once per tick."""
        self._tick += 1
        moved = poses.take_changed(here.ids, now_ms)
        memory = self._align(here)
        if not (moved or self._waiting(memory) or (memory.needs & here.receiving).any()):
            return []
        together = self._all_together(poses, here)
        if together != self._together:
            # What everybody had been told was counted in another way until now: begin anew.
            self._together = together
            memory.needs[:] = True
            memory.placed[:] = memory.middle_due[:] = memory.far_due[:] = False
        if together:
            return self._for_all(here, poses, moved)
        records: NDArray[np.void] = np.frombuffer(poses.records(here.ids), dtype=POSE_DTYPE)
        return self._for_cells(here, records, moved)

    def _waiting(self, memory: _Memory) -> bool:
        """Whether somebody has yet to be told of somebody; a crowd that is together never waits."""
        return not self._together and bool(memory.middle_due.any() or memory.far_due.any())

    # --- what is remembered ---------------------------------------------------------------------

    def _nothing(self, count: int) -> _Memory:
        return _Memory(
            needs=np.ones(count, dtype=bool),
            placed=np.zeros(count, dtype=bool),
            cell=np.zeros((count, 2), dtype=np.int32),
            floor_m=np.zeros((count, 2), dtype=np.float32),
            middle_due=np.zeros((self._middle_every, count), dtype=bool),
            far_due=np.zeros((self._far_every, count), dtype=bool),
            # All have been told where newcomers are, and must be told when they are out of sight.
            travelled_m=np.full((self._far_every, count), np.inf, dtype=np.float32),
        )

    def _align(self, here: Members) -> _Memory:
        """Bring what is remembered into the order of the members, and note who needs all."""
        before = self._here
        if here is not before or self._forgotten:
            memory = self._nothing(len(here.ids))
            if before is not None:
                self._carry_over(before, here, memory)
            self._forgotten.clear()
            self._here, self._memory = here, memory
        if self._asked:
            self._memory.needs |= np.isin(here.ids, list(self._asked))
            self._asked.clear()
        return self._memory

    def _carry_over(self, before: Members, here: Members, memory: _Memory) -> None:
        """Fill in what is known of those who were here before."""
        known = self._memory
        kept = np.isin(here.ids, before.ids) & ~np.isin(here.ids, list(self._forgotten))
        at = np.searchsorted(before.ids, here.ids[kept])
        memory.placed[kept] = known.placed[at]
        memory.cell[kept] = known.cell[at]
        memory.floor_m[kept] = known.floor_m[at]
        memory.middle_due[:, kept] = known.middle_due[:, at]
        memory.far_due[:, kept] = known.far_due[:, at]
        memory.travelled_m[:, kept] = known.travelled_m[:, at]
        needs = known.needs[at] | (here.receiving[kept] & ~before.receiving[at])
        parties = np.stack([before.party[at], here.party[kept]])
        needs |= np.isin(here.party[kept], parties[:, parties[0] != parties[1]])
        hidden_anew = (before.blocked ^ here.blocked) | (before.apart ^ here.apart)
        if hidden_anew:
            needs |= np.isin(here.ids[kept], [receiver for receiver, _ in hidden_anew])
        memory.needs[kept] = needs

    # --- all in one place -----------------------------------------------------------------------

    def _all_together(self, poses: PoseTable, here: Members) -> bool:
        """Whether all are near to all: when the diagonal of the rectangle around all is short
        enough, so is every distance in it."""
        if here.blocked or here.apart:
            return False
        if self._all_near:
            return True
        points_m = poses.floor_points(here.ids)
        width_m, depth_m = (points_m.max(axis=0) - points_m.min(axis=0)).tolist()
        slack_m = 0.0 if self._together else _TOGETHER_SLACK_M
        return bool(math.hypot(width_m, depth_m) <= self._near_m - slack_m)

    def _for_all(self, here: Members, poses: PoseTable, moved: bytes) -> list[View]:
        views, receivers, needs = list[View](), here.receivers, self._memory.needs
        if np.count_nonzero(needs):
            behind = tuple(here.ids[needs & here.receiving].tolist())
            receivers = tuple(here.ids[here.receiving & ~needs].tolist())
            needs[:] = False
            if behind:
                views.append(View(behind, poses.records(here.ids), b""))
        if moved and receivers:
            views.append(View(receivers, moved, b""))
        return views

    # --- by cells -------------------------------------------------------------------------------

    def _for_cells(self, here: Members, records: NDArray[np.void], moved: bytes) -> list[View]:
        memory = self._memory
        changed = np.zeros(len(here.ids), dtype=bool)
        if moved:
            taken = np.frombuffer(moved, dtype=POSE_DTYPE)["id"].astype(np.intp)
            changed[np.searchsorted(here.ids, taken)] = True
        floor_m = records["head"][:, (0, 2)].astype(np.float32) / np.float32(MM_PER_M)
        steps = np.where(memory.placed[:, None], np.abs(floor_m - memory.floor_m), 0)
        memory.travelled_m += steps.sum(axis=1)
        memory.floor_m = floor_m
        memory.middle_due |= changed
        memory.far_due |= changed
        self._place(floor_m)
        of, cells, unseen = _grouped(memory.cell, here)
        if not len(cells):
            return []
        phase = cells.sum(axis=1)
        middle_phase, far_phase = phase % self._middle_every, phase % self._far_every
        tiers = self._tiers(here, cells, memory.travelled_m[far_phase], unseen)
        now_middle = self._tick % self._middle_every
        now_far = self._tick % self._far_every
        is_middle = (middle_phase == now_middle)[:, None]
        is_far = (far_phase == now_far)[:, None]
        far_turn = memory.far_due[now_far] & is_far
        full = (tiers.near & changed) | (tiers.wide & memory.middle_due[now_middle] & is_middle)
        # Who steps to and fro between far and middle may miss every turn of both but for this.
        full |= tiers.crossed & far_turn
        heads = far_turn & tiers.within & ~tiers.wide
        frames = Frames(here, records)
        needs = memory.needs & here.receiving
        frames.add(of, here.receiving & ~needs, full, heads, far_turn & tiers.parted)
        if needs.any():
            allowed = tiers.within if tiers.allowed is None else tiers.within & tiers.allowed
            gone = ~allowed if tiers.known is None else ~allowed & tiers.known
            frames.add(of, needs, tiers.wide, allowed & ~tiers.wide, gone)
        frames.add_parties(of, needs, changed, full, tiers)
        memory.needs[:] = False
        memory.middle_due[now_middle] = memory.far_due[now_far] = False
        memory.travelled_m[now_far] = 0
        return frames.views()

    def _place(self, floor_m: Metres) -> None:
        """Who is more than the hysteresis outside of their cell changes it, and needs all."""
        memory, cell_m = self._memory, np.float32(self._settings.cell_m)
        off_centre = np.abs(floor_m - (memory.cell + np.float32(0.5)) * cell_m).max(axis=1)
        leaves = (off_centre > cell_m / 2 + self._settings.hysteresis_m) | ~memory.placed
        if leaves.any():
            memory.cell[leaves] = np.floor(floor_m[leaves] / cell_m).astype(np.int32)
            memory.needs |= leaves
            memory.placed[:] = True

    def _tiers(
        self,
        here: Members,
        cells: NDArray[np.int32],
        travelled_m: Metres,
        unseen: dict[int, tuple[frozenset[int], frozenset[int]]],
    ) -> Tiers:
        settings = self._settings
        half_m = np.float32(settings.cell_m / 2 + settings.hysteresis_m)
        centres_m = (cells + np.float32(0.5)) * np.float32(settings.cell_m)
        floor_m = self._memory.floor_m
        dx = np.maximum(np.abs(floor_m[:, 0] - centres_m[:, 0:1]) - half_m, 0)
        dz = np.maximum(np.abs(floor_m[:, 1] - centres_m[:, 1:2]) - half_m, 0)
        distance_m = np.sqrt(dx * dx + dz * dz)
        near = (distance_m <= self._near_m) | here.is_host
        wide = near | (distance_m <= settings.middle_m)
        within = wide | (distance_m <= settings.far_m)
        parted = ~within & (distance_m <= settings.far_m + travelled_m)
        crossed = ~near & wide & (distance_m + travelled_m > settings.middle_m)
        if not unseen:
            return Tiers(near, wide, within, parted, crossed, None, None)
        allowed, known = np.ones_like(near), np.ones_like(near)
        for group, (blocked, apart) in unseen.items():
            known[group, list(blocked)] = False
            allowed[group, list(blocked | apart)] = False
        near, wide, within = near & allowed, wide & allowed, within & allowed
        parted, crossed = parted & allowed, crossed & allowed
        return Tiers(near, wide, within, parted, crossed, allowed, known)


def _grouped(
    cell: NDArray[np.int32], here: Members
) -> tuple[Rows, NDArray[np.int32], dict[int, tuple[frozenset[int], frozenset[int]]]]:
    """The group of each row (n,), the cell of each group (groups, 2), and whom the groups that do
    not see everybody must not see."""
    codes = cell[:, 0].astype(np.int64) << 32 | (cell[:, 1].astype(np.int64) & 0xFFFFFFFF)
    unseen, numbers = here.unseen, dict[tuple[int, tuple[frozenset[int], frozenset[int]]], int]()
    ordinary = here.receiving.copy()
    ordinary[list(unseen)] = False
    of = np.zeros(len(cell), dtype=np.intp)
    _, first, inverse = np.unique(codes[ordinary], return_index=True, return_inverse=True)
    of[ordinary] = inverse
    rows = np.flatnonzero(ordinary)[first].tolist()
    for row, hidden in unseen.items():
        if here.receiving[row]:
            key = (int(codes[row]), hidden)
            if key not in numbers:
                numbers[key] = len(rows)
                rows.append(row)
            of[row] = numbers[key]
    return of, cell[rows], {number: key[1] for key, number in numbers.items()}
