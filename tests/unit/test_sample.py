"""crudctl.build.sample: content that a create accepts, found in the examples or made from the schema."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from crudctl.build import contract, operations, rules, sample, service
from crudctl.build.contract import ContractError
from tests import contracts

BASE = contract.parse(contracts.ITEMS)


def closed(required: bool = True, **properties: Any) -> dict[str, Any]:
    """An object schema of some properties."""
    names = list(properties) if required else []
    return {"type": "object", "additionalProperties": False, "required": names, "properties": properties}


@pytest.mark.parametrize(
    "field",
    [
        {"type": "string"},
        {"type": "string", "minLength": 30, "maxLength": 30},
        {"type": "string", "maxLength": 2},
        {"type": "string", "maxLength": 0},
        {"type": "string", "enum": ["red"]},
        {"type": "string", "nullable": True, "enum": [None, "red"]},
        {"type": "string", "pattern": "^[A-Z]$", "example": "X"},
        *({"type": "string", "format": form} for form in ("date", "date-time", "uuid", "uri", "email", "password")),
        {"type": "integer", "minimum": 7, "maximum": 7},
        {"type": "integer", "minimum": -9, "maximum": -5},
        {"type": "integer", "maximum": -5, "exclusiveMaximum": True},
        {"type": "integer", "minimum": 0.5, "maximum": 1.5},
        {"type": "number", "minimum": 0.1, "exclusiveMinimum": True, "maximum": 0.2},
        {"type": "number", "minimum": 0, "exclusiveMinimum": True},
        {"type": "boolean"},
        {"type": "array", "items": {"type": "integer"}, "minItems": 3},
        {"type": "array", "items": {"type": "integer"}, "minItems": 3, "uniqueItems": True},
        {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}, "minItems": 2, "uniqueItems": True},
        {"type": "object", "minProperties": 2, "additionalProperties": {"type": "boolean"}},
        closed(street={"type": "string", "minLength": 1}, tags={"type": "array", "items": {}, "minItems": 1}),
        {},
    ],
)
def test_content_made_from_a_schema_is_valid(field: dict[str, Any]) -> None:
    schema = closed(it=field)
    made = sample.content(schema, [])
    rules.check(schema, "the schema")
    assert rules.value_fault(made, schema) is None


def test_content_without_required_properties_has_the_first() -> None:
    assert sample.content(closed(required=False, a={"type": "boolean"}, b={}), []) == {"a": True}


def test_the_first_example_is_taken() -> None:
    assert sample.content(closed(a={"type": "string"}), [7, {"a": "b"}, {"a": "c"}]) == {"a": "b"}


def test_a_pattern_needs_an_example() -> None:
    with pytest.raises(ContractError, match="it: add an `example`"):
        sample.content(closed(it={"type": "string", "pattern": "^[A-Z]$"}), [])


def test_content_that_would_be_invalid_is_refused_when_packaging() -> None:
    document = copy.deepcopy(BASE)
    del document["paths"]["/items"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    schema = document["components"]["schemas"]["ItemContent"]
    schema["properties"]["site"] = {"type": "string", "format": "uri", "maxLength": 8}
    schema["required"].append("site")
    assert service.describe(document).sample["site"] == "https://example.com/"
    with pytest.raises(
        ContractError, match="add an example to the request body of POST /items: /site must have at most 8"
    ):
        operations.operations(document)
