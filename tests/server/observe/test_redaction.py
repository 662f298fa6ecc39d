"""No secret reaches a log, whether named, nested, or hidden in a text."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.auth.tokens import GuestTokens
from server.observe.redaction import REDACTED, SECRET_NAMES, redact, redact_text

TOKEN = (
    GuestTokens(
        b"0" * 32,
        lambda: 1_900_000_000_000,
        guest_token_ttl_ms=60_000,
        host_token_ttl_ms=60_000,
        host_key=lambda: "",
    )
    .issue("Ada")
    .token
)


def redacted(**fields: Any) -> dict[str, Any]:
    return dict(redact(None, "info", dict(fields)))


@pytest.mark.parametrize("name", sorted(SECRET_NAMES))
def test_by_name(name: str) -> None:
    assert redacted(**{name: "anything"}) == {name: REDACTED}
    dashed = name.replace("_", "-").upper()
    assert redacted(headers={dashed: "anything"}) == {"headers": {dashed: REDACTED}}


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {TOKEN}",
        f"refused {TOKEN} of somebody",
        "bearer abcdefgh12345678",
        "paid with test:0000000000000001",
        "card 0000 0000 0000 0001",
        "card 0000-0000-0000-0001.",
        "postgresql+asyncpg://shop:hunter2@db/shop",
        "GET /?host=s3cretHostKey&x=1",
        "the account sk_test_hunter2 and whsec_hunter2",
    ],
)
def test_by_look(text: str) -> None:
    cleaned = redact_text(text)
    assert REDACTED in cleaned
    for secret in (TOKEN, "abcdefgh", "0000000000000001", "0001", "hunter2", "s3cretHostKey"):
        assert secret not in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "order-5f0c1c0a9d6e4a53b1d2c3e4 was paid at 1900000000000",
        "https://shop.example/products?term=mug",
        "total 123456789 EUR",
        "took 0.1234567890123456789 s",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact_text(text) == text


def test_nested_and_mixed() -> None:
    cleaned = redacted(
        body={"lines": [{"payment_method": "test:0000000000000001"}, TOKEN], "n": 3},
        raw=b"Bearer abcdefghijkl",
        count=2,
    )
    assert cleaned == {
        "body": {"lines": [{"payment_method": REDACTED}, REDACTED], "n": 3},
        "raw": REDACTED,
        "count": 2,
    }


def test_endless_nesting_is_cut() -> None:
    endless: dict[str, Any] = {}
    endless["again"] = endless
    assert "[...]" in str(redacted(value=endless))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_never_fails(value: Any) -> None:
    redacted(value=value)
