"""The same people under different rules, compared visit by visit.

Each arm of a study has a service, database and clock of its own and the same shop, people and luck;
the store starts empty and is refitted, in the process of its own, between the days. Differences are
taken party by party and day by day, and given with the 95 % interval of 1,000 bootstrap samples
over parties (Efron 1979), because the days of one party are not independent. What a rule is worth
depends on the party, so the study of co-display tells it also by the number of friends and by how
alike they are; these intervals are wider, and one star among many of them says little.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recommender.interactions import Signal
from recommender.service import RecommenderService
from recommender.settings import DAY_MS, LiveSettings, PolicySettings, RecommenderSettings
from recommender.simulation.shoppers import articles, likeness, parties
from recommender.simulation.visits import Outcome, Rule, VirtualClock, Visit

START_MS = 1_790_000_000_000
BOOTSTRAP_SAMPLES = 1_000

USUAL_LIFT = 1.5
"""Of talk, for which the usual `PolicySettings.talk_weight` is made."""

EVERYBODY = "all parties"
Members = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SimulationSettings:
    """Sizes of a simulation. Twice the parties take twice the time."""

    seed: int = 7
    products: int = 240
    launched: int = 30
    """Products that come on the second day of the study of exploration."""
    parties: int = 240
    days: int = 2
    rounds: int = 12
    """Fillings of the shelf during one visit."""
    places: int = 6
    talk_lift: float = USUAL_LIFT
    """How much more readily something is added that was talked about."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One rule or setting of a study."""

    name: str
    rule: Rule
    policy: PolicySettings
    launch: bool = False
    live: LiveSettings = field(default_factory=LiveSettings)
    wishes: bool = True
    """Whether people tell the store what they like."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One number of one arm: its mean, and the difference to the arm `against`.

    `low` and `high` bound the difference; all three are 0 for the first arm, which has none.
    `among`: which of the parties, and `parties`, how many these are.
    """

    study: str
    arm: str
    measure: str
    against: str
    mean: float
    difference: float
    low: float
    high: float
    among: str = EVERYBODY
    parties: int = 0


def studies(
    policy: PolicySettings | None = None, talk_lift: float = USUAL_LIFT
) -> dict[str, tuple[Arm, ...]]:
    """What is compared; the first arm of each is the baseline.

    A shop whose shoppers make more of talk would let talk weigh more, so the weight follows the
    lift.
    """
    usual = policy or PolicySettings()
    talk = usual.talk_weight * max(0.0, talk_lift - 1.0) / (USUAL_LIFT - 1.0)
    usual = replace(usual, talk_weight=min(1.0, talk))
    quiet = replace(usual, exploration_share=0.0)
    return {
        "co-display": (
            Arm(str(Rule.ONE_FOR_ALL), Rule.ONE_FOR_ALL, quiet),
            Arm(str(Rule.PER_PERSON), Rule.PER_PERSON, quiet),
            # The same greedy without talk, to tell what comes of sharing alone.
            Arm("own shelves", Rule.CO_DISPLAY, replace(quiet, talk_weight=0.0)),
            Arm(str(Rule.CO_DISPLAY), Rule.CO_DISPLAY, quiet),
        ),
        "fairness": (
            Arm("fairness off", Rule.ONE_FOR_ALL, replace(quiet, fairness_strength=0.0)),
            Arm("fairness on", Rule.ONE_FOR_ALL, quiet),
        ),
        "exploration": (
            Arm("exploration off", Rule.PER_PERSON, quiet, launch=True),
            Arm(
                "exploration on",
                Rule.PER_PERSON,
                replace(usual, exploration_share=max(usual.exploration_share, 1 / 6)),
                launch=True,
            ),
        ),
        # What each source is worth: the last arm has all of them.
        "signals": (
            Arm("no gaze", Rule.CO_DISPLAY, quiet, live=_deaf_to(Signal.DWELL, Signal.APPROACH)),
            Arm("no hand-over", Rule.CO_DISPLAY, quiet, live=_deaf_to(Signal.HAND_OVER)),
            Arm("no wishes", Rule.CO_DISPLAY, quiet, wishes=False),
            Arm("all signals", Rule.CO_DISPLAY, quiet),
        ),
    }


def _deaf_to(*signals: Signal) -> LiveSettings:
    """Settings under which these signals say nothing, neither to lists nor to models."""
    usual = LiveSettings()
    return replace(usual, signal_weights={**usual.signal_weights, **dict.fromkeys(signals, 0.0)})


MEASURES = {
    "co-display": ("joy", "worst", "talks", "votes", "talked_adds", "adds", "different"),
    "fairness": ("joy", "least", "disagreement", "adds"),
    "exploration": ("joy", "adds", "new_seen", "new_adds"),
    "signals": ("joy", "adds", "votes", "talks"),
}
"""What each study is about."""

REGIME_MEASURES = {"co-display": ("adds",)}
"""What is told also for kinds of parties."""


async def run_arm(arm: Arm, settings: SimulationSettings, folder: Path) -> list[list[Outcome]]:
    """The outcomes of one arm, by day and party; `folder` is empty and its own."""
    clock = VirtualClock(START_MS)
    service = await RecommenderService.open(
        RecommenderSettings(
            database_url=f"sqlite+aiosqlite:///{folder / 'simulation.sqlite3'}",
            artefact_dir=folder / "models",
            live=arm.live,
            policy=arm.policy,
        ),
        clock,
    )
    try:
        return await _days(service, clock, arm, settings)
    finally:
        await service.close()


