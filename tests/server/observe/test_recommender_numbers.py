"""Numbers survive the way through the text format."""

from server.observe.metrics import Metrics
from server.observe.recommender_numbers import recommender_numbers


def test_there_and_back() -> None:
    metrics = Metrics()
    numbers = {"slot_01_shown": 3.0, "experiment_p_value": 0.125, "news": 0.0}
    metrics.show_recommender(numbers)
    assert recommender_numbers(metrics.exposition()) == numbers


def test_nothing_to_read() -> None:
    assert recommender_numbers(b"") == {}
    assert recommender_numbers(Metrics().exposition()) == {}
