"""Fairness over time: whoever the last lists neglected counts more in the next.

After each list that a party was shown, a member's satisfaction is what the list is worth to them
over the best list of that length they could have had (Stratigi, Nummenmaa, Pitoura, Stefanidis,
"Fair sequential group recommendations", SAC 2020):

    s = sum of own scores of what was shown / sum of own best scores           0..1
    satisfaction = memory * satisfaction + (1 - memory) * s

and the member's weight in the next list is

    weight ~ exp(-strength * (satisfaction - mean of the members))

scaled to a mean of 1, with no member more than `fairness_ratio_limit` times another. A party that
is served alike has equal weights. New members begin at the mean.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recommender.group import unit_scale
from recommender.model import Floats
from recommender.settings import PolicySettings

Weights = npt.NDArray[np.float32]


def list_satisfaction(
    scores: Floats, shown: Sequence[int], allowed: npt.NDArray[np.bool_]
) -> float:
    """What a list is worth to somebody, 0..1; 1 when nothing is better than anything else."""
    count = len(shown)
    own = unit_scale(scores)
    possible = own[allowed]
    if count == 0 or possible.size == 0:
        return 1.0
    length = min(count, possible.size)
    best = float(np.partition(possible, possible.size - length)[-length:].sum())
    if best <= 0.0:
        return 1.0
    return min(1.0, float(own[np.asarray(shown, dtype=np.int64)].sum()) / best)


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

    def weights(self, members: Sequence[str], settings: PolicySettings) -> Weights:
        """Weight of each member, float32 (members,), mean 1."""
        mean = self.mean(members)
        if mean is None or settings.fairness_strength == 0:
            return np.ones(len(members), dtype=np.float32)
        neglect = np.array([mean - self._satisfaction.get(m, mean) for m in members])
        exponents = settings.fairness_strength * neglect
        # Half the ratio on either side of the middle, so that no two are further apart.
        reach = 0.5 * np.log(settings.fairness_ratio_limit)
        middle = 0.5 * (exponents.max() + exponents.min())
        weights = np.exp(np.clip(exponents - middle, -reach, reach))
        return np.asarray(weights / weights.mean(), dtype=np.float32)

    def forget(self, person_id: str) -> None:
        """Erase a person."""
        self._satisfaction.pop(person_id, None)
