"""What speaks for a product to a group, seen from many sides.

Each *view* is a score of every product, from the group's own history, its members' histories, or
the groups that share members with it. No view alone is good everywhere: members' averages rank a
household well and a travel group hardly better than chance, groups that share members the other
way round. `recommender.group_blend` learns how far to trust each.

The views follow Kim et al. 2025 ("Leveraging Member-Group Relations via Multi-View Graph Filtering
for Effective Group Recommendation", WWW Companion): one graph of products from groups, one from
people, one from both with membership as further columns. Groups that share members are neighbours
as in the hypergraph of Wu et al. 2023 ("ConsRec: Learning Consensus Behind Interactions for Group
Recommendation", WWW).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.errors import SettingsError
from recommender.group_filters import ClosedForm, IdealLowPass, LowPass, dense, scaled, sums
from recommender.group_tables import GroupTables, Parties, Positions, Table, marked

VIEW_NAMES = (
    "popular with groups",
    "popular with people",
    "own history by groups",
    "own history by people",
    "own history by both",
    "members by groups",
    "members by both",
    "shared members",
    "shared members, two steps",
    "history and members",
    "closed form by groups",
    "closed form by both",
    "closed form by both, smooth",
    "broad tastes of groups",
    "broad tastes of both",
)
"""What a view looks at; each is a score of every product."""

SCORE_DIGITS = 9

CONTEXT_NAMES = ("own count", "members having it", "members' share", "events", "size", "wishes")
"""Facts that say how far to trust the views; the first three are of a product, the rest of the
group: its own events, its members, and what its members did alone."""

FEATURE_NAMES = (
    *VIEW_NAMES,
    *CONTEXT_NAMES,
    "popularity of the candidates",
    *(f"place: {name}" for name in VIEW_NAMES),
)


@dataclass(frozen=True, slots=True)
class ViewSettings:
    """Weights and sizes of the views.

    `ridge` and `ridge_smooth` are added to the diagonal of co-occurrence counts, `person_weight`
    and `person_weight_smooth` is what a person's history counts there against a group's.
    `member_weight` is what sharing a member counts against sharing a product.
    """

    ridge: float = 100.0
    ridge_smooth: float = 300.0
    person_weight: float = 0.3
    person_weight_smooth: float = 0.6
    member_weight: float = 0.5
    factors: int = 64
    closed_form_cells_limit: int = 10_000_000
    """Numbers kept by each closed form; one that would need more is left out (all 0)."""
    cells_limit: int = 8_000_000
    """Scores held at a time while features are made; parties beyond it wait for the next batch."""

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise SettingsError(
                    f"The setting {name} must be above 0, not {value}.",
                    data={"field": name, "value": str(value)},
                )


class GroupViews:
    """All views, fitted on tables."""

    def __init__(self, tables: GroupTables, settings: ViewSettings) -> None:
        groups, people = marked(tables.group_items), marked(tables.person_items)
        members = marked(tables.members)
        both = sparse.csr_array(sparse.vstack([groups, people]))
        self.settings = settings
        self.products = int(groups.shape[1])
        self._people = people
        self._people_scaled = scaled(people, 1.0, 0.0)
        self._popular = (sums(groups, 0), sums(people, 0))
        self._by_groups, self._by_people, self._by_both = map(LowPass, (groups, people, both))
        self._broad = tuple(IdealLowPass(table, settings.factors) for table in (groups, both))
        limit = settings.closed_form_cells_limit
        self._closed = tuple(
            ClosedForm(table, ridge, limit)
            for table, ridge in (
                (groups, settings.ridge_smooth),
                (_stacked(groups, people, settings.person_weight), settings.ridge),
                (_stacked(groups, people, settings.person_weight_smooth), settings.ridge_smooth),
            )
        )
        self._group_items = scaled(groups, 0.5, 0.5)
        self._members = scaled(members, 0.5, 0.5)
        self._member_sums = sums(members, 0)
        self._step = _neighbour_steps(self._members)
        self._joined = scaled(_joined(groups, people, members, settings.member_weight), 0.5, 0.5)

    def scores(self, parties: Parties) -> Table:
        """float64 (views, n, products), in the order of `VIEW_NAMES`."""
        own, wishes = marked(parties.items), self._wishes(parties)
        count = own.shape[0]
        near = self._neighbours(parties)
        far = _without_own(sparse.csr_array(near @ self._step), parties)
        views = [np.broadcast_to(popular, (count, self.products)) for popular in self._popular]
        views += [each.scores(own) for each in (self._by_groups, self._by_people, self._by_both)]
        views += [each.scores(wishes) for each in (self._by_groups, self._by_both)]
        views += [dense(near @ self._group_items), dense(far @ self._group_items)]
        views.append(self._history_and_members(own, parties))
        views += [each.scores(own) for each in self._closed]
        views += [each.scores(own) for each in self._broad]
        return _without_noise(np.stack(views))

    def context(self, parties: Parties) -> Table:
        """float64 (facts, n, products), in the order of `CONTEXT_NAMES`."""
        members = marked(parties.members)
        alone = members @ self._people
        shape = (members.shape[0], self.products)
        of_party = (sums(parties.items, 1), sums(members, 1), sums(alone, 1))
        return np.stack(
            [dense(parties.items), dense(alone), dense(self._wishes(parties))]
            + [np.broadcast_to(fact[:, None], shape) for fact in of_party]
        )

    def features(
        self, parties: Parties, rows: Positions, lists: Sequence[Positions]
    ) -> npt.NDArray[np.float32]:
        """Features of lists of candidates, each for a row of `parties`.

        Beside its score, each view gives the logarithm of the product's place in the whole
        catalogue, which means the same for groups of any size; products of equal score share the
        last of their places. The mean logarithm of the candidates' popularity tells a list that
        was chosen for popularity, in which popularity says little, from any other.

        Args:
            parties: who asks.
            rows: int64 (lists,), the row of `parties` that each list is for.
            lists: product positions, int64 (candidates,) each.

        Returns:
            float32 (candidates of all lists one after the other, features).
        """
        views = len(VIEW_NAMES)
        ends = np.cumsum([0, *(each.size for each in lists)])
        result = np.zeros((int(ends[-1]), len(FEATURE_NAMES)), dtype=np.float32)
        batch = max(1, self.settings.cells_limit // (len(FEATURE_NAMES) * max(1, self.products)))
        for first in range(0, parties.own_row.size, batch):
            chosen = np.arange(first, min(first + batch, parties.own_row.size))
            part = Parties(parties.members[chosen], parties.items[chosen], parties.own_row[chosen])
            scores, facts = self.scores(part).astype(np.float32), self.context(part)
            ordered = np.sort(scores, axis=2)
            for number in np.flatnonzero((rows >= first) & (rows <= chosen[-1])).tolist():
                row, products = int(rows[number]) - first, lists[number]
                if products.size == 0:
                    continue
                cells = result[ends[number] : ends[number + 1]]
                wanted = scores[:, row, products]
                cells[:, :views] = wanted.T
                cells[:, views : -views - 1] = facts[:, row, products].T
                cells[:, -views - 1] = np.log1p(self._popular[0][products]).mean()
                for view in range(views):
                    below = np.searchsorted(ordered[view, row], wanted[view], side="left")
                    cells[:, view - views] = np.log(self.products - below)
        return result

    def _wishes(self, parties: Parties) -> "sparse.csr_array":
        """Mean over the members of their histories, each of sum 1."""
        return sparse.csr_array(scaled(marked(parties.members), 1.0, 0.0) @ self._people_scaled)

    def _neighbours(self, parties: Parties) -> "sparse.csr_array":
        """How much each party shares members with each group, itself left out."""
        known = scaled(marked(parties.members), 0.5, 0.0)
        weights = sparse.diags_array(1.0 / np.sqrt(np.maximum(self._member_sums, 1.0)))
        return _without_own(sparse.csr_array(known @ weights @ self._members.T), parties)

    def _history_and_members(self, own: "sparse.csr_array", parties: Parties) -> Table:
        joined = sparse.hstack([own, self.settings.member_weight * marked(parties.members)])
        alike = _without_own(sparse.csr_array(sparse.csr_array(joined) @ self._joined.T), parties)
        return dense(alike @ self._joined[:, : self.products])


def _without_noise(scores: Table) -> Table:
    """The same to `SCORE_DIGITS` of the largest of each row.

    Sums are not taken in the same order for one party and for many. What is equal must stay equal,
    or places would be decided by the last bit.
    """
    largest = np.abs(scores).max(axis=2, keepdims=True, initial=0.0)
    unit = np.where(largest > 0.0, largest, 1.0)
    return np.asarray(np.round(scores / unit, SCORE_DIGITS) * unit)


def _stacked(
    groups: "sparse.csr_array", people: "sparse.csr_array", person_weight: float
) -> "sparse.csr_array":
    return sparse.csr_array(sparse.vstack([groups, people * person_weight]))


def _joined(
    groups: "sparse.csr_array",
    people: "sparse.csr_array",
    members: "sparse.csr_array",
    weight: float,
) -> "sparse.csr_array":
    """Groups and people as rows; products, and the people themselves, as columns."""
    itself = sparse.eye_array(people.shape[0], format="csr")
    upper = sparse.hstack([groups, weight * members])
    lower = sparse.hstack([people, weight * itself])
    return sparse.csr_array(sparse.vstack([upper, lower]))


def _neighbour_steps(members: "sparse.csr_array") -> "sparse.csr_array":
    """From group to group over shared members, rows of sum 1, never to itself."""
    step = sparse.csr_array(members @ members.T)
    step.setdiag(0.0)
    step.eliminate_zeros()
    return scaled(step, 1.0, 0.0)


def _without_own(near: "sparse.csr_array", parties: Parties) -> "sparse.csr_array":
    """The same without what a party says about itself (column `own_row` of its row)."""
    rows = np.repeat(np.arange(near.shape[0]), np.diff(near.indptr))
    near.data[near.indices == parties.own_row[rows]] = 0.0
    near.eliminate_zeros()
    return near
