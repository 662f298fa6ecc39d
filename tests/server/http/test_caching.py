"""Entity tags, and documents that are encoded once."""

import pytest
from starlette.requests import Request

from server.http.caching import EncodedDocuments, conditional, is_known


def asking(header: str | None) -> Request:
    headers = [] if header is None else [(b"if-none-match", header.encode("latin-1"))]
    return Request({"type": "http", "method": "GET", "headers": headers})


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (None, False),
        ("", False),
        ('"abc"', True),
        ('W/"abc"', True),
        ('"x", "abc"', True),
        (' "x",W/"abc" ', True),
        ("*", True),
        (" * ", True),
        ("abc", False),
        ('"abcd"', False),
        ('"ab', False),
        ('"x*"', False),
    ],
)
def test_what_a_client_knows(header: str | None, known: bool) -> None:
    assert is_known(asking(header), "abc") is known


def test_conditional() -> None:
    whole = conditional(asking(None), b"{}", "application/json", "abc", "no-cache")
    assert (whole.status_code, whole.body) == (200, b"{}")
    same = conditional(asking('"abc"'), b"{}", "application/json", "abc", "no-cache")
    assert (same.status_code, same.body) == (304, b"")
    for response in (whole, same):
        assert response.headers["etag"] == '"abc"'
        assert response.headers["cache-control"] == "no-cache"


def test_a_document_is_encoded_once_for_each_source() -> None:
    documents = EncodedDocuments()
    calls: list[int] = []

    def encode() -> bytes:
        calls.append(1)
        return b"body %d" % len(calls)

    first, second = object(), object()
    assert documents.encoded("a", first, encode) == documents.encoded("a", first, encode)
    assert len(calls) == 1
    body, tag = documents.encoded("a", second, encode)
    assert (body, len(tag), len(calls)) == (b"body 2", 64, 2)


def test_few_documents_are_kept() -> None:
    documents = EncodedDocuments(documents_max=2)
    source, calls = object(), []

    def ask(name: str) -> None:
        documents.encoded(name, source, lambda: calls.append(name) or name.encode())  # type: ignore[func-returns-value]

    for name in ("a", "b", "a", "c", "a", "b"):
        ask(name)
    assert calls == ["a", "b", "c", "b"]
