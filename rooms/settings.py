"""Every limit of a room and of the pose table, with its unit, its reason and what happens at it."""

import math
from dataclasses import dataclass, fields, is_dataclass


def _check_range(settings: object, *, allow_zero: frozenset[str] = frozenset()) -> None:
    """All settings are finite and positive; a name in `allow_zero` may be 0. Groups of settings
    within them have checked themselves."""
    for entry in fields(settings):  # type: ignore[arg-type]
        value = getattr(settings, entry.name)
        if is_dataclass(value):
            continue
        least_is_met = value >= 0 if entry.name in allow_zero else value > 0
        if not math.isfinite(value) or not least_is_met:
            raise ValueError(f"{entry.name} must be a positive number, not {value!r}")


@dataclass(frozen=True, slots=True)
class InterestSettings:
    """Who hears of whom, how often and in how much detail (see `rooms.interest`). Raises ValueError
    for a value that makes no sense."""

    enabled: bool = True
    """Off: everybody hears of everybody at the full rate, wherever they are."""

    cell_m: float = 4.0
    """Side of the squares whose receivers share frames. Smaller squares choose tiers more finely
    and build more frames."""

    near_m: float = 10.0
    """Up to here full poses come each tick: who can talk or hand something over is well within."""

    middle_m: float = 20.0
    """Up to here full poses come at `middle_hz`; hands can still be seen."""

    far_m: float = 45.0
    """Up to here only heads come, at `far_hz`; beyond, nothing does."""

    middle_hz: float = 10.0
    """Rate of the middle tier. Above the rate of ticks: that of the ticks."""

    far_hz: float = 4.0
    """Rate of the far tier: at 20 m, a step a quarter of a second is small."""

    hysteresis_m: float = 0.5
    """Who is not further outside of their square than this stays in it, so that walking along a
    border does not ask for everything again and again."""

    def __post_init__(self) -> None:
        _check_range(self, allow_zero=frozenset({"enabled", "hysteresis_m"}))
        if not self.near_m <= self.middle_m <= self.far_m:
            raise ValueError("near_m, middle_m and far_m must not fall")
        if self.far_hz > self.middle_hz:
            raise ValueError("far_hz must not be above middle_hz")


