"""Parts of files: the Range header (RFC 9110, section 14) and a response that streams one part."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

CHUNK_BYTES = 256 * 1024
"""Read and written at a time: memory of one transfer."""

# A number of 18 digits is larger than any file and still a small integer.
_SINGLE = re.compile(
    r"\s*bytes\s*=\s*(?:(\d{1,18})\s*-\s*(\d{1,18})?|-\s*(\d{1,18}))\s*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `start` up to and without `end` of a file."""

    start: int
    end: int


class RangeNotSatisfiableError(ValueError):
    """The range begins behind the end of the file."""


def parse_range(header: str | None, size_bytes: int) -> ByteRange | None:
    """The one range that is asked for, or None for the whole file.

    A header that is malformed, has another unit or asks for several ranges is ignored, which the
    standard allows: several ranges are what nobody needs but those who want to cause work.
    Raises RangeNotSatisfiableError.
    """
    match = _SINGLE.fullmatch(header) if header is not None else None
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        start, end = max(0, size_bytes - int(suffix)), size_bytes
    else:
        start = int(first)
        end = size_bytes if last is None else min(int(last) + 1, size_bytes)
        if last is not None and int(last) < start:
            return None
    if start >= size_bytes or start >= end:
        raise RangeNotSatisfiableError
    return ByteRange(start, end)


class StoredFileResponse(Response):
    """Streams a file, or one part of it, without blocking the event loop."""

    def __init__(
        self,
        path: Path,
        size_bytes: int,
        media_type: str,
        headers: Mapping[str, str],
        part: ByteRange | None = None,
    ) -> None:
        self._path = path
        self._part = part or ByteRange(0, size_bytes)
        length = self._part.end - self._part.start
        all_headers = {**headers, "Accept-Ranges": "bytes", "Content-Length": str(length)}
        if part is not None:
            all_headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{size_bytes}"
        super().__init__(None, 206 if part else 200, all_headers, media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        start = {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }
        left = self._part.end - self._part.start
        if scope["method"] == "HEAD" or left == 0:
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return
        # Opened before the head is sent: a file that is gone becomes an error, not a broken answer.
        async with await anyio.open_file(self._path, "rb") as file:
            await file.seek(self._part.start)
            await send(start)
            while left > 0:
                chunk = await file.read(min(CHUNK_BYTES, left))
                if not chunk:
                    raise OSError(f"{self._path.name} is shorter than it was")
                left -= len(chunk)
                await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})
