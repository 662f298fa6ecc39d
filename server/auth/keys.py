"""Secrets that live in files of the data folder: made once, readable by the owner alone.

The token secret signs guest and resume tokens; the host key lets staff in. Both are made at the
first start, so that a demo needs no setup, and both can be set by environment instead.
"""

import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from server.errors import GalleriaError

TOKEN_SECRET_FILE = "token.secret"  # noqa: S105 - the name of a file, not a secret
HOST_KEY_FILE = "host.key"

SECRET_BYTES_MINIMUM = 32
"""HS256 wants a key of at least the length of its hash (RFC 7518, section 3.2)."""

HOST_KEY_LENGTH_MINIMUM = 16


def new_token_secret() -> str:
    """256 random bits as hexadecimal text."""
    return secrets.token_hex(SECRET_BYTES_MINIMUM)


def new_host_key() -> str:
    """144 random bits as 24 characters that fit into a link."""
    return secrets.token_urlsafe(18)


def secret_from_file(path: Path, make: Callable[[], str], length_minimum: int) -> str:
    """Read the secret in this file; when there is none, make one and keep it.

    Two processes that start at the same time end up with the same secret. Raises SECRET_UNREADABLE,
    SECRET_EXPOSED (others on this machine may read it) or SECRET_TOO_SHORT; the secret itself is
    never part of an error.
    """
    try:
        return _read(path, length_minimum)
    except FileNotFoundError:
        _create(path, make())
        return _read(path, length_minimum)


def check_length(secret: str, length_minimum: int, where: str) -> str:
    """The secret, when it is long enough not to be guessed; else SECRET_TOO_SHORT."""
    if len(secret.encode()) < length_minimum:
        raise GalleriaError(
            "SECRET_TOO_SHORT",
            f"The secret in {where} must have at least {length_minimum} bytes.",
            {"where": where, "length_minimum": length_minimum},
            500,
        )
    return secret


def _read(path: Path, length_minimum: int) -> str:
    try:
        mode = path.stat().st_mode
        secret = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error
    # Windows has no such bits and reports every file as readable by all.
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise GalleriaError(
            "SECRET_EXPOSED",
            f"Others on this machine may read {path.name}; run: chmod 600 on it, or delete it "
            "to get a new one (everybody then signs in again).",
            {"file": path.name},
            500,
        )
    return check_length(secret, length_minimum, path.name)


def _create(path: Path, secret: str) -> None:
    """Write beside and link into place: the file is whole or absent, and the first one wins."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(secret + "\n")
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(temporary, path)
            except FileExistsError:
                return
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> GalleriaError:
    reason = error.strerror if isinstance(error, OSError) else "it is not text"
    return GalleriaError(
        "SECRET_UNREADABLE",
        f"The secret file {path.name} cannot be read or written: {reason}.",
        {"file": path.name},
        500,
    )
