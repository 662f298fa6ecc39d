"""The settings of one worker among several."""

from pathlib import Path

import pytest

from server.workers.process import settings_of
from server.workers.start import Start


@pytest.mark.parametrize(("worker", "fits"), [(1, True), (2, False)])
def test_a_worker_has_a_name_and_only_the_first_fits_models(
    worker: int, fits: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALLERIA_DATA_DIR", str(tmp_path))
    settings = settings_of(Start(worker, 2, "127.0.0.1", 9_000, 3, 4, 5, {}))
    assert settings.recommender.shared
    assert settings.recommender.fits == fits
    assert settings.commerce.process_name == f"worker-{worker}"
    assert (settings.workers.count, settings.listen.port) == (2, 9_000)
