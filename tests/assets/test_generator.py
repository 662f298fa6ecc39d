"""The version of the generators covers everything that decides what they make."""

import re
from pathlib import Path

from assets import generator
from assets.generator import generator_version


def test_it_is_short_and_stays() -> None:
    assert re.fullmatch(r"[0-9a-f]{16}", generator_version())
    assert generator_version() == generator_version()


def test_every_module_that_draws_is_covered() -> None:
    folder = Path(generator.__file__).parent
    drawing = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    # These store and name what was made, and do not change it.
    keeping = {"made", "builder", "errors", "manifest", "recipe", "storage"}
    assert drawing - keeping == set(generator._MODULES)
