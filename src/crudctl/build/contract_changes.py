"""Finds changes of the contract that break a client written against an earlier one. Pure: two documents in, sentences out.

A request that was valid must stay valid and mean the same, and a response must still have every property it had, with values that
it could have. A client ignores properties, statuses and types of problems that it does not know, so new ones break nothing. Nor
do wider limits of a response: what crudctl.build.published writes for generators of clients has none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from crudctl.build import contract, promises, schema_changes, system_properties
from functions import validation

INVALID, FORBIDDEN = {400, 413, 415, 422, 428}, {403}  # statuses of requests that a contract does not allow
PARSED = ("If-Match", "If-None-Match", "cursor")

Json = dict[str, Any]
Sides = tuple[Mapping[str, Any], Json]  # a document, and an operation of it


def breaking(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return the changes in `new` that break clients of the document `old`, one sentence each, in the order of `old`.

    Raises:
        contract.ContractError: One of the documents has not the structure of OpenAPI 3.0.
    """
    contract.check_structure(old)
    contract.check_structure(new)
    # Only a request with a parameter that clients of `old` do not send is answered with these.
    hidden = () if _lists_trash(old) else tuple(system_properties.IN_TRASH)
    return list(dict.fromkeys(_operations(_as_returned(old), _as_returned(new, hidden))))


def _as_returned(document: Mapping[str, Any], hidden: Collection[str] = ()) -> Mapping[str, Any]:
    """Return a document with the resource as clients know it: without the properties in `hidden`, and with all of one schema.

    Where requests have a schema of their own, responses are open at every depth, as crudctl.build.published writes them.
    """
    content, resource = _content_schema(document), _resource_schema(document)
    if content is None or resource is None:
        return document
    flat = contract.flatten(document, resource)
    whole = flat if content == resource else contract.opened(flat)
    fields = {name: field for name, field in whole.get("properties", {}).items() if name not in hidden}
    name = resource["$ref"].rpartition("/")[2]
    schemas = document["components"]["schemas"] | {name: whole | {"properties": fields}}
    return {**document, "components": {**document["components"], "schemas": schemas}}


def _lists_trash(document: Mapping[str, Any]) -> bool:
    return any(
        parameter["name"] == "deleted"
        for path, method, operation in contract.each_operation(document)
        for parameter in operation["parameters"]
        if method == "GET" and _is_collection(document["paths"], path)
    )


def refused_on_purpose(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, set[int]]:
    """Return the 4xx that requests which `old` allows may get by `new`, by operationId; nothing for operations as they were.

    Raises:
        contract.ContractError: One of the documents has not the structure of OpenAPI 3.0.
    """
    contract.check_structure(old)
    contract.check_structure(new)
    before = {(path, method): operation for path, method, operation in contract.each_operation(old)}
    found: dict[str, set[int]] = {}
    for path, method, after in contract.each_operation(new):
        was = before.get((path, method), after)
        sides = (old, was), (new, after)
        invalid = any(_parameters("", *sides)) or any(_body("", *sides))
        forbidden = _needs_more(was, after)
        found[after["operationId"]] = (INVALID if invalid else set()) | (FORBIDDEN if forbidden else set())
    return found


