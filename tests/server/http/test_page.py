"""The web page: when it is built, and when it is not."""

from pathlib import Path

import httpx
import pytest

from tests.server.http.conftest import problem


@pytest.fixture
def built_page(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "page-assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Galleria</title>")
    (folder / "page-assets" / "shop-3f2aB_x1.js").write_text("export {};")
    (folder / "page-assets" / "shop-91bcD-y2.css").write_text("body {}")
    (folder / "page-assets" / "favicon.svg").write_text("<svg/>")
    (folder / "page-assets" / ".hidden").write_text("no")
    (folder / "private.txt").write_text("no")
    return folder


@pytest.mark.usefixtures("built_page")
async def test_page(client: httpx.AsyncClient) -> None:
    response = await client.get("/?invite=abc")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    policy = response.headers["content-security-policy"]
    assert "script-src 'self' 'wasm-unsafe-eval';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "xr-spatial-tracking=(self)" in response.headers["permissions-policy"]
    assert response.headers["referrer-policy"] == "no-referrer"
    head = await client.head("/")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.usefixtures("built_page")
async def test_page_assets(client: httpx.AsyncClient) -> None:
    script = await client.get("/page-assets/shop-3f2aB_x1.js")
    assert script.text == "export {};"
    assert "javascript" in script.headers["content-type"]
    assert script.headers["cache-control"].endswith("immutable")
    style = await client.get("/page-assets/shop-91bcD-y2.css")
    assert style.headers["content-type"].startswith("text/css")
    icon = await client.get("/page-assets/favicon.svg")
    assert icon.headers["content-type"].startswith("image/svg+xml")
    assert icon.headers["cache-control"] == "no-cache"


NOT_OF_THE_PAGE = (
    "/page-assets/nothing.js",
    "/page-assets/.hidden",
    "/page-assets/..%2fprivate.txt",
    "/page-assets/%2e%2e%2fprivate.txt",
    "/page-assets/",
    "/page-assets",
    "/private.txt",
    "/index.html",
    "/favicon.ico",
)


@pytest.mark.usefixtures("built_page")
async def test_nothing_else(client: httpx.AsyncClient) -> None:
    for address in NOT_OF_THE_PAGE:
        problem(await client.get(address), 404, "NOT_FOUND")


async def test_not_built(client: httpx.AsyncClient) -> None:
    response = await client.get("/")
    assert response.status_code == 503
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert "make setup" in response.text
    problem(await client.get("/page-assets/shop.js"), 404, "NOT_FOUND")
