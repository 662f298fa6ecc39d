"""What a store folder says of margins and rates reaches lists and rooms; what makes no sense is
told."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from server.app import application
from server.config import Settings
from server.errors import GalleriaError
from server.store import Store, load_store
from tests.server.running_shop import SMALL_STORE

MUG, BOWL = "stoneware-mug", "walnut-bowl"


def with_margins(folder: Path, margins: Mapping[str, str]) -> Path:
    """The small store with these margins in its file."""
    shutil.copytree(SMALL_STORE, folder)
    path = folder / "departments" / "tableware.toml"
    words = path.read_text(encoding="utf-8")
    for product_id, margin in margins.items():
        line = f'id = "{product_id}"\n'
        words = words.replace(line, f"{line}margin = {margin}\n")
    path.write_text(words, encoding="utf-8")
    return folder


@pytest.mark.parametrize(("dearer", "cheaper"), [(MUG, BOWL), (BOWL, MUG)])
async def test_a_margin_decides_between_what_is_wanted_alike(
    tmp_path: Path, dearer: str, cheaper: str
) -> None:
    folder = with_margins(tmp_path / "store", {dearer: "0.6", cheaper: "-0.1"})
    store = load_store(folder)
    assert store.margins == {dearer: 0.6, cheaper: -0.1}
    settings = Settings.load(data_dir=tmp_path / "var", port=0)
    async with application(settings, store=store) as app:
        found = app.services.recommender.for_person("a stranger", 2, app.services.clock())
    assert [each.product_id for each in found] == [dearer, cheaper]


def test_a_store_need_not_say_its_margins() -> None:
    assert load_store(SMALL_STORE).margins == {}


@pytest.mark.parametrize("margin", ["1.5", "-2", "nan", "true", '"much"'])
def test_what_is_no_margin_is_told(tmp_path: Path, margin: str) -> None:
    folder = with_margins(tmp_path / "store", {MUG: margin})
    with pytest.raises(GalleriaError) as caught:
        load_store(folder)
    assert caught.value.code == "STORE_DATA"


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
