"""Converts OpenAPI 3.0 to 3.1, whose schemas are JSON Schema: null is a type, bounds are numbers, names have a schema.

Source: https://learn.openapis.org/upgrading/v3.0-to-v3.1.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crudctl.build import contract
from crudctl.build.contract import Schema


def converted(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same document in OpenAPI 3.1, with `x-property-names` as `propertyNames`."""
    return {**contract.mapped(document, _schema), "openapi": "3.1.0"}


def _schema(schema: Schema) -> Schema:
    """Return a schema of OpenAPI 3.0 as JSON Schema 2020-12."""
    found = contract.within(schema, _schema)
    names = found.pop("x-property-names", None)
    if "example" in found:
        found["examples"] = [found.pop("example")]
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if found.pop(exclusive, False):
            found[exclusive] = found.pop(bound)
    if found.pop("nullable", False) and "type" in found:
        found["type"] = [found["type"], "null"]
        if "enum" in found and None not in found["enum"]:
            found["enum"] = [*found["enum"], None]
    return found if names is None else found | {"propertyNames": names}
