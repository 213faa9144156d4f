"""``/docs``: the API on one plain page, made from its OpenAPI description.

FastAPI's own page loads its scripts from a public server, which a hospital without the internet
cannot reach and a strict content policy forbids; this one has no scripts at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

_STYLE = """
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:56rem;margin:2rem auto;padding:0 1rem}
details{border:1px solid #8884;border-radius:.5rem;margin:.5rem 0;padding:.5rem .8rem}
summary{cursor:pointer}code{font:.92em ui-monospace,monospace}b code{margin-right:.5rem}
table{border-collapse:collapse;width:100%;margin:.4rem 0}
td,th{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-top:1px solid #8883}
.wide{overflow-x:auto}
"""

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def reference(request: Request) -> HTMLResponse:
    """Every operation with what it takes and what it answers."""
    description = request.app.openapi()
    return HTMLResponse("".join(_page(description)), headers={"Cache-Control": "no-cache"})


def _page(description: dict[str, Any]) -> Iterator[str]:
    title = escape(f"{description['info']['title']} {description['info']['version']}")
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}: API</title><style>{_STYLE}</style></head><body><h1>{title}: API</h1>"
    yield '<p>For programs: <a href="/openapi.json">/openapi.json</a> (OpenAPI). '
    yield "Every refusal is JSON with one sentence in <code>detail</code>.</p>"
    schemas = description.get("components", {}).get("schemas", {})
    heading = None
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            noun = (operation.get("tags") or ["other"])[0]
            if noun != heading:
                yield f"<h2>{escape(noun.capitalize())}</h2>"
                heading = noun
            yield from _operation(method.upper(), path, operation, schemas)
    yield "</body></html>"


def _operation(
    method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]
) -> Iterator[str]:
    says = escape(operation.get("description") or operation.get("summary", ""))
    yield f"<details><summary><b><code>{method} {escape(path)}</code></b> {says}</summary>"
    parameters = operation.get("parameters", [])
    if parameters:
        rows = ((each["name"], each["schema"], each.get("description", "")) for each in parameters)
        yield from _table(f"In the {parameters[0]['in']}", rows)
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        yield from _fields(f"Takes {kind}", body.get("schema", {}), schemas)
    for kind, body in operation["responses"].get("200", {}).get("content", {}).items():
        yield from _fields(f"Answers {kind}", body.get("schema", {}), schemas)
    yield "</details>"


def _fields(title: str, schema: dict[str, Any], schemas: dict[str, Any]) -> Iterator[str]:
    name = schema.get("$ref", "").rpartition("/")[2]
    properties = schemas.get(name, schema).get("properties", {})
    rows = ((key, each, each.get("description", "")) for key, each in properties.items())
    yield from _table(f"{title}{f': {name}' if name else ''}", rows)


def _table(title: str, rows: Iterator[tuple[str, dict[str, Any], str]]) -> Iterator[str]:
    yield f'<div class="wide"><table><tr><th colspan="3">{escape(title)}</th></tr>'
    for name, schema, says in rows:
        kind = escape(_kind(schema))
        yield f"<tr><td><code>{escape(name)}</code></td><td>{kind}</td><td>{escape(says)}</td></tr>"
    yield "</table></div>"


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if "const" in schema or "enum" in schema:
        return ", ".join(str(each) for each in schema.get("enum", [schema.get("const")]))
    return str(schema.get("type", "any"))
