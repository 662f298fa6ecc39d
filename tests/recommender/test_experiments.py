"""A/B by party: stable arms, one outcome a party, and a p-value that may be looked at for ever."""

import random
from pathlib import Path

import pytest

from recommender import SettingsError
from recommender.experiments import Arm, Experiment, Tally, arm_of, sequential_ratio
from recommender.settings import LiveSettings, PolicySettings, RecommenderSettings

POLICY = PolicySettings(
    experiment_name="calm lists", experiment_setting="diversity", experiment_value=0.6
)


def test_arms_are_stable_even_and_drawn_anew_under_another_name() -> None:
    parties = [f"party-{number}" for number in range(2_000)]
    arms = [arm_of("calm lists", party, 0.5) for party in parties]
    assert arms == [arm_of("calm lists", party, 0.5) for party in parties]
    treated = sum(arm is Arm.TREATED for arm in arms)
    assert 900 < treated < 1_100
    others = [arm_of("bold lists", party, 0.5) for party in parties]
    agree = sum(one is other for one, other in zip(arms, others, strict=True))
    assert 900 < agree < 1_100
    assert {arm_of("x", party, 0.0) for party in parties} == {Arm.CONTROL}
    assert {arm_of("x", party, 1.0) for party in parties} == {Arm.TREATED}


def test_the_treated_arm_has_the_other_setting() -> None:
    experiment = Experiment(POLICY, LiveSettings())
    for number in range(50):
        party_id = f"party-{number}"
        expected = 0.6 if experiment.arm(party_id) is Arm.TREATED else LiveSettings().diversity
        assert experiment.live(party_id).diversity == expected
    assert Experiment(PolicySettings(), LiveSettings()).live("party-1") == LiveSettings()


def test_a_party_counts_once() -> None:
    experiment = Experiment(POLICY, LiveSettings())
    experiment.chose("never shown")
    for _ in range(3):
        experiment.saw("one")
        experiment.chose("one")
    numbers = experiment.numbers()
    arm = experiment.arm("one")
    assert numbers[f"experiment_{arm}_parties"] == numbers[f"experiment_{arm}_converted"] == 1
    assert sum(tally.parties for tally in experiment.tallies.values()) == 1
    assert Experiment(PolicySettings(), LiveSettings()).numbers() == {}


def test_parties_beyond_the_limit_are_not_counted() -> None:
    policy = PolicySettings(
        experiment_name="x", experiment_setting="diversity", experiment_parties_limit=3
    )
    experiment = Experiment(policy, LiveSettings())
    for number in range(9):
        experiment.saw(f"party-{number}")
        experiment.chose(f"party-{number}")
    assert sum(tally.parties for tally in experiment.tallies.values()) == 3


def test_nothing_is_said_of_a_few_parties() -> None:
    assert sequential_ratio(Tally(29, 0), Tally(1_000, 900)) == 1.0
    assert sequential_ratio(Tally(30, 1), Tally(30, 29)) > 20


def _p_value(rates: tuple[float, float], parties: int, seed: int) -> float:
    chance = random.Random(seed)
    experiment = Experiment(POLICY, LiveSettings())
    for number in range(parties):
        party_id = f"{seed}-{number}"
        experiment.saw(party_id)
        if chance.random() < rates[experiment.arm(party_id) is Arm.TREATED]:
            experiment.chose(party_id)
    return experiment.numbers()["experiment_p_value"]


def test_no_difference_is_rarely_called_one_however_often_one_looks() -> None:
    """The p-value is looked at after every party; its promise is 5 in 100."""
    false_alarms = sum(_p_value((0.2, 0.2), 600, seed) < 0.05 for seed in range(100))
    assert false_alarms <= 5


def test_a_real_difference_is_found() -> None:
    assert all(_p_value((0.2, 0.4), 1_500, seed) < 0.05 for seed in range(5))


def test_a_test_of_an_unknown_or_impossible_setting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="experiment_setting"):
        PolicySettings(experiment_name="x", experiment_setting="history_limit")
    policy = PolicySettings(
        experiment_name="x", experiment_setting="diversity", experiment_value=2.0
    )
    with pytest.raises(SettingsError, match="diversity"):
        RecommenderSettings("sqlite+aiosqlite:///x.sqlite3", tmp_path, policy=policy)
