"""`/assets`: meshes and thumbnails, named by their hash and therefore kept for good by caches."""

from http import HTTPStatus
from pathlib import Path
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from fastapi.responses import Response

from assets.errors import AssetError
from assets.storage import Storage
from server.errors import GalleriaError
from server.http.byte_ranges import RangeNotSatisfiableError, StoredFileResponse, parse_range
from server.http.caching import IMMUTABLE, REVALIDATE, conditional, is_known, not_modified
from server.http.dependencies import DocumentsHere, ServicesHere
from server.http.openapi import errors
from server.http.problems import status_problem

router = APIRouter(prefix="/assets", tags=["Assets"])

MEDIA_TYPES = {
    "glb": "model/gltf-binary",
    "webp": "image/webp",
    "png": "image/png",
    "json": "application/json",
}

# Other origins may show what anybody may fetch: headset browsers, shop sites.
OPEN_TO_ALL = {"Cross-Origin-Resource-Policy": "cross-origin"}


@router.head("/manifest.json", include_in_schema=False)
@router.get(
    "/manifest.json",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {"schema": {"type": "object"}}}},
        304: {"description": "You have the newest manifest (If-None-Match)."},
    },
)
async def show_manifest(
    services: ServicesHere, documents: DocumentsHere, request: Request
) -> Response:
    """Meshes, levels of detail and thumbnails of every product, with size and alt text."""
    manifest = services.manifest
    body, digest = documents.encoded("assets", manifest, lambda: manifest.encoded()[0])
    response = conditional(request, body, "application/json", digest, REVALIDATE)
    response.headers.update(OPEN_TO_ALL)
    return response


@router.head("/{name}", include_in_schema=False)
@router.get(
    "/{name}",
    response_class=Response,
    responses={
        200: {"content": {kind: {} for kind in ("model/gltf-binary", "image/webp", "image/png")}},
        206: {"description": "The part you asked for (Range)."},
        304: {"description": "You have it (If-None-Match)."},
        **errors("ASSET_NOT_FOUND", "RANGE_NOT_SATISFIABLE"),
    },
)
async def show_asset(
    name: Annotated[
        str, PathParameter(max_length=80, description="SHA-256 in hexadecimal, and a suffix.")
    ],
    services: ServicesHere,
    request: Request,
) -> Response:
    """A file by its hash. One byte range is answered; of several, the whole file."""
    digest, _, suffix = name.partition(".")
    path, size_bytes = await anyio.to_thread.run_sync(_stored, services.storage, name)
    if is_known(request, digest):
        return not_modified(digest, IMMUTABLE)
    asked = request.headers.get("range")
    if request.headers.get("if-range", f'"{digest}"') != f'"{digest}"':
        asked = None
    try:
        part = parse_range(asked, size_bytes)
    except RangeNotSatisfiableError:
        return status_problem(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            {"size_bytes": size_bytes},
            {"Content-Range": f"bytes */{size_bytes}"},
        )
    headers = {"ETag": f'"{digest}"', "Cache-Control": IMMUTABLE, **OPEN_TO_ALL}
    return StoredFileResponse(path, size_bytes, MEDIA_TYPES[suffix], headers, part)


def _stored(storage: Storage, name: str) -> tuple[Path, int]:
    """Where a stored file is and its size; ASSET_NOT_FOUND for every name that is not one of ours.

    The storage refuses names that are not a hash and a known suffix, so no name is ever a path.
    """
    try:
        if name.partition(".")[2] in MEDIA_TYPES:
            path = storage.path(name)
            return path, path.stat().st_size
    except (AssetError, FileNotFoundError):
        pass
    raise GalleriaError("ASSET_NOT_FOUND", "There is no such asset.", {}, 404)
