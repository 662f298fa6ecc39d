"""The bench runs and says what it measured; how fast is no matter for a test."""

import json

import pytest

from recommender.bench import main


def test_table_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--products", "60", "--rounds", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"yardstick", "person", "party", "display", "event"}
    assert all(each["p99"] >= each["p50"] > 0 for each in found.values())
    assert main(["--products", "60", "--rounds", "3"]) == 0
    assert "event" in capsys.readouterr().out
