"""The metrics of several workers are one text that Prometheus reads."""

from prometheus_client.parser import text_string_to_metric_families

from server.observe.metrics import Metrics
from server.workers.expositions import joined
from server.workers.messages import Exposition


def counted(requests: int) -> bytes:
    metrics = Metrics()
    for _ in range(requests):
        metrics.observe_request("GET", "/rooms/{room_id}", 200, 0.01)
    metrics.sessions.set(requests)
    return metrics.exposition()


def test_every_sample_has_its_worker_and_metrics_stay_together() -> None:
    text = joined([Exposition(1, counted(2)), Exposition(2, counted(3))]).decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    sessions = families["galleria_sessions"].samples
    assert [(sample.labels, sample.value) for sample in sessions] == [
        ({"worker": "1"}, 2.0),
        ({"worker": "2"}, 3.0),
    ]
    requests = families["galleria_http_requests"].samples
    assert {sample.labels["worker"]: sample.value for sample in requests} == {"1": 2.0, "2": 3.0}
    assert all(sample.labels["route"] == "/rooms/{room_id}" for sample in requests)
    alone = {family.name for family in text_string_to_metric_families(counted(1).decode())}
    assert set(families) == alone
    assert text.count("# TYPE galleria_sessions gauge") == 1
    assert len(text.splitlines()) == len(set(text.splitlines()))


def test_nothing_joined_is_nothing() -> None:
    assert joined([]) == b"\n"
