"""How a server has the interpreter: the garbage collector does as little as it can, and a thread
that has waited for the disk gets its turn soon."""

import gc
import sys

YOUNG_MAX = 20_000
"""Objects made since the last look at the youngest. Where thousands of requests wait at once,
Python's 700 are made within a moment and all still in use: a tenth of the time went there."""

SWITCH_INTERVAL_S = 0.001
"""How long a thread that wants the interpreter waits for a busy one. With Python's 5 ms a commit in
a thread took 14 ms beside a busy event loop, most of it waiting for its turn; with this 5 ms."""


def settle() -> None:
    """To be called once, when everything is there: what was made so far lives to the end, so
    collections need not look at it in a tick."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_MAX, 20, 100)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
