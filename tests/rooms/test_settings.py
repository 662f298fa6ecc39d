"""Settings say what they cannot be."""

from dataclasses import replace

import pytest

from rooms.settings import PoseSettings, RoomSettings


def test_the_defaults_are_right() -> None:
    assert RoomSettings().capacity == 64
    assert PoseSettings().settle_ms == 1_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"capacity": 0},
        {"grace_period_ms": -1},
        {"grab_reach_m": float("nan")},
        {"grab_reach_m": float("inf")},
        {"gather_first_ring_m": 0.5},
        {"gather_radius_m": 1.0},
        {"dwell_report_ms": 400},
        {"body_radius_m": -0.1},
    ],
)
def test_a_room_setting_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(RoomSettings(), **wrong)  # type: ignore[arg-type]


def test_zero_is_fine_where_it_means_none() -> None:
    assert replace(RoomSettings(), body_radius_m=0, pose_refusal_interval_ms=0).body_radius_m == 0


@pytest.mark.parametrize(
    "wrong", [{"speed_maximum_m_s": 0.0}, {"head_height_maximum_m": 0.1}, {"settle_ms": 0}]
)
def test_a_pose_setting_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(PoseSettings(), **wrong)  # type: ignore[arg-type]
