"""Which changes of the contract break a client that was written against an earlier one. Pure: two documents in, sentences out.

A request that was right must still be right, and an answer must still hold what it held. A client ignores what it does not
know, so new members, parameters that may be left out, operations and statuses break nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crudctl.build import contract

Json = dict[str, Any]
Sides = tuple[Mapping[str, Any], Json]  # a document, and an operation of it

AT_MOST = ("maxLength", "maximum", "maxItems", "maxProperties")
AT_LEAST = ("minLength", "minimum", "minItems", "minProperties")
AS_IT_WAS = ("pattern", "format", "exclusiveMinimum", "exclusiveMaximum")


def breaking(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What breaks clients of the document `old` in `new`, one sentence each, in the order of `old`."""
    return list(dict.fromkeys(_operations(old, new)))


def may_break(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether the major version has risen, which says that clients have to change (https://semver.org)."""
    return _major(new) > _major(old)


def _major(document: Mapping[str, Any]) -> int:
    return int(str(document["info"]["version"]).partition(".")[0])


def _operations(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    now = {(path, method): operation for path, method, operation in contract.each_operation(new)}
    for path, method, operation in contract.each_operation(old):
        at = f"{method} {path}"
        if (path, method) not in now:
            yield f"{at}: is gone."
            continue
        found = now[path, method]
        if operation["operationId"] != found["operationId"]:
            yield f"{at}: operationId was {operation['operationId']} and is {found['operationId']}."
        if operation.get("security") != found.get("security"):
            yield f"{at}: needs other scopes."
        for part in (_parameters, _body, _answers):
            yield from part(at, (old, operation), (new, found))


def _parameters(at: str, before: Sides, after: Sides) -> Iterator[str]:
    old, new = _by_name(*before), _by_name(*after)
    for name, parameter in old.items():
        if name not in new:
            yield f"{at}: {name} is gone."
        else:
            yield from _narrower(f"{at}: {name}", parameter["schema"], new[name]["schema"])
    for name, parameter in new.items():
        if parameter.get("required") and not old.get(name, {}).get("required"):
            yield f"{at}: {name} has become required."


def _by_name(document: Mapping[str, Any], operation: Json) -> dict[str, Json]:
    found = (contract.dereference(document, parameter) for parameter in operation["parameters"])
    return {
        f"{parameter['in']} parameter {parameter['name']}": parameter
        | {"schema": contract.flatten(document, parameter["schema"])}
        for parameter in found
    }


def _body(at: str, before: Sides, after: Sides) -> Iterator[str]:
    old, new = (
        contract.dereference(document, operation.get("requestBody", {})) for document, operation in (before, after)
    )
    if new.get("required") and not old.get("required"):
        yield f"{at}: a body has become required."
    kinds = _schemas(after[0], new)
    for kind, schema in _schemas(before[0], old).items():
        if kind not in kinds:
            yield f"{at}: takes no {kind} any more."
        else:
            yield from _narrower(f"{at}: body", schema, kinds[kind])


def _answers(at: str, before: Sides, after: Sides) -> Iterator[str]:
    for status, answer in before[1]["responses"].items():
        where = f"{at}: answer {status}"
        if status not in after[1]["responses"]:
            if status.startswith("2"):
                yield f"{where} is gone."
            continue
        old = contract.dereference(before[0], answer)
        new = contract.dereference(after[0], after[1]["responses"][status])
        yield from (
            f"{where}: header {name} is gone." for name in old.get("headers", {}) if name not in new.get("headers", {})
        )
        kinds = _schemas(after[0], new)
        for kind, schema in _schemas(before[0], old).items():
            if kind not in kinds:
                yield f"{where}: is no {kind} any more."
            else:
                yield from _less(where, schema, kinds[kind])


def _schemas(document: Mapping[str, Any], part: Json) -> dict[str, Json]:
    """The schema of a body by its media type, whole."""
    return {kind: contract.flatten(document, content["schema"]) for kind, content in part.get("content", {}).items()}


def _narrower(at: str, old: Json, new: Json) -> Iterator[str]:
    """Where a request that was right is right no more."""
    yield from _type(at, old, new)
    if old.get("nullable") and not new.get("nullable"):
        yield f"{at} must not be null any more."
    gone = [value for value in old.get("enum", []) if "enum" in new and value not in new["enum"]]
    if gone or ("enum" in new and "enum" not in old):
        yield f"{at} may be only {', '.join(map(str, new['enum']))} now."
    for rule in (*AT_MOST, *AT_LEAST):
        if rule in new and (rule not in old or (new[rule] < old[rule] if rule in AT_MOST else new[rule] > old[rule])):
            yield f"{at} has {rule} {new[rule]} now, and had {old.get(rule, 'none')}."
    for rule in AS_IT_WAS:
        if new.get(rule) not in (None, old.get(rule)):
            yield f"{at} has another {rule} now."
    if new.get("uniqueItems") and not old.get("uniqueItems"):
        yield f"{at} must not repeat itself any more."
    yield from _narrower_members(at, old, new)


def _narrower_members(at: str, old: Json, new: Json) -> Iterator[str]:
    after = {name: member for name, member in new.get("properties", {}).items() if not member.get("readOnly")}
    for name, member in old.get("properties", {}).items():
        if member.get("readOnly"):
            continue
        if name in after:
            yield from _narrower(f"{at}/{name}", member, after[name])
        elif new.get("additionalProperties") is False or name in new.get("properties", {}):
            yield f"{at}/{name} is taken no more."
    for name in new.get("required", []):
        if name in after and name not in old.get("required", []):
            yield f"{at}/{name} has become required."
    if "items" in old and "items" in new:
        yield from _narrower(f"{at}/*", old["items"], new["items"])
    if isinstance(old.get("additionalProperties"), dict) and isinstance(new.get("additionalProperties"), dict):
        yield from _narrower(f"{at}/*", old["additionalProperties"], new["additionalProperties"])
    elif new.get("additionalProperties") is False and old.get("additionalProperties") is not False and old:
        yield f"{at} takes no other members any more."


def _less(at: str, old: Json, new: Json) -> Iterator[str]:
    """Where an answer holds less than it held."""
    yield from _type(at, old, new)
    if new.get("nullable") and not old.get("nullable"):
        yield f"{at} can be null now."
    if new.get("format") != old.get("format"):
        yield f"{at} has another format now."
    for name, member in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{at}/{name} is gone."
            continue
        if name in old.get("required", []) and name not in new.get("required", []):
            yield f"{at}/{name} can be missing now."
        yield from _less(f"{at}/{name}", member, new["properties"][name])
    if "items" in old and "items" in new:
        yield from _less(f"{at}/*", old["items"], new["items"])


def _type(at: str, old: Json, new: Json) -> Iterator[str]:
    before, after = old.get("type"), new.get("type")
    if before != after and not (before == "integer" and after == "number" and "answer" not in at):
        yield f"{at} was {before} and is {after}."
