"""Limits on how much one person may say, so that a flood or a bot cannot lift a product.

Both gates hold a bounded table in memory and nothing else; what they know of a person is gone with
its window, with a restart and with `forget`.
"""

from collections import OrderedDict

from recommender.interactions import Interaction
from recommender.settings import MINUTE_MS, LiveSettings


class RateGate:
    """At most `events_per_minute_limit` interactions a person and minute (a token bucket).

    When more people are watched than `rate_people_limit`, the one seen longest ago is forgotten.
    """

    def __init__(self, settings: LiveSettings) -> None:
        self._limit = float(settings.events_per_minute_limit)
        self._people_limit = settings.rate_people_limit
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def admits(self, person_id: str, now_ms: int) -> bool:
        """Take one token of the person, or say no. A clock that goes back refills nothing."""
        tokens, at_ms = self._buckets.pop(person_id, (self._limit, now_ms))
        elapsed_ms = max(0, now_ms - at_ms)
        tokens = min(self._limit, tokens + self._limit * elapsed_ms / MINUTE_MS)
        admitted = tokens >= 1.0
        self._buckets[person_id] = (tokens - 1.0 if admitted else tokens, max(now_ms, at_ms))
        if len(self._buckets) > self._people_limit:
            self._buckets.popitem(last=False)
        return admitted

    def forget(self, person_id: str) -> None:
        self._buckets.pop(person_id, None)


class AnonymousGate:
    """At most `anonymous_rows_limit` rows without an id for one person, product and window.

    Rows without an id cannot be told apart later, so one person's share in them must be limited
    before they are stored. When the table is full further pairs are refused until the window ends:
    losing some anonymous rows is better than letting an unwatched flood in.
    """

    def __init__(self, settings: LiveSettings) -> None:
        self._rows_limit = settings.anonymous_rows_limit
        self._pairs_limit = settings.anonymous_pairs_limit
        self._window_ms = settings.anonymous_window_ms
        self._window = 0
        self._rows: dict[str, dict[str, int]] = {}
        self._pairs = 0

    def admits(self, interaction: Interaction, now_ms: int) -> bool:
        window = now_ms // self._window_ms
        if window > self._window:
            self._window, self._pairs = window, 0
            self._rows.clear()
        products = self._rows.get(interaction.person_id, {})
        rows = products.get(interaction.product_id, 0)
        if rows >= self._rows_limit or (rows == 0 and self._pairs >= self._pairs_limit):
            return False
        if rows == 0:
            self._pairs += 1
        products[interaction.product_id] = rows + 1
        self._rows[interaction.person_id] = products
        return True

    def forget(self, person_id: str) -> None:
        self._pairs -= len(self._rows.pop(person_id, {}))
