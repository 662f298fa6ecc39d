"""The tasks by name. A task gives ranked lists from its training files alone."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from recommender.tasks.people import Ranked, Report, or_cold, or_next, rr_next
from recommender.tasks.visits import rr_sessions

Task = Callable[..., Ranked]
"""Called with the data folder and `report`."""


def _group(data_dir: Path, *, name: str, report: Report) -> Ranked:
    from recommender.tasks import groups

    yield from groups.rank(data_dir, name, report)


TASKS: Mapping[str, Task] = {
    "or-new": partial(or_next, new_only=True),
    "or-all": partial(or_next, new_only=False),
    "or-cold": or_cold,
    "rr-t1": partial(rr_next, new_only=False),
    "rr-t1-new": partial(rr_next, new_only=True),
    "rr-t2": rr_sessions,
    "group-camra2011": partial(_group, name="CAMRa2011"),
    "group-mafengwo": partial(_group, name="Mafengwo"),
}
