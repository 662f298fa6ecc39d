"""Who came with whom, and the last one on the shelf: what bots know of one another.

Bots of one group tell each other their party's code, as friends do in a chat; everything else they
learn from the server like anybody.
"""

import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

GROUP_SIZES = (1, 2, 2, 3, 4)
CODES_KEPT = 64


class Friends:
    """Groups of bots, and the code of each group's party while it has one."""

    def __init__(self, shoppers: int, chance: random.Random) -> None:
        self._group_of: list[int] = []
        self.groups = 0
        while len(self._group_of) < shoppers:
            size = min(chance.choice(GROUP_SIZES), shoppers - len(self._group_of))
            self._group_of += [self.groups] * size
            self.groups += 1
        self._codes: dict[int, str] = {}

    def alone(self, number: int) -> bool:
        """Whether nobody came with this bot."""
        return self._group_of.count(self._group_of[number]) == 1

    def code(self, number: int) -> str:
        """The party code of this bot's group; empty while there is none."""
        return self._codes.get(self._group_of[number], "")

    def tell(self, number: int, code: str) -> None:
        """Tell one's group the code of a party; an empty one takes it back."""
        self._codes[self._group_of[number]] = code


@dataclass(frozen=True, slots=True)
class Call:
    """A rush for one SKU: whoever wants it is there by `due_s` and grabs at that moment."""

    sku: str
    due_s: float


class Rush:
    """Calls for the scarcest SKU now and then, so that many want the last one at the same moment.

    Times are seconds of any one clock; at most the last `CODES_KEPT` SKUs are not called again.
    """

    def __init__(self, every_s: float, notice_s: float) -> None:
        self._every_s = every_s
        self._notice_s = notice_s
        self._next_s: float | None = None
        self._called: deque[str] = deque(maxlen=CODES_KEPT)
        self.call: Call | None = None

    def look(self, now_s: float, available: Mapping[str, int]) -> Call | None:
        """The call that is on, after looking at what is left of every SKU."""
        if self._next_s is None:
            self._next_s = now_s + self._every_s / 4
        if self.call is not None and now_s > self.call.due_s:
            self.call = None
        if self.call is None and now_s >= self._next_s:
            self._next_s = now_s + self._every_s
            scarce = [
                (left, sku)
                for sku, left in available.items()
                if left > 0 and sku not in self._called
            ]
            if scarce:
                sku = min(scarce)[1]
                self._called.append(sku)
                self.call = Call(sku, now_s + self._notice_s)
        return self.call
