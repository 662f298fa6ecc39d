"""What a store's own files say about its rooms."""

import shutil
from pathlib import Path

import pytest

from server.app import application
from server.config import Settings
from server.errors import GalleriaError
from server.store import Store, load_store
from tests.server.running_shop import SMALL_STORE


def store_with(folder: Path, line: str) -> Store:
    """The small store with a line more in its layout."""
    shutil.copytree(SMALL_STORE, folder)
    layout = folder / "layout.toml"
    layout.write_text(line + "\n" + layout.read_text(encoding="utf-8"), encoding="utf-8")
    return load_store(folder)


def test_rooms_tick_as_the_settings_say(tmp_path: Path) -> None:
    assert store_with(tmp_path / "store", "").tick_rate_hz == 0


@pytest.mark.parametrize("value", ["5", "61", "20.0", "'fast'", "true", "-20"])
def test_a_rate_that_makes_no_sense_is_told(tmp_path: Path, value: str) -> None:
    with pytest.raises(GalleriaError) as wrong:
        store_with(tmp_path / "store", f"tick_rate_hz = {value}")
    assert wrong.value.code == "STORE_DATA"
    assert "tick_rate_hz" in str(wrong.value)


async def test_a_store_has_a_rate_of_its_own(tmp_path: Path) -> None:
    store = store_with(tmp_path / "store", "tick_rate_hz = 60")
    settings = Settings.load(data_dir=tmp_path / "var", port=0)
    async with application(settings, store=store) as app:
        (hosted,) = app.host.rooms.values()
        assert hosted.tick_ms == pytest.approx(1_000 / 60)
        assert settings.welcome_facts(app.services.store.tick_rate_hz).tick_rate_hz == 60
