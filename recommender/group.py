"""One list for several people: the members' wishes and what the party does together.

Members' scores are brought to 0..1 first, so that nobody counts more for being decided, then

    members = average_share * mean + (1 - average_share) * minimum
    score   = party_share * party + (1 - party_share) * members

With weights w of mean 1 (see `recommender.fairness`) the mean is the weighted one, and the minimum
is 1 - max(w * (1 - score)): the misery of somebody who was neglected hurts more.

Average and least misery are the two rules that people themselves use most when they choose for a
group (Masthoff 2011, "Group Recommender Systems", Recommender Systems Handbook): the average finds
what many like, the minimum keeps out what somebody would hate. Averages alone do badly on real
groups, whose choices are no mean of their members' habits; so the party's own behaviour counts the
more, the more there is of it.
"""

from collections.abc import Sequence

import numpy as np

from recommender.model import Floats


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
    weights: Floats | None = None,
) -> Floats:
    """Scores in 0..1 of every product for the group, float32 (products,).

    `members` are the scores of those of whom something is known; `party` those of the party's own
    history (or of an empty one: popularity), counted with `share`, or alone when there are no
    members. `weights` (members,) have the mean 1; None: all alike.
    """
    own = unit_scale(party)
    if not members:
        return own
    scaled = np.stack([unit_scale(scores) for scores in members])
    if weights is None:
        mean, least = scaled.mean(axis=0), scaled.min(axis=0)
    else:
        mean = np.tensordot(weights, scaled, axes=1) / np.float32(len(members))
        misery = (weights[:, None] * (1.0 - scaled)).max(axis=0)
        least = np.maximum(0.0, 1.0 - misery)
    wishes = average_share * mean + (1.0 - average_share) * least
    return np.asarray(share * own + (1.0 - share) * wishes, dtype=np.float32)
