"""Checks of what comes from outside."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import CommerceError
from commerce.validation import (
    check_amount,
    check_id,
    check_key,
    check_page,
    check_quantity,
    fingerprint,
    not_found,
)

anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=300), st.binary()
)


@given(anything)
def test_nothing_gets_through_unchecked(value: Any) -> None:
    for check in (
        lambda: check_id(value, "sku"),
        lambda: check_key(value),
        lambda: check_quantity(value),
        lambda: check_amount(value, "total"),
        lambda: check_page(value, value, 100),
    ):
        error: CommerceError | None = None
        try:
            check()
        except CommerceError as raised:
            error = raised
        assert error is None or (error.http_status == 422 and error.data["field"])


@pytest.mark.parametrize("value", ["", " ", " a", "a ", "a\nb", "a\x00", "x" * 129, None, 7, b"a"])
def test_wrong_ids(value: Any) -> None:
    with pytest.raises(CommerceError) as raised:
        check_id(value, "sku")
    assert (raised.value.code, raised.value.data) == ("INVALID_ID", {"field": "sku"})


def test_right_values() -> None:
    assert check_id("person-Ä.1", "person_id") == "person-Ä.1"
    assert check_key("key 1") == "key 1"
    assert check_quantity(1) == 1
    assert check_amount(0, "total") == 0
    check_page(1, 100, 100)


@pytest.mark.parametrize("value", ["", "ä", "a\tb", "x" * 201, None])
def test_wrong_keys(value: Any) -> None:
    with pytest.raises(CommerceError) as raised:
        check_key(value)
    assert raised.value.code == "INVALID_IDEMPOTENCY_KEY"


@pytest.mark.parametrize(("page", "size"), [(0, 1), (1, 0), (1, 101), (True, 1), (1.0, 1)])
def test_wrong_pages(page: Any, size: Any) -> None:
    with pytest.raises(CommerceError) as raised:
        check_page(page, size, 100)
    assert raised.value.code == "INVALID_PAGE"


def test_not_found() -> None:
    error = not_found("line")
    assert (error.code, error.http_status) == ("LINE_NOT_FOUND", 404)


def test_fingerprint() -> None:
    assert fingerprint({"a": 1, "b": None}) == fingerprint({"b": None, "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": "1"})
