"""Fairness over time: whoever the last lists neglected is heard more in the next.

After each list that a party was shown, a member's satisfaction is what the list is worth to them
over the best list of that length they could have had:

    s = sum of chances of what was shown / sum of the best chances             0..1
    satisfaction = memory * satisfaction + (1 - memory) * s

and the next list is, for the share `a`, the wishes of the least satisfied member alone:

    a = strength * (highest - lowest satisfaction of the members), at most `fairness_share_limit`

which is the sequential hybrid aggregation of Stratigi, Nummenmaa, Pitoura, Stefanidis ("Fair
sequential group recommendations", SAC 2020). A party that is served alike has a = 0. New members
begin at the mean.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recommender.group import Neglected
from recommender.model import Floats, probability
from recommender.settings import PolicySettings


def list_satisfaction(
    log_odds: Floats, shown: Sequence[int], allowed: npt.NDArray[np.bool_]
) -> float:
    """What a list is worth to somebody, 0..1; 1 when nothing is better than anything else.

    The worth of a product is the chance that they want it, not its log-odds: the difference
    between two products that nobody would want is none.
    """
    possible = probability(log_odds[allowed])
    length = min(len(shown), possible.size)
    if length == 0:
        return 1.0
    best = float(np.partition(possible, possible.size - length)[-length:].sum())
    if best <= 0.0:
        return 1.0
    return min(1.0, float(probability(log_odds[list(shown)]).sum()) / best)


class Fairness:
    """Satisfaction of the members of one party; as many as the party has had members."""

    __slots__ = ("_satisfaction",)

    def __init__(self) -> None:
        self._satisfaction: dict[str, float] = {}

    def note(self, satisfaction: dict[str, float], memory: float, members_limit: int) -> None:
        """A list was shown; `satisfaction` is that of each member, 0..1."""
        mean = self.mean(list(self._satisfaction))
        for person_id, value in satisfaction.items():
            before = self._satisfaction.pop(person_id, mean if mean is not None else value)
            self._satisfaction[person_id] = memory * before + (1.0 - memory) * value
        while len(self._satisfaction) > members_limit:
            del self._satisfaction[next(iter(self._satisfaction))]

    def mean(self, members: Sequence[str]) -> float | None:
        """Mean satisfaction of those of whom something is known, or None."""
        known = [self._satisfaction[m] for m in members if m in self._satisfaction]
        return sum(known) / len(known) if known else None

    def neglected(self, members: Sequence[str], settings: PolicySettings) -> Neglected | None:
        """The least satisfied of these members and the share they are heard with; None: nobody."""
        mean = self.mean(members)
        if mean is None or settings.fairness_strength == 0:
            return None
        satisfaction = [self._satisfaction.get(member, mean) for member in members]
        lowest = min(satisfaction)
        share = settings.fairness_strength * (max(satisfaction) - lowest)
        if share <= 0:
            return None
        return Neglected(satisfaction.index(lowest), min(settings.fairness_share_limit, share))

    def forget(self, person_id: str) -> None:
        """Erase a person."""
        self._satisfaction.pop(person_id, None)
