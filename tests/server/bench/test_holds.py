"""Holds are measured both ways, in a shop of its own."""

import pytest

from server.bench import holds


async def test_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holds, "TOGETHER", 64)
    monkeypatch.setattr(holds, "ONE_AT_A_TIME", 8)
    result = await holds.measure_holds()
    assert result.together_per_second > 0
    assert result.one_at_a_time_per_second > 0
    assert result.ratio == round(result.together_per_second / result.one_at_a_time_per_second, 1)
