"""Compares two schemas: what a request may no longer contain, and what a response no longer guarantees. Pure; knows no operation.

What a schema leaves out is the same as its default written down: `nullable: false`, `additionalProperties: true`, `minLength: 0`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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
    removed = [value for value in old.get("enum", []) if "enum" in new and not _contains(new["enum"], value)]
    if removed or ("enum" in new and "enum" not in old):
        yield f"{at} must now be one of {', '.join(map(str, new['enum']))}."
    yield from _limits(at, old, new)
    if new.get("pattern") not in (None, old.get("pattern")):
        yield f"{at}: pattern changed."
    if _format(new) not in (None, _format(old)) and (_format(old), _format(new)) != ("int32", "int64"):
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
    if old.get("format") not in (None, new.get("format")) and (old.get("format"), new.get("format")) != (
        "int64",
        "int32",
    ):
        yield f"{at}: format changed."
    if strict and "enum" in old:
        added = [value for value in new.get("enum", []) if not _contains(old["enum"], value)]
        if added or "enum" not in new:
            yield f"{at} may now be {', '.join(map(str, added)) or 'any value'}."
    others = _rest(new)
    for name, field in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{at}/{name} was removed."
            continue
        if name in old.get("required", []) and name not in new.get("required", []):
            yield f"{at}/{name} may now be missing."
        yield from reduced(f"{at}/{name}", field, new["properties"][name], strict=strict)
    if isinstance(_rest(old), dict) and others is not False:
        yield from reduced(f"{at}/*", _schema(_rest(old)), _schema(others), strict=strict)
    if "items" in old and new.get("type") == "array":
        yield from reduced(f"{at}/*", old["items"], new.get("items", {}), strict=strict)


def _limits(at: str, old: Json, new: Json) -> Iterator[str]:
    for limit in (*UPPER_LIMITS, *LOWER_LIMITS):
        upper = limit in UPPER_LIMITS
        before, after = old.get(limit, None if upper else 0), new.get(limit, None if upper else 0)
        if after is not None and (before is None or (after < before if upper else after > before)):
            yield f"{at}: {limit} changed from {old.get(limit, 'none')} to {after}."
    for bound, exclusive, sign in BOUNDS:
        if bound not in new:
            continue
        if bound not in old or new[bound] * sign > old[bound] * sign:
            yield f"{at}: {bound} changed from {old.get(bound, 'none')} to {new[bound]}."
        elif new[bound] == old[bound] and new.get(exclusive) and not old.get(exclusive):
            yield f"{at} must now be {'more' if sign > 0 else 'less'} than {new[bound]}."


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
    return None if schema.get("format") in UNCHECKED else schema.get("format")


def _may_be_null(schema: Json) -> bool:
    return bool(schema.get("nullable")) or "type" not in schema


def _contains(values: list[Any], value: Any) -> bool:
    """Whether a list has a JSON value: true is not 1."""
    return any(isinstance(one, bool) == isinstance(value, bool) and one == value for one in values)
