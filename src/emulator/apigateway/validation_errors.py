"""The messages of API Gateway for a body that does not fit its model; knows JSON Schema draft 4 only.

The wording is that of the validator that API Gateway uses, https://github.com/java-json-tools/json-schema-validator
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

Schema = dict[str, Any]
Resolve = Callable[[str], Schema]

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


def validation_error_string(schema: Schema, value: Any, resolve: Resolve) -> str:
    """Return the value of `$context.error.validationErrorString`: all faults in square brackets.

    `resolve` returns the schema that a `$ref` names.
    """
    return f"[{', '.join(_faults(schema, value, resolve))}]"


def _faults(schema: Schema, value: Any, resolve: Resolve) -> Iterator[str]:
    while "$ref" in schema:
        schema = resolve(schema["$ref"])
    for part in schema.get("allOf") or []:
        yield from _faults(part, value, resolve)
    allowed = schema.get("type")
    types = [allowed] if isinstance(allowed, str) else list(allowed or [])
    if types and not any(_is(value, name) for name in types):
        names = json.dumps(sorted(types), separators=(",", ":"))
        yield (f"instance type ({_name(value)}) does not match any allowed primitive type (allowed: {names})")
        return
    if "enum" in schema and value not in schema["enum"]:
        possible = json.dumps(schema["enum"], separators=(",", ":"))
        yield f"instance value ({json.dumps(value)}) not found in enum (possible values: {possible})"
    if isinstance(value, str):
        yield from _string_faults(schema, value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from _number_faults(schema, value)
    elif isinstance(value, list):
        items = schema.get("items")
        if schema.get("uniqueItems") and len({json.dumps(v, sort_keys=True) for v in value}) < len(value):
            yield "array must not contain duplicate elements"
        if isinstance(items, dict):
            for part in value:
                yield from _faults(items, part, resolve)
    elif isinstance(value, dict):
        yield from _object_faults(schema, value, resolve)


def _string_faults(schema: Schema, value: str) -> Iterator[str]:
    shortest, longest = schema.get("minLength"), schema.get("maxLength")
    if shortest is not None and len(value) < shortest:
        yield (f"string {json.dumps(value)} is too short (length: {len(value)}, required minimum: {shortest})")
    if longest is not None and len(value) > longest:
        yield (f"string {json.dumps(value)} is too long (length: {len(value)}, maximum allowed: {longest})")
    pattern = schema.get("pattern")
    if pattern is not None and not re.search(pattern, value):
        yield f'ECMA 262 regex "{pattern}" does not match input string {json.dumps(value)}'


def _number_faults(schema: Schema, value: float) -> Iterator[str]:
    lowest, highest = schema.get("minimum"), schema.get("maximum")
    if lowest is not None and value < lowest:
        yield (f"numeric instance is lower than the required minimum (minimum: {lowest}, found: {value})")
    if highest is not None and value > highest:
        yield (f"numeric instance is greater than the required maximum (maximum: {highest}, found: {value})")


def _object_faults(schema: Schema, value: Schema, resolve: Resolve) -> Iterator[str]:
    missing = sorted(name for name in schema.get("required") or [] if name not in value)
    if missing:
        names = json.dumps(missing, separators=(",", ":"))
        yield f"object has missing required properties ({names})"
    properties = schema.get("properties") or {}
    extra = schema.get("additionalProperties", True)
    unknown = sorted(value.keys() - properties.keys())
    if extra is False and unknown:
        names = json.dumps(unknown, separators=(",", ":"))
        yield f"object instance has properties which are not allowed by the schema: {names}"
    if "maxProperties" in schema and len(value) > schema["maxProperties"]:
        yield (
            f"object has too many properties (found {len(value)} but schema requires at most {schema['maxProperties']})"
        )
    if "minProperties" in schema and len(value) < schema["minProperties"]:
        yield (
            f"object has too few properties (found {len(value)} but schema requires at least {schema['minProperties']})"
        )
    for name, part in value.items():
        rule = properties.get(name, extra)
        if isinstance(rule, dict):
            yield from _faults(rule, part, resolve)


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES.get(name, object))


def _name(value: Any) -> str:
    return next(name for name in ("null", "boolean", *_TYPES) if _is(value, name))
