"""The recommender's numbers, read back from what another process shows of its metrics."""

from prometheus_client.parser import text_string_to_metric_families

METRIC = "galleria_recommender"


def recommender_numbers(exposition: bytes) -> dict[str, float]:
    """What `Metrics.show_recommender` was given, from the text format of Prometheus."""
    lines = [line for line in exposition.decode().splitlines() if line.startswith(METRIC)]
    return {
        sample.labels["number"]: sample.value
        for family in text_string_to_metric_families("\n".join(lines) + "\n")
        for sample in family.samples
        if sample.name == METRIC
    }
