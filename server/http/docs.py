"""`/docs`: the API as a page, made here from the OpenAPI document: no script, no other server."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from server.http.error_table import ERRORS

router = APIRouter(include_in_schema=False)

DOCS_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

METHODS = ("get", "post", "put", "delete")

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --accent: #b4540a; }
@media (prefers-color-scheme: dark) { :root { --accent: #f0a35e; } }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 2rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; border-bottom: 2px solid var(--accent); }
code, pre { font: 0.875em/1.45 ui-monospace, monospace; background: var(--soft); }
code { padding: 0.1em 0.3em; } pre { padding: 0.75em; overflow-x: auto; }
details { border: 1px solid var(--line); border-radius: 8px; margin: 0.5rem 0; }
summary { padding: 0.6rem 0.8rem; cursor: pointer; } details > div { padding: 0 0.8rem 0.8rem; }
.method { display: inline-block; min-width: 7.5em; font-weight: 700; color: var(--accent); }
.what { opacity: 0.75; margin-left: 0.5em; } .lock::after { content: " token"; opacity: 0.6; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.3em 0.6em; }
tr { border-bottom: 1px solid var(--line); }
"""


@router.get("/openapi.json")
async def show_document(request: Request) -> JSONResponse:
    """The OpenAPI document, for generators of clients."""
    return JSONResponse(await _document(request))


@router.get("/docs", response_class=HTMLResponse)
async def show_docs(request: Request) -> HTMLResponse:
    """The reference of the HTTP interface."""
    base_url = str(request.base_url).rstrip("/")
    page = "".join(_page(await _document(request), base_url))
    return HTMLResponse(page, headers={"Content-Security-Policy": DOCS_POLICY})


async def _document(request: Request) -> Mapping[str, Any]:
    # Made at the first call, which takes some 0.2 s: in a thread, so that no room misses its beat.
    document: Mapping[str, Any] = await anyio.to_thread.run_sync(request.app.openapi)
    return document


def _page(document: Mapping[str, Any], base_url: str) -> Iterator[str]:
    yield (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Galleria API</title><style>{STYLE}</style></head><body>"
        f"<h1>Galleria API</h1><p>Version {escape(document['info']['version'])} · "
        '<a href="openapi.json">openapi.json</a> for generators · '
        '<a href="#errors">errors</a></p>'
    )
    yield from _paragraphs(document["info"]["description"])
    operations = list(_operations(document))
    for tag in dict.fromkeys(tag for _, _, operation in operations for tag in operation["tags"]):
        yield f"<h2>{escape(tag)}</h2>"
        for method, path, operation in operations:
            if tag in operation["tags"]:
                yield from _operation(document, method, path, operation, base_url)
    yield '<h2 id="errors">Errors</h2><table><tr><th>Code</th><th>Status</th><th>Meaning</th></tr>'
    for row in sorted(ERRORS.values(), key=lambda row: row.code):
        yield (
            f'<tr id="error-{escape(row.code)}"><td><code>{escape(row.code)}</code></td>'
            f"<td>{row.status}</td><td>{escape(row.meaning)}</td></tr>"
        )
    yield "</table></body></html>"


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, operations in document["paths"].items():
        for method in METHODS:
            if method in operations:
                yield method, path, operations[method]


def _operation(
    document: Mapping[str, Any],
    method: str,
    path: str,
    operation: Mapping[str, Any],
    base_url: str,
) -> Iterator[str]:
    description = operation.get("description", "")
    first, _, rest = description.partition("\n")
    lock = " lock" if operation.get("security") else ""
    yield (
        f'<details><summary><span class="method{lock}">{method.upper()}</span> '
        f'<code>{escape(path)}</code><span class="what">{escape(first)}</span></summary><div>'
    )
    yield from _paragraphs(rest)
    yield from _parameters(operation)
    body = _body_schema(document, operation)
    if body is not None:
        yield from _fields(document, "Body", body)
    answer = _answer_schema(document, operation)
    if answer is not None:
        yield from _fields(document, "Answer", answer)
    codes = sorted(_codes(operation))
    if codes:
        links = ", ".join(f'<a href="#error-{escape(c)}">{escape(c)}</a>' for c in codes)
        yield f"<p>Errors: {links}</p>"
    example = _example(document, body) if body is not None else None
    yield f"<pre>{escape(_curl(method, path, operation, example, base_url))}</pre></div></details>"


