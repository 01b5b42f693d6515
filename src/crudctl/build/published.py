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
from functions import validation

PREFIX = "#/components/schemas/"
EXTENSIBLE = "x-extensible-enum"  # https://opensource.zalando.com/restful-api-guidelines/#112
# What the service sends, whether the contract lists it or not; tests/unit/test_problems.py compares it with the functions.
PROBLEMS = (
    "invalid-request", "unauthorized", "forbidden", "insufficient-scope", "not-found", "method-not-allowed", "conflict",
    "deleted", "version-conflict", "payload-too-large", "unsupported-media-type", "idempotency-key-reused",
    "precondition-required", "too-many-requests", "internal-error", "unavailable",
)  # fmt: skip
LIMITS = {
    "minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "not",
    "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "x-property-names",
}  # fmt: skip
NAMES = {"minLength": 1, "maxLength": validation.LONGEST_NAME}  # of an open map's properties, in the functions


def write(root: Path, document: Mapping[str, Any]) -> None:
    """Write build/contract.json and build/openapi-3.1.json of a loaded contract."""
    derived = published(document)
    for name, one in (("contract.json", derived), ("openapi-3.1.json", openapi_31.converted(derived))):
        files.write(root / "build" / name, json.dumps(one, ensure_ascii=False, indent=1) + "\n")


