"""Checks that a document has the structure of OpenAPI 3.0 wherever the service reads it. Knows no keyword's meaning.

`contract.load` validates the whole document by OpenAPI's own schema, which takes a second; this takes milliseconds, so that every
command can read the description of the service, and a damaged contract is a message instead of a traceback.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

TEXT, FLAG, NUMBER, VALUE = "a string", "true or false", "a number", "a JSON value"
COUNT, TYPE = "a whole number of 0 or more", "string, integer, number, boolean, array or object"

# https://spec.openapis.org/oas/v3.0.1.html#schema: by kind of object, the kind of each property that is read; `!` is required
OBJECTS: dict[str, dict[str, str]] = {
    "document": {"openapi!": TEXT, "info!": "info", "paths!": "map of path", "components!": "components"}
    | {"security": "list of security"},
    "info": {"title!": TEXT, "version!": TEXT, "description": TEXT},
    "components": {"schemas!": "map of schema", "parameters": "map of parameter", "responses": "map of response"}
    | {"requestBodies": "map of body", "examples": "map of example", "headers": "map of header"}
    | {"securitySchemes": "map of scheme"},
    "path": {"parameters": "list of parameter"}
    | dict.fromkeys(("get", "put", "post", "delete", "options", "head", "patch", "trace"), "operation"),
    "operation": {"operationId!": TEXT, "parameters": "list of parameter", "requestBody": "body", "x-probe": FLAG}
    | {"deprecated": FLAG, "x-deprecated-at": TEXT, "x-sunset": TEXT}
    | {"responses!": "map of response", "security": "list of security", "summary": TEXT, "description": TEXT},
    "parameter": {"name!": TEXT, "in!": TEXT, "schema!": "schema", "required": FLAG, "description": TEXT},
    "body": {"content!": "map of media", "required": FLAG},
    "media": {"schema!": "schema", "example": VALUE, "examples": "map of example"},
    "example": {"value": VALUE, "summary": TEXT},
    "response": {"description!": TEXT, "headers": "map of header", "content": "map of media", "links": "map of link"},
    "link": {"operationId!": TEXT, "parameters": "map of " + VALUE},
    "header": {"schema": "schema", "description": TEXT},
    "scheme": {"flows": "map of flow"},
    "flow": {"scopes": "map of " + TEXT},
    "schema": {"properties": "map of schema", "allOf": "list of schema", "items": "schema", "enum": "list of " + VALUE}
    | {"type": TYPE}
    | dict.fromkeys(("format", "pattern", "title", "description", "x-plural", "x-merge-patch-of"), TEXT)
    | dict.fromkeys(("nullable", "readOnly", "uniqueItems", "exclusiveMinimum", "exclusiveMaximum", "deprecated"), FLAG)
    | dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), COUNT)
    | {"minimum": NUMBER, "maximum": NUMBER, "required": "list of " + TEXT, "default": VALUE, "example": VALUE}
    | {"additionalProperties": "schema or flag", "x-property-names": "names"},
    "names": {"minLength": COUNT, "maxLength": COUNT, "pattern": TEXT},
}
SECTIONS = {  # what a reference may stand for
    "schema": "schemas", "parameter": "parameters", "response": "responses", "body": "requestBodies",
    "example": "examples", "header": "headers", "link": "links",
}  # fmt: skip
DEEPEST = 100  # levels of a document

Fault = tuple[str, str]  # where, and what is wrong there


def faults(document: Any) -> Iterator[Fault]:
    """Yield (place, what is wrong there) for every part of a document that has not the structure that is read."""
    return _Check(document).faults("document", document, "", 0)


class _Check:
    """One check of one document. A part that several places share is checked once."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._seen: set[tuple[str, int]] = set()

    def faults(self, kind: str, node: Any, at: str, depth: int) -> Iterator[Fault]:
        if depth > DEEPEST:
            yield at, f"must not be nested more than {DEEPEST} levels deep"
        elif kind in SCALARS:
            if not SCALARS[kind](node):
                yield at, f"must be {kind}"
        elif kind == VALUE:
            yield from self._value(node, at, depth)
        elif kind == "schema or flag":
            if not isinstance(node, bool):
                yield from self.faults("schema", node, at, depth)
        elif kind.startswith("list of "):
            yield from self._list(kind[8:], node, at, depth)
        elif not isinstance(node, Mapping):
            yield at, "must be an object"
        elif (kind, id(node)) not in self._seen:
            self._seen.add((kind, id(node)))
            yield from self._mapping(kind, node, at, depth)

    def _mapping(self, kind: str, node: Mapping[Any, Any], at: str, depth: int) -> Iterator[Fault]:
        names = [name for name in node if not (isinstance(name, str) and _is_text(name))]
        if names:
            yield at, f"has the key {names[0]!r}, which must be a string"
        elif kind.startswith("map of ") or kind == "security":
            inner = kind[7:] if kind != "security" else "list of " + TEXT
            for name, value in node.items():
                yield from self.faults(inner, value, _step(at, name), depth + 1)
        elif "$ref" in node:
            yield from self._reference(kind, node, at, depth)
        else:
            yield from self._object(kind, node, at, depth)

    def _object(self, kind: str, node: Mapping[str, Any], at: str, depth: int) -> Iterator[Fault]:
        for key, inner in OBJECTS[kind].items():
            name = key.rstrip("!")
            if name in node:
                yield from self.faults(inner, node[name], _step(at, name), depth + 1)
            elif key != name:
                yield at, f"must have `{name}`"

    def _list(self, kind: str, node: Any, at: str, depth: int) -> Iterator[Fault]:
        if not isinstance(node, list):
            yield at, "must be a list"
            return
        for index, entry in enumerate(node):
            yield from self.faults(kind, entry, _step(at, index), depth + 1)

    def _reference(self, kind: str, node: Mapping[str, Any], at: str, depth: int) -> Iterator[Fault]:
        reference, siblings = node["$ref"], [name for name in node if name != "$ref"]
        if kind not in SECTIONS:
            yield at, "must not be a $ref"
        elif siblings:
            yield at, f"has `{siblings[0]}` beside a $ref, where OpenAPI 3.0 ignores it; put the $ref into an allOf"
        elif not isinstance(reference, str) or not reference.startswith(f"#/components/{SECTIONS[kind]}/"):
            yield at, f"has the $ref {reference}, which must begin with #/components/{SECTIONS[kind]}/"
        else:
            target = resolve(self._document, reference)
            if target is None:
                yield at, f"has the $ref {reference}, which points to nothing"
            else:
                yield from self.faults(kind, target, reference.removeprefix("#/"), depth + 1)

    def _value(self, node: Any, at: str, depth: int) -> Iterator[Fault]:
        if depth > DEEPEST:
            yield at, f"must not be nested more than {DEEPEST} levels deep"
        elif isinstance(node, (dict, list)):
            for name, inner in node.items() if isinstance(node, dict) else enumerate(node):
                if isinstance(node, dict) and not (isinstance(name, str) and _is_text(name)):
                    yield at, f"has the key {name!r}, which must be a string"
                yield from self._value(inner, _step(at, name), depth + 1)
        elif not (node is None or isinstance(node, bool) or _is_number(node) or _is_text(node)):
            yield at, f"must be {VALUE}"


def resolve(document: Any, reference: str) -> Any:
    """Return what a local reference points to (RFC 6901, section 6), or None."""
    target = document
    for step in reference.removeprefix("#/").split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(target, Mapping) or name not in target:
            return None
        target = target[name]
    return target


def _is_text(node: Any) -> bool:
    return isinstance(node, str) and not any("\ud800" <= character <= "\udfff" for character in node)


def _is_number(node: Any) -> bool:
    return isinstance(node, (int, float)) and not isinstance(node, bool) and math.isfinite(node)


SCALARS: dict[str, Callable[[Any], bool]] = {
    TEXT: _is_text,
    TYPE: lambda node: node in ("string", "integer", "number", "boolean", "array", "object"),
    FLAG: lambda node: isinstance(node, bool),
    NUMBER: _is_number,
    COUNT: lambda node: isinstance(node, int) and not isinstance(node, bool) and node >= 0,
}


def _step(at: str, name: object) -> str:
    return f"{at}/{name}" if at else str(name)
