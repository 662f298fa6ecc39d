"""A folder of files named by what is in them: SHA-256 in hexadecimal, a dot, and a known suffix.

A file never changes, so it can be cached for good, and putting the same bytes twice makes one file.
A name is checked before it becomes a path, so no name leads out of the folder.
"""

import contextlib
import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from assets.errors import AssetNotFoundError, InvalidNameError, StorageError

SUFFIXES = ("glb", "json", "png", "webp")
URL_PREFIX = "/assets/"

_NAME = re.compile(rf"([0-9a-f]{{64}})\.({'|'.join(SUFFIXES)})", re.ASCII)
_READABLE = 0o644


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the store: its hash in hexadecimal, suffix without a dot, size, and address."""

    sha256: str
    suffix: str
    size_bytes: int
    url: str

    @property
    def name(self) -> str:
        return f"{self.sha256}.{self.suffix}"


class Storage:
    """The content-addressed folder. Safe to use from several processes at once.

    Files lie in 256 folders by the first two digits of their hash.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, content: bytes, suffix: str) -> Stored:
        """Keep these bytes; they are on disk under their full name, or not at all.

        Raises:
            InvalidNameError: the suffix (written without a dot) is not a known one.
            StorageError: the disk is full or cannot be written.
        """
        digest = hashlib.sha256(content).hexdigest()
        stored = Stored(digest, suffix, len(content), f"{URL_PREFIX}{digest}.{suffix}")
        path = self.path(stored.name)
        if self.has(stored):
            return stored
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
        except OSError as error:
            raise StorageError(
                "The asset could not be written to disk.",
                data={"reason": error.strerror or str(error)},
            ) from error
        return stored

    def path(self, name: str) -> Path:
        """Where the file of this name is or would be.

        Raises:
            InvalidNameError: it is not 64 lower-case hexadecimal digits and a known suffix.
        """
        match = _NAME.fullmatch(name)
        if match is None:
            raise InvalidNameError(
                "An asset is named by 64 hexadecimal digits and one of the suffixes "
                f"{', '.join(SUFFIXES)}.",
                data={"name": name[:80]},
            )
        return self.root / match[1][:2] / name

    def open(self, name: str) -> BinaryIO:
        """The file for reading.

        Raises:
            InvalidNameError: as for `path`.
            AssetNotFoundError: there is no such file.
        """
        try:
            return self.path(name).open("rb")
        except FileNotFoundError as error:
            raise AssetNotFoundError("There is no such asset.", data={"name": name}) from error

    def read(self, name: str) -> bytes:
        """The whole file; errors as for `open`."""
        with self.open(name) as file:
            return file.read()

    def has(self, stored: Stored) -> bool:
        """Whether this file is here in its full size."""
        try:
            return self.path(stored.name).stat().st_size == stored.size_bytes
        except (FileNotFoundError, NotADirectoryError):
            return False


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a crash at any moment leaves the old one or the new one, whole.

    The content is on disk before the name points to it.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), _READABLE)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name itself last; without this it may be gone after a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
