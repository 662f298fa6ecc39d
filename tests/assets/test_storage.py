"""The store keeps what it is given, under its hash, once, and nothing else has a name."""

import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.errors import AssetNotFoundError, InvalidNameError, StorageError
from assets.storage import SUFFIXES, Storage, write_atomically


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "assets")


def files(storage: Storage) -> list[Path]:
    return [path for path in storage.root.rglob("*") if path.is_file()]


def test_what_is_put_is_there(storage: Storage) -> None:
    content = b"some mesh"
    digest = hashlib.sha256(content).hexdigest()
    stored = storage.put(content, "glb")
    assert (stored.sha256, stored.suffix, stored.size_bytes) == (digest, "glb", 9)
    assert (stored.name, stored.url) == (f"{digest}.glb", f"/assets/{digest}.glb")
    assert storage.read(stored.name) == content
    with storage.open(stored.name) as file:
        assert file.read() == content
    assert storage.has(stored)
    assert stat.S_IMODE(storage.path(stored.name).stat().st_mode) == 0o644


def test_put_twice_is_one_file(storage: Storage) -> None:
    first = storage.put(b"same", "json")
    written = storage.path(first.name).stat().st_mtime_ns
    assert storage.put(b"same", "json") == first
    assert storage.path(first.name).stat().st_mtime_ns == written
    storage.put(b"same", "png")
    assert len(files(storage)) == 2


def test_empty_is_a_file_too(storage: Storage) -> None:
    assert storage.read(storage.put(b"", "webp").name) == b""


def test_many_at_once_are_one_file(storage: Storage) -> None:
    content = os.urandom(200_000)
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(lambda _: storage.put(content, "glb"), range(32)))
    assert len(set(stored)) == len(files(storage)) == 1
    assert storage.read(stored[0].name) == content


def test_a_cut_file_is_written_again(storage: Storage) -> None:
    stored = storage.put(b"whole mesh", "glb")
    storage.path(stored.name).write_bytes(b"whole")
    assert not storage.has(stored)
    assert storage.read(storage.put(b"whole mesh", "glb").name) == b"whole mesh"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "0" * 64,
        "0" * 64 + ".",
        "0" * 64 + ".exe",
        "0" * 64 + ".GLB",
        "0" * 63 + ".glb",
        "0" * 65 + ".glb",
        "A" * 64 + ".glb",
        "../" + "0" * 64 + ".glb",
        "0" * 64 + ".glb/..",
        "0" * 64 + ".glb\n",
        "0" * 64 + ".glb\0",
        "\N{ARABIC-INDIC DIGIT ONE}" * 64 + ".glb",
        "/etc/passwd",
    ],
)
def test_other_names_are_refused(storage: Storage, name: str) -> None:
    for use in (storage.path, storage.open, storage.read):
        with pytest.raises(InvalidNameError) as caught:
            use(name)
        assert caught.value.code == "ASSET_NAME_INVALID"
        assert len(str(caught.value.data["name"])) <= 80


@given(st.text(max_size=90))
def test_no_text_leads_out_of_the_folder(name: str) -> None:
    storage = Storage(Path("somewhere"))
    try:
        path = storage.path(name)
    except InvalidNameError:
        return
    assert path.parts == ("somewhere", name[:2], name)


def test_unknown_suffixes_are_refused(storage: Storage) -> None:
    for suffix in ("", "exe", ".glb", "GLB", "glb/../x"):
        with pytest.raises(InvalidNameError):
            storage.put(b"x", suffix)
    assert not storage.root.exists()
    assert set(SUFFIXES) == {"glb", "json", "png", "webp"}


def test_what_is_not_there(storage: Storage) -> None:
    name = "0" * 64 + ".glb"
    assert not storage.path(name).exists()
    with pytest.raises(AssetNotFoundError) as caught:
        storage.read(name)
    assert caught.value.data == {"name": name}


def test_a_disk_that_takes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError) as caught:
        Storage(tmp_path / "file").put(b"x", "glb")
    assert caught.value.code == "ASSET_STORAGE_FAILED"
    assert caught.value.data["reason"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "note.json"
    write_atomically(path, b"old")
    folder = tmp_path / "taken"
    folder.mkdir()
    (folder / "inside").write_text("")
    with pytest.raises(OSError, match="directory"):
        write_atomically(folder, b"new")
    assert path.read_bytes() == b"old"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["note.json", "taken"]
