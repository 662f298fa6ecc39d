"""Every size, rate, time and weight of the recommender, with its unit and its reason."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from recommender.errors import SettingsError
from recommender.interactions import Signal

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


def default_signal_weights() -> dict[Signal, float]:
    """How much one interaction says about a wish, with buying something at 3.

    The order is that of effort: looking is cheap, carrying and trying cost something, money most.
    A vote is a stated wish and counts above handling. A removal takes back less than an addition
    gives, because something drew the person there; a return takes back what the purchase gave. An
    expired hold was wanted and not decided.
    """
    return {
        Signal.APPROACH: 0.1,
        Signal.DWELL: 0.5,
        Signal.PICK_UP: 0.6,
        Signal.INSPECT: 0.7,
        Signal.TRY_ON: 1.0,
        Signal.HAND_OVER: 0.8,
        Signal.VOTE_UP: 1.5,
        Signal.VOTE_DOWN: -1.5,
        Signal.ADD: 2.0,
        Signal.REMOVE: -1.0,
        Signal.HOLD_EXPIRED: 0.2,
        Signal.BUY: 3.0,
        Signal.RETURN: -3.0,
        Signal.LIKE: 1.5,
    }


def _require(section: object, names: str, low: float, high: float) -> None:
    for name in names.split():
        value = getattr(section, name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise SettingsError(
                f"The setting {name} must be a number.", data={"field": name, "value": str(value)}
            )
        if not math.isfinite(value) or not low <= value <= high:
            raise SettingsError(
                f"The setting {name} must be from {low:g} to {high:g}, not {value:g}.",
                data={"field": name, "value": str(value)},
            )


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """What is kept in memory about people and parties, and how lists are made from it."""

    signal_weights: Mapping[Signal, float] = field(default_factory=default_signal_weights)

    half_life_ms: int = 7 * DAY_MS
    """After this time an interaction counts half."""
    event_decay: float = 0.95
    """Every further interaction lets the earlier ones count this much: about 20 of them matter."""
    product_weight_limit: float = 4.0
    """No product counts more than this in one history, however often it was touched."""
    history_limit: int = 64
    """Products in one history; the one touched longest ago goes first."""
    prior_weight: float = 1.0
    """Histories lighter than this lean on text and popularity (shrinkage)."""

    people_limit: int = 20_000
    """Histories of people in memory; the one used longest ago goes first."""
    parties_limit: int = 5_000
    vectors_limit: int = 2_000
    """Kept score vectors (six float32 an item), and kept short lists (about 50 kB each); others are
    made again from the history when asked."""
    vectors_bytes_limit: int = 256 << 20
    """Their memory: in a large catalogue it is this that decides how many are kept."""
    session_idle_ms: int = 2 * HOUR_MS
    """What may only steer the session is forgotten after this silence."""
    events_per_minute_limit: int = 600
    """Interactions taken from one person; further ones are refused and counted."""
    rate_people_limit: int = 50_000
    """People whose rate is watched at a time; the one seen longest ago goes first."""
    anonymous_rows_limit: int = 3
    """Rows without an id that one person may add for one product in `anonymous_window_ms`."""
    anonymous_window_ms: int = DAY_MS
    anonymous_pairs_limit: int = 100_000
    """(person, product) pairs watched for that; when full, further rows are refused."""

    added_rest_ms: int = 2 * HOUR_MS
    """A product in the cart is not recommended for this long, unless its hold runs out."""
    rejected_rest_ms: int = 12 * HOUR_MS
    """A product voted down, removed or returned is not recommended for this long."""
    bought_rest_ms: int = 14 * DAY_MS

    list_limit: int = 100
    shortlist: int = 96
    """Best products by the first stage, which the second stage orders anew."""
    shortlist_ms: int = MINUTE_MS
    """A kept short list is made anew after this long, without an event too: things fade."""
    diversity: float = 0.25
    """0: by score alone; 1: by difference alone (the share of MMR that goes to difference)."""
    pool_factor: int = 4
    """MMR chooses among this many times the asked count."""
    party_members_limit: int = 64
    party_share_limit: float = 0.6
    """The most that the party's own behaviour may count against its members' wishes."""
    average_share: float = 0.6
    """Average against least misery among the members."""
    reason_people_minimum: int = 5
    """A product is called popular only when at least so many people stand behind it."""

    def __post_init__(self) -> None:
        _require(self, "half_life_ms session_idle_ms anonymous_window_ms", 1, 1e13)
        _require(self, "added_rest_ms rejected_rest_ms bought_rest_ms", 0, 1e13)
        _require(self, "event_decay", 0.01, 1)
        _require(self, "product_weight_limit prior_weight", 1e-3, 1e3)
        _require(self, "history_limit pool_factor anonymous_rows_limit", 1, 1_000)
        _require(self, "people_limit parties_limit vectors_limit", 1, 1e7)
        _require(self, "vectors_bytes_limit", 1, 1 << 40)
        _require(self, "shortlist shortlist_ms", 1, 1e7)
        _require(self, "rate_people_limit anonymous_pairs_limit", 1, 1e7)
        _require(self, "events_per_minute_limit", 1, 1e6)
        _require(self, "list_limit party_members_limit reason_people_minimum", 1, 10_000)
        _require(self, "diversity party_share_limit average_share", 0, 1)
        if set(self.signal_weights) != set(Signal):
            raise SettingsError(
                "signal_weights must name every signal.", data={"field": "signal_weights"}
            )
        if not all(math.isfinite(w) and abs(w) <= 100 for w in self.signal_weights.values()):
            raise SettingsError(
                "Signal weights must be from -100 to 100.", data={"field": "signal_weights"}
            )


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How a model is fitted and judged, in the process of its own."""

    half_life_ms: int = 60 * DAY_MS
    """A kept interaction of this age teaches half."""
    interactions_limit: int = 1_000_000
    """The newest so many are read."""
    person_product_limit: float = 3.0
    """The most one person's interactions with one product teach."""
    person_norm_limit: float = 10.0
    """The longest (Euclidean) row of one person in the item-item fit."""
    person_popularity_limit: float = 20.0
    """The most one person adds to the popularity of all products together; 1 for each product."""
    ridge_share: float = 4.0
    """Regularisation of the item-item fit as a share of the mean diagonal of its Gram matrix."""
    ridge_floor: float = 2.0
    """Its least value: the first few baskets of a new store must not be taken for laws."""
    head_limit: int = 4_096
    """Products in the dense item-item matrix, the most touched ones: 67 MB at 4,096."""
    neighbours_limit: int = 64
    """Text neighbours kept for each product."""

    validation_share: float = 0.2
    """The newest share of interactions, set apart to judge and calibrate on."""
    cases_minimum: int = 20
    """With fewer people to judge on, models are not compared."""
    cases_limit: int = 2_000
    calibration_cases_minimum: int = 60
    """With fewer people to judge on, the default blend stays."""
    second_stage_cases_minimum: int = 200
    """With fewer people to learn from and judge on, there is no second stage."""
    negatives: int = 30
    """Products drawn for each wanted one when the blend is calibrated."""
    list_length: int = 10
    """NDCG and recall are taken at this length."""
    tolerance: float = 0.01
    """A candidate whose NDCG is lower by more than this (and by more than chance) is refused."""
    seed: int = 20_190_513
    """Of the draw of negatives; nothing else here is random."""

    def __post_init__(self) -> None:
        _require(self, "half_life_ms", 1, 1e13)
        _require(self, "interactions_limit head_limit cases_limit", 1, 1e8)
        _require(self, "person_product_limit person_norm_limit person_popularity_limit", 1e-3, 1e6)
        _require(self, "ridge_share", 0, 1e6)
        _require(self, "ridge_floor", 1e-3, 1e6)
        _require(self, "neighbours_limit negatives list_length", 1, 10_000)
        _require(self, "validation_share", 0.01, 0.9)
        _require(self, "cases_minimum calibration_cases_minimum", 1, 1e6)
        _require(self, "second_stage_cases_minimum", 2, 1e6)
        _require(self, "tolerance", 0, 1)
        _require(self, "seed", 0, 1 << 62)


