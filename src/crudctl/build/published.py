"""Derives from the contract what client generators read: what is sent is closed, what is returned is open, every patch is typed.

The contract names each field once; here each schema is written out. `published` is OpenAPI 3.0, crudctl.build.openapi_31 the same
in 3.1. Knows no generator.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from crudctl.build import contract, files, openapi_31, service
from crudctl.build.contract import Schema

PREFIX = "#/components/schemas/"
EXTENSIBLE = "x-extensible-enum"  # https://opensource.zalando.com/restful-api-guidelines/#112


def write(root: Path, document: Mapping[str, Any]) -> None:
    """Write build/contract.json and build/openapi-3.1.json of a loaded contract."""
    derived = published(document)
    for name, one in (("contract.json", derived), ("openapi-3.1.json", openapi_31.converted(derived))):
        files.write(root / "build" / name, json.dumps(one, ensure_ascii=False, indent=1) + "\n")


def published(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document for client generators: OpenAPI 3.0, with the same operations, and these schemas.

    What a client sends of the resource is one closed schema, and so is a merge patch, with the type of every property. What it
    receives is open, at every depth: a client that was made from it accepts what a later version adds. So the types of problems
    are listed as values that may become more.

    Raises:
        contract.ContractError: The contract cannot be described, or a schema refers to itself.
    """
    described = service.describe(document)
    schemas: dict[str, Schema] = {
        name: _flat(document, name) if "x-merge-patch-of" in schema else schema
        for name, schema in document["components"]["schemas"].items()
    }
    schemas[described.schema] = _without_read_only(contract.opened(_flat(document, described.schema)))
    schemas[described.content_name] = service.content_of(document, described.content_schema)
    paths = {
        path: {
            key: _operation(document, described, part) if key in contract.METHODS else part
            for key, part in methods.items()
        }
        for path, methods in document["paths"].items()
    }
    result = {**document, "paths": paths, "components": {**document["components"], "schemas": schemas}}
    sent = set(_reached(result, _bodies(result)))
    schemas |= {name: _open(name, schema) for name, schema in schemas.items() if PREFIX + name not in sent}
    used = set(_reached(result, [paths, *(part for key, part in result["components"].items() if key != "schemas")]))
    result["components"]["schemas"] = {name: schema for name, schema in schemas.items() if PREFIX + name in used}
    return result


def _flat(document: Mapping[str, Any], name: str) -> Schema:
    return contract.flatten(document, {"$ref": PREFIX + name})


def _without_read_only(schema: Schema) -> Schema:
    fields = {name: {k: v for k, v in one.items() if k != "readOnly"} for name, one in schema["properties"].items()}
    return schema | {"properties": fields}


def _operation(document: Mapping[str, Any], described: service.Service, operation: Mapping[str, Any]) -> dict[str, Any]:
    """Return an operation whose body, if it is the resource, is what a client may send of it."""
    if described.separate or "requestBody" not in operation:
        return dict(operation)
    body = contract.dereference(document, operation["requestBody"])
    media = {
        kind: one | {"schema": {"$ref": PREFIX + described.content_name}}
        if one["schema"] == {"$ref": PREFIX + described.schema}
        else one
        for kind, one in body["content"].items()
    }
    return {**operation, "requestBody": body | {"content": media}}


def _open(name: str, schema: Schema) -> Schema:
    """Return a schema of responses, open at every depth; the types of problems may become more."""
    opened = contract.opened(schema)
    kinds = opened.get("properties", {}).get("type", {})
    if name == "Problem" and "enum" in kinds:
        others = {keyword: value for keyword, value in kinds.items() if keyword != "enum"}
        opened["properties"] |= {"type": others | {EXTENSIBLE: kinds["enum"]}}
    return opened


def _bodies(document: Mapping[str, Any]) -> list[Any]:
    """Return what clients send: the request bodies and parameters."""
    operations = [operation for _, _, operation in contract.each_operation(document)]
    return [[one.get("requestBody"), one["parameters"]] for one in operations]


def _reached(document: Mapping[str, Any], node: Any, seen: set[str] | None = None) -> Iterator[str]:
    """Yield every reference in a part of a document, and in what it refers to."""
    seen = set() if seen is None else seen
    if isinstance(node, Mapping):
        reference = node.get("$ref")
        if isinstance(reference, str) and reference not in seen:
            seen.add(reference)
            yield reference
            yield from _reached(document, contract.dereference(document, node), seen)
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from _reached(document, inner, seen)
