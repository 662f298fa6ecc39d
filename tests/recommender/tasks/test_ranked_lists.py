"""The file of lists: its format, whole or not at all, the same bytes every time."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from recommender.tasks.folders import DataError
from recommender.tasks.ranked_lists import read_lists, write_lists

LISTS = [("u1", ["b", "a"]), ("g:1", [])]


def test_lines_of_json(tmp_path: Path) -> None:
    path = tmp_path / "lists.jsonl"
    assert write_lists(path, LISTS) == 2
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert rows == [{"q": "u1", "ranked": ["b", "a"]}, {"q": "g:1", "ranked": []}]


def test_packed_and_repeatable(tmp_path: Path) -> None:
    one, other = tmp_path / "one.gz", tmp_path / "other.gz"
    write_lists(one, LISTS)
    write_lists(other, LISTS)
    assert one.read_bytes() == other.read_bytes()
    assert len(gzip.decompress(one.read_bytes()).splitlines()) == 2


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "lists.jsonl"
    write_lists(path, LISTS)

    def broken() -> Iterator[tuple[str, list[str]]]:
        yield "u1", []
        raise RuntimeError

    before = path.read_bytes()
    with pytest.raises(RuntimeError):
        write_lists(path, broken())
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["lists.jsonl"]


@pytest.mark.parametrize("name", ["lists.jsonl", "lists.jsonl.gz"])
def test_what_is_written_is_read(tmp_path: Path, name: str) -> None:
    write_lists(tmp_path / name, LISTS)
    assert read_lists(tmp_path / name) == dict(LISTS)


def test_other_programs_may_say_user(tmp_path: Path) -> None:
    path = tmp_path / "lists.jsonl"
    path.write_text('{"user": 7, "ranked": [1, 2]}\n\n')
    assert read_lists(path) == {"7": ["1", "2"]}


@pytest.mark.parametrize("line", ["[]", '{"q": "a"}', '{"q": "a", "ranked": "abc"}', "{"])
def test_what_is_no_list_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "lists.jsonl"
    path.write_text(line)
    with pytest.raises(DataError, match=r"lists\.jsonl"):
        read_lists(path)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^There is no file .*lists\.jsonl\.$") as missing:
        read_lists(tmp_path / "lists.jsonl")
    assert missing.value.code == "recommender_data_missing"