def may_break(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Return whether the major version was raised, which announces breaking changes (https://semver.org).

    Raises:
        contract.ContractError: A version is not three numbers.
    """
    return _major(new) > _major(old)


def _major(document: Mapping[str, Any]) -> int:
    version = str(document["info"]["version"])
    if not re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+(?:[-+].*)?", version, re.ASCII):
        raise contract.ContractError(
            f"info/version is {version}: use three numbers, such as 1.2.0 (https://semver.org)."
        )
    return int(version.partition(".")[0])


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
        if _needs_more(before, after):
            yield f"{at}: the required scopes changed."
        for part in (_parameters, _body, _responses):
            yield from part(at, (old, before), (new, after))


def _needs_more(before: Json, after: Json) -> bool:
    """Whether a token that was enough may not be any more."""
    return not _scopes(before) <= _scopes(after) or bool(_scopes(after) and not _scopes(before))


def _scopes(operation: Json) -> set[str]:
    """Return the scopes of which a token must carry one."""
    return {scope for need in operation.get("security", []) for scopes in need.values() for scope in scopes}


def _parameters(at: str, before: Sides, after: Sides) -> Iterator[str]:
    old, new = _by_name(*before), _by_name(*after)
    for name, parameter in old.items():
        if name not in new:
            yield f"{at}: {name} was removed."
        else:
            was, is_now = _unparsed(name, parameter["schema"]), _unparsed(name, new[name]["schema"])
            yield from schema_changes.narrowed(f"{at}: {name}", was, is_now)
            old_default, new_default = _default(before, name, was), _default(after, name, is_now)
            if old_default != new_default:
                yield f"{at}: {name}: default changed from {old_default} to {new_default}."
    for name, parameter in new.items():
        if parameter.get("required") and not old.get(name, {}).get("required"):
            yield f"{at}: {name} is now required."


def _unparsed(name: str, schema: Json) -> Json:
    """Return a parameter's schema without the pattern of what the functions have always parsed, whatever the contract says."""
    parsed = name.rpartition(" ")[2] in PARSED
    return {keyword: value for keyword, value in schema.items() if keyword != "pattern"} if parsed else schema


def _default(side: Sides, name: str, schema: Json) -> str:
    """Return the value that a parameter has if it is not sent: the contract's, or else what the list's handler takes."""
    document, operation = side
    lists = any(
        methods.get("get", {}).get("operationId") == operation["operationId"]
        and _is_collection(document["paths"], path)
        for path, methods in document["paths"].items()
    )
    usual = promises.USUAL.get(name.removeprefix("query parameter ")) if lists else None
    value = schema.get("default", usual)
    return "none" if value is None else validation.words([value])


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
    media_types = _schemas(after[0], new, closed=_content_schema(after[0]))
    for media_type, schema in _schemas(before[0], old, closed=_content_schema(before[0])).items():
        if media_type not in media_types:
            yield f"{at}: a body of {media_type} is no longer accepted."
        else:
            yield from schema_changes.narrowed(f"{at}: body", schema, media_types[media_type])


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
                yield from schema_changes.reduced(where, schema, media_types[media_type], strict=status.startswith("2"))


def _schemas(document: Mapping[str, Any], part: Json, closed: Json | None = None) -> dict[str, Json]:
    """Return the flat schema of a body by its media type. `closed` is the one that allows no other properties."""
    return {
        kind: contract.closed(flat) if content["schema"] == closed else flat
        for kind, content in part.get("content", {}).items()
        for flat in (contract.flatten(document, content["schema"]),)
    }


def _content_schema(document: Mapping[str, Any]) -> Json | None:
    """Return the reference to the schema of what is created, by which the functions validate; None if there is none."""
    operation = _create(document)
    return _reference(contract.dereference(document, operation.get("requestBody", {})))


def _resource_schema(document: Mapping[str, Any]) -> Json | None:
    """Return the reference to the schema of what a create returns; None if there is none."""
    return _reference(contract.dereference(document, _create(document).get("responses", {}).get("201", {})))


def _create(document: Mapping[str, Any]) -> Json:
    found = (
        operation
        for path, method, operation in contract.each_operation(document)
        if method == "POST" and _is_collection(document["paths"], path)
    )
    return next(found, {})


def _reference(part: Json) -> Json | None:
    media: Json = next(iter(part.get("content", {}).values()), {})
    return media["schema"] if "$ref" in media.get("schema", {}) else None


def _is_collection(paths: Mapping[str, Any], path: str) -> bool:
    """As crudctl.build.service finds the collection, but of a contract that may have none."""
    return {"get", "post"} <= paths[path].keys() and f"{path}/{{id}}" in paths