@dataclass(frozen=True, slots=True)
class ExposureSettings:
    """What is remembered of lists and shelves that people were shown, and when they tire of it."""

    impression_minimum_ms: int = 500
    """Shorter showings are not counted: a list that is replaced at once was not seen."""
    impression_maximum_ms: int = 10 * MINUTE_MS
    """A list left open longer counts as shown for this long."""
    reaction_window_ms: int = 10 * MINUTE_MS
    """An interaction this long after a showing ended still counts as an answer to it."""
    people_limit: int = 20_000
    """People whose showings are in memory; the one shown something longest ago goes first."""
    products_limit: int = 128
    """Products remembered a person; the one shown longest ago goes first."""
    list_limit: int = 100
    """Places of one showing that are counted."""
    counted_product_limit: int = 20
    """Showings of one product to one person that say something of the product."""
    fatigue_limit: float = 2.5
    """The most, in log-odds, by which a product sinks that was shown and not answered."""
    fatigue_ms: int = 2 * MINUTE_MS
    """Shown this long without an answer, a product has sunk by 63 % of `fatigue_limit`."""
    fatigue_half_life_ms: int = DAY_MS
    """After this time half of the tiredness is gone."""
    propensity_prior: float = 50.0
    """Explored showings a place needs before its own numbers count as much as the assumption."""
    propensity_exponent: float = 0.5
    """The assumption: place k (from 1) is looked at with probability k ** -exponent."""

    def __post_init__(self) -> None:
        _require(self, "impression_minimum_ms impression_maximum_ms reaction_window_ms", 0, 1e13)
        _require(self, "people_limit", 1, 1e7)
        _require(self, "products_limit list_limit counted_product_limit", 1, 10_000)
        _require(self, "fatigue_limit propensity_exponent", 0, 10)
        _require(self, "fatigue_ms fatigue_half_life_ms", 1, 1e13)
        _require(self, "propensity_prior", 1e-3, 1e6)


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """The house's rules on top of the model: new products, margin, fairness, wishes, one test."""

    exploration_share: float = 0.125
    """The most of a list that new products may take (rounded down): 1 place in 8."""
    exploration_first_place: int = 2
    """Places before this one (from 0) are never given to a new product."""
    exploration_pool: int = 50
    """A new product is drawn among this many that suit the reader best."""
    exploration_window_ms: int = 10 * MINUTE_MS
    """A drawn product stays this long, so that a list does not flicker."""
    exploration_impressions_limit: int = 500
    """Expected looks after which a product is no longer new, whatever came of them."""
    exploration_people_minimum: int = 20
    """A model learned from fewer people knows nothing of any product: all are new, none is."""
    margin_limit: float = 0.2
    """The most, in log-odds, by which margin can lift or sink a product."""
    preferred_weight: float = 0.8
    """What a stated department, brand or tag adds, in log-odds, once for each kind."""
    over_price_weight: float = 1.5
    """What a price above the stated limit takes away, in log-odds."""
    fairness_strength: float = 3.0
    """0: all count alike. The share of the neglected per unit of difference in satisfaction."""
    fairness_memory: float = 0.7
    """Share of a member's satisfaction that is carried on from one shown list to the next."""
    fairness_share_limit: float = 0.5
    """The most of a list that is made for the neglected member alone."""
    talk_weight: float = 0.25
    """How much more friends want what they can talk about; 0: every shelf is one's own."""
    experiment_name: str = ""
    """Name of the A/B test that runs; empty: none. Another name draws other arms."""
    experiment_setting: str = ""
    """The number of `live` that differs in the treated arm."""
    experiment_value: float = 0.0
    """Its value there."""
    experiment_share: float = 0.5
    """Share of the parties that are treated."""
    experiment_parties_limit: int = 100_000
    """Parties counted in a test; further ones are treated as drawn and not counted."""

    def __post_init__(self) -> None:
        _require(self, "exploration_share fairness_memory experiment_share talk_weight", 0, 1)
        _require(self, "exploration_first_place exploration_impressions_limit", 0, 1e9)
        _require(self, "exploration_pool exploration_people_minimum", 1, 1e7)
        _require(self, "exploration_window_ms", 1, 1e13)
        _require(self, "margin_limit preferred_weight over_price_weight", 0, 10)
        _require(self, "fairness_strength", 0, 100)
        _require(self, "fairness_share_limit", 0, 1)
        _require(self, "experiment_parties_limit", 1, 1e7)
        if self.experiment_name and self.experiment_setting not in EXPERIMENT_SETTINGS:
            raise SettingsError(
                f"experiment_setting must be one of {', '.join(EXPERIMENT_SETTINGS)}.",
                data={"field": "experiment_setting", "value": self.experiment_setting},
            )


