"""Compares two schemas: what a request may no longer contain, and what a response no longer guarantees. Pure; knows no operation.

What a schema leaves out is the same as its default written down: `nullable: false`, `additionalProperties: true`, `minLength: 0`.
Two ways to allow the same values are the same, too: `format: int32` and its bounds, `enum: [true, false]` and any boolean.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from functions import validation

Json = dict[str, Any]
Part = Json | bool  # a schema, or whether there may be a value at all

UPPER_LIMITS = ("maxLength", "maxItems", "maxProperties")
LOWER_LIMITS = ("minLength", "minItems", "minProperties")
BOUNDS = (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1))
UNCHECKED = ("float", "double", "password")  # formats that allow every value of their type


def narrowed(at: str, old: Part, new: Part) -> Iterator[str]:
    """Yield why a value that was valid in a request may no longer be. `at` is the place, as it begins each sentence."""
    if old is False or old == new:
        return
    if new is False:
        yield f"{at} is no longer accepted."
        return
    old, new = _schema(old), _schema(new)
    if new.get("type") not in (None, old.get("type")) and (old.get("type"), new.get("type")) != ("integer", "number"):
        yield f"{at}: type changed from {_type(old)} to {_type(new)}."
    if _may_be_null(old) and not _may_be_null(new) and old.get("type"):
        yield f"{at} may no longer be null."
    before, after = _enum(old), _enum(new)
    if after is not None and (before is None or any(not _contains(after, value) for value in before)):
        yield f"{at} must now be one of {validation.words(new['enum'])}."
    yield from _limits(at, old, new)
    yield from _bounds(at, old, new)
    if new.get("pattern") not in (None, old.get("pattern")):
        yield f"{at}: pattern changed."
    if _format(new) not in (None, _format(old)):
        yield f"{at}: format changed."
    if new.get("uniqueItems") and not old.get("uniqueItems"):
        yield f"{at}: its elements must now be unique."
    if new.get("type") in (None, "object"):
        yield from _narrowed_properties(at, old, new)
    if new.get("type") == "array":
        yield from narrowed(f"{at}/*", old.get("items", True), new.get("items", True))


def reduced(at: str, old: Json, new: Json, *, strict: bool) -> Iterator[str]:
    """Yield what a response no longer has or guarantees.

    Args:
        strict: whether a value outside of the old enum counts, too.
    """
    if old.get("type") not in (None, new.get("type")) and (old.get("type"), new.get("type")) != ("number", "integer"):
        yield f"{at}: type changed from {_type(old)} to {_type(new)}."
    if _may_be_null(new) and not _may_be_null(old) and new.get("type"):
        yield f"{at} may now be null."
    if _format(old) not in (None, _format(new)) or _exceeds_bits(old, new):
        yield f"{at}: format changed."
    known, allowed = _enum(old), _enum(new)
    if strict and known is not None:
        added = [value for value in allowed or [] if not _contains(known, value)]
        if added or allowed is None:
            yield f"{at} may now be {validation.words(added) or 'any value'}."
    yield from _reduced_properties(at, old, new, strict=strict)
    if "items" in old and new.get("type") == "array":
        yield from reduced(f"{at}/*", old["items"], new.get("items", {}), strict=strict)


def _reduced_properties(at: str, old: Json, new: Json, *, strict: bool) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    rest, others = _rest(old), _rest(new)
    for name, field in before.items():
        missing = name in old.get("required", []) and name not in new.get("required", [])
        if name in after:
            if missing:
                yield f"{at}/{name} may now be missing."
            yield from reduced(f"{at}/{name}", field, after[name], strict=strict)
        elif others is False or missing or any(reduced(at, field, _schema(others), strict=strict)):
            yield f"{at}/{name} was removed."
    if rest is False:
        added = (name for name in after if name not in before)
        yield from (f"{at}/{name} was added to an object that allowed no other properties." for name in added)
    elif others is False and old.get("type") == "object":
        yield f"{at} allows no other properties now, so that the next one would break clients."
    if isinstance(rest, dict):
        for name in after:
            if name not in before:
                yield from reduced(f"{at}/{name}", rest, after[name], strict=strict)
        if others is not False:
            yield from reduced(f"{at}/*", rest, _schema(others), strict=strict)


def _limits(at: str, old: Json, new: Json) -> Iterator[str]:
    for limit in (*UPPER_LIMITS, *LOWER_LIMITS):
        upper = limit in UPPER_LIMITS
        before, after = old.get(limit, None if upper else 0), new.get(limit, None if upper else 0)
        if after is not None and (before is None or (after < before if upper else after > before)):
            yield f"{at}: {limit} changed from {old.get(limit, 'none')} to {after}."


def _bounds(at: str, old: Json, new: Json) -> Iterator[str]:
    whole = old.get("type") == "integer"
    for bound, _, sign in BOUNDS:
        before, after = _least(old, bound, whole), _least(new, bound, whole)
        if after is None or (before is not None and after <= before):
            continue
        if after != _least(_without_format(new), bound, whole):
            yield f"{at}: format changed."
        elif old.get(bound) == new[bound]:
            yield f"{at} must now be {'more' if sign > 0 else 'less'} than {new[bound]}."
        else:
            yield f"{at}: {bound} changed from {old.get(bound, 'none')} to {new[bound]}."


def _exceeds_bits(old: Json, new: Json) -> bool:
    """Whether a number may now be one that the old `format` (int32, int64) excluded."""
    if old.get("format") not in validation.INTEGER_BITS:
        return False
    whole, bits = new.get("type") == "integer", {"format": old["format"]}
    sides = [(_least(bits, bound, whole), _least(new, bound, whole)) for bound, _, _ in BOUNDS]
    return any(after is None or (before is not None and after < before) for before, after in sides)


def _least(schema: Json, bound: str, whole: bool) -> tuple[float, bool] | None:
    """Return (the least value, whether it is excluded) by the bound and the format; of `maximum`, of the negative value.

    Args:
        whole: whether only integers are of interest; then no value is excluded: more than 0 is at least 1.
    """
    _, exclusive, sign = next(one for one in BOUNDS if one[0] == bound)
    found = [(schema[bound] * sign, bool(schema.get(exclusive)))] if bound in schema else []
    if bits := validation.INTEGER_BITS.get(schema.get("format", "")):
        found.append((-(2**bits), sign < 0))
    if whole:
        found = [(math.floor(value) + 1 if excluded else math.ceil(value), False) for value, excluded in found]
    return max(found, default=None)


def _without_format(schema: Json) -> Json:
    return {keyword: value for keyword, value in schema.items() if keyword != "format"}


def _narrowed_properties(at: str, old: Json, new: Json) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    rest, others = _rest(old), _rest(new)
    for name in dict.fromkeys([*before, *after]):
        yield from narrowed(f"{at}/{name}", _sent(before.get(name, rest)), _sent(after.get(name, others)))
    for name in new.get("required", []):
        if _sent(after.get(name, others)) is not False and name not in old.get("required", []):
            yield f"{at}/{name} is now required."
    if rest is not False and others is False:
        if old:
            yield f"{at}: additional properties are no longer accepted."
    else:
        yield from narrowed(f"{at}/*", rest, others)
    if rest is not False and others is not False:
        yield from narrowed(f"{at}, its names", _names(old), _names(new))


def _names(schema: Json) -> Json:
    """Return the schema of the names that properties of an open object may have."""
    usual = {"type": "string", "minLength": 1, "maxLength": validation.LONGEST_NAME}
    own: Json = schema.get("x-property-names", {})
    return usual | own


def _sent(part: Part) -> Part:
    """Return the schema of what a client may send of a property: nothing, if the service sets it."""
    return False if isinstance(part, dict) and part.get("readOnly") else part


def _rest(schema: Json) -> Part:
    """Return the schema of the properties that an object does not name."""
    rest: Part = schema.get("additionalProperties", True) if schema.get("type") in (None, "object") else True
    return True if rest == {} else rest


def _schema(part: Part) -> Json:
    return part if isinstance(part, dict) else {}


def _type(schema: Json) -> str:
    return str(schema.get("type", "any"))


def _format(schema: Json) -> Any:
    """Return the format of a text; those of numbers are bounds, or no rule at all."""
    return None if schema.get("format") in (*UNCHECKED, *validation.INTEGER_BITS) else schema.get("format")


def _enum(schema: Json) -> list[Any] | None:
    """Return the values other than null that an enum allows; None if it leaves out none."""
    if "enum" not in schema:
        return None
    values = [value for value in schema["enum"] if value is not None]
    return None if schema.get("type") == "boolean" and {True, False} <= set(values) else values


def _may_be_null(schema: Json) -> bool:
    return bool(schema.get("nullable")) or "type" not in schema


def _contains(values: list[Any], value: Any) -> bool:
    """Whether a list has a JSON value: true is not 1."""
    return any(isinstance(one, bool) == isinstance(value, bool) and one == value for one in values)
