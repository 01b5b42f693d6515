"""Converts OpenAPI 3.0 to 3.1, whose schemas are JSON Schema: null is a type, bounds are numbers, names have a schema.

Source: https://learn.openapis.org/upgrading/v3.0-to-v3.1.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crudctl.build.contract import Schema
from functions import validation

DATA = {"example", "examples"}  # outside of schemas: values, in which nothing is a schema


def converted(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same document in OpenAPI 3.1. An open map gets `propertyNames`: the names that the functions accept."""
    return {**_part(document), "openapi": "3.1.0"}


def _part(node: Any) -> Any:
    if isinstance(node, list):
        return [_part(entry) for entry in node]
    if not isinstance(node, Mapping):
        return node
    found: dict[str, Any] = {}
    for key, inner in node.items():
        if key in DATA:
            found[key] = inner
        elif key == "schemas":
            found[key] = {name: _schema(schema, top=True) for name, schema in inner.items()}
        elif key == "schema":
            found[key] = _schema(inner, top=True)
        else:
            found[key] = _part(inner)
    return found


def _schema(schema: Schema, *, top: bool = False) -> Schema:
    """Return a schema of OpenAPI 3.0 as JSON Schema 2020-12. `top` is one that is not within another."""
    found = {key: value for key, value in schema.items() if key not in ("nullable", "example", "x-property-names")}
    for keyword in ("items", "additionalProperties"):
        if isinstance(found.get(keyword), dict):
            found[keyword] = _schema(found[keyword])
    if "properties" in found:
        found["properties"] = {name: _schema(part) for name, part in found["properties"].items()}
    if "allOf" in found:
        found["allOf"] = [_schema(part) for part in found["allOf"]]
    if "example" in schema:
        found["examples"] = [schema["example"]]
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if found.pop(exclusive, False):
            found[exclusive] = found.pop(bound)
    if schema.get("nullable") and "type" in schema:
        found["type"] = [schema["type"], "null"]
        if "enum" in schema and None not in schema["enum"]:
            found["enum"] = [*schema["enum"], None]
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False and not top:
        names = {"minLength": 1, "maxLength": validation.LONGEST_NAME}
        found["propertyNames"] = names | schema.get("x-property-names", {})
    return found
