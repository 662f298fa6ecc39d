"""The Range header, by the book (RFC 9110, section 14)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.http.byte_ranges import ByteRange, RangeNotSatisfiableError, parse_range


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-0", ByteRange(0, 1)),
        ("bytes=0-99", ByteRange(0, 100)),
        ("bytes=10-19", ByteRange(10, 20)),
        ("bytes=90-", ByteRange(90, 100)),
        ("bytes=-1", ByteRange(99, 100)),
        ("bytes=-1000", ByteRange(0, 100)),
        ("bytes=50-1000", ByteRange(50, 100)),
        ("Bytes = 1 - 2 ", ByteRange(1, 3)),
    ],
)
def test_one_range(header: str, part: ByteRange) -> None:
    assert parse_range(header, 100) == part


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=5-4",
        "bytes=a-b",
        "bytes=0-1,5-6",
        "bytes=0-0,",
        "items=0-1",
        "bytes=0x0-1",
        "bytes=+1-2",
        "bytes=" + "9" * 400 + "-",
        "bytes=\N{ARABIC-INDIC DIGIT ONE}x-",
    ],
)
def test_ignored(header: str | None) -> None:
    assert parse_range(header, 100) is None


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_not_satisfiable(header: str) -> None:
    with pytest.raises(RangeNotSatisfiableError):
        parse_range(header, 100)


def test_an_empty_file_has_no_ranges() -> None:
    for header in ("bytes=0-", "bytes=-5"):
        with pytest.raises(RangeNotSatisfiableError):
            parse_range(header, 0)


@given(st.text(alphabet="bytes=0123456789-, ", max_size=30), st.integers(0, 1_000))
def test_a_part_is_always_inside_the_file(header: str, size_bytes: int) -> None:
    try:
        part = parse_range("bytes=" + header, size_bytes)
    except RangeNotSatisfiableError:
        return
    assert part is None or 0 <= part.start < part.end <= size_bytes
