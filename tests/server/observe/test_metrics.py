"""The table of metrics says what /metrics shows, no more and no less."""

from prometheus_client.parser import text_string_to_metric_families

from server.observe.metrics import LABEL_VALUES_MAX, METRICS, Kind, Metrics, metrics_reference


def shown(metrics: Metrics) -> dict[str, tuple[str, str]]:
    families = text_string_to_metric_families(metrics.exposition().decode())
    # A counter's family is named without its ending.
    return {
        family.name + ("_total" if family.type == "counter" else ""): (
            family.type,
            family.documentation,
        )
        for family in families
    }


def test_table_and_exposition_agree() -> None:
    table = {row.name: (str(row.kind), row.meaning) for row in METRICS}
    assert shown(Metrics()) == table
    assert len(table) == len(METRICS)


def test_every_row_is_an_attribute_with_its_labels() -> None:
    metrics = Metrics()
    for row in METRICS:
        name = row.name.removeprefix("galleria_").removesuffix("_total")
        collector = getattr(metrics, name)
        assert getattr(collector, "_labelnames", ()) == row.labels
        assert (row.kind is Kind.HISTOGRAM) == bool(row.buckets)


def test_names_follow_the_rules() -> None:
    for row in METRICS:
        assert row.name.startswith("galleria_")
        assert (row.kind is Kind.COUNTER) == row.name.endswith("_total")
        assert (row.kind is Kind.HISTOGRAM) == row.name.endswith("_seconds")
        assert row.meaning.endswith(".")


def test_registries_are_apart() -> None:
    first, second = Metrics(), Metrics()
    first.tick_overruns.inc()
    assert "galleria_tick_overruns_total 1.0" in first.exposition().decode()
    assert "galleria_tick_overruns_total 0.0" in second.exposition().decode()


def test_requests() -> None:
    metrics = Metrics()
    metrics.observe_request("GET", "/products", 200, 0.004)
    metrics.observe_request("GET", "/products", 200, 0.004)
    text = metrics.exposition().decode()
    sample = 'galleria_http_requests_total{method="GET",route="/products",status="200"} 2.0'
    assert sample in text
    assert 'galleria_http_request_seconds_bucket{le="0.005",route="/products"} 2.0' in text


def test_beats() -> None:
    metrics = Metrics()
    for seconds in (0.0004, 0.001, 0.3):
        metrics.tick_seconds.observe(seconds)
    text = metrics.exposition().decode()
    for bucket, count in (("0.0005", 1), ("0.001", 2), ("0.25", 2), ("+Inf", 3)):
        assert f'galleria_tick_seconds_bucket{{le="{bucket}"}} {count}.0' in text
    assert "galleria_tick_seconds_count 3.0" in text
    assert "galleria_tick_seconds_sum 0.3014" in text


def test_open_labels_are_bounded() -> None:
    metrics = Metrics()
    for number in range(LABEL_VALUES_MAX + 50):
        metrics.count_message_errors(f"CODE_{number}")
    text = metrics.exposition().decode()
    assert 'galleria_message_errors_total{code="other"} 50.0' in text
    assert text.count("galleria_message_errors_total{") == LABEL_VALUES_MAX + 1


def test_sources_are_read_when_metrics_are_shown() -> None:
    metrics = Metrics()
    sizes = iter((3, 5))
    metrics.add_source(lambda: metrics.sessions.set(next(sizes)))
    assert "galleria_sessions 3.0" in metrics.exposition().decode()
    assert "galleria_sessions 5.0" in metrics.exposition().decode()


def test_recommender_numbers() -> None:
    metrics = Metrics()
    metrics.show_recommender({"stored": 7.0, "refits": 2.0})
    assert 'galleria_recommender{number="stored"} 7.0' in metrics.exposition().decode()


def test_reference_has_every_metric() -> None:
    reference = metrics_reference()
    assert all(f"`{row.name}`" in reference for row in METRICS)
    assert len(reference.splitlines()) == len(METRICS) + 2
