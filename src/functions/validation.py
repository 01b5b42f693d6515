"""Validates JSON values by a schema: every fault, with its JSON Pointer. Knows neither operations nor HTTP.

A schema is flat, as `crudctl package` derives it from the contract. Every constraint that a contract may use
(crudctl.build.rules.CONSTRAINTS) is validated here; a contract with any other does not build.
"""

from __future__ import annotations

import re

from .json_text import canonical, dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    Schema = Mapping[str, Any]
    Fault = dict[str, str]

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html: 32 levels, including the resource's own
DEEPEST = 30
SHORTEST_NAME, LONGEST_NAME = 1, 255  # characters of a property's name, where the contract says nothing of it
MOST_FAULTS = 100  # listed of one request, so that the response stays small
MOST_UNKNOWN = 20  # unknown names that are listed: a body of nothing else must not make a response of its own size
MOST_DIGITS = 38
# API Gateway passes requests on as text, in which this character stands in place of bytes that are not UTF-8:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html
STAND_IN = "\ufffd"


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
    if fault := type_fault(value, schema):
        yield pointer, fault
        return
    if "enum" in schema and not any(_same(value, _exact(allowed)) for allowed in schema["enum"]):
        yield pointer, f"must be one of {words(schema['enum'])}"
    if isinstance(value, str):
        yield from _string_faults(value, schema, pointer)
    elif isinstance(value, dict):
        yield from _object_faults(value, schema, pointer)
    elif isinstance(value, list):
        yield from _array_faults(value, schema, pointer)
    elif _is_number(value):
        yield from _number_faults(value, schema, pointer)


def reported(found: Iterator[tuple[str, str]]) -> list[Fault]:
    """Return the first faults as a problem lists them, and how many more there are."""
    listed: list[Fault] = []
    more = 0  # counted, not kept: a small body can have thousands of faults with long pointers
    for pointer, detail in found:
        if len(listed) < MOST_FAULTS:
            listed.append({"pointer": pointer, "detail": detail})
        else:
            more += 1
    return listed + ([{"pointer": "", "detail": f"has {more} more faults"}] if more else [])


def words(values: list[Any]) -> str:
    """Return values in a list for a sentence: texts as they are, others as JSON."""
    return ", ".join(one if isinstance(one, str) else dumps(one) for one in values)


def step(pointer: str, name: object) -> str:
    """Return the JSON Pointer one level deeper: https://www.rfc-editor.org/rfc/rfc6901#section-3"""
    return f"{pointer}/{sendable(str(name)).replace('~', '~0').replace('/', '~1')}"


def sendable(name: str) -> str:
    """Return a name that a client chose so that every response can contain it: cut to 100 characters, and with `?` in place of
    what UTF-8 cannot represent."""
    return name[:100].encode("utf-8", "replace").decode()


def type_fault(value: Any, schema: Schema) -> str | None:
    """Return what is wrong with the type of a value that is not an allowed null."""
    kind = schema.get("type")
    if kind is None:
        return None
    fits, name = TYPES[kind]
    return None if fits(value) else f"must be {name}"


def depth_fault(pointer: str) -> str | None:
    """Return what is wrong with an array or object at `pointer` if the table cannot store another level there."""
    return f"must not be nested more than {DEEPEST} levels deep" if pointer.count("/") > DEEPEST else None


def unknown_faults(names: list[str], pointer: str) -> Iterator[tuple[str, str]]:
    """Yield the faults of properties that a closed object does not know: the first ones by name, and how many more."""
    for name in names[:MOST_UNKNOWN]:
        yield step(pointer, name), "is not a known property"
    if len(names) > MOST_UNKNOWN:
        yield pointer, f"has {len(names) - MOST_UNKNOWN} more unknown properties"


def name_fault(name: str, schema: Schema, pointer: str) -> tuple[str, str] | None:
    """Return (pointer, what is wrong) for the name of a property that the object's schema does not name."""
    if name in schema.get("properties", {}):
        return None
    rule = schema.get("propertyNames", {})
    least, most = rule.get("minLength", SHORTEST_NAME), rule.get("maxLength", LONGEST_NAME)
    if not least <= len(name) <= most:
        return step(pointer, name), f"must have a name of {least} to {most} characters"
    if fault := text_fault(name, pointer):
        return fault
    if "pattern" in rule and not re.search(rule["regex"], name):
        return step(pointer, name), f"must have a name that matches {rule['pattern']}"
    return None


def text_fault(name: str, pointer: str) -> tuple[str, str] | None:
    """Return (pointer, what is wrong) for a property's name that is not valid Unicode."""
    if _is_text(name):
        return None
    return pointer, "must have valid Unicode in property names: one contains an unpaired surrogate"