async def _days(
    service: RecommenderService, clock: VirtualClock, arm: Arm, settings: SimulationSettings
) -> list[list[Outcome]]:
    known = articles(settings.products, settings.seed)
    late = articles(settings.launched, settings.seed, settings.products) if arm.launch else []
    people = parties(settings.parties, settings.seed)
    launched: frozenset[str] = frozenset()
    found: list[list[Outcome]] = []
    for day in range(settings.days):
        if day == 1 and late:
            known = known + late
            launched = frozenset(article.product.product_id for article in late)
        await service.set_catalogue([article.product for article in known])
        shop = {article.product.product_id: article for article in known}
        begun_ms = clock()
        outcomes = []
        for number, members in enumerate(people):
            for member in members:
                await service.load_person(member.person_id)
                if arm.wishes:
                    await service.set_preferences(member.person_id, member.wishes)
            visit = Visit(
                service, clock, shop, f"party-{number}", members,
                rule=arm.rule, places=settings.places, talk_lift=settings.talk_lift,
                launched=launched, seed=(settings.seed, number, day),
            )  # fmt: skip
            outcomes.append(visit.run(settings.rounds))
        found.append(outcomes)
        clock.advance(begun_ms + DAY_MS - clock() if clock() < begun_ms + DAY_MS else DAY_MS)
        if day + 1 < settings.days:
            await service.refit()
    return found


def compared(
    study: str,
    arms: Sequence[Arm],
    outcomes: Sequence[list[list[Outcome]]],
    seed: int,
    kinds: Mapping[str, Members] | None = None,
) -> list[Comparison]:
    """Means and paired differences to the arms before. New products count from their launch on.

    `kinds`, bool (parties,) each: parts of the parties, for which `REGIME_MEASURES` are told too.
    """
    first_day = 1 if any(arm.launch for arm in arms) else 0
    table = [_by_party(days[first_day:] or days) for days in outcomes]
    everybody = np.ones(len(table[0]["joy"]), dtype=np.bool_)
    found: list[Comparison] = []
    for measure in MEASURES[study]:
        found += _compared(study, arms, table, measure, seed, EVERYBODY, everybody)
    for among, members in (kinds or {}).items():
        for measure in REGIME_MEASURES.get(study, ()):
            found += _compared(study, arms, table, measure, seed, among, members)
    return found


def _compared(
    study: str,
    arms: Sequence[Arm],
    table: Sequence[Mapping[str, np.ndarray]],
    measure: str,
    seed: int,
    among: str,
    members: Members,
) -> list[Comparison]:
    """One measure of all arms among some of the parties."""
    count = int(members.sum())
    if count == 0:
        return []
    samples = np.random.default_rng((seed, 3)).integers(count, size=(BOOTSTRAP_SAMPLES, count))
    found: list[Comparison] = []
    for number, arm in enumerate(arms):
        mine = table[number][measure][members]
        mean = float(mine.mean())
        if number == 0:
            found.append(
                Comparison(study, arm.name, measure, "", mean, 0.0, 0.0, 0.0, among, count)
            )
        for earlier, other in zip(arms[:number], table, strict=False):
            difference = mine - other[measure][members]
            low, high = np.percentile(difference[samples].mean(axis=1), [2.5, 97.5])
            found.append(
                Comparison(
                    study, arm.name, measure, earlier.name, mean,
                    float(difference.mean()), float(low), float(high), among, count,
                )
            )  # fmt: skip
    return found


def kinds_of_parties(settings: SimulationSettings) -> dict[str, Members]:
    """Parties by the number of friends, and the thirds of them whose tastes are least, most alike.

    Tastes are compared over the shop of the first day.
    """
    shop = articles(settings.products, settings.seed)
    people = parties(settings.parties, settings.seed)
    sizes = np.array([len(members) for members in people])
    alike = np.array([likeness(members, shop) for members in people])
    low, high = np.percentile(alike, [100 / 3, 200 / 3])
    kinds = {f"{size} friends": sizes == size for size in sorted(set(sizes.tolist()))}
    return kinds | {"tastes least alike": alike <= low, "tastes most alike": alike >= high}


def _by_party(days: Sequence[list[Outcome]]) -> dict[str, np.ndarray]:
    """Each measure, float64 (parties,), as the mean over days."""
    return {
        entry.name: np.array(
            [[getattr(outcome, entry.name) for outcome in outcomes] for outcomes in days]
        ).mean(axis=0)
        for entry in fields(Outcome)
    }


async def run_study(study: str, settings: SimulationSettings) -> list[Comparison]:
    """Run all arms of a study, one after the other.

    Raises:
        KeyError: there is no such study.
        RecommenderError: the service failed.
    """
    arms = studies(talk_lift=settings.talk_lift)[study]
    outcomes = []
    for arm in arms:
        with tempfile.TemporaryDirectory(prefix="galleria-simulation-") as folder:
            outcomes.append(await run_arm(arm, settings, Path(folder)))
    return compared(study, arms, outcomes, settings.seed, kinds_of_parties(settings))
