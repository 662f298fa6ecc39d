"""A process of the load: one selector, one heap of times, and a line of JSON in and out.

It has no event loop of asyncio, because the load must cost less than what it measures. Commands
come as lines on the standard input, answers go as lines to the standard output.
"""

import heapq
import itertools
import json
import os
import selectors
import sys
import time
from collections.abc import Callable
from typing import Any

READ_BYTES = 65_536
LOOK_AT_TIMES_EVERY = 8
"""Sockets read between two looks at the times: a burst of answers must not make us send late."""

REST_S = 0.001
"""How long a process of the load sleeps at most before it looks at its sockets again.

It never waits in the selector. A client is on another machine, where a server's send wakes nobody
on the server's; on one machine every send would wake a waiting load, at the server's expense (of
12 us a send, 5 were that). What comes is seen up to so much later, on all servers alike.
"""

Action = Callable[[float], float]
"""Called when it is due, with that time (seconds, monotonic); tells when it is due next, or 0."""


class Worker:
    """Reads what is readable, does what is due, and listens to the process that started it."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.over = False
        self._times: list[tuple[float, int, Action]] = []
        self._numbers = itertools.count()
        self._line = b""
        os.set_blocking(sys.stdin.fileno(), False)
        hear: Callable[[], None] = self._hear
        self.selector.register(sys.stdin.fileno(), selectors.EVENT_READ, hear)

    def command(self, command: dict[str, Any]) -> None:
        """Do what the other process asks; every command has a `do`."""
        if command["do"] == "end":
            self.over = True

    def say(self, answer: dict[str, Any]) -> None:
        """Tell the other process."""
        data = (json.dumps(answer) + "\n").encode()
        while data:
            data = data[os.write(sys.stdout.fileno(), data) :]

    def at(self, due_s: float, action: Action) -> None:
        """Do something at a time of the monotonic clock, seconds."""
        heapq.heappush(self._times, (due_s, next(self._numbers), action))

    def run(self) -> None:
        """Work until told to end, or until there is nobody to tell."""
        select, clock = self.selector.select, time.monotonic
        while not self.over:
            self._act()
            for number, (key, _events) in enumerate(select(0), 1):
                key.data()
                if number % LOOK_AT_TIMES_EVERY == 0:
                    self._act()
            until_s = self._times[0][0] - clock() if self._times else REST_S
            if until_s > 0:
                time.sleep(min(REST_S, until_s))

    def _act(self) -> None:
        times, clock = self._times, time.monotonic
        while times and times[0][0] <= clock():
            due_s, number, action = heapq.heappop(times)
            next_s = action(due_s)
            if next_s:
                heapq.heappush(times, (next_s, number, action))

    def _hear(self) -> None:
        try:
            data = os.read(sys.stdin.fileno(), READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            self.over = True
            return
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            self.command(json.loads(line))
