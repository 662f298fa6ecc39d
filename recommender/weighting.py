"""How much one interaction says: from signal and value to a weight.

Dwell grows with the logarithm of its seconds and is full at `DWELL_FULL_S`: the time people spend
on things they look at is spread log-normally, so each doubling says about as much as the one
before (Yi, Hong, Zhong, Liu, Rajan: "Beyond Clicks: Dwell Time for Personalization", RecSys 2014).
Below `DWELL_LEAST_S` the eye was passing by.

A count multiplies the weight, up to `COUNT_LIMIT`: ten mugs are not ten times the wish for mugs.
"""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from recommender.interactions import Signal

DWELL_LEAST_S = 1.0
DWELL_FULL_S = 30.0
COUNT_LIMIT = 3.0

SIGNALS = tuple(Signal)
"""Signals by the number they have in arrays."""

SIGNAL_NAMES = frozenset(signal.value for signal in Signal)

SIGNAL_NUMBER = {signal: number for number, signal in enumerate(SIGNALS)}


def interaction_weight(signal: Signal, value: float, weights: Mapping[Signal, float]) -> float:
    """Weight of one interaction; `weights` gives the weight of each signal at full value."""
    if signal is not Signal.DWELL:
        return weights[signal] * min(value, COUNT_LIMIT)
    if value < DWELL_LEAST_S:
        return 0.0
    return weights[signal] * min(1.0, math.log1p(value) / math.log1p(DWELL_FULL_S))


def interaction_weights(
    signals: npt.NDArray[np.int8],
    values: npt.NDArray[np.float32],
    weights: Mapping[Signal, float],
) -> npt.NDArray[np.float64]:
    """The same for many interactions at once; signals by their numbers in `SIGNALS`."""
    base = np.array([weights[signal] for signal in SIGNALS])[signals]
    dwell = np.minimum(1.0, np.log1p(values) / math.log1p(DWELL_FULL_S))
    dwell = np.where(values < DWELL_LEAST_S, 0.0, dwell)
    amount = np.where(
        signals == SIGNAL_NUMBER[Signal.DWELL], dwell, np.minimum(values, COUNT_LIMIT)
    )
    return np.asarray(base * amount, dtype=np.float64)
