"""Laws that hold in every test, and what all tests share.

* `require` skips a test whose surroundings are missing, and fails it where everything must run.
* A test must not hold an event loop: more than 250 ms of work in one piece, or a call that waits
  (sleep, a blocking socket, a child process, a thread) fails it. `@pytest.mark.loop_slice(ms)`
  allows more, for a test whose subject is heavy work.
* A test must end the tasks it starts: one that still runs when its loop closes fails the test.
  Sockets and files left open are warnings, and warnings are errors (see pyproject.toml).
* With `HYPOTHESIS_PROFILE=ci`, or in a run with `CI` set, property tests draw the same examples
  every time; `HYPOTHESIS_PROFILE=deep` draws twenty times as many.
"""

import asyncio
import concurrent.futures
import gc
import os
import queue
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Generator
from typing import Any

import hypothesis
import pytest

REQUIRE_ALL_VARIABLE = "GALLERIA_TEST_REQUIRE_ALL"
SLICE_LIMIT_MS = 250
DETAIL_LIMIT_CHARACTERS = 1_200

hypothesis.settings.register_profile("dev", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("deep", deadline=None, max_examples=2_000)
hypothesis.settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev")
)


def pytest_collection_finish() -> None:
    """What the modules of the suite hold lives to the end: a full collection in the middle of a
    test need not look at it, which could take longer than a test may hold its loop."""
    gc.collect()
    gc.freeze()


def require(condition: object, reason: str) -> None:
    """Go on if `condition` is truthy; else skip the test, or fail it where nothing may be skipped.

    `reason` is a sentence that says what is missing and how to get it.
    """
    if condition:
        return
    if os.environ.get(REQUIRE_ALL_VARIABLE) == "1":
        pytest.fail(f"{reason} ({REQUIRE_ALL_VARIABLE}=1: nothing may be skipped)", pytrace=False)
    pytest.skip(reason)


