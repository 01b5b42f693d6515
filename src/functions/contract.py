"""Validates parameters and bodies by operationId against contract/openapi.yaml. Knows neither HTTP events nor storage.

`operations.OPERATIONS` is generated from the contract when the package is built. Every constraint that the contract may use
(crudctl.build.contract.VALIDATED) is validated here; a contract with any other does not build.
"""

from __future__ import annotations

import json
import re

from . import operations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    Schema = Mapping[str, Any]
    Fault = dict[str, str]

OPERATIONS: dict[str, Any] = operations.OPERATIONS
CONTENT: Schema = next(one["content"] for one in OPERATIONS.values() if one["kind"] == "create")
ROUTES = {(operation["method"], operation["path"]): name for name, operation in OPERATIONS.items()}


def media_type(operation: str) -> str | None:
    """Return the one media type of the operation's request body; None when it takes no body."""
    expected: str | None = OPERATIONS[operation]["media_type"]
    return expected


def parameters(operation: str, given: Mapping[str, Mapping[str, list[str]]]) -> tuple[dict[str, Any], list[Fault]]:
    """Return the operation's parameters by name, with their types and defaults, and what is wrong with them.

    Args:
        given: values by place (`path`, `query`, `header`) and name; header names in lower case.
    """
    values: dict[str, Any] = {}
    wrong: list[Fault] = []
    for parameter in OPERATIONS[operation]["parameters"]:
        name, place, schema = parameter["name"], parameter["in"], parameter["schema"]
        texts = given[place].get(name.lower() if place == "header" else name)
        if texts is None:
            values[name] = schema.get("default")
            if parameter["required"]:
                wrong.append({"parameter": name, "detail": "is required"})
        elif len(texts) > 1 and place == "query":
            wrong.append({"parameter": name, "detail": "must be given only once"})
        else:
            value = _from_text(", ".join(texts), schema)  # RFC 9110, section 5.3
            values[name] = value
            wrong += ({"parameter": name, "detail": detail} for _, detail in faults(value, schema, ""))
    unknown = given["query"].keys() - {p["name"] for p in OPERATIONS[operation]["parameters"] if p["in"] == "query"}
    wrong += (
        {"parameter": name[:100], "detail": "is not a known parameter"} for name in sorted(unknown)[:MOST_UNKNOWN]
    )
    return values, wrong


def content_faults(content: Any) -> list[Fault]:
    """Return what is wrong with an item's whole content."""
    return [{"pointer": pointer, "detail": detail} for pointer, detail in faults(content, CONTENT, "")]


def field_faults(name: str, value: Any) -> list[Fault]:
    """Return what is wrong with a new value of one field of an item's content."""
    pointer = _step("", name)
    if name not in CONTENT["properties"]:
        return [{"pointer": pointer, "detail": "is not a known property"}]
    return [{"pointer": p, "detail": d} for p, d in faults(value, CONTENT["properties"][name], pointer)]


def removal_faults(name: str) -> list[Fault]:
    """Return what is wrong with removing one field from an item's content."""
    if name in CONTENT.get("required", ()):
        return [{"pointer": _step("", name), "detail": "is required and cannot be removed"}]
    if name not in CONTENT["properties"]:
        return [{"pointer": _step("", name), "detail": "is not a known property"}]
    return []


def _from_text(text: str, schema: Schema) -> Any:
    """Return a parameter's text as a value of its schema's type, or the text itself if it is not of that type."""
    kind = schema.get("type")
    if kind == "integer" and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


def _step(pointer: str, name: object) -> str:
    """Return the JSON Pointer one level deeper: https://www.rfc-editor.org/rfc/rfc6901#section-3"""
    return f"{pointer}/{str(name)[:100].replace('~', '~0').replace('/', '~1')}"


def _is_number(value: Any) -> bool:
    return type(value) is int or (not isinstance(value, (bool, str, list, dict)) and value is not None)


TYPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "string": (lambda value: isinstance(value, str), "a string"),
    "integer": (lambda value: type(value) is int, "an integer"),
    "number": (_is_number, "a number"),
    "boolean": (lambda value: isinstance(value, bool), "true or false"),
    "array": (lambda value: isinstance(value, list), "an array"),
    "object": (lambda value: isinstance(value, dict), "an object"),
}

DATE = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
FORMATS = {
    # RFC 3339, section 5.6
    "date": DATE,
    "date-time": DATE + r"[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])",
    # RFC 9562, section 4
    "uuid": r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}",
    # RFC 3986, section 3: a scheme, and the characters that may follow it
    "uri": r"[A-Za-z][A-Za-z0-9+.-]*:[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]*",
    "email": r"[^\s@<>()\[\],;:\"\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?",
}
INTEGER_BITS = {"int32": 31, "int64": 63}


def faults(value: Any, schema: Schema, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Yield (JSON Pointer, what is wrong there) for every fault of `value`."""
    if value is None and schema.get("nullable"):
        return
    kind = schema.get("type")
    if kind is not None:
        fits, name = TYPES[kind]
        if not fits(value):
            yield pointer, f"must be {name}"
            return
    if "enum" in schema and not any(_same(value, _exact(allowed)) for allowed in schema["enum"]):
        yield pointer, "must be one of " + ", ".join(map(str, schema["enum"]))
    if isinstance(value, str):
        yield from _string_faults(value, schema, pointer)
    elif isinstance(value, dict):
        yield from _object_faults(value, schema, pointer)
    elif isinstance(value, list):
        yield from _array_faults(value, schema, pointer)
    elif _is_number(value):
        yield from _number_faults(value, schema, pointer)


def _is_text(value: str) -> bool:
    """Whether UTF-8 and DynamoDB can represent it: JSON can spell an unpaired surrogate (RFC 8259, section 8.2)."""
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def _matches(pattern: str, value: str) -> bool:
    """Whether it matches as ECMA-262 defines, which contracts follow: ASCII classes, and `$` only at the very end."""
    return bool(re.search(pattern, value, re.ASCII)) and not (pattern.endswith("$") and value.endswith("\n"))


def _string_faults(value: str, schema: Schema, pointer: str) -> Iterator[tuple[str, str]]:
    if not _is_text(value):
        yield pointer, "must be valid Unicode: it contains an unpaired surrogate"
    if len(value) < schema.get("minLength", 0):
        least = schema["minLength"]
        yield pointer, "must not be empty" if least == 1 else f"must have at least {least} characters"
    if len(value) > schema.get("maxLength", len(value)):
        yield pointer, f"must have at most {schema['maxLength']} characters"
    if "pattern" in schema and not _matches(schema["pattern"], value):
        yield pointer, f"must match {schema['pattern']}"
    elif (form := FORMATS.get(schema.get("format", ""))) and not (re.fullmatch(form, value) and _is_day(value, schema)):
        yield pointer, f"must be in the format {schema['format']}"


def _number_faults(value: Any, schema: Schema, pointer: str) -> Iterator[tuple[str, str]]:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
    digits = str(value).upper().partition("E")[0].replace(".", "").strip("-0")
    tiny, huge = _exact(1e-130), 10**126
    if len(digits) > 38 or not (value == 0 or tiny <= value < huge or -huge < value <= -tiny):
        yield pointer, "must have at most 38 significant digits and a magnitude from 1e-130 to 1e126"
        return
    if "minimum" in schema:
        least, exclusive = _exact(schema["minimum"]), schema.get("exclusiveMinimum")
        if value < least or (exclusive and value == least):
            yield pointer, f"must be {'more than' if exclusive else 'at least'} {least}"
    if "maximum" in schema:
        most, exclusive = _exact(schema["maximum"]), schema.get("exclusiveMaximum")
        if value > most or (exclusive and value == most):
            yield pointer, f"must be {'less than' if exclusive else 'at most'} {most}"
    bits = INTEGER_BITS.get(schema.get("format", ""))
    if bits and not -(2**bits) <= value < 2**bits:
        yield pointer, f"must be in the format {schema['format']}"


# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html: 32 levels, including the item's own
DEEPEST = 30
LONGEST_NAME = 255  # characters of a property's name, where the contract leaves names open
MOST_UNKNOWN = 20  # unknown names that are listed: a body of nothing else must not make a response of its own size


def _array_faults(value: list[Any], schema: Schema, pointer: str) -> Iterator[tuple[str, str]]:
    if pointer.count("/") > DEEPEST:
        yield pointer, f"must not be nested more than {DEEPEST} levels deep"
        return
    if len(value) < schema.get("minItems", 0):
        yield pointer, f"must have at least {schema['minItems']} entries"
    if len(value) > schema.get("maxItems", len(value)):
        yield pointer, f"must have at most {schema['maxItems']} entries"
        return  # entries are not checked, so that the response stays small
    if schema.get("uniqueItems"):
        seen = set()
        for index, entry in enumerate(value):
            canonical = json.dumps(entry, sort_keys=True, default=_canonical)
            if canonical in seen:
                yield _step(pointer, index), "must be unique"
            seen.add(canonical)
    for index, entry in enumerate(value):
        yield from faults(entry, schema.get("items", {}), _step(pointer, index))


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: 1 is 1.0, and true is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _canonical(number: Any) -> Any:
    """Return a Decimal as `json.dumps` writes an equal integer, or else in a form that no other value has."""
    normal = number.normalize()
    return int(normal) if 0 <= normal.as_tuple().exponent < 130 else [str(normal)]


def _exact(bound: Any) -> Any:
    """Return a number of the contract as the decimal fraction that was written; other values unchanged."""
    if not isinstance(bound, float):
        return bound
    from decimal import Decimal  # only a bound with a fraction needs it

    return Decimal(str(bound))


def _is_day(value: str, schema: Schema) -> bool:
    """Whether the month of a date, or of a date and time, has that day; always true for other formats."""
    if not schema["format"].startswith("date"):
        return True
    year, month, day = int(value[:4]), int(value[5:7]), int(value[8:10])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return day <= (29 if leap else 28) if month == 2 else day <= 30 + (month + month // 8) % 2


def _object_faults(value: dict[str, Any], schema: Schema, pointer: str) -> Iterator[tuple[str, str]]:
    if pointer.count("/") > DEEPEST:
        yield pointer, f"must not be nested more than {DEEPEST} levels deep"
        return
    for name in schema.get("required", ()):
        if name not in value:
            yield _step(pointer, name), "is required"
    if len(value) < schema.get("minProperties", 0):
        yield pointer, f"must have at least {schema['minProperties']} properties"
    if len(value) > schema.get("maxProperties", len(value)):
        yield pointer, f"must have at most {schema['maxProperties']} properties"
        return
    properties = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    unknown = [name for name in value if others is False and name not in properties]
    for name in unknown[:MOST_UNKNOWN]:
        yield _step(pointer, name), "is not a known property"
    if len(unknown) > MOST_UNKNOWN:
        yield pointer, f"has {len(unknown) - MOST_UNKNOWN} more unknown properties"
    for name, inner in value.items():
        if name in properties:
            yield from faults(inner, properties[name], _step(pointer, name))
        elif others is not False:
            yield from _open_property_faults(name, inner, {} if others is True else others, pointer)


def _open_property_faults(name: str, value: Any, schema: Schema, pointer: str) -> Iterator[tuple[str, str]]:
    if not 1 <= len(name) <= LONGEST_NAME:
        yield _step(pointer, name), f"must have a name of 1 to {LONGEST_NAME} characters"
    elif not _is_text(name):
        yield pointer, "must have valid Unicode in property names: one contains an unpaired surrogate"
    else:
        yield from faults(value, schema, _step(pointer, name))
