"""The laws find what they are for: the shop is broken on purpose, and the stories notice."""

from pathlib import Path

import pytest

from tests.sim.commerce.mutations import MUTATIONS, Mutation, unguarded
from tests.sim.commerce.story import tell

pytestmark = [
    # A mutation that is rarely met takes some hundred stories.
    pytest.mark.timeout(600),
    pytest.mark.loop_slice(60_000),
]


@pytest.fixture(scope="module")
def _whole(stage: Path) -> None:
    """The first day of the shop is made while nothing is broken."""
    assert tell(stage, 0).wrongs == ()


@pytest.mark.usefixtures("_whole")
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_it_is_noticed(
    mutation: Mutation, stage: Path, unguarded_stage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutation.apply(monkeypatch)
    folder = stage if mutation.guarded else unguarded_stage
    if not mutation.guarded:
        unguarded(monkeypatch)
    for seed in mutation.seeds:
        if any(mutation.noticed in wrong for wrong in tell(folder, seed).wrongs):
            return
    pytest.fail(f"{mutation.name}: nobody noticed in {len(mutation.seeds)} stories", pytrace=False)