class Witness:
    """A thread that looks at a loop which does not come back, to tell where it is."""

    LOOK_EVERY_S = 0.08
    FRAMES_SHOWN = 6

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._slices: dict[int, int] = {}
        self._looked_at: dict[int, int] = {}
        self._seen: dict[int, str] = {}
        self._thread = threading.Thread(target=self._watch, name="loop witness", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()

    def slice_began(self) -> None:
        thread = threading.get_ident()
        self._slices[thread] = self._slices.get(thread, 0) + 1
        self._seen.pop(thread, None)

    def slice_ended(self) -> str:
        """Where the loop was when it was looked at in this slice; empty if it was not."""
        thread = threading.get_ident()
        self._slices[thread] += 1
        return self._seen.pop(thread, "")

    def _watch(self) -> None:
        while not self._stopping.wait(self.LOOK_EVERY_S):
            for thread, number in tuple(self._slices.items()):
                # Slices have odd numbers, the time between them even ones.
                if number % 2 and self._looked_at.get(thread) == number:
                    self._look(thread)
                self._looked_at[thread] = number

    def _look(self, thread: int) -> None:
        frame = sys._current_frames().get(thread)
        if frame is not None:
            stack = traceback.extract_stack(frame)[-self.FRAMES_SHOWN :]
            self._seen[thread] = " <- ".join(
                f"{entry.filename}:{entry.lineno} {entry.name}" for entry in reversed(stack)
            )


class LoopLaws:
    """What the running test did to its event loops.

    Work is measured as the thread's own processor time, because on a busy machine the clock on the
    wall goes on while an innocent callback is not running. Waiting uses no processor time, so the
    calls that wait are wrapped one by one; they count on a thread whose event loop is running.
    """

    def __init__(self) -> None:
        self.broken: list[str] = []
        self.slice_limit_ms = SLICE_LIMIT_MS
        self._undo: list[Callable[[], None]] = []
        self._witness = Witness()

    def install(self) -> None:
        """Wrap the event loop and the calls that wait."""
        self._witness.start()
        self._replace(asyncio.Handle, "_run", self._measured_handle)
        self._replace(asyncio.runners, "_cancel_all_tasks", self._leak_check)
        self._replace(time, "sleep", self._never)
        for name in ("connect", "accept", "recv", "recv_into", "send", "sendall"):
            self._replace(socket.socket, name, self._blocking_socket_never)
        for owner, name in (
            (subprocess.Popen, "wait"),
            (subprocess.Popen, "communicate"),
            (threading.Thread, "join"),
            (concurrent.futures.Future, "result"),
            (queue.Queue, "get"),
        ):
            self._replace(owner, name, self._brief)

    def uninstall(self) -> None:
        """Put everything back as it was."""
        self._witness.stop()
        while self._undo:
            self._undo.pop()()

    def start(self, slice_limit_ms: int) -> None:
        """A test begins: forget the one before."""
        self.broken.clear()
        self.slice_limit_ms = slice_limit_ms

    def _replace(self, owner: Any, name: str, wrap: Callable[[Any, str], Any]) -> None:
        inherited = name not in vars(owner)
        original = getattr(owner, name)
        setattr(owner, name, wrap(original, f"{getattr(owner, '__name__', owner)}.{name}"))
        self._undo.append(
            (lambda: delattr(owner, name))
            if inherited
            else (lambda: setattr(owner, name, original))
        )

    def _measured_handle(self, original: Any, _name: str) -> Any:
        def run(handle: asyncio.Handle) -> None:
            self._witness.slice_began()
            started = time.thread_time()
            original(handle)
            spent_ms = (time.thread_time() - started) * 1_000
            seen = self._witness.slice_ended()
            if spent_ms > self.slice_limit_ms:
                self._break(
                    f"held the event loop for {spent_ms:.0f} ms of work in one piece "
                    f"(allowed: {self.slice_limit_ms} ms)",
                    seen or repr(handle),
                )

        return run

    def _leak_check(self, original: Any, _name: str) -> Any:
        def cancel_all(loop: asyncio.AbstractEventLoop) -> None:
            for task in asyncio.all_tasks(loop):
                self._break("left a task running when its loop closed", repr(task))
            original(loop)

        return cancel_all

    def _never(self, original: Any, name: str) -> Any:
        def call(*args: Any, **keywords: Any) -> Any:
            if _on_loop():
                self._break(f"called {name} on an event loop", _caller())
            return original(*args, **keywords)

        return call

    def _blocking_socket_never(self, original: Any, name: str) -> Any:
        def call(sock: socket.socket, *args: Any, **keywords: Any) -> Any:
            if _on_loop() and sock.gettimeout() != 0:
                self._break(f"called {name} of a blocking socket on an event loop", _caller())
            return original(sock, *args, **keywords)

        return call

    def _brief(self, original: Any, name: str) -> Any:
        """Allowed while it returns soon: asyncio itself joins threads that have just ended."""

        def call(*args: Any, **keywords: Any) -> Any:
            if not _on_loop():
                return original(*args, **keywords)
            started = time.perf_counter()
            try:
                return original(*args, **keywords)
            finally:
                waited_ms = (time.perf_counter() - started) * 1_000
                if waited_ms > self.slice_limit_ms:
                    self._break(f"waited {waited_ms:.0f} ms in {name} on an event loop", _caller())

        return call

    def _break(self, law: str, detail: str) -> None:
        self.broken.append(f"{law}\n    {detail[:DETAIL_LIMIT_CHARACTERS]}")


def _on_loop() -> bool:
    """Whether this thread is inside a callback of a running event loop."""
    return asyncio._get_running_loop() is not None


def _caller() -> str:
    """The innermost line outside this file and the standard library's wrappers."""
    frames = [frame for frame in traceback.extract_stack() if frame.filename != __file__]
    return f"{frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}: {frames[-1].line}"


LAWS = LoopLaws()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "loop_slice(ms): this test may hold the event loop that long in one piece"
    )
    LAWS.install()


def pytest_unconfigure() -> None:
    LAWS.uninstall()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    marker = item.get_closest_marker("loop_slice")
    LAWS.start(int(marker.args[0]) if marker else SLICE_LIMIT_MS)
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    result = yield
    if LAWS.broken:
        pytest.fail("The test\n  " + "\n  ".join(LAWS.broken), pytrace=False)
    return result