EXPERIMENT_SETTINGS = (
    "average_share", "diversity", "party_share_limit", "prior_weight",
)  # fmt: skip
"""Numbers of `LiveSettings` that may differ between the arms of a test."""


@dataclass(frozen=True, slots=True)
class RecommenderSettings:
    """The whole service.

    `database_url` is an asynchronous SQLAlchemy URL whose data another process can read, so not an
    in-memory database; `artefact_dir` is a folder for model files, made when it is not there.

    Raises:
        SettingsError: a value is out of its range.
    """

    database_url: str
    artefact_dir: Path
    live: LiveSettings = field(default_factory=LiveSettings)
    fit: FitSettings = field(default_factory=FitSettings)
    exposure: ExposureSettings = field(default_factory=ExposureSettings)
    policy: PolicySettings = field(default_factory=PolicySettings)

    catalogue_limit: int = 100_000
    """Products; a larger catalogue is refused."""
    queue_limit: int = 50_000
    """Interactions waiting to be written; when full the oldest is dropped and counted."""
    flush_interval_ms: int = 1_000
    flush_batch_limit: int = 1_000
    """Rows of one transaction."""
    database_busy_timeout_ms: int = 5_000
    warm_interactions_limit: int = 50_000
    """Newest personal interactions read into live histories at start."""
    warm_impressions_limit: int = 100_000
    """Newest impressions that are counted at start: what they say of places and new products."""
    aggregate_grain_ms: int = HOUR_MS
    """Times of rows without an id are cut to this."""
    retention_ms: int = 365 * DAY_MS
    """Older interactions are deleted."""

    refit_news_minimum: int = 200
    """New interactions that make a refit worth while."""
    refit_interval_ms: int = 10 * SECOND_MS
    """At least this long from the start of one refit to the next."""
    refit_rest_factor: float = 4.0
    """And at least this many times what the last one took: others need the core too."""
    refit_retry_limit_ms: int = HOUR_MS
    """After failures the interval doubles up to this."""
    refit_poll_ms: int = SECOND_MS
    """How often this process looks whether a refit is due, or another process has fitted."""
    refit_timeout_ms: int = 5 * MINUTE_MS
    """A fit that takes longer is killed."""
    shared: bool = False
    """Other processes write to the same database: their interactions count as news too."""
    fits: bool = True
    """Whether this process fits models. Else another one does, and what it puts into the folder is
    taken into service within `refit_poll_ms`."""
    artefacts_kept: int = 3
    artefact_bytes_limit: int = 1 << 30

    def __post_init__(self) -> None:
        if ":memory:" in self.database_url or self.database_url.endswith("sqlite+aiosqlite://"):
            raise SettingsError(
                "The recommender needs a database that its fit process can read too; "
                "an in-memory one cannot be shared.",
                data={"field": "database_url"},
            )
        policy = self.policy
        if policy.experiment_name:
            # The treated arm must be as valid as the other; it says so itself.
            replace(self.live, **{policy.experiment_setting: policy.experiment_value})  # type: ignore[arg-type]
        _require(self, "catalogue_limit queue_limit refit_news_minimum", 1, 1e7)
        _require(self, "warm_interactions_limit warm_impressions_limit", 1, 1e7)
        _require(self, "flush_interval_ms refit_poll_ms", 1, HOUR_MS)
        _require(self, "database_busy_timeout_ms", 0, MINUTE_MS)
        _require(self, "aggregate_grain_ms retention_ms", 1, 1e13)
        _require(self, "refit_timeout_ms refit_retry_limit_ms", 1, 1e13)
        _require(self, "refit_interval_ms refit_rest_factor", 0, 1e13)
        _require(self, "flush_batch_limit", 1, 100_000)
        _require(self, "artefacts_kept", 1, 1_000)
        _require(self, "artefact_bytes_limit", 1, 1 << 40)


def section_to_json(section: LiveSettings | FitSettings) -> dict[str, object]:
    """A section as plain JSON values, for the fit process."""
    return {
        entry.name: dict(value) if isinstance(value, Mapping) else value
        for entry in fields(section)
        for value in [getattr(section, entry.name)]
    }


def live_from_json(values: dict[str, object]) -> LiveSettings:
    """Inverse of `section_to_json`.

    Raises:
        SettingsError: the values are not those of a valid section.
    """
    weights = values.get("signal_weights")
    if not isinstance(weights, dict):
        raise SettingsError(
            "signal_weights must be a table.", data={"field": "signal_weights", "value": ""}
        )
    named = {Signal(name): float(weight) for name, weight in weights.items()}
    return LiveSettings(**{**values, "signal_weights": named})  # type: ignore[arg-type]


def fit_from_json(values: dict[str, object]) -> FitSettings:
    """Inverse of `section_to_json`."""
    return FitSettings(**values)  # type: ignore[arg-type]
