"""The bench runs and says what it measured; how fast is no matter for a test."""

import json

import pytest

from recommender.bench import best_of, main


def test_table_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    quick = ["--rounds", "3", "--repeats", "1", "--products", "200"]
    assert main([*quick, "--products", "60", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"200", "60"}
    for size in found.values():
        assert set(size) == {"yardstick", "person", "ranked", "afresh", "event", "party", "display"}
        assert all(each["p99"] >= each["p50"] > 0 for each in size.values())
    assert main(quick) == 0
    table = capsys.readouterr().out
    assert "200 products" in table
    assert "afresh" in table


def test_the_quietest_run_counts() -> None:
    loud, quiet = {"cpu_p50": 2.0, "p99": 9.0}, {"cpu_p50": 1.0, "p99": 11.0}
    assert best_of([{"person": loud}, {"person": quiet}]) == {"person": quiet}
    with pytest.raises(SystemExit):
        main(["--rounds", "0"])
