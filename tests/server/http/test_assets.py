"""Meshes and thumbnails: by hash, forever, in parts, and never outside the storage."""

import hashlib
import json
from typing import Any

import httpx

from server.services import Services
from tests.server.http.conftest import problem


async def manifest_of(client: httpx.AsyncClient) -> Any:
    return (await client.get("/assets/manifest.json")).json()


def urls_in(value: Any) -> list[str]:
    """Every address in the manifest, wherever it stands."""
    if isinstance(value, dict):
        own = [value["url"]] if "url" in value else []
        return own + [url for entry in value.values() for url in urls_in(entry)]
    if isinstance(value, list):
        return [url for entry in value for url in urls_in(entry)]
    return []


async def first_url(client: httpx.AsyncClient, suffix: str) -> str:
    urls = urls_in(await manifest_of(client))
    return next(url for url in urls if url.endswith(suffix))


async def test_manifest(client: httpx.AsyncClient) -> None:
    response = await client.get("/assets/manifest.json")
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "stoneware-mug" in json.dumps(response.json())
    known = {"If-None-Match": response.headers["etag"]}
    assert (await client.get("/assets/manifest.json", headers=known)).status_code == 304


async def test_everything_in_the_manifest_is_there(client: httpx.AsyncClient) -> None:
    urls = urls_in(await manifest_of(client))
    assert len(urls) >= 12
    for url in dict.fromkeys(urls):
        response = await client.get(url)
        assert response.status_code == 200
        digest = hashlib.sha256(response.content).hexdigest()
        assert url.startswith(f"/assets/{digest}.")
        assert response.headers["etag"] == f'"{digest}"'
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert int(response.headers["content-length"]) == len(response.content)


async def test_media_types(client: httpx.AsyncClient) -> None:
    response = await client.get(await first_url(client, ".glb"))
    assert response.headers["content-type"] == "model/gltf-binary"
    assert response.content[:4] == b"glTF"
    thumbnail = next(u for u in urls_in(await manifest_of(client)) if not u.endswith(".glb"))
    assert (await client.get(thumbnail)).headers["content-type"].startswith("image/")


async def test_head_and_known(client: httpx.AsyncClient) -> None:
    url = await first_url(client, ".glb")
    whole = await client.get(url)
    head = await client.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]
    for known in (whole.headers["etag"], "W/" + whole.headers["etag"], "*"):
        response = await client.get(url, headers={"If-None-Match": f'"x", {known}'})
        if known != "*":
            assert (response.status_code, response.content) == (304, b"")
            assert response.headers["etag"] == whole.headers["etag"]
    assert (await client.get(url, headers={"If-None-Match": "*"})).status_code == 304
    assert (await client.get(url, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_parts(client: httpx.AsyncClient) -> None:
    url = await first_url(client, ".glb")
    whole = (await client.get(url)).content
    size = len(whole)
    for asked, start, end in (
        ("bytes=0-3", 0, 4),
        ("bytes=100-", 100, size),
        ("bytes=-8", size - 8, size),
        (f"bytes=4-{size * 2}", 4, size),
    ):
        part = await client.get(url, headers={"Range": asked})
        assert part.status_code == 206
        assert part.content == whole[start:end]
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
        assert part.headers["content-length"] == str(end - start)
    for ignored in ("bytes=0-1,4-5", "bytes=9-3", "items=0-1", "nonsense"):
        response = await client.get(url, headers={"Range": ignored})
        assert (response.status_code, response.content) == (200, whole)


async def test_part_behind_the_end(client: httpx.AsyncClient) -> None:
    url = await first_url(client, ".glb")
    size = int((await client.head(url)).headers["content-length"])
    response = await client.get(url, headers={"Range": f"bytes={size}-"})
    assert problem(response, 416, "RANGE_NOT_SATISFIABLE") == {"size_bytes": size}
    assert response.headers["content-range"] == f"bytes */{size}"


async def test_parts_only_of_what_the_client_has(client: httpx.AsyncClient) -> None:
    url = await first_url(client, ".glb")
    tag = (await client.head(url)).headers["etag"]
    asked = {"Range": "bytes=0-3"}
    assert (await client.get(url, headers={**asked, "If-Range": tag})).status_code == 206
    assert (await client.get(url, headers={**asked, "If-Range": '"old"'})).status_code == 200


NAMES_OF_OTHERS = (
    "0" * 64 + ".glb",
    "0" * 64,
    "0" * 64 + ".exe",
    "0" * 63 + ".glb",
    "G" * 64 + ".glb",
    "..%2f..%2ftoken.secret",
    "..%5c..%5ctoken.secret",
    "%2e%2e",
    ".glb",
    "%00.glb",
    "a.glb.glb",
    "\N{ARABIC-INDIC DIGIT ONE}" * 64 + ".glb",
)


async def test_names_that_are_none_of_ours(client: httpx.AsyncClient) -> None:
    for name in NAMES_OF_OTHERS:
        response = await client.get(f"/assets/{name}")
        assert response.status_code in (404, 422), name
        assert response.json()["code"] in ("ASSET_NOT_FOUND", "NOT_FOUND", "REQUEST_INVALID")


async def test_upper_case_is_another_name(client: httpx.AsyncClient, services: Services) -> None:
    url = await first_url(client, ".glb")
    name = url.rpartition("/")[2]
    stem, _, suffix = name.partition(".")
    if stem.upper() != stem:
        problem(await client.get(f"/assets/{stem.upper()}.{suffix}"), 404, "ASSET_NOT_FOUND")
    # A file of the folder that is not an asset does not become one by its place.
    path = services.storage.path(name).parent / "notes.json"
    path.write_text("{}")
    problem(await client.get("/assets/notes.json"), 404, "ASSET_NOT_FOUND")
    path.unlink()