def _parameters(operation: Mapping[str, Any]) -> Iterator[str]:
    parameters = operation.get("parameters", [])
    if parameters:
        yield "<table><tr><th>Parameter</th><th>In</th><th>Type</th><th>Meaning</th></tr>"
        for parameter in parameters:
            schema = parameter.get("schema", {})
            yield (
                f"<tr><td><code>{escape(parameter['name'])}</code></td>"
                f"<td>{escape(parameter['in'])}</td><td>{escape(_type(schema))}</td>"
                f"<td>{escape(parameter.get('description', ''))}</td></tr>"
            )
        yield "</table>"


def _fields(document: Mapping[str, Any], title: str, schema: Mapping[str, Any]) -> Iterator[str]:
    many = schema.get("type") == "array"
    target = _resolved(document, schema.get("items", {}) if many else schema)
    properties = target.get("properties", {})
    if not properties:
        return
    head = f"{title} (list of)" if many else title
    yield f"<table><tr><th>{head}</th><th>Type</th><th>Meaning</th></tr>"
    for name, field in properties.items():
        needed = "" if title == "Answer" or name in target.get("required", ()) else " (optional)"
        yield (
            f"<tr><td><code>{escape(name)}</code>{needed}</td><td>{escape(_type(field))}</td>"
            f"<td>{escape(field.get('description', ''))}</td></tr>"
        )
    yield "</table>"


def _curl(method: str, path: str, operation: Mapping[str, Any], example: Any, base_url: str) -> str:
    parts = ["curl"] if method == "get" else [f"curl -X {method.upper()}"]
    if operation.get("security"):
        parts.append('-H "Authorization: Bearer $TOKEN"')
    headers = {p["name"].lower() for p in operation.get("parameters", []) if p["in"] == "header"}
    if "idempotency-key" in headers:
        parts.append('-H "Idempotency-Key: $(uuidgen)"')
    if example is not None:
        parts.append("-H 'Content-Type: application/json'")
        parts.append(f"-d '{json.dumps(example, ensure_ascii=False)}'")
    query = [
        f"{p['name']}={p['name'].upper()}"
        for p in operation.get("parameters", [])
        if p["in"] == "query" and p.get("required")
    ]
    address = base_url + path + ("?" + "&".join(query) if query else "")
    return " \\\n  ".join([*parts, f"'{address}'"])


def _body_schema(
    document: Mapping[str, Any], operation: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema")
    return None if schema is None else _resolved(document, schema)


def _answer_schema(
    document: Mapping[str, Any], operation: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            schema = response.get("content", {}).get("application/json", {}).get("schema")
            if schema is not None:
                return schema if schema.get("type") == "array" else _resolved(document, schema)
    return None


def _codes(operation: Mapping[str, Any]) -> Iterator[str]:
    for response in operation["responses"].values():
        for content in response.get("content", {}).values():
            for name in content.get("examples", {}):
                if name in ERRORS:
                    yield name


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    for branch in schema.get("anyOf", ()):
        if branch.get("type") != "null":
            return _resolved(document, branch)
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Mapping[str, Any] = document["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _example(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """A value that fits the schema: the given examples, else something plain."""
    if schema.get("examples"):
        return schema["examples"][0]
    resolved = _resolved(document, schema)
    properties = resolved.get("properties")
    if properties is not None:
        required = resolved.get("required", ())
        shown = [n for n in properties if n in required or properties[n].get("examples")]
        return {name: _example(document, properties[name]) for name in shown}
    plain = {"integer": 1, "number": 1.0, "boolean": True, "array": [], "object": {}}
    return plain.get(resolved.get("type", ""), "...")


def _type(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_type(branch) for branch in schema["anyOf"])
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if schema.get("enum"):
        return " | ".join(str(value) for value in schema["enum"])
    kind = str(schema.get("type", "any"))
    return f"list of {_type(schema.get('items', {}))}" if kind == "array" else kind


def _paragraphs(text: str) -> Iterator[str]:
    """Plain paragraphs with `code` and **strong** of Markdown; everything else as it is."""
    for paragraph in text.strip().split("\n\n"):
        if paragraph.strip():
            yield f"<p>{_marked(_marked(escape(paragraph), '**', 'strong'), '`', 'code')}</p>"


def _marked(text: str, mark: str, element: str) -> str:
    pieces = text.split(mark)
    if len(pieces) % 2 == 0:
        return text
    for index in range(1, len(pieces), 2):
        pieces[index] = f"<{element}>{pieces[index]}</{element}>"
    return "".join(pieces)
