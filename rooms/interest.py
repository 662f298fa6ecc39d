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

from rooms.avatars import MM_PER_M, POSE_BYTES, POSE_DTYPE, PoseTable
from rooms.cells import Cells, Metres, cells_of
from rooms.settings import InterestSettings
from rooms.views import Frames, Members, Truths, View, Wanted

_TOGETHER_SLACK_M = 1.0
"""A crowd counts as one again when it is so much closer than it must be, lest it flaps."""


@dataclass(slots=True)
class _Memory:
    """What is remembered of each member, in the order of `Members.ids`.

    `needs`: is to be sent everything; `cell` (n, 2), where `placed`; `floor_m` (2, n): x and z at
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
        self._cells: Cells | None = None
        self._all_placed = False

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
            self._all_placed = False
        if together:
            return self._for_all(here, poses, moved)
        return self._for_cells(here, poses, moved)

    def _waiting(self, memory: _Memory) -> bool:
        """Whether somebody has yet to be told of somebody; a crowd that is together never waits."""
        return not self._together and bool(memory.middle_due.any() or memory.far_due.any())

    # --- what is remembered ---------------------------------------------------------------------

    def _nothing(self, count: int) -> _Memory:
        return _Memory(
            needs=np.ones(count, dtype=bool),
            placed=np.zeros(count, dtype=bool),
            cell=np.zeros((count, 2), dtype=np.int32),
            floor_m=np.zeros((2, count), dtype=np.float32),
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
            self._cells, self._all_placed = None, False
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
        memory.floor_m[:, kept] = known.floor_m[:, at]
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

    def _for_cells(self, here: Members, poses: PoseTable, moved: bytes) -> list[View]:
        memory = self._memory
        all_moved = len(moved) == POSE_BYTES * len(here.ids)
        told = moved if all_moved else poses.records(here.ids)
        records: NDArray[np.void] = np.frombuffer(told, dtype=POSE_DTYPE)
        changed = np.full(len(here.ids), all_moved)
        if moved and not all_moved:
            taken = np.frombuffer(moved, dtype=POSE_DTYPE)["id"].astype(np.intp)
            changed[np.searchsorted(here.ids, taken)] = True
        self._follow(records, changed)
        if self._cells is None:
            every = self._middle_every, self._far_every
            self._cells = cells_of(memory.cell, here, self._settings, *every)
        cells = self._cells
        if not cells.receivers:
            return []
        squares = cells.square_distances(memory.floor_m)
        near = squares <= self._near_m * self._near_m
        if here.has_hosts:
            near |= here.is_host
        wanted = self._of_this_tick(cells, near, squares, changed)
        needs = memory.needs & here.receiving
        memory.needs[:] = False
        frames = Frames(here, records)
        if np.count_nonzero(needs):
            missed, needy = self._of_all(cells, near, squares), frozenset(here.ids[needs].tolist())
            frames.add(wanted.rows, cells.receivers_but(needy))
            frames.add(missed.rows, cells.receivers_among(needy))
            frames.add_parties(cells, changed, wanted, needs, missed)
        else:
            frames.add(wanted.rows, cells.receivers)
            frames.add_parties(cells, changed, wanted)
        return frames.views()

    def _follow(self, records: NDArray[np.void], changed: Truths) -> None:
        """Note where everybody is, and for which turns to come they have changed."""
        memory, cell_m = self._memory, np.float32(self._settings.cell_m)
        floor_m = records["head"][:, ::2].T.astype(np.float32)
        floor_m /= np.float32(MM_PER_M)
        # Who is more than the hysteresis outside of their cell changes it, and needs all.
        off_centre_m = np.abs(floor_m - (memory.cell.T + np.float32(0.5)) * cell_m).max(axis=0)
        leaves = off_centre_m > cell_m / 2 + self._settings.hysteresis_m
        steps_m = np.abs(floor_m - memory.floor_m).sum(axis=0)
        if not self._all_placed:
            leaves |= ~memory.placed
            steps_m[~memory.placed] = 0
            memory.placed[:] = self._all_placed = True
        memory.travelled_m += steps_m
        memory.floor_m = floor_m
        memory.middle_due |= changed
        memory.far_due |= changed
        if np.count_nonzero(leaves):
            memory.cell[leaves] = np.floor(floor_m.T[leaves] / cell_m).astype(np.int32)
            memory.needs |= leaves
            self._cells = None

    def _of_this_tick(self, cells: Cells, near: Truths, squares: Metres, changed: Truths) -> Wanted:
        """Who is near and has changed, and the tiers whose turn it is."""
        memory, settings = self._memory, self._settings
        now_middle, now_far = self._tick % self._middle_every, self._tick % self._far_every
        wanted = Wanted.nothing(near.shape)
        np.logical_and(near, changed, out=wanted.full)
        turn = cells.middle_turns[now_middle]
        if len(turn):
            wide = near[turn] | (squares[turn] <= settings.middle_m**2)
            wanted.full[turn] |= wide & memory.middle_due[now_middle]
        turn = cells.far_turns[now_far]
        if len(turn):
            due, travelled_m = memory.far_due[now_far], memory.travelled_m[now_far]
            distances_m, near = np.sqrt(squares[turn]), near[turn]
            wide = near | (distances_m <= settings.middle_m)
            within = wide | (distances_m <= settings.far_m)
            # Who steps to and fro between far and middle may miss every turn of both but for this.
            crossed = ~near & wide & (distances_m + travelled_m > settings.middle_m)
            wanted.full[turn] |= due & crossed
            wanted.heads[turn] = due & within & ~wide
            # Now beyond, and perhaps not so at the last turn.
            wanted.gone[turn] = due & ~within & (distances_m <= settings.far_m + travelled_m)
        if cells.allowed is not None:
            wanted.keep_to(cells.allowed)
        memory.middle_due[now_middle] = memory.far_due[now_far] = False
        memory.travelled_m[now_far] = 0
        return wanted

    def _of_all(self, cells: Cells, near: Truths, squares: Metres) -> Wanted:
        """Everybody who can be seen from each cell; and "out of sight" for everybody else."""
        settings, wanted = self._settings, Wanted.nothing(near.shape)
        wide = near | (squares <= settings.middle_m**2)
        within = wide | (squares <= settings.far_m**2)
        wanted.full[:] = wide
        wanted.heads[:] = within & ~wide
        wanted.gone[:] = ~within
        if cells.allowed is not None and cells.known is not None:
            wanted.keep_to(cells.allowed)
            wanted.gone[:] = ~(within & cells.allowed) & cells.known
        return wanted
