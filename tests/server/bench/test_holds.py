"""Holds are measured in each way, in a shop of its own."""

import pytest

from server.bench import holds


@pytest.mark.loop_slice(3_000)  # a full collection, with all that other tests have left
async def test_each_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holds, "TOGETHER", 64)
    monkeypatch.setattr(holds, "ONE_AT_A_TIME", 8)
    monkeypatch.setattr(holds, "ROUNDS", 2)
    result = await holds.measure_holds()
    assert result.together_per_second > 0
    assert result.one_at_a_time_per_second > 0
    assert result.first_per_second > 0
    assert result.written_per_second > 0
    assert result.ratio == round(result.together_per_second / result.one_at_a_time_per_second, 1)
