"""What can be said of the supervisor without processes; tests/e2e runs it with some."""

from itertools import islice

from server.config_groups import WorkerSettings
from server.workers.start import Start
from server.workers.supervisor import restart_pauses


def test_pauses_double_up_to_a_limit() -> None:
    settings = WorkerSettings(restart_first_ms=250, restart_max_ms=1_500)
    assert list(islice(restart_pauses(settings), 5)) == [250, 500, 1_000, 1_500, 1_500]


def test_a_worker_is_told_its_start_in_json() -> None:
    start = Start(2, 3, "127.0.0.1", 0, 4, 5, 6, {"1": 7, "3": 8})
    assert Start.from_json(start.as_json()) == start
    assert start.descriptors == (4, 5, 6, 7, 8)
