"""Secrets in files: made once, whole, private; errors never show them."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.auth.keys import check_length, new_host_key, new_token_secret, secret_from_file
from server.errors import GalleriaError


def test_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "token.secret"
    first = secret_from_file(path, new_token_secret, 32)
    assert secret_from_file(path, new_token_secret, 32) == first
    assert len(first) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["token.secret"]


def test_starters_at_the_same_time_agree(tmp_path: Path) -> None:
    path = tmp_path / "token.secret"
    with ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(secret_from_file, path, new_token_secret, 32) for _ in range(64)]
        assert len({future.result() for future in futures}) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["token.secret"]


def test_exposed_secret_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "host.key"
    secret = secret_from_file(path, new_host_key, 16)
    path.chmod(0o644)
    with pytest.raises(GalleriaError) as caught:
        secret_from_file(path, new_host_key, 16)
    assert caught.value.code == "SECRET_EXPOSED"
    assert secret not in caught.value.message


@pytest.mark.parametrize("content", [b"", b"short", b"  \n"])
def test_short_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token.secret"
    path.touch(0o600)
    path.write_bytes(content)
    with pytest.raises(GalleriaError) as caught:
        secret_from_file(path, new_token_secret, 32)
    assert caught.value.code == "SECRET_TOO_SHORT"


def test_unreadable_secret(tmp_path: Path) -> None:
    folder = tmp_path / "token.secret"
    folder.mkdir(mode=0o700)
    with pytest.raises(GalleriaError) as caught:
        secret_from_file(folder, new_token_secret, 32)
    assert caught.value.code == "SECRET_UNREADABLE"

    binary = tmp_path / "binary.secret"
    binary.touch(0o600)
    binary.write_bytes(os.urandom(8) + b"\xff" * 64)
    with pytest.raises(GalleriaError) as caught:
        secret_from_file(binary, new_token_secret, 32)
    assert caught.value.code == "SECRET_UNREADABLE"


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(GalleriaError) as caught:
        secret_from_file(blocked / "token.secret", new_token_secret, 32)
    assert caught.value.code == "SECRET_UNREADABLE"


def test_length_is_counted_in_bytes() -> None:
    assert check_length("é" * 16, 32, "X") == "é" * 16
    with pytest.raises(GalleriaError):
        check_length("e" * 31, 32, "X")
