"""Finds changes of the contract that break a client written against an earlier one. Pure: two documents in, sentences out.

A request that was valid must stay valid, and a response must still have every property it had. A client ignores what it does not
know, so new properties, optional parameters, operations and statuses break nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crudctl.build import contract

Json = dict[str, Any]
Sides = tuple[Mapping[str, Any], Json]  # a document, and an operation of it

UPPER_LIMITS = ("maxLength", "maximum", "maxItems", "maxProperties")
LOWER_LIMITS = ("minLength", "minimum", "minItems", "minProperties")
FIXED = ("pattern", "format", "exclusiveMinimum", "exclusiveMaximum")  # any change may reject what was valid


def breaking(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return the changes in `new` that break clients of the document `old`, one sentence each, in the order of `old`.

    Raises:
        contract.ContractError: One of the documents has not the structure of OpenAPI 3.0.
    """
    contract.check_structure(old)
    contract.check_structure(new)
    return list(dict.fromkeys(_operations(old, new)))


def may_break(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Return whether the major version was raised, which announces breaking changes (https://semver.org)."""
    return _major(new) > _major(old)


def _major(document: Mapping[str, Any]) -> int:
    return int(str(document["info"]["version"]).partition(".")[0])


def _operations(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    now = {(path, method): operation for path, method, operation in contract.each_operation(new)}
    for path, method, before in contract.each_operation(old):
        at = f"{method} {path}"
        if (path, method) not in now:
            yield f"{at} was removed."
            continue
        after = now[path, method]
        if before["operationId"] != after["operationId"]:
            yield f"{at}: operationId changed from {before['operationId']} to {after['operationId']}."
        if before.get("security") != after.get("security"):
            yield f"{at}: the required scopes changed."
        for part in (_parameters, _body, _responses):
            yield from part(at, (old, before), (new, after))


def _parameters(at: str, before: Sides, after: Sides) -> Iterator[str]:
    old, new = _by_name(*before), _by_name(*after)
    for name, parameter in old.items():
        if name not in new:
            yield f"{at}: {name} was removed."
        else:
            yield from _narrowed(f"{at}: {name}", parameter["schema"], new[name]["schema"])
    for name, parameter in new.items():
        if parameter.get("required") and not old.get(name, {}).get("required"):
            yield f"{at}: {name} is now required."


def _by_name(document: Mapping[str, Any], operation: Json) -> dict[str, Json]:
    parameters = (contract.dereference(document, parameter) for parameter in operation["parameters"])
    return {
        f"{parameter['in']} parameter {parameter['name']}": parameter
        | {"schema": contract.flatten(document, parameter["schema"])}
        for parameter in parameters
    }


def _body(at: str, before: Sides, after: Sides) -> Iterator[str]:
    old, new = (
        contract.dereference(document, operation.get("requestBody", {})) for document, operation in (before, after)
    )
    if new.get("required") and not old.get("required"):
        yield f"{at}: a body is now required."
    media_types = _schemas(after[0], new)
    for media_type, schema in _schemas(before[0], old).items():
        if media_type not in media_types:
            yield f"{at}: a body of {media_type} is no longer accepted."
        else:
            yield from _narrowed(f"{at}: body", schema, media_types[media_type])


def _responses(at: str, before: Sides, after: Sides) -> Iterator[str]:
    for status, response in before[1]["responses"].items():
        where = f"{at}: response {status}"
        if status not in after[1]["responses"]:
            if status.startswith("2"):
                yield f"{where} was removed."
            continue
        old = contract.dereference(before[0], response)
        new = contract.dereference(after[0], after[1]["responses"][status])
        yield from (
            f"{where}: header {name} was removed."
            for name in old.get("headers", {})
            if name not in new.get("headers", {})
        )
        media_types = _schemas(after[0], new)
        for media_type, schema in _schemas(before[0], old).items():
            if media_type not in media_types:
                yield f"{where}: the media type {media_type} was removed."
            else:
                yield from _reduced(where, schema, media_types[media_type])


def _schemas(document: Mapping[str, Any], part: Json) -> dict[str, Json]:
    """Return the flat schema of a body by its media type."""
    return {kind: contract.flatten(document, content["schema"]) for kind, content in part.get("content", {}).items()}


def _narrowed(at: str, old: Json, new: Json) -> Iterator[str]:
    """Yield why a request that was valid may no longer be."""
    if old.get("type") != new.get("type") and (old.get("type"), new.get("type")) != ("integer", "number"):
        yield _type_changed(at, old, new)
    if old.get("nullable") and not new.get("nullable"):
        yield f"{at} may no longer be null."
    removed = [value for value in old.get("enum", []) if "enum" in new and value not in new["enum"]]
    if removed or ("enum" in new and "enum" not in old):
        yield f"{at} must now be one of {', '.join(map(str, new['enum']))}."
    for limit in (*UPPER_LIMITS, *LOWER_LIMITS):
        before, after = old.get(limit), new.get(limit)
        if after is not None and (before is None or (after < before if limit in UPPER_LIMITS else after > before)):
            yield f"{at}: {limit} changed from {'none' if before is None else before} to {after}."
    for keyword in FIXED:
        if new.get(keyword) not in (None, old.get(keyword)):
            yield f"{at}: {keyword} changed."
    if new.get("uniqueItems") and not old.get("uniqueItems"):
        yield f"{at}: its elements must now be unique."
    yield from _narrowed_properties(at, old, new)


def _narrowed_properties(at: str, old: Json, new: Json) -> Iterator[str]:
    after = {name: field for name, field in new.get("properties", {}).items() if not field.get("readOnly")}
    for name, field in old.get("properties", {}).items():
        if field.get("readOnly"):
            continue
        if name in after:
            yield from _narrowed(f"{at}/{name}", field, after[name])
        elif new.get("additionalProperties") is False or name in new.get("properties", {}):
            yield f"{at}/{name} is no longer accepted."
    for name in new.get("required", []):
        if name in after and name not in old.get("required", []):
            yield f"{at}/{name} is now required."
    if "items" in old and "items" in new:
        yield from _narrowed(f"{at}/*", old["items"], new["items"])
    if isinstance(old.get("additionalProperties"), dict) and isinstance(new.get("additionalProperties"), dict):
        yield from _narrowed(f"{at}/*", old["additionalProperties"], new["additionalProperties"])
    elif new.get("additionalProperties") is False and old.get("additionalProperties") is not False and old:
        yield f"{at}: additional properties are no longer accepted."


def _reduced(at: str, old: Json, new: Json) -> Iterator[str]:
    """Yield what a response no longer has or guarantees."""
    if old.get("type") != new.get("type"):
        yield _type_changed(at, old, new)
    if new.get("nullable") and not old.get("nullable"):
        yield f"{at} may now be null."
    if new.get("format") != old.get("format"):
        yield f"{at}: format changed."
    for name, field in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{at}/{name} was removed."
            continue
        if name in old.get("required", []) and name not in new.get("required", []):
            yield f"{at}/{name} may now be missing."
        yield from _reduced(f"{at}/{name}", field, new["properties"][name])
    if "items" in old and "items" in new:
        yield from _reduced(f"{at}/*", old["items"], new["items"])


def _type_changed(at: str, old: Json, new: Json) -> str:
    return f"{at}: type changed from {old.get('type')} to {new.get('type')}."
