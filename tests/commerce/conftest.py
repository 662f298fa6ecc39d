"""A shop for each test, whose books are audited at its end."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from commerce import Commerce
from tests.commerce.shops import TurnedClock, open_shop


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
async def shop(tmp_path: Path, clock: TurnedClock) -> AsyncIterator[Commerce]:
    async with open_shop(tmp_path, clock) as opened:
        yield opened
