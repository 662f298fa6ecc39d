"""What a store folder says of margins reaches the lists; what is no margin is told."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from server.app import application
from server.config import Settings
from server.errors import GalleriaError
from server.store import load_store
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