def property_schema(name: str, schema: Schema) -> Schema | None:
    """Return the schema of an object's property; None if the object's schema does not allow it."""
    found: Schema | bool = schema.get("properties", {}).get(name, schema.get("additionalProperties", True))
    if isinstance(found, bool):
        return {} if found else None
    return found


def _is_text(value: str) -> bool:
    """Whether UTF-8 and DynamoDB can represent it: JSON can spell an unpaired surrogate (RFC 8259, section 8.2)."""
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def _string_faults(value: str, schema: Schema, pointer: str) -> Iterator[tuple[str, str]]:
    if not _is_text(value):
        yield pointer, "must be valid Unicode: it contains an unpaired surrogate"
    if len(value) < schema.get("minLength", 0):
        least = schema["minLength"]
        yield pointer, "must not be empty" if least == 1 else f"must have at least {least} characters"
    if len(value) > schema.get("maxLength", len(value)):
        yield pointer, f"must have at most {schema['maxLength']} characters"
    if "pattern" in schema and not re.search(schema["regex"], value):  # the same, as a Python expression
        yield pointer, f"must match {schema['pattern']}"
    elif (form := FORMATS.get(schema.get("format", ""))) and not (re.fullmatch(form, value) and _is_day(value, schema)):
        yield pointer, f"must be in the format {schema['format']}"


def _number_faults(value: Any, schema: Schema, pointer: str) -> Iterator[tuple[str, str]]:
    if schema.get("type") == "integer" and abs(value) >= 10**MOST_DIGITS:
        yield pointer, f"must have at most {MOST_DIGITS} digits"
        return
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
    digits = str(value).upper().partition("E")[0].replace(".", "").strip("-0")
    tiny, huge = _exact(1e-130), 10**126
    if len(digits) > MOST_DIGITS or not (value == 0 or tiny <= value < huge or -huge < value <= -tiny):
        yield pointer, f"must have at most {MOST_DIGITS} significant digits and a magnitude from 1e-130 to 1e126"
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


def _array_faults(value: list[Any], schema: Schema, pointer: str) -> Iterator[tuple[str, str]]:
    if fault := depth_fault(pointer):
        yield pointer, fault
        return
    if len(value) < schema.get("minItems", 0):
        yield pointer, f"must have at least {schema['minItems']} entries"
    if len(value) > schema.get("maxItems", len(value)):
        yield pointer, f"must have at most {schema['maxItems']} entries"
        return  # entries are not checked, so that the response stays small
    seen = set()
    for index, entry in enumerate(value):
        where = step(pointer, index)
        found = list(faults(entry, schema.get("items", {}), where))
        yield from found
        if schema.get("uniqueItems") and not found:  # an invalid entry may be too deep to be compared
            text = canonical(entry)
            if text in seen:
                yield where, "must be unique"
            seen.add(text)


def _object_faults(value: dict[str, Any], schema: Schema, pointer: str) -> Iterator[tuple[str, str]]:
    if fault := depth_fault(pointer):
        yield pointer, fault
        return
    yield from required_faults(value, schema, pointer)
    if len(value) < schema.get("minProperties", 0):
        yield pointer, f"must have at least {schema['minProperties']} properties"
    if len(value) > schema.get("maxProperties", len(value)):
        yield pointer, f"must have at most {schema['maxProperties']} properties"
        return
    yield from unknown_faults([name for name in value if property_schema(name, schema) is None], pointer)
    for name, inner in value.items():
        own = property_schema(name, schema)
        if own is None:
            continue
        if fault_of_name := name_fault(name, schema, pointer):
            yield fault_of_name
        else:
            yield from faults(inner, own, step(pointer, name))


def required_faults(present: Iterable[str], schema: Schema, pointer: str) -> Iterator[tuple[str, str]]:
    """Yield a fault for each required property of an object that is not among those present."""
    for name in schema.get("required", ()):
        if name not in present:
            yield step(pointer, name), "is required"


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values that are no arrays or objects are equal: 1 is 1.0, and true is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _exact(constant: Any) -> Any:
    """Return a number of the contract as the decimal fraction that was written; other values unchanged."""
    if not isinstance(constant, float):
        return constant
    from decimal import Decimal  # only a fraction needs it

    return Decimal(str(constant))


def _is_day(value: str, schema: Schema) -> bool:
    """Whether the month of a date, or of a date and time, has that day; always true for other formats."""
    if not schema["format"].startswith("date"):
        return True
    year, month, day = int(value[:4]), int(value[5:7]), int(value[8:10])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return day <= (29 if leap else 28) if month == 2 else day <= 30 + (month + month // 8) % 2
