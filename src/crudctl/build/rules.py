"""Decides which schemas the service keeps everywhere: in the functions, the gateway, the table, the form and the reference.

A schema that any of them would not keep is refused, with the place and the reason. docs/contract.md is the table of what is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from crudctl.build import pattern
from crudctl.build.contract import ANNOTATIONS, ContractError, Schema
from functions import validation

TEXT, NUMBER = ("string",), ("integer", "number")
SCALARS = (*TEXT, *NUMBER, "boolean")
TYPES = (*SCALARS, "array", "object")
# The types that a keyword has a meaning for. `functions.validation` validates each of these.
CONSTRAINTS: dict[str, tuple[str, ...]] = {
    "type": TYPES, "nullable": TYPES, "enum": SCALARS,
    "minLength": TEXT, "maxLength": TEXT, "pattern": TEXT, "format": (*TEXT, *NUMBER),
    "minimum": NUMBER, "maximum": NUMBER, "exclusiveMinimum": NUMBER, "exclusiveMaximum": NUMBER,
    "items": ("array",), "minItems": ("array",), "maxItems": ("array",), "uniqueItems": ("array",),
    "properties": ("object",), "required": ("object",), "additionalProperties": ("object",),
    "minProperties": ("object",), "maxProperties": ("object",), "x-property-names": ("object",),
}  # fmt: skip
FORMATS = dict.fromkeys(("date", "date-time", "uuid", "uri", "email", "password"), TEXT) | dict.fromkeys(
    ("int32", "int64", "float", "double"), NUMBER
)
REFUSED = {
    "oneOf": "a form cannot show alternatives, and API Gateway and DynamoDB have none",
    "anyOf": "a form cannot show alternatives, and API Gateway and DynamoDB have none",
    "not": "a form cannot show what is not allowed; use `enum` or `pattern` for what is",
    "discriminator": "it chooses among alternatives, of which the service has none",
    "multipleOf": "its rule on decimal fractions differs between validators; use `minimum`, `maximum` or `enum`",
    "writeOnly": "the service returns what it stores",
    "xml": "the service speaks JSON only",
}
OUTSIDE_PARAMETERS = "the service stores what was sent and adds nothing; describe it in `description`"
LARGEST = 10**126  # of DynamoDB's numbers
LIMITS = {"minLength": "maxLength", "minItems": "maxItems", "minProperties": "maxProperties"}


def check(schema: Schema, where: str, depth: int = 1) -> None:
    """Raise ContractError for the first fault of a flat schema, which names the place `where`."""
    fault = next(_faults(schema), None)
    if fault is None and depth > validation.DEEPEST:
        fault = f"is more than {validation.DEEPEST} levels deep, which the table cannot store"
    if fault is not None:
        raise ContractError(f"{where} {fault}.")
    parts = dict(schema.get("properties", {}))
    inside = [(f"{where}, {name}", part) for name, part in parts.items()]
    inside += [
        (f"{where}, {keyword}", schema[keyword])
        for keyword in ("items", "additionalProperties")
        if isinstance(schema.get(keyword), dict)
    ]
    for inner, part in inside:
        if part.get("readOnly"):
            raise ContractError(f"{inner} is readOnly: the service sets only id, version, created_at and updated_at.")
        if "default" in part:
            raise ContractError(f"{inner} has a `default`: {OUTSIDE_PARAMETERS}.")
        check(part, inner, depth + 1)
    for keyword in ("example", "default"):  # by schemas that are right, down to the last
        if keyword in schema and (fault := value_fault(schema[keyword], schema)):
            raise ContractError(
                f"{where} has {'an' if keyword == 'example' else 'a'} {keyword} that is not valid: {fault}."
            )


def constraints(schema: Schema, where: str = "the schema") -> Schema:
    """Return `schema` (flat) with only what decides whether a value is valid, and `regex` beside each `pattern`.

    The names of an open map's properties have a schema of their own, `propertyNames`, made from `x-property-names`.

    Raise ContractError, which names the place `where`, for a pattern that is not ECMA-262.
    """
    kept = {k: v for k, v in schema.items() if k in CONSTRAINTS}
    if "pattern" in kept:
        try:
            kept["regex"] = pattern.translate(kept["pattern"])
        except pattern.PatternError as error:
            raise ContractError(f"{where} has the pattern {kept['pattern']}, which {error}.") from error
    if "x-property-names" in kept:
        names = {"type": "string", **kept.pop("x-property-names")}
        kept["propertyNames"] = constraints(names, f"{where}, x-property-names")
    if "properties" in kept:
        kept["properties"] = {k: constraints(v, f"{where}, {k}") for k, v in kept["properties"].items()}
    for keyword in ("items", "additionalProperties"):
        if isinstance(kept.get(keyword), dict):
            kept[keyword] = constraints(kept[keyword], f"{where}, {keyword}")
    return kept


def value_fault(value: Any, schema: Schema, where: str = "the schema") -> str | None:
    """Return where and what is wrong with a value by a flat schema at `where`, as the functions find it."""
    found = next(validation.faults(exact(value), constraints(schema, where)), None)
    return None if found is None else f"{found[0]} {found[1]}".strip()


def exact(value: Any) -> Any:
    """Return a value of the contract as the functions read it from JSON: fractions are decimal."""
    return json.loads(json.dumps(value), parse_float=Decimal)


def _faults(schema: Schema) -> Iterator[str]:
    """Yield what is wrong with one schema, apart from those in it."""
    yield from _keyword_faults(schema)
    if "pattern" in schema:
        yield from _pattern_faults(schema["pattern"], "has")
    yield from _bound_faults(schema)
    yield from _object_faults(schema)
    if schema.get("type") == "array" and "items" not in schema:
        yield "is an array without `items`; use `items: {}` for entries of any type"
    yield from _enum_faults(schema)


def _keyword_faults(schema: Schema) -> Iterator[str]:
    kind, form = schema.get("type"), schema.get("format")
    for keyword in schema:
        if keyword in REFUSED:
            yield f"has `{keyword}`: {REFUSED[keyword]}"
        elif keyword not in CONSTRAINTS.keys() | ANNOTATIONS and not keyword.startswith("x-"):
            yield f"has `{keyword}`, which the functions do not validate; remove it"
        elif keyword in CONSTRAINTS and kind not in CONSTRAINTS[keyword]:
            of = "no type" if kind is None else f"type {kind}"
            yield f"has `{keyword}`, which needs the type {' or '.join(CONSTRAINTS[keyword])}; it has {of}"
    if form is not None and (form not in FORMATS or kind not in FORMATS[form]):
        yield f"has the format {form}, which the functions do not know for type {kind}; remove it"


def _pattern_faults(source: str, has: str) -> Iterator[str]:
    try:
        pattern.translate(source)
    except pattern.PatternError as error:
        yield f"{has} the pattern {source}, which {error}"


def _bound_faults(schema: Schema) -> Iterator[str]:
    for low, high in LIMITS.items():
        if schema.get(low, 0) > schema.get(high, schema.get(low, 0)):
            yield f"has {low} {schema[low]} above {high} {schema[high]}, which no value satisfies"
    for keyword, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if schema.get(keyword) and bound not in schema:
            yield f"has `{keyword}` without `{bound}`, which has no effect"
    if schema.get("type") not in NUMBER:
        return
    for keyword in ("minimum", "maximum"):
        if keyword in schema and abs(schema[keyword]) >= LARGEST:
            yield f"has {keyword} {schema[keyword]}, which the table cannot store; leave it out"
    bits = validation.INTEGER_BITS.get(schema.get("format", ""), 500)
    low, high = schema.get("minimum", -(2**bits)), schema.get("maximum", 2**bits - 1)
    exclusive = bool(schema.get("exclusiveMinimum")), bool(schema.get("exclusiveMaximum"))
    if schema["type"] == "integer" or bits < 500:
        least = low // 1 + 1 if exclusive[0] else -(-low // 1)
        most = -(-high // 1) - 1 if exclusive[1] else high // 1
        empty = max(least, -(2**bits)) > min(most, 2**bits - 1)
    else:
        empty = low > high or (low == high and any(exclusive))
    if empty:
        yield "has bounds that no value satisfies"


def _object_faults(schema: Schema) -> Iterator[str]:
    names, closed = schema.get("properties", {}), schema.get("additionalProperties") is False
    for name in names:
        if not 1 <= len(name) <= validation.LONGEST_NAME:
            yield f"has a property whose name has {len(name)} characters; use 1 to {validation.LONGEST_NAME}"
        if name in ("__proto__", "$ref"):
            yield f"has a property named {name}, which JavaScript or API Gateway would take for something else"
    own_names = schema.get("x-property-names", {})
    least, most = own_names.get("minLength", 1), own_names.get("maxLength", validation.LONGEST_NAME)
    if own_names and closed:
        yield "has `x-property-names`, which has no effect: it allows no names but those of its properties"
    if least < 1 or most > validation.LONGEST_NAME or least > most:
        yield f"has x-property-names of {least} to {most} characters; use 1 to {validation.LONGEST_NAME}"
    if "pattern" in own_names:
        yield from _pattern_faults(own_names["pattern"], "has x-property-names with")
    for name in names:
        if own_names and (fault := value_fault(name, {"type": "string", **own_names})):
            yield f"has the property {name}, which its x-property-names do not allow: {fault}"
    required = schema.get("required", [])
    unknown = [name for name in required if name not in names]
    if unknown and closed:
        yield f"requires {', '.join(unknown)}, which is not defined; add it to properties"
    if len(set(required)) > schema.get("maxProperties", len(required)):
        yield "requires more properties than its maxProperties"
    if closed and schema.get("minProperties", 0) > len(names):
        yield "has more minProperties than properties"


def _enum_faults(schema: Schema) -> Iterator[str]:
    if "enum" not in schema:
        return
    others = {k: v for k, v in schema.items() if k in CONSTRAINTS and k != "enum"}
    if not [value for value in schema["enum"] if value is not None]:
        yield "has an `enum` without a value"
    for value in schema["enum"]:
        if value is None and not schema.get("nullable"):
            yield "lists null in its enum, but is not `nullable: true`; add that, or quote the word"
        elif value is not None and (fault := value_fault(value, others)):
            listed = json.dumps(value, ensure_ascii=False)
            yield f"lists {listed} in its enum, which is not valid: {fault}; quote it, or fix the schema"
