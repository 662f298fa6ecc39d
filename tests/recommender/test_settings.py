"""Settings: ranges are checked, and sections survive the way to the fit process."""

import json
from pathlib import Path

import pytest

from recommender.errors import SettingsError
from recommender.interactions import Signal
from recommender.settings import (
    FitSettings,
    LiveSettings,
    RecommenderSettings,
    default_signal_weights,
    fit_from_json,
    live_from_json,
    section_to_json,
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("half_life_ms", 0),
        ("event_decay", 1.5),
        ("event_decay", float("nan")),
        ("history_limit", 0),
        ("diversity", -0.1),
        ("people_limit", "many"),
        ("signal_weights", {Signal.ADD: 1.0}),
        ("signal_weights", dict.fromkeys(Signal, float("inf"))),
    ],
)
def test_live_settings_out_of_range(name: str, value: object) -> None:
    with pytest.raises(SettingsError) as refused:
        LiveSettings(**{name: value})  # type: ignore[arg-type]
    assert refused.value.data["field"] == name


@pytest.mark.parametrize("name", ["ridge_floor", "validation_share", "cases_minimum", "negatives"])
def test_fit_settings_out_of_range(name: str) -> None:
    with pytest.raises(SettingsError):
        FitSettings(**{name: 0})


@pytest.mark.parametrize("database_url", ["sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:"])
def test_a_database_that_cannot_be_shared_is_refused(database_url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        RecommenderSettings(database_url=database_url, artefact_dir=Path("models"))
    assert refused.value.data["field"] == "database_url"


def test_sections_survive_json() -> None:
    live = LiveSettings(signal_weights={**default_signal_weights(), Signal.BUY: 5.0}, diversity=0.5)
    fit = FitSettings(seed=7)
    assert live_from_json(json.loads(json.dumps(section_to_json(live)))) == live
    assert fit_from_json(json.loads(json.dumps(section_to_json(fit)))) == fit


def test_a_section_without_weights_is_refused() -> None:
    with pytest.raises(SettingsError):
        live_from_json({})


def test_signals_are_weighed_by_effort() -> None:
    weights = default_signal_weights()
    assert weights[Signal.DWELL] < weights[Signal.TRY_ON] < weights[Signal.ADD]
    assert weights[Signal.ADD] + weights[Signal.REMOVE] > 0
    assert weights[Signal.BUY] + weights[Signal.RETURN] == 0
