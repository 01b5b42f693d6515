"""The values that a release sends for a field: at its bounds, beyond them, and each kind of fault."""

from __future__ import annotations

from typing import Any

import pytest

from crudctl.build import rules, values
from functions import validation


def faults_of(schema: dict[str, Any]) -> dict[str, str]:
    """Return what the functions find wrong with each value, by what the value is."""
    kept = rules.constraints(schema)
    return {
        what: " ".join(next(validation.faults(rules.exact(value), kept, "/field"), ("", ""))).strip()
        for what, value in values.of(schema)
    }


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        ({"type": "string", "minLength": 2}, "must have at least 2 characters"),
        ({"type": "string", "maxLength": 5}, "must have at most 5 characters"),
        ({"type": "string"}, "must be valid Unicode"),
        ({"type": "string"}, "must be a string"),
        ({"type": "string", "enum": ["red"]}, "must be one of red"),
        ({"type": "string", "pattern": "^[a-w]+$", "example": "a"}, "must match"),
        ({"type": "string", "format": "date"}, "must be in the format date"),
        ({"type": "integer", "minimum": 3}, "must be at least 3"),
        ({"type": "integer", "maximum": 3}, "must be at most 3"),
        ({"type": "number", "minimum": 0, "exclusiveMinimum": True}, "must be more than 0"),
        ({"type": "integer", "format": "int32"}, "must be in the format int32"),
        ({"type": "integer"}, "must have at most 38 digits"),
        ({"type": "boolean"}, "must be true or false"),
        ({"type": "array", "items": {"type": "string"}, "minItems": 2}, "must have at least 2 entries"),
        ({"type": "array", "items": {"type": "string"}, "maxItems": 2}, "must have at most 2 entries"),
        ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, "must be unique"),
        ({"type": "array", "items": {"type": "string", "maxLength": 3}}, "/0 must have at most 3 characters"),
        ({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}, "/a is required"),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, "/a must be an integer"),
        ({"type": "object", "minProperties": 2}, "must have at least 2 properties"),
        ({"type": "object", "maxProperties": 2}, "must have at most 2 properties"),
        ({"type": "object", "additionalProperties": False}, "/key is not a known property"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "/key must be a string"),
        ({"type": "object", "x-property-names": {"maxLength": 4}}, "must have a name of 1 to 4 characters"),
        ({"type": "object"}, "must not be nested more than"),
    ],
)  # fmt: skip
def test_each_rule_is_broken_by_a_value_and_kept_by_another(schema: dict[str, Any], fault: str) -> None:
    found = faults_of(schema)
    assert [what for what, text in found.items() if fault in text], found
    assert "" in found.values()
