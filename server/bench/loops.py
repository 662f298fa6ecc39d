"""The event loops that the bench can choose: uvloop where there is one, and asyncio's own."""

import asyncio
from collections.abc import Callable

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def quick_loop() -> LoopFactory | None:
    """A factory for `asyncio.Runner`; None: asyncio's own loop."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def loop_names() -> tuple[str, ...]:
    """The loops that there are here."""
    return ("uvloop", "asyncio") if quick_loop() is not None else ("asyncio",)


def loop_of(name: str) -> LoopFactory | None:
    """The factory of a loop of `loop_names`."""
    return quick_loop() if name == "uvloop" else None
