"""Finds content that a create accepts: the contract's first example, or else a value made from the schema.

Release probes, the demo's load and `crudctl example` send it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from crudctl.build.contract import ContractError

Schema = Mapping[str, Any]

FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T09:26:53Z",
    "uuid": "5c0a7a3e-3b5f-4d0e-9f66-0b7e6a2f1c11",
    "uri": "https://example.com/",
    "email": "someone@example.com",
}


def content(schema: Schema, examples: Sequence[Any]) -> dict[str, Any]:
    """Return content for a create: the first example that is an object, or the smallest that `schema` (flat) allows.

    Content made from a schema without required properties has its first property, so that there is something to change.

    Raises:
        ContractError: No example is given, and a value cannot be derived from a pattern.
    """
    for example in examples:
        if isinstance(example, dict):
            return dict(example)
    names = schema.get("required") or list(schema.get("properties", {}))[:1]
    return {name: _value(schema["properties"][name], name) for name in names}


def _value(schema: Schema, where: str) -> Any:
    for keyword in ("example", "default"):
        if keyword in schema:
            return schema[keyword]
    if schema.get("enum"):
        return next(value for value in schema["enum"] if value is not None or schema["enum"] == [None])
    kind = schema.get("type")
    if kind == "string":
        return _text(schema, where)
    if kind in ("integer", "number"):
        return _number(schema, where)
    if kind == "array":
        return _array(schema, where)
    if kind == "object":
        return _object(schema, where)
    return True if kind == "boolean" else "text"


def _text(schema: Schema, where: str) -> str:
    if "pattern" in schema:
        raise ContractError(f"{where}: add an `example`; no value can be derived from its pattern.")
    text = FORMATS.get(schema.get("format", ""), "text")
    text = text.ljust(schema.get("minLength", 0), "x")
    return text if schema.get("format") in FORMATS else text[: schema.get("maxLength", len(text))]


def _number(schema: Schema, where: str) -> float:
    least, most = schema.get("minimum"), schema.get("maximum")
    candidates = [0, 1]
    if least is not None:
        candidates += [least, math.ceil(least), math.floor(least) + 1]
    if most is not None:
        candidates += [most, math.floor(most), math.ceil(most) - 1]
    if least is not None and most is not None:
        candidates.append((least + most) / 2)
    for value in candidates:
        above = least is None or value > least or (value == least and not schema.get("exclusiveMinimum"))
        below = most is None or value < most or (value == most and not schema.get("exclusiveMaximum"))
        if above and below and (schema["type"] == "number" or value == int(value)):
            return int(value) if value == int(value) else float(value)
    raise ContractError(f"{where}: no number is within its bounds; change them, or add an `example`.")


def _array(schema: Schema, where: str) -> list[Any]:
    items, count = schema.get("items", {}), schema.get("minItems", 0)
    if not count:
        return []
    if not schema.get("uniqueItems") or count == 1:
        return [_value(items, f"{where}, items")] * count
    known = items.get("enum") or ([True, False] if items.get("type") == "boolean" else [])
    if items.get("type") == "integer" and not known:
        first = _number(items, where)
        known = [first + number for number in range(count)]
    if len(known) < count:
        raise ContractError(f"{where}: add an `example`; {count} different entries cannot be derived.")
    return list(known[:count])


def _object(schema: Schema, where: str) -> dict[str, Any]:
    properties = schema.get("properties", {})
    made = {name: _value(properties.get(name, {}), f"{where}, {name}") for name in schema.get("required", ())}
    others = schema.get("additionalProperties", True)
    for number in range(len(made), schema.get("minProperties", 0)):
        made[f"key-{number}"] = _value(others if isinstance(others, dict) else {}, where)
    return made
