"""The reference page: whole without a network, and without a script."""

import re
from html.parser import HTMLParser

import httpx

from server.http.error_table import ERRORS

VOID = {"meta", "br", "link", "hr", "img"}


class Checker(HTMLParser):
    """Every element is closed in order; collects ids and links."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.add(value or "")
            if name in ("href", "src"):
                self.links.add(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def test_page(client: httpx.AsyncClient) -> None:
    response = await client.get("/docs")
    assert response.headers["content-type"].startswith("text/html")
    page = response.text
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    assert "<script" not in page
    # Nothing is fetched from anywhere: the only links are inside the page and to the document.
    assert {link for link in checker.links if not link.startswith("#")} == {"openapi.json"}
    assert {link[1:] for link in checker.links if link.startswith("#")} <= checker.ids
    assert all(f"error-{code}" in checker.ids for code in ERRORS)
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")


async def test_every_operation_with_a_line_to_try(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    page = (await client.get("/docs")).text
    lines = re.findall(r"<pre>(curl.*?)</pre>", page, re.DOTALL)
    operations = [
        (path, method)
        for path, operations in document["paths"].items()
        for method in operations
        if method != "head"
    ]
    assert len(lines) == len(operations)
    for path, _ in operations:
        assert f"<code>{path}</code>" in page
    payment = next(line for line in lines if "/payment&#x27;" in line)
    assert "Idempotency-Key" in payment
    assert "Authorization: Bearer $TOKEN" in payment
    assert "test:0000000000000001" in payment


async def test_the_host_header_cannot_break_the_page(client: httpx.AsyncClient) -> None:
    response = await client.get("/docs", headers={"Host": "a<b>&"})
    assert "a<b>" not in response.text
