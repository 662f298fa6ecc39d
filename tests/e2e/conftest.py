"""The shop that the tests of the page share, one for each file."""

from collections.abc import Iterator

import pytest

from tests.conftest import require
from tests.e2e.shop_process import PAGE, ShopProcess, chromium_path, shop_process


@pytest.fixture(scope="module")
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ShopProcess]:
    require(chromium_path(), "This test needs Chromium; install your system's chromium package.")
    require(PAGE.exists(), "The page has not been built; run `make setup`.")
    cache: pytest.Cache | None = getattr(request.config, "cache", None)
    meshes = cache.mkdir("galleria-meshes") if cache else tmp_path_factory.mktemp("meshes")
    with shop_process(tmp_path_factory.mktemp("shop"), meshes) as process:
        yield process
