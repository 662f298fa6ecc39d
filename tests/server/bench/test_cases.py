"""Rows of the bench by their names."""

import pytest

from server.bench.cases import DEFAULT_NAMES, case_of, cases_of
from server.errors import GalleriaError


def test_names_say_how_many_and_where() -> None:
    one, rooms, spread = case_of("50"), case_of("40x10"), case_of("spread")
    assert (one.clients, one.rooms, one.spread) == (50, 1, False)
    assert (rooms.clients, rooms.rooms, rooms.avatars) == (400, 40, 10)
    assert (spread.clients, spread.spread, spread.default_tiers) == (200, True, False)
    tiers = case_of("tiers:24")
    assert (tiers.clients, tiers.spread, tiers.default_tiers) == (24, True, True)


def test_rows_are_given_one_by_one_or_with_commas() -> None:
    assert [case.name for case in cases_of(["10,25", "40x10"])] == ["10", "25", "40x10"]
    assert len(cases_of(DEFAULT_NAMES)) == len(DEFAULT_NAMES)


def test_what_is_promised_has_a_bar() -> None:
    assert case_of("50").bars.cpu_us == 0.75
    assert case_of("400").bars.resident_mb == 150
    assert case_of("51").bars.cpu_us == 0


@pytest.mark.parametrize(
    "name", ["", "many", "0", "1", "-5", "x", "4x", "4x1", "1000x10", "9999", "spread:x", "1e3"]
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(GalleriaError) as caught:
        case_of(name)
    assert caught.value.code == "BENCH_CASE_UNKNOWN"
