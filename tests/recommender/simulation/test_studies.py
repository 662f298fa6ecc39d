"""Studies run on the real service, repeat themselves, and tell the arms apart."""

import json
from pathlib import Path

import numpy as np
import pytest

from recommender.interactions import Signal
from recommender.settings import PolicySettings
from recommender.simulation.command import as_table, main
from recommender.simulation.studies import (
    MEASURES,
    USUAL_LIFT,
    Arm,
    SimulationSettings,
    compared,
    kinds_of_parties,
    run_arm,
    studies,
)
from recommender.simulation.visits import Outcome, Rule

SMALL = SimulationSettings(products=60, launched=8, parties=5, days=1, rounds=5)


async def outcomes(arm: Arm, folder: Path, name: str) -> list[list[Outcome]]:
    return await run_arm(arm, SMALL, made(folder / name))


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def test_the_rules_of_a_shelf_differ_in_what_they_are_for(tmp_path: Path) -> None:
    arms = {arm.rule: arm for arm in studies()["co-display"] if arm.policy.talk_weight > 0}
    found = {rule: await outcomes(arm, tmp_path, rule.name) for rule, arm in arms.items()}

    def total(rule: Rule, measure: str) -> float:
        return float(np.mean([getattr(each, measure) for day in found[rule] for each in day]))

    assert total(Rule.CO_DISPLAY, "talks") > total(Rule.PER_PERSON, "talks")
    assert total(Rule.PER_PERSON, "different") > total(Rule.ONE_FOR_ALL, "different")
    again = await outcomes(arms[Rule.CO_DISPLAY], tmp_path, "again")
    assert again == found[Rule.CO_DISPLAY]


async def test_each_signal_has_an_arm_without_it(tmp_path: Path) -> None:
    arms = {arm.name: arm for arm in studies()["signals"]}
    deaf = {
        name: {s for s, weight in arm.live.signal_weights.items() if weight == 0}
        for name, arm in arms.items()
    }
    assert deaf == {
        "no gaze": {Signal.DWELL, Signal.APPROACH},
        "no hand-over": {Signal.HAND_OVER},
        "no wishes": set(),
        "all signals": set(),
    }
    found = {
        name: [each for day in await outcomes(arm, tmp_path, name) for each in day]
        for name, arm in arms.items()
    }
    assert all(found["all signals"] != found[name] for name in arms if name != "all signals")
    joy = {name: float(np.mean([each.joy for each in arm])) for name, arm in found.items()}
    assert joy["all signals"] > joy["no wishes"]


def test_differences_are_paired_by_party() -> None:
    arms = studies()["fairness"]
    one = [[Outcome(joy=float(n), least=0.5) for n in range(10)]]
    other = [[Outcome(joy=float(n) + 0.5, least=0.5) for n in range(10)]]
    rows = {(r.arm, r.measure): r for r in compared("fairness", arms, [one, other], 1)}
    assert {measure for _, measure in rows} == set(MEASURES["fairness"])
    better = rows["fairness on", "joy"]
    # Parties differ widely; each gained exactly a half.
    assert (better.mean, better.difference, better.low, better.high) == (5.0, 0.5, 0.5, 0.5)
    assert better.against == "fairness off"
    assert "| +0.500 | +0.500 .. +0.500 | * |" in as_table(list(rows.values()))
    same = rows["fairness on", "least"]
    assert (same.difference, same.low, same.high) == (0.0, 0.0, 0.0)


def test_each_arm_is_compared_with_all_before_it() -> None:
    arms = studies()["co-display"]
    days = [[[Outcome(adds=float(arm)) for _ in range(4)]] for arm in range(4)]
    rows = [row for row in compared("co-display", arms, days, 1) if row.measure == "adds"]
    pairs = {(row.arm, row.against): row.difference for row in rows}
    assert pairs == {
        ("one for all", ""): 0.0,
        ("per person", "one for all"): 1.0,
        ("own shelves", "one for all"): 2.0,
        ("own shelves", "per person"): 1.0,
        ("co-display", "one for all"): 3.0,
        ("co-display", "per person"): 2.0,
        ("co-display", "own shelves"): 1.0,
    }


def test_what_a_rule_is_worth_is_told_by_kind_of_party() -> None:
    arms = studies()["co-display"]
    kinds = kinds_of_parties(SimulationSettings(products=40, parties=12))
    sizes = [members for among, members in kinds.items() if among.endswith("friends")]
    assert np.sum(sizes, axis=0).tolist() == [1] * 12
    assert not (kinds["tastes least alike"] & kinds["tastes most alike"]).any()
    # Only the parties of two gain anything.
    pairs = kinds["2 friends"]
    days = [[[Outcome(adds=float(arm * pair)) for pair in pairs]] for arm in range(4)]
    rows = compared("co-display", arms, days, 1, kinds)
    gains = {
        row.among: row.difference
        for row in rows
        if (row.arm, row.against, row.measure) == ("co-display", "per person", "adds")
    }
    assert (gains["2 friends"], gains["4 friends"]) == (2.0, 0.0)
    table = as_table(rows).split("\n\n")[1].splitlines()
    assert table[0] == (
        "| co-display: adds | parties | above one for all | above per person | above own shelves |"
    )
    assert f"| 2 friends | {pairs.sum()} | +3.000 (+3.000 .. +3.000)* |" in table[2]


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--study", "fairness", "--parties", "2", "--days", "1", "--rounds", "2"]
    assert main([*options, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["arm"] for row in rows} == {"fairness on", "fairness off"}
    assert main(options) == 0
    assert capsys.readouterr().out.startswith("| study |")
    with pytest.raises(SystemExit):
        main(["--parties", "0"])


def test_talk_weighs_as_much_as_it_lifts() -> None:
    def weight(talk_lift: float) -> float:
        return studies(talk_lift=talk_lift)["co-display"][-1].policy.talk_weight

    assert weight(USUAL_LIFT) == PolicySettings().talk_weight
    assert weight(2.0) == 2 * weight(USUAL_LIFT)
    assert (weight(1.0), weight(0.5), weight(9.0)) == (0.0, 0.0, 1.0)
