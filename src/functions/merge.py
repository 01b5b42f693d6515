"""JSON Merge Patch (RFC 7396), and what a version does not know of a stored value. Pure; knows neither HTTP nor storage.

A closed object (`additionalProperties: false`) may have been stored with properties that this version's contract lacks: another
version wrote them. They are hidden on read and kept on write, at every depth outside of arrays; an array is replaced whole.
"""

from __future__ import annotations

from .validation import (
    depth_fault,
    faults,
    name_fault,
    property_schema,
    required_faults,
    step,
    text_fault,
    type_fault,
    unknown_faults,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .validation import Schema


def merged(target: Any, patch: Any) -> Any:
    """Return `MergePatch(target, patch)` of https://www.rfc-editor.org/rfc/rfc7396#section-2. Neither is modified."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def patch_faults(
    patch: Mapping[str, Any], stored: Mapping[str, Any] | None, schema: Schema, pointer: str = ""
) -> Iterator[tuple[str, str]]:
    """Yield (JSON Pointer, what is wrong there) for every fault of what a merge patch changes.

    Only what the patch names is validated. What was stored before may have become invalid by a change of the contract, and
    that is not the caller's fault.

    Args:
        patch: the patch of one object.
        stored: that object; None if the patch creates it, which must make it valid as a whole.
    """
    if fault := depth_fault(pointer):
        yield pointer, fault
        return
    schemas = {name: property_schema(name, schema) for name in patch}
    yield from unknown_faults([name for name, own in schemas.items() if own is None], pointer)
    for name, own in schemas.items():
        if own is not None:
            yield from _property_faults(name, patch[name], stored, schema, own, pointer)
    if stored is None:
        yield from required_faults([name for name, value in patch.items() if value is not None], schema, pointer)
    yield from _count_faults(patch, stored, schema, pointer)


def _property_faults(
    name: str, value: Any, stored: Mapping[str, Any] | None, schema: Schema, own: Schema, pointer: str
) -> Iterator[tuple[str, str]]:
    where = step(pointer, name)
    if value is None:
        if fault_of_name := text_fault(name, pointer):
            yield fault_of_name
        elif stored is not None and name in schema.get("required", ()):
            yield where, "is required and cannot be removed"
    elif fault_of_name := name_fault(name, schema, pointer):
        yield fault_of_name
    elif not isinstance(value, dict):
        yield from faults(value, own, where)
    elif fault := type_fault(value, own):
        yield where, fault
    else:
        before = (stored or {}).get(name)
        yield from patch_faults(value, before if isinstance(before, dict) else None, own, where)


def _count_faults(
    patch: Mapping[str, Any], stored: Mapping[str, Any] | None, schema: Schema, pointer: str
) -> Iterator[tuple[str, str]]:
    """Yield the fault of an object that the patch gives too many properties, or leaves too few."""
    if not {"minProperties", "maxProperties"} & schema.keys():
        return
    before = {name for name in stored or () if property_schema(name, schema) is not None}
    after = (before | {name for name, value in patch.items() if value is not None}) - {
        name for name, value in patch.items() if value is None
    }
    if len(after) > schema.get("maxProperties", len(after)) and (stored is None or len(after) > len(before)):
        yield pointer, f"must have at most {schema['maxProperties']} properties"
    if len(after) < schema.get("minProperties", 0) and (stored is None or len(after) < len(before)):
        yield pointer, f"must have at least {schema['minProperties']} properties"


def is_closed(schema: Schema) -> bool:
    """Whether a stored value can contain what `schema` does not know: whether an object in it is closed."""
    others = schema.get("additionalProperties", True)
    inner = [*schema.get("properties", {}).values(), others, schema.get("items", True)]
    return others is False or any(is_closed(part) for part in inner if isinstance(part, dict))


def known(value: Any, schema: Schema) -> Any:
    """Return `value` as clients see it: without the properties that its closed objects do not know."""
    if isinstance(value, list) and "items" in schema:
        return [known(entry, schema["items"]) for entry in value]
    if not isinstance(value, dict):
        return value
    schemas = ((name, inner, property_schema(name, schema)) for name, inner in value.items())
    return {name: known(inner, own) for name, inner, own in schemas if own is not None}


def may_drop(value: Any, schema: Schema) -> bool:
    """Whether replacing a stored value by `value` could drop properties that clients do not see."""
    if not isinstance(value, dict):
        return False
    return schema.get("additionalProperties") is False or any(
        may_drop(inner, property_schema(name, schema) or {}) for name, inner in value.items()
    )


def keeping(value: Any, stored: Any, schema: Schema) -> Any:
    """Return `value` together with those properties of the stored value that clients do not see. Neither is modified."""
    if not (isinstance(value, dict) and isinstance(stored, dict)):
        return value
    hidden = {name: inner for name, inner in stored.items() if property_schema(name, schema) is None}
    return hidden | {
        name: keeping(inner, stored.get(name), property_schema(name, schema) or {}) for name, inner in value.items()
    }