def published(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document for client generators: OpenAPI 3.0, with the same operations, and these schemas.

    What a client sends of the resource is one closed schema, and so is a merge patch, with the type of every property. What it
    receives is open and without limits (`maxLength`, `minimum`, `pattern` and the like), at every depth: a client that was made
    from it and validates responses accepts what a later version adds, and a limit that a later version widens. So the types of
    problems are listed as values that may become more: the contract's, and those that an older contract does not list.

    A schema that is sent and returned, and not the same in both, is there twice: as `Note`, which is returned, and as
    `NoteInput`, which is sent. What is sent has no `readOnly` properties, which the service ignores.

    Raises:
        contract.ContractError: The contract cannot be described, or a schema refers to itself.
    """
    described = service.describe(document)
    schemas: dict[str, Schema] = {
        name: _flat(document, name) if "x-merge-patch-of" in schema else schema
        for name, schema in document["components"]["schemas"].items()
    }
    schemas[described.schema] = _flat(document, described.schema)
    schemas[described.content_name] = service.content_of(document, described.content_schema)
    paths = {
        path: {
            key: _operation(document, described, schemas, part) if key in contract.METHODS else part
            for key, part in methods.items()
        }
        for path, methods in document["paths"].items()
    }
    components = {key: part for key, part in document["components"].items() if key != "requestBodies"}
    result = _split({**document, "paths": paths, "components": {**components, "schemas": schemas}})
    if "Problem" in result["components"]["schemas"]:
        kept = result["components"]["schemas"]
        kept["Problem"] = _extensible(kept["Problem"], described.problems)
    titled: dict[str, Any] = contract.mapped(result, _titled)
    return titled


def _titled(schema: Schema) -> Schema:
    """Return a schema whose properties' titles are their names: generators name classes after titles, which people read."""
    inner = contract.within(schema, _titled)
    titles = {
        name: part | {"title": name.replace("_", " ").capitalize()} if "title" in part else part
        for name, part in inner.get("properties", {}).items()
    }
    return inner | {"properties": titles} if titles else inner


def _flat(document: Mapping[str, Any], name: str) -> Schema:
    return contract.flatten(document, {"$ref": PREFIX + name})


def _operation(
    document: Mapping[str, Any], described: service.Service, schemas: dict[str, Schema], operation: Mapping[str, Any]
) -> dict[str, Any]:
    """Return an operation with its body in place, without `readOnly` properties; its schema is added to `schemas`."""
    if "requestBody" not in operation:
        return dict(operation)
    body = contract.dereference(document, operation["requestBody"])
    media = {
        kind: one | {"schema": _body(document, described, schemas, one["schema"])}
        for kind, one in body["content"].items()
    }
    return {**operation, "requestBody": body | {"content": media}}


def _body(
    document: Mapping[str, Any], described: service.Service, schemas: dict[str, Schema], schema: Schema
) -> Schema:
    whole, named = contract.flatten(document, schema), schema.get("$ref", "").removeprefix(PREFIX)
    if not any(field.get("readOnly") for field in whole.get("properties", {}).values()):
        return schema
    content = contract.content(whole)
    if named == described.schema:
        return {"$ref": PREFIX + described.content_name}
    if not named:
        return content
    name = _free(f"{named}Input", schemas, content)
    schemas[name] = content
    return {"$ref": PREFIX + name}


def _split(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document in which no schema is both sent and returned, unless it is the same in both."""
    schemas, components = document["components"]["schemas"], document["components"]
    operations = [operation for _, _, operation in contract.each_operation(document)]
    sent = _names(document, [[one.get("requestBody"), one["parameters"]] for one in operations])
    both = sent & _names(document, [one["responses"] for one in operations])
    differ = {name for name in both if _sent(schemas[name], {}) != _returned(schemas[name])}
    inputs = {
        name: _free(f"{name}Input", schemas, schemas[name])
        for name in sorted(both)
        if differ & {name, *_names(document, schemas[name])}
    }
    by_name = {name: _sent(one, inputs) if name in sent - both else _returned(one) for name, one in schemas.items()} | {
        new: _sent(schemas[name], inputs) for name, new in inputs.items()
    }
    paths = _directed(document["paths"], inputs)
    rest = _directed({key: part for key, part in components.items() if key != "schemas"}, inputs)
    result = {**document, "paths": paths, "components": {**rest, "schemas": by_name}}
    used = _names(result, [paths, *rest.values()])
    rest["schemas"] = {name: schema for name, schema in by_name.items() if name in used}
    return {**result, "components": {key: rest[key] for key in components}}


def _directed(node: Any, inputs: Mapping[str, str]) -> Any:
    """Return a part of a document, outside of components/schemas, with the schemas of responses as they are returned."""
    if isinstance(node, list):
        return [_directed(entry, inputs) for entry in node]
    if not isinstance(node, Mapping):
        return node
    found: dict[str, Any] = {}
    for key, part in node.items():
        if key == "examples":
            found[key] = part
        elif key in ("responses", "headers"):
            found[key] = contract.mapped(part, _returned)
        elif key in ("parameters", "requestBody"):
            found[key] = contract.mapped(part, lambda schema: _sent(schema, inputs))
        else:
            found[key] = _directed(part, inputs)
    return found


def _sent(schema: Schema, inputs: Mapping[str, str], *, top: bool = True) -> Schema:
    """Return a schema as it is sent: with the names that the functions accept in each open map, and valid in OpenAPI 3.0.

    Args:
        inputs: name of the schema that is sent, by that of the one that is returned.
        top: whether the schema is not within another.
    """
    result = contract.within(schema, lambda part: _sent(part, inputs, top=False))
    if "$ref" in result:
        name = result["$ref"].removeprefix(PREFIX)
        result["$ref"] = PREFIX + inputs.get(name, name)
    if not result.get("required", True):  # https://spec.openapis.org/oas/3.0/schema/2024-10-18: at least one
        del result["required"]
    if result.get("type") == "object" and result.get("additionalProperties") is not False and not top:
        result["x-property-names"] = NAMES | result.get("x-property-names", {})
    return result


def _returned(schema: Schema) -> Schema:
    """Return a schema as it is returned: open and without limits, at every depth, and all of it is read.

    Without limits several alternatives can be valid, so one of them is any of them.
    """
    left_out = {*LIMITS, "readOnly"}
    kept = {
        "anyOf" if keyword == "oneOf" else keyword: value
        for keyword, value in schema.items()
        if keyword not in left_out and (keyword, value) != ("additionalProperties", False)
    }
    return contract.within(kept, _returned)


def _extensible(problem: Schema, prefix: str) -> Schema:
    """Return the schema of problems, whose types may become more, with all that the service sends. All begin with `prefix`."""
    kinds = dict(problem["properties"]["type"])
    types = dict.fromkeys([*kinds.pop("enum"), *(prefix + name for name in PROBLEMS)])
    return problem | {"properties": problem["properties"] | {"type": kinds | {EXTENSIBLE: list(types)}}}


def _names(document: Mapping[str, Any], node: Any) -> set[str]:
    """Return the names of the schemas that a part of a document refers to, directly and through others."""
    return {one.removeprefix(PREFIX) for one in _reached(document, node) if one.startswith(PREFIX)}


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


def _free(name: str, schemas: Mapping[str, Schema], schema: Schema) -> str:
    """Return a name for a schema that no other schema has."""
    names = (name, *(f"{name}{count}" for count in range(2, len(schemas) + 3)))
    return next(one for one in names if schemas.get(one, schema) == schema)
