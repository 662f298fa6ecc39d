"""`/` and `/page-assets`: the web page, built from unity-client-protocol/web into server/static."""

import mimetypes
import re
from pathlib import Path

import anyio.to_thread
from fastapi import APIRouter
from fastapi.responses import Response

from server.errors import GalleriaError
from server.http.byte_ranges import StoredFileResponse
from server.http.caching import IMMUTABLE, REVALIDATE

PAGE_FOLDER = Path(__file__).parent.parent / "static"
PAGE_ASSETS = "page-assets"

PAGE_DIRECTIVES = (
    "default-src 'self'",
    # WebAssembly is for mesh decoders; scripts come from us alone and never from a string.
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    # Loaders of 3D models read their textures from blobs.
    "connect-src 'self' data: blob:",
    "worker-src 'self' blob:",
    "media-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)
PAGE_POLICY = "; ".join(PAGE_DIRECTIVES)

PERMISSIONS_POLICY = "xr-spatial-tracking=(self), camera=(), microphone=(), geolocation=()"

NOT_BUILT = """\
The shop's page has not been built yet.

Run:  make setup

The API works without it; see /docs. Programs find the game socket at /ws.
"""

# One folder deep, no dot at the front: what a bundler writes, and nothing else.
_FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")

# The bundler puts a hash of the content, of eight characters, before the suffix.
_HASHED = re.compile(r"-[A-Za-z0-9_-]{8}\.[a-z0-9]+$")


def page_router(folder: Path = PAGE_FOLDER) -> APIRouter:
    """Routes of the page in this folder."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/", methods=["GET", "HEAD"])
    async def show_page() -> Response:
        return await anyio.to_thread.run_sync(_index, folder)

    @router.api_route(f"/{PAGE_ASSETS}/{{path}}", methods=["GET", "HEAD"])
    async def show_page_asset(path: str) -> Response:
        return await anyio.to_thread.run_sync(_file, folder / PAGE_ASSETS, path)

    return router


def _index(folder: Path) -> Response:
    try:
        html = (folder / "index.html").read_bytes()
    except OSError:
        return Response(NOT_BUILT, 503, {"Retry-After": "60"}, "text/plain; charset=utf-8")
    headers = {
        "Cache-Control": REVALIDATE,
        "Content-Security-Policy": PAGE_POLICY,
        "Permissions-Policy": PERMISSIONS_POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    return Response(html, 200, headers, "text/html; charset=utf-8")


def _file(folder: Path, name: str) -> Response:
    if _FILE_NAME.fullmatch(name):
        path = folder / name
        try:
            size_bytes = path.stat().st_size
            if path.is_file():
                media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
                forever = _HASHED.search(name) is not None
                headers = {"Cache-Control": IMMUTABLE if forever else REVALIDATE}
                return StoredFileResponse(path, size_bytes, media_type, headers)
        except FileNotFoundError:
            pass
    raise GalleriaError("NOT_FOUND", "The page has no such file.", {}, 404)