@dataclass(frozen=True, slots=True)
class RoomSettings:
    """Limits of one room. Raises ValueError for a value that makes no sense."""

    capacity: int = 64
    """Avatars in a room, those who are reconnecting included; one more is refused (ROOM_FULL)."""

    grace_period_ms: int = 15_000
    """How long seat, props and party of a dropped connection are kept; then the avatar leaves."""

    party_capacity: int = 8
    """Members of a party; one more is refused (PARTY_FULL)."""

    requests_pending_per_avatar: int = 32
    """Requests of one avatar that wait for commerce; one more is refused (BUSY)."""

    props_per_avatar: int = 2
    """Props one avatar may hold, at most one a hand; one more is refused (HANDS_FULL)."""

    grab_reach_m: float = 3.0
    """From the head to the slot. Generous: headsets have ray grabs, and a wrong refusal annoys more
    than a long arm."""

    offer_reach_m: float = 4.0
    """From head to head when a prop is held out to somebody."""

    offer_ttl_ms: int = 10_000
    """How long an offer waits for its receiver; then it expires and the giver keeps the prop."""

    quantity_max: int = 99
    """Pieces of a SKU in one request; more is refused (LIMIT_REACHED). Commerce has its own limits
    for lines and carts."""

    lines_per_avatar: int = 4
    """Waiting lines one avatar may stand in at the same time; one more is refused (LINES_FULL)."""

    line_look_interval_ms: int = 5_000
    """After a waiting line moved, how long until it is asked where exactly people stand."""

    line_looks_max: int = 32
    """People of one line that are asked about at a time, the first ones; others are counted on."""

    dwell_minimum_ms: int = 500
    """A shorter look is a passing glance and is not recorded."""

    dwell_report_ms: int = 5_000
    """A look that lasts is recorded in pieces of this length, so that lists follow it live."""

    dwell_maximum_ms: int = 60_000
    """Longest look that counts; beyond it a headset was probably put down, and nothing more is
    recorded until the gaze moves on."""

    recommend_interval_ms: int = 250
    """Least time between two rankings for one person or one party; news in between wait for it."""

    personal_space_m: float = 0.8
    """Least distance between people who are given a place: spawns and spots around a host."""

    body_radius_m: float = 0.25
    """How far a place on the floor must be from walls and fixtures. 0: up to the edge."""

    gather_first_ring_m: float = 1.6
    """Radius of the innermost ring of people around a host."""

    gather_radius_m: float = 10.0
    """Radius of the outermost ring; whom no free spot is left for is not invited."""

    pose_refusal_interval_ms: int = 250
    """Least time between two PoseRefused to one avatar; refusals in between are not told."""

    bubble_radius_m: float = 0.0
    """Radius of a shopper's bubble until they choose one; who is nearer is not seen. 0: none."""

    bubble_radius_maximum_m: float = 2.0
    """Largest radius of a bubble that may be chosen."""

    bubble_hysteresis_m: float = 0.3
    """How much further than the radius somebody must be to be seen again, lest they flicker."""

    blocks_per_person: int = 256
    """People one shopper may have blocked, and as many muted; one more is refused (BLOCKS_FULL)."""

    retreat_distance_m: float = 6.0
    """How far from everybody a retreat leads, where there is such a place."""

    interest: InterestSettings = InterestSettings()
    """Who hears of whom."""

    def __post_init__(self) -> None:
        may_be_zero = (
            "body_radius_m", "pose_refusal_interval_ms", "bubble_radius_m", "bubble_hysteresis_m"
        )  # fmt: skip
        _check_range(self, allow_zero=frozenset(may_be_zero))
        if self.bubble_radius_m > self.bubble_radius_maximum_m:
            raise ValueError("bubble_radius_m must not be above bubble_radius_maximum_m")
        if self.gather_first_ring_m < self.personal_space_m:
            raise ValueError("gather_first_ring_m must not be less than personal_space_m")
        if self.gather_radius_m < self.gather_first_ring_m:
            raise ValueError("gather_radius_m must not be less than gather_first_ring_m")
        if self.dwell_report_ms < self.dwell_minimum_ms:
            raise ValueError("dwell_report_ms must not be less than dwell_minimum_ms")


@dataclass(frozen=True, slots=True)
class PoseSettings:
    """Limits of motion. Raises ValueError for a value that makes no sense."""

    head_height_minimum_m: float = 0.2
    """Lowest plausible head: somebody who lies on the floor to look under a table."""

    head_height_maximum_m: float = 2.6
    """Highest plausible head: a tall person on their toes."""

    hand_reach_m: float = 1.6
    """Longest distance from head to hand: an arm's length below the shoulder, and some for
    controllers that are mounted off the hand."""

    speed_maximum_m_s: float = 6.0
    """How fast an avatar's allowance of movement refills: a brisk run. Clients with fast travel use
    Teleport."""

    movement_allowance_m: float = 4.0
    """Most movement an avatar may save up. It pays for steps that arrive late and together after a
    hiccup of the network, and for where in their play space somebody stands at the start."""

    standing_head_height_m: float = 1.6
    """Head height of an avatar whose first pose has not come yet."""

    settle_ms: int = 1_000
    """An avatar that stopped is sent once more after this time, because pose frames may be dropped
    and a lost last one would leave it standing at the wrong place. After that it costs nothing."""

    def __post_init__(self) -> None:
        _check_range(self)
        if self.head_height_maximum_m <= self.head_height_minimum_m:
            raise ValueError("head_height_maximum_m must be above head_height_minimum_m")
