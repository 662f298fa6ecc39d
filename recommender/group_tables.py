"""Who is in which group, and what people and groups did: the tables group ranking is fitted on.

A *group* is anybody who chooses together: a household, a travel group, a party in a room with the
products its members handled together. Groups, people and products are row and column positions;
their numeric order means nothing and is never used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recommender.errors import FitError

if TYPE_CHECKING:
    from scipy import sparse

Positions = npt.NDArray[np.int64]
"""Row or column positions, int64 (n,)."""

Table = npt.NDArray[np.float64]

NOBODY = -1
"""The row of a party that is in no table."""


def counted(rows: Sequence[tuple[int, int]], shape: tuple[int, int]) -> "sparse.csr_array":
    """Pairs (row, column) as a float64 table of counts; a pair named twice counts 2."""
    from scipy import sparse

    pairs = np.array(rows, dtype=np.int64).reshape(-1, 2)
    ones = np.ones(len(pairs), dtype=np.float64)
    return sparse.csr_array(sparse.coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=shape))


def marked(table: "sparse.csr_array") -> "sparse.csr_array":
    """The same cells, each 1."""
    result = table.copy()
    result.data = np.ones_like(result.data)
    return result


def row_cells(table: "sparse.csr_array", row: int) -> npt.NDArray[Any]:
    """Columns of a row's cells."""
    return np.asarray(table.indices[table.indptr[row] : table.indptr[row + 1]])


@dataclass(frozen=True, slots=True)
class GroupTables:
    """Three sparse tables of counts, checked by `checked`.

    `members` (groups, people), `person_items` (people, products), `group_items` (groups, products):
    who belongs to a group, what each person did alone, what each group did together.
    """

    members: "sparse.csr_array"
    person_items: "sparse.csr_array"
    group_items: "sparse.csr_array"

    def checked(self) -> "GroupTables":
        """The tables with cells in order and without zeros.

        Raises:
            FitError: `group_tables_invalid`, when sizes disagree or a cell is no number or
                negative.
        """
        groups, people = self.members.shape
        products = self.group_items.shape[1]
        for name, table, shape in (
            ("members", self.members, (groups, people)),
            ("person_items", self.person_items, (people, products)),
            ("group_items", self.group_items, (groups, products)),
        ):
            if tuple(table.shape) != shape:
                raise _invalid(name, f"has the shape {tuple(table.shape)}, not {shape}")
            if not (np.isfinite(table.data).all() and (table.data >= 0.0).all()):
                raise _invalid(name, "has a cell that is negative or no number")
        return GroupTables(_tidy(self.members), _tidy(self.person_items), _tidy(self.group_items))

    def members_within(self) -> bool:
        """Whether all that members did alone is also counted for their groups.

        True where a group's history was put together from its members' (a household's ratings);
        then an event taken from the group must be taken from its member too.
        """
        alone = marked(self.members @ self.person_items)
        return bool(alone.nnz > 0 and alone.multiply(marked(self.group_items)).nnz == alone.nnz)

    def parties(self, groups: Positions) -> "Parties":
        """The groups of these rows, as parties that know which row is theirs."""
        return Parties(self.members[groups], self.group_items[groups], groups)


@dataclass(frozen=True, slots=True)
class Parties:
    """Who asks for a list: `members` (n, people), `items` (n, products), `own_row` int64 (n,).

    `own_row` is the party's row in the fitted tables, whose influence on itself is left out, or
    `NOBODY`.
    """

    members: "sparse.csr_array"
    items: "sparse.csr_array"
    own_row: Positions


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Tables with some group events taken away, and these events: `group`, `product` int64 (n,)."""

    tables: GroupTables
    group: Positions
    product: Positions


def held_out(
    tables: GroupTables, groups: Positions, events: int, random: np.random.Generator
) -> HeldOut:
    """Take `events` random events from each of `groups` that has more than that.

    Where a group's history contains its members' (`members_within`), the event is one of a member
    with the chance members * 1 / events of the product, and is taken from that member, too.
    """
    within = tables.members_within()
    items, alone = tables.group_items.copy(), tables.person_items.copy()
    taken: list[tuple[int, int]] = []
    for group in groups.tolist():
        first, last = int(items.indptr[group]), int(items.indptr[group + 1])
        places = np.repeat(np.arange(first, last), items.data[first:last].astype(np.int64))
        if places.size <= events:
            continue
        people = row_cells(tables.members, group)
        for place in random.choice(places, events, replace=False).tolist():
            product = int(items.indices[place])
            taken.append((group, product))
            if within:
                _take_from_member(alone, people, product, float(items.data[place]), random)
            items.data[place] -= 1.0
    found = np.array(taken, dtype=np.int64).reshape(-1, 2)
    rest = GroupTables(tables.members, _tidy(alone), _tidy(items))
    return HeldOut(rest, found[:, 0], found[:, 1])


def _take_from_member(
    alone: "sparse.csr_array",
    people: npt.NDArray[Any],
    product: int,
    count: float,
    random: np.random.Generator,
) -> None:
    cells: list[int] = []
    for person in people.tolist():
        first = int(alone.indptr[person])
        place = first + int(np.searchsorted(row_cells(alone, person), product))
        if (
            place < alone.indptr[person + 1]
            and alone.indices[place] == product
            and alone.data[place] > 0.0
        ):
            cells.append(place)
    if cells and random.random() < len(cells) / count:
        alone.data[random.choice(cells)] = 0.0


def _tidy(table: "sparse.csr_array") -> "sparse.csr_array":
    result = table.astype(np.float64)
    result.sum_duplicates()
    result.eliminate_zeros()
    return result


def _invalid(name: str, trouble: str) -> FitError:
    return FitError(
        f"The table {name} {trouble}.", code="group_tables_invalid", data={"table": name}
    )
