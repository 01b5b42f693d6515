"""Derives from the contract what the web app is built from: the schema of its form, and the document of its reference page.

The app follows no derivation rule of its own, so form, types and reference agree with what the functions validate.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crudctl.build import contract, files, service


def write(root: Path, document: Mapping[str, Any]) -> Path:
    """Write build/web-contract.json, which web/vite.config.js reads, and return its path."""
    path = root / "build" / "web-contract.json"
    files.write(path, json.dumps(web_contract(document), ensure_ascii=False, indent=1) + "\n")
    return path


def web_contract(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return `{"service", "content", "document"}` of a loaded contract, as plain data.

    `service` is the description of `build/service.json`. `content` is the flat schema of what a client may send of the
    resource. `document` is the OpenAPI document with that schema as `<resource>Content` and with each merge patch spelled
    out; the types and the reference page follow from it. An object schema with a property such as `2` has `x-order`, the names
    in the contract's order, because JavaScript puts such names first.

    Raises:
        contract.ContractError: A schema refers to itself or to nothing.
    """
    described, schemas = service.describe(document), document["components"]["schemas"]
    content = service.content_of(document, described.content_schema)
    patches = {
        name: contract.flatten(document, schema) for name, schema in schemas.items() if "x-merge-patch-of" in schema
    }
    whole = {described.schema: schemas[described.schema]}
    if described.separate:
        whole = {
            described.schema: contract.flatten(document, schemas[described.schema]),
            described.content_schema: content,
        }
    all_schemas = {**schemas, **patches, **whole, f"{described.schema}Content": content}
    components = {**document["components"], "schemas": {name: _ordered(schema) for name, schema in all_schemas.items()}}
    return {
        "service": described.as_json(),
        "content": _ordered(content),
        "document": {**document, "components": components},
    }


def _ordered(schema: Any) -> Any:
    """Return a schema with `x-order` in every object that has a property named like an integer."""
    if not isinstance(schema, dict):
        return schema  # `additionalProperties: false`
    properties = schema.get("properties", {})
    inner = {name: _ordered(schema[name]) for name in ("items", "additionalProperties") if name in schema}
    if "allOf" in schema:
        inner["allOf"] = [_ordered(part) for part in schema["allOf"]]
    if properties:
        inner["properties"] = {name: _ordered(part) for name, part in properties.items()}
    if any(name.isascii() and name.isdigit() for name in properties):
        inner["x-order"] = list(properties)
    return {**schema, **inner}
