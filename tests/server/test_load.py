"""Headroom: what the beats and the processor leave."""

import pytest

from server.load import WINDOWS_KEPT, HostLoad, LoadMeter


def load_of(meter: LoadMeter) -> HostLoad:
    return meter.load(50.0, rooms=1, avatars=2, sockets=3)


def test_a_late_beat_and_a_long_one_count_the_same() -> None:
    meter = LoadMeter()
    meter.beat(0.010, 0.0)
    meter.beat(0.0, 0.030)
    load = load_of(meter)
    assert load.tick_ms_mean == 20.0
    assert (load.rooms, load.avatars, load.sockets) == (1, 2, 3)


def test_before_the_first_beat_there_is_all_the_time_in_the_world() -> None:
    assert load_of(LoadMeter()).headroom == 1.0


def test_headroom_is_what_the_scarcer_of_the_two_leaves() -> None:
    of_tick = HostLoad(40.0, 50.0, 0.1, 1, 1, 1)
    of_core = HostLoad(5.0, 50.0, 0.7, 1, 1, 1)
    over = HostLoad(80.0, 50.0, 1.0, 1, 1, 1)
    assert round(of_tick.headroom, 3) == 0.2
    assert round(of_core.headroom, 3) == 0.3
    assert over.headroom == 0.0


def test_old_windows_are_forgotten() -> None:
    meter = LoadMeter(window_s=0.0)
    meter.beat(0.0, 1.0)
    for _ in range(WINDOWS_KEPT):
        meter.beat(0.0, 0.001)
    assert load_of(meter).tick_ms_mean == pytest.approx(1.0)
