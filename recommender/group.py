"""One list for several people: the members' wishes and what the party does together.

Members' scores are brought to 0..1 first, so that nobody counts more for being decided, then

    members = average_share * mean + (1 - average_share) * minimum
    score   = party_share * party + (1 - party_share) * members

Whom the last lists neglected is heard alone for a share of the score (`recommender.fairness`).

Average and least misery are the two rules that people themselves use most when they choose for a
group (Masthoff 2011, "Group Recommender Systems", Recommender Systems Handbook): the average finds
what many like, the minimum keeps out what somebody would hate. Averages alone do badly on real
groups, whose choices are no mean of their members' habits; so the party's own behaviour counts the
more, the more there is of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.model import Floats


@dataclass(frozen=True, slots=True)
class Neglected:
    """The number of a member among the members, and the share of the score that is theirs, 0..1."""

    member: int
    share: float


def unit_scale(scores: Floats) -> Floats:
    """Scores brought to 0..1; all 0 when they are all alike."""
    if scores.size == 0:
        return scores
    low, high = scores.min(), scores.max()
    if not high > low:
        return np.zeros_like(scores)
    return np.asarray((scores - low) / (high - low), dtype=np.float32)


def party_share(mass: float, prior_weight: float, limit: float) -> float:
    """Share of the party's own behaviour, from 0 (none yet) towards `limit`."""
    return limit * mass / (mass + prior_weight)


def combined_scores(
    members: Sequence[Floats],
    party: Floats,
    share: float,
    average_share: float,
    neglected: Neglected | None = None,
) -> Floats:
    """Scores in 0..1 of every product for the group, float32 (products,).

    `members` are the scores of those of whom something is known; `party` those of the party's own
    history (or of an empty one: popularity), counted with `share`, or alone when there are no
    members.
    """
    own = unit_scale(party)
    if not members:
        return own
    scaled = np.stack([unit_scale(scores) for scores in members])
    wishes = average_share * scaled.mean(axis=0) + (1.0 - average_share) * scaled.min(axis=0)
    score = share * own + (1.0 - share) * wishes
    if neglected is not None:
        score = (1.0 - neglected.share) * score + neglected.share * scaled[neglected.member]
    return np.asarray(score, dtype=np.float32)
