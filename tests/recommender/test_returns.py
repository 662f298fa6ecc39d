"""What comes back is known of as far as the purchase was."""

from pathlib import Path

import pytest

from recommender.interactions import ConsentClass, Signal
from tests.recommender.services import opened, stored_rows
from tests.recommender.shop import AGGREGATE, NOW_MS, PERSONAL, SESSION, did, settings


def returns_in(folder: Path) -> list[tuple[object, ...]]:
    return [row[:4] for row in stored_rows(folder) if row[2] == "return"]


async def test_a_return_takes_back_what_the_purchase_gave_once(tmp_path: Path) -> None:
    service = await opened(settings(tmp_path))
    service.observe(did("ann", "p0", Signal.BUY))
    assert not await service.returned("ann", "p6", NOW_MS)
    assert not await service.returned("bob", "p0", NOW_MS)
    assert await service.returned("ann", "p0", NOW_MS)
    assert not await service.returned("ann", "p0", NOW_MS)
    service.end_session("ann")
    await service.close()
    assert returns_in(tmp_path) == [("ann", "p0", "return", "personal")]
    again = await opened(settings(tmp_path))
    profile = again._serving.profiles.person("ann", NOW_MS)
    assert profile is not None
    assert profile.history.mass == pytest.approx(0.0, abs=0.2)
    assert "p0" not in [each.product_id for each in again.for_person("ann", 24, NOW_MS)]
    await again.close()


@pytest.mark.parametrize("consent", [SESSION, AGGREGATE, frozenset({ConsentClass.NONE})])
async def test_a_purchase_that_is_not_kept_is_not_taken_back(
    tmp_path: Path, consent: frozenset[ConsentClass]
) -> None:
    service = await opened(settings(tmp_path))
    service.observe(did("ann", "p0", Signal.BUY, consent=consent))
    assert not await service.returned("ann", "p0", NOW_MS)
    await service.close()
    assert returns_in(tmp_path) == []


async def test_who_was_erased_has_returned_nothing(tmp_path: Path) -> None:
    service = await opened(settings(tmp_path))
    service.observe(did("ann", "p0", Signal.BUY, consent=PERSONAL))
    await service.erase("ann")
    assert not await service.returned("ann", "p0", NOW_MS)
    await service.close()
    assert stored_rows(tmp_path) == []
