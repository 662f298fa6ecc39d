"""What honest clients seldom see, in the log: tried-out cards and codes, forged tokens and totals,
webhooks of nobody, other people's checkouts.

All of it is counted by the metrics; of each code a bounded number is logged.
"""

import time
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)

SUSPICIOUS = frozenset(
    {
        "TOKEN_INVALID",
        "HOST_KEY_WRONG",
        "TOO_MANY_PAYMENTS",
        "WEBHOOK_REFUSED",
        "HAND_OFF_NOT_FOUND",
        "HAND_OFF_ENDED",
        "CHECKOUT_NOT_FOUND",
        "CREDIT_NOT_FOUND",
        "TOTAL_CHANGED",
    }
)
"""Codes of such refusals. An honest client meets some of them once; who meets them often tries."""

LOGGED_MAX = 20
"""Entries for each code in a window, so that nobody fills the disk by guessing."""
WINDOW_S = 60.0


class Suspicions:
    """Writes refusals that look like an attack into the log. `seconds` is any clock that never goes
    back."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._ends_s = 0.0
        self._noted: dict[str, int] = {}

    def note(self, code: str) -> None:
        """Note a refusal, unless its code is a harmless one. The first entry of a window says how
        many were left out of the one before: `unlogged`."""
        if code not in SUSPICIOUS:
            return
        unlogged = 0
        if self._seconds() >= self._ends_s:
            unlogged = sum(max(0, noted - LOGGED_MAX) for noted in self._noted.values())
            self._noted.clear()
            self._ends_s = self._seconds() + WINDOW_S
        self._noted[code] = self._noted.get(code, 0) + 1
        if self._noted[code] <= LOGGED_MAX:
            left_out = {"unlogged": unlogged} if unlogged else {}
            log.warning("request_suspicious", code=code, **left_out)
