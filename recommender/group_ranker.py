"""Ranks products for people who choose together.

    ranker = GroupRanker.fit(tables)
    ranker.score(Party(members=(3, 8), items=(120, 44)), candidates)

The group may be one of the tables or one that has just formed: its members and the products they
handled together are all it takes. Members' tastes alone say little about what a group chooses
(their average is hardly better than chance for travel groups); what the group did itself, what
groups like it did, and who else shares its members say more. See `recommender.group_views` for
these sides and `recommender.group_blend` for how they are weighed.

For a refit and for lists made beside the room, not for its beat: a list of 100 candidates takes
milliseconds to tens of them. Fitting and scoring need scipy and scikit-learn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.errors import InvalidInteractionError
from recommender.group_blend import BlendSettings, Floats, GroupBlend, Report, learned_blend
from recommender.group_tables import NOBODY, GroupTables, Parties, Positions, counted
from recommender.group_views import VIEW_NAMES, GroupViews

SAFE_VIEW = VIEW_NAMES.index("history and members")
"""The view that makes the list when there is too little to learn a blend from."""


@dataclass(frozen=True, slots=True)
class Party:
    """People who choose together: row positions of members, column positions of products.

    A product handled twice is named twice. `group` is the party's row in the fitted tables if it
    has one, so that it is not taken for its own neighbour.
    """

    members: Sequence[int]
    items: Sequence[int]
    group: int = NOBODY


def _silent(_stage: str, _share: float) -> None:
    return


class GroupRanker:
    """Views and blend, fitted; `fit` makes one."""

    def __init__(self, tables: GroupTables, views: GroupViews, blend: GroupBlend | None) -> None:
        self._tables = tables
        self._views = views
        self._blend = blend

    @classmethod
    def fit(
        cls, tables: GroupTables, settings: BlendSettings | None = None, report: Report = _silent
    ) -> "GroupRanker":
        """Fit on the tables; the same tables and settings give the same ranker.

        Args:
            tables: untouched products belong in them too, as empty columns.
            settings: `BlendSettings()` if not given.
            report: told the stage and the share done.

        Raises:
            FitError: `group_tables_invalid`, when the tables do not fit together.
        """
        chosen = settings or BlendSettings()
        sound = tables.checked()
        blend = learned_blend(sound, chosen, report)
        report("fitting views", 0.9)
        return cls(sound, GroupViews(sound, chosen.views), blend)

    def score(self, party: Party, candidates: Sequence[int]) -> Floats:
        """How much the party would want each candidate, float32 (candidates,); higher is better.

        Scores compare within one list: what popularity is worth depends on how popular the
        candidates are together.

        Raises:
            InvalidInteractionError: a member or product is not in the tables (`unknown_position`).
        """
        people, products = self._tables.person_items.shape
        self._known("members", party.members, people)
        self._known("items", party.items, products)
        self._known("candidates", candidates, products)
        parties = Parties(
            counted([(0, member) for member in party.members], (1, people)),
            counted([(0, item) for item in party.items], (1, products)),
            np.array([party.group], dtype=np.int64),
        )
        wanted = np.array(candidates, dtype=np.int64)
        return self._scored(parties, np.zeros(1, dtype=np.int64), [wanted])[0]

    def score_groups(self, groups: Positions, lists: Sequence[Positions]) -> list[Floats]:
        """Scores of a list of candidates for each of `groups`, rows of the fitted tables.

        Raises:
            InvalidInteractionError: `unknown_position`, as of `score`.
        """
        self._known("groups", groups.tolist(), self._tables.members.shape[0])
        for candidates in lists:
            self._known("candidates", candidates.tolist(), self._views.products)
        asking, rows = np.unique(groups, return_inverse=True)
        return self._scored(self._tables.parties(asking), rows, lists)

    def _scored(
        self, parties: Parties, rows: Positions, lists: Sequence[Positions]
    ) -> list[Floats]:
        features = self._views.features(parties, rows, lists)
        if self._blend is None or len(features) == 0:
            scores = features[:, SAFE_VIEW]
        else:
            scores = self._blend.scores(features)
        return np.split(scores, np.cumsum([each.size for each in lists])[:-1])

    @staticmethod
    def _known(name: str, positions: Sequence[int], limit: int) -> None:
        for position in positions:
            if not 0 <= position < limit:
                raise InvalidInteractionError(
                    f"The party's {name} name something that the tables do not have.",
                    code="unknown_position",
                    data={"field": name, "position": int(position)},
                )
