"""Every module can be the first of ours that a program imports.

A circular import hides as long as something else happens to be imported first. A module that is on
no circle always imports alone, and one process that imports them all shows that each can be
imported. Modules on circles (a package whose `__init__` imports its own modules makes one) are each
imported in a process of their own; what comes from other projects is imported before the processes
are forked, because it cannot depend on us and is most of the time.
"""

import os
import random
import subprocess
import sys

from tests.tidy.import_graph import import_graph, in_cycles
from tests.tidy.sources import PACKAGES, ROOT

TIME_LIMIT_S = 100

PROGRAM = """
import importlib, os, sys, traceback

ours = tuple(sys.argv[1].split(","))
everything, alone = sys.argv[2].split(","), sys.argv[3].split(",")


def attempt(name):
    try:
        importlib.import_module(name)
        return True
    except BaseException:
        print(name, "fails:", traceback.format_exc(limit=-2), file=sys.stderr, flush=True)
        return False


def in_a_child(work):
    child = os.fork()
    if child == 0:
        os._exit(0 if work() else 1)
    return child


def import_everything(write_to):
    before = set(sys.modules)
    good = [attempt(name) for name in everything]
    brought = [n for n in sys.modules if n not in before and n.partition(".")[0] not in ours]
    os.write(write_to, ",".join(brought).encode())
    return all(good)


reader, writer = os.pipe()
child = in_a_child(lambda: import_everything(writer))
os.close(writer)
with os.fdopen(reader) as listing:
    brought = listing.read().split(",")
failed = ["everything"] if os.waitpid(child, 0)[1] else []
for name in brought:
    try:
        importlib.import_module(name)
    except Exception:
        pass  # an optional part of a package

running, waiting = {}, list(filter(None, alone))
while waiting or running:
    while waiting and len(running) < (os.cpu_count() or 1):
        name = waiting.pop()
        running[in_a_child(lambda: attempt(name))] = name
    finished, status = os.wait()
    name = running.pop(finished)
    failed += [name] if status else []
print("\\n".join(sorted(failed)))
"""


def test_every_module_imports_alone() -> None:
    everything = [name for name in import_graph() if not name.endswith(".__main__")]
    random.Random(len(everything)).shuffle(everything)
    # One thread for numerics: forked children cannot inherit a pool.
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    outcome = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(",".join, (PACKAGES, everything, in_cycles()))],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    assert not outcome.stdout.split(), outcome.stderr


def test_the_server_has_no_circles() -> None:
    """Packages may gather their own modules in `__init__`; the server has no need to."""
    assert [name for name in in_cycles() if name.startswith("server")] == []
