"""How much what goes together, what is alike and what is popular should count: learned.

A logistic regression (scikit-learn) tells wanted products from drawn ones by the three numbers of
`recommender.model`. Negatives are a sample, so the bias is moved back by the logarithm of the
sampled share (prior correction, King and Zeng 2001, "Logistic Regression in Rare Events Data").
Weights are never negative: a number that would count against a product is left out and the rest
is fitted again, because "alike" must never mean "worse" to the people who read the reason.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from recommender.evaluate import Case, allowed_mask, evaluate, history_sums
from recommender.model import Blend, Model
from recommender.settings import FitSettings, LiveSettings

Table = npt.NDArray[np.float64]


def _examples(
    model: Model, cases: Sequence[Case], live: LiveSettings, fit: FitSettings
) -> tuple[Table, npt.NDArray[np.int8], float]:
    """Features (rows, 3), labels (rows,), and the share of negatives that were drawn."""
    random = np.random.default_rng(fit.seed)
    rows: list[Table] = []
    labels: list[npt.NDArray[np.int8]] = []
    drawn = possible = 0
    for case in cases:
        together, text = history_sums(model, case.history)
        scale = case.history.scale_at(case.cut_ms)
        scale /= live.prior_weight + scale * case.history.mass
        allowed = allowed_mask(model, case.history, case.cut_ms)
        wanted = np.array(sorted(case.wanted), dtype=np.int64)
        allowed[wanted] = False
        others = np.flatnonzero(allowed)
        possible += others.size
        if others.size > fit.negatives * wanted.size:
            others = random.choice(others, fit.negatives * wanted.size, replace=False)
        drawn += others.size
        places = np.concatenate([wanted, others])
        rows.append(
            np.column_stack(
                [together[places] * scale, text[places] * scale, model.popularity[places]]
            ).astype(np.float64)
        )
        labels.append(np.repeat(np.array([1, 0], dtype=np.int8), [wanted.size, others.size]))
    return np.concatenate(rows), np.concatenate(labels), drawn / max(1, possible)


def fitted_blend(
    model: Model, cases: Sequence[Case], live: LiveSettings, fit: FitSettings
) -> Blend | None:
    """The blend that tells wanted from unwanted best, or None when nothing tells them apart."""
    from sklearn.linear_model import LogisticRegression

    if not cases:
        return None
    features, labels, share = _examples(model, cases, live, fit)
    if labels.all() or not labels.any() or share <= 0.0:
        return None
    used = [column for column in range(3) if np.ptp(features[:, column]) > 0]
    while used:
        regression = LogisticRegression(C=10.0, max_iter=500)
        regression.fit(features[:, used], labels)
        weights = regression.coef_[0]
        if weights.min() >= 0.0:
            found = dict(zip(used, (float(weight) for weight in weights), strict=True))
            if not any(found.values()):
                return None
            return Blend(
                together=found.get(0, 0.0),
                text=found.get(1, 0.0),
                popular=found.get(2, 0.0),
                bias=float(regression.intercept_[0] + np.log(share)),
            )
        used = [column for column, weight in zip(used, weights, strict=True) if weight > 0.0]
    return None


def better_blend(
    model: Model, cases: Sequence[Case], live: LiveSettings, fit: FitSettings
) -> Blend | None:
    """A fitted blend that beats the model's own on people it was not fitted on, or None.

    Every second case is for fitting, the others are for judging.
    """
    if len(cases) < fit.calibration_cases_minimum:
        return None
    blend = fitted_blend(model, cases[::2], live, fit)
    if blend is None:
        return None
    judged = cases[1::2]
    before = evaluate(model, judged, live, fit.list_length)
    after = evaluate(replace(model, blend=blend), judged, live, fit.list_length)
    return blend if after.ndcg > before.ndcg else None
