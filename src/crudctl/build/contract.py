"""Reads contract/openapi.yaml and resolves its schemas. Knows neither which of them the service supports nor what reads them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from crudctl import processes
from crudctl.build import structure

Schema = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

# Keywords that do not decide whether a value is valid.
ANNOTATIONS = {"title", "description", "default", "example", "readOnly", "deprecated", "externalDocs"}


class ContractError(Exception):
    """The contract is invalid, or the service cannot keep it. The message says where and what to do."""


def load(root: Path) -> dict[str, Any]:
    """Return the document of the project at `root`, as parsed YAML. Raise ContractError if it cannot be read or is invalid."""
    path, document = root / "contract" / "openapi.yaml", read(root)
    check_structure(document)
    fault = _fault(document)
    if fault is not None:
        where = fault or ["the document"]
        at = "/".join(where + _property_at_fault(document, where))
        raise ContractError(f"{path}: {at} is not valid OpenAPI 3.0.")
    return document


def read(root: Path) -> dict[str, Any]:
    """Return the document of the project at `root` without validating it. Raise ContractError if it cannot be read."""
    return parse(root / "contract" / "openapi.yaml")


def parse(path: Path) -> dict[str, Any]:
    """Return the document in a file without validating it. Raise ContractError if it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ContractError(f"{path} cannot be read: {error}") from error
    return _parsed(data, str(path))


def _parsed(data: bytes, name: str) -> dict[str, Any]:
    """Return the document in YAML, as UTF-8. Raise ContractError, which begins with its `name`, if it cannot be read."""
    document: dict[str, Any] = json.loads(_as_json(data, name))
    return document


@lru_cache(maxsize=4)
def _as_json(data: bytes, name: str) -> str:
    """Return the document as JSON. A command reads the same contract several times, and YAML takes ten times as long."""
    try:
        document = yaml.load(data.decode(), _Loader)  # noqa: S506 - derived from SafeLoader
    except UnicodeDecodeError as error:
        raise ContractError(
            f"{name} cannot be read: it is not UTF-8 at byte {error.start + 1}. Save it as UTF-8."
        ) from error
    except (ValueError, yaml.YAMLError) as error:  # ValueError: such as `!!int x`
        raise ContractError(f"{name} cannot be read: {error}") from error
    except RecursionError as error:
        raise ContractError(f"{name} cannot be read: it is nested too deeply.") from error
    if not isinstance(document, dict) or not {"info", "paths", "components"} <= document.keys():
        raise ContractError(f"{name} is not valid OpenAPI 3.0: it must be an object with info, paths and components.")
    try:
        text = json.dumps(document, ensure_ascii=False)
        text.encode()
    except UnicodeEncodeError as error:
        raise ContractError(f"{name} has text that is no valid Unicode: an unpaired surrogate.") from error
    except (TypeError, ValueError, RecursionError) as error:  # a set, bytes, an alias that contains itself
        raise ContractError(f"{name} has a value that JSON does not have: {error}") from error
    return text


def check_structure(document: Any) -> None:
    """Raise ContractError for the first part of a document that has not the structure of OpenAPI 3.0."""
    fault = next(structure.faults(document), None)
    if fault is not None:
        raise ContractError(f"{fault[0] or 'the document'} {fault[1]}.")


def at_revision(root: Path, revision: str) -> dict[str, Any]:
    """Return the document at a git revision. Raise ContractError if it does not exist or has not the structure of OpenAPI.

    Raise Failed without git.
    """
    # Not `git show`, which takes what is no revision for a pattern of paths, and prints nothing.
    blob = ("cat-file", "blob", f"{revision}:./contract/openapi.yaml")
    result = processes.run("git", *blob, cwd=root, errors="surrogateescape")
    if result.returncode:
        raise ContractError(f"git has no contract at {revision}: {result.stderr.strip()}")
    name = f"The contract at {revision}"
    document = _parsed(result.stdout.encode("utf-8", "surrogateescape"), name)
    try:
        check_structure(document)
    except ContractError as error:
        raise ContractError(f"{name}: {error}") from error
    return document


def _property_at_fault(document: Mapping[str, Any], where: list[str]) -> list[str]:
    """Return the rest of the path to the one invalid property, if `where` is the path of a schema with properties."""
    if where[:2] != ["components", "schemas"] or len(where) != 3:
        return []
    schemas = document["components"]["schemas"]
    for name, schema in schemas[where[2]].get("properties", {}).items():
        others = {**schemas, where[2]: {"type": "object"}, "Property": schema}
        alone = {**document, "paths": {}, "components": {"schemas": others}}
        if _fault(alone) is not None:
            return ["properties", str(name)]
    return []


def _fault(document: Schema) -> list[str] | None:
    """Return the path of the first fault in an OpenAPI 3.0 document, or None. Raise ContractError for a dangling reference."""
    # These would take most of the start-up time of `crudctl`, and few commands need them.
    from openapi_spec_validator import OpenAPIV30SpecValidator  # noqa: PLC0415
    from referencing.exceptions import Unresolvable  # noqa: PLC0415

    try:
        fault = next(OpenAPIV30SpecValidator(without_patterns(document)).iter_errors(), None)
    except Unresolvable as error:
        raise ContractError(f"A $ref points to nothing: {error.ref}") from error
    except RecursionError as error:
        raise ContractError("The document is nested too deeply, or an alias in it contains itself.") from error
    return None if fault is None else [str(step) for step in fault.absolute_path]


def without_patterns(node: Any) -> Any:
    """Return a document whose patterns all match everything.

    Validators compile a pattern with the engine that is installed, Python's if there is no other. crudctl.build.pattern checks it
    by ECMA-262.
    """
    if isinstance(node, list):
        return [without_patterns(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    return {
        name: "" if name == "pattern" and isinstance(inner, str) else without_patterns(inner)
        for name, inner in node.items()
    }


class _Loader(yaml.SafeLoader):
    """YAML 1.2, as JSON: `yes` and `2026-01-01` are strings, and a duplicate key is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Raise ConstructorError for a duplicate key, of which YAML libraries silently use the last."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key} must be a string: quote it", node.start_mark
                )
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key} is duplicated", node.start_mark)
        return super().construct_mapping(node, deep)


def _integer(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


def _fraction(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    """Raise ConstructorError for a number with more digits than a double keeps, which would be rounded silently."""
    text = str(loader.construct_scalar(node)).lower()
    if text.endswith((".inf", ".nan")):
        return float(text.replace(".", ""))
    value = float(text)
    if not math.isfinite(value) or Decimal(text) != Decimal(repr(value)):
        raise yaml.constructor.ConstructorError(
            None, None, f"the number {text} has more digits than can be kept: use at most 15", node.start_mark
        )
    return value


# https://yaml.org/spec/1.2.2/#103-core-schema: 12:30 is a string, 010 is ten, and 1e3 is a number
_CORE: dict[str, tuple[str, Any]] = {
    "bool": ("true|false", None),
    "int": ("[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", _integer),
    "float": (
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        _fraction,
    ),
}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if not tag.endswith((":bool", ":timestamp", ":int", ":float"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _name, (_form, _construct) in _CORE.items():
    _tag = f"tag:yaml.org,2002:{_name}"
    _Loader.add_implicit_resolver(
        _tag, re.compile(f"^(?:{_form})$"), list("tf" if _name == "bool" else "-+.0123456789")
    )
    if _construct:
        _Loader.add_constructor(_tag, _construct)


def each_operation(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (path, METHOD, operation) in the document's order, the operation with its path's parameters and its security."""
    for path, path_item in document["paths"].items():
        shared = path_item.get("parameters", [])
        for method in METHODS:
            if method in path_item:
                operation = dict(path_item[method])
                operation["parameters"] = [
                    dereference(document, p) for p in [*shared, *operation.get("parameters", [])]
                ]
                operation.setdefault("security", document.get("security", []))
                yield path, method.upper(), operation


def dereference(document: Mapping[str, Any], node: Mapping[str, Any]) -> dict[str, Any]:
    """Return `node`, or what its local `$ref` points to. Raise ContractError for a dangling or cyclic reference."""
    return _followed(document, node, ())[0]


def _followed(
    document: Mapping[str, Any], node: Any, within: tuple[str, ...]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what `node` stands for, and the references that lead to it after those in `within`."""
    while isinstance(node, Mapping) and "$ref" in node:
        reference = str(node["$ref"])
        if not reference.startswith("#/"):
            raise ContractError(f"$ref {reference} cannot be resolved: use references into this document.")
        if reference in within:
            raise ContractError(f"{reference[2:]} refers to itself, which the service cannot validate.")
        within = (*within, reference)
        node = structure.resolve(document, reference)
        if not isinstance(node, Mapping):
            raise ContractError(f"$ref {reference} points to nothing.")
    return dict(node), within


def flatten(document: Mapping[str, Any], schema: Mapping[str, Any], _within: tuple[str, ...] = ()) -> Schema:
    """Return `schema` with every `$ref` resolved and every `allOf` merged. Raise ContractError for a cycle."""
    flat: Schema = {}
    whole, within = _followed(document, schema, _within)
    parts = [flatten(document, part, within) for part in whole.pop("allOf", [])] + [whole]
    _check_parts(parts)
    for part in parts:
        for keyword, value in part.items():
            _merge(flat, keyword, value)
    if "properties" in flat:
        flat["properties"] = {k: flatten(document, v, within) for k, v in flat["properties"].items()}
    for keyword in ("items", "additionalProperties"):
        if isinstance(flat.get(keyword), dict):
            flat[keyword] = flatten(document, flat[keyword], within)
    if "x-merge-patch-of" in flat:
        target = {"$ref": f"#/components/schemas/{flat.pop('x-merge-patch-of')}"}
        own = {keyword: flat[keyword] for keyword in ("title", "description") if keyword in flat}
        flat |= merge_patch(closed(content(flatten(document, target, within)))) | own
    return flat


def _check_parts(parts: list[Schema]) -> None:
    """Raise ContractError if the parts of an `allOf` do not mean the same when they are merged into one schema."""
    parts = [part for part in parts if part.keys() - ANNOTATIONS]
    if len({bool(part.get("nullable")) for part in parts}) > 1:
        raise ContractError("An allOf has `nullable` in only one part, which allows no null; write it as one schema.")
    names = {name for part in parts for name in part.get("properties", {})}
    for part in parts:
        if part.get("additionalProperties", True) is not True and names - part.get("properties", {}).keys():
            raise ContractError(
                f"A part of an allOf with `additionalProperties` does not allow the others' "
                f"{sorted(names - part.get('properties', {}).keys())[0]}; write it as one schema."
            )


def _merge(flat: Schema, keyword: str, value: Any) -> None:
    """Add a keyword of one part of an `allOf`. All parts apply: their properties and what they require are united."""
    if keyword == "properties":
        names = flat.setdefault(keyword, {})
        twice = next((name for name, field in value.items() if names.get(name, field) != field), None)
        if twice is not None:
            raise ContractError(f"Two parts of an allOf define `{twice}` differently; write it in one of them.")
        flat[keyword] = names | value
    elif keyword == "required":
        flat[keyword] = list(dict.fromkeys([*flat.get(keyword, []), *value]))
    elif keyword not in ANNOTATIONS and flat.get(keyword, value) != value:
        raise ContractError(f"Two parts of an allOf have different `{keyword}`; write them as one schema.")
    else:
        flat[keyword] = value


def content(schema: Schema) -> Schema:
    """Return the part of a flat object schema that a client may send: all but its `readOnly` properties.

    Raise ContractError if it is not of an object with properties.
    """
    if schema.get("type") != "object" or not schema.get("properties"):
        raise ContractError("The schema of the resource must be of type object and have properties.")
    fields = {k: v for k, v in schema["properties"].items() if not v.get("readOnly")}
    return schema | {"properties": fields, "required": [k for k in schema.get("required", []) if k in fields]}


def closed(schema: Schema) -> Schema:
    """Return a flat object schema that allows no other properties, as the service validates what is sent, unless it says more."""
    return {"additionalProperties": False} | schema


def opened(schema: Schema) -> Schema:
    """Return a schema that allows other properties wherever it allowed none, at every depth but in what it refers to."""
    return within({k: v for k, v in schema.items() if (k, v) != ("additionalProperties", False)}, opened)


def within(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """Return a schema with `change` applied to each schema directly in it."""
    result = dict(schema)
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            result[keyword] = change(schema[keyword])
    if "properties" in schema:
        result["properties"] = {name: change(part) for name, part in schema["properties"].items()}
    for keyword in ("allOf", "anyOf", "oneOf"):  # only what this service does not validate has alternatives
        if keyword in schema:
            result[keyword] = [change(part) for part in schema[keyword]]
    return result


def mapped(node: Any, change: Callable[[Schema], Schema]) -> Any:
    """Return a part of a document with `change` applied to each schema in it that is not within another."""
    if isinstance(node, list):
        return [mapped(entry, change) for entry in node]
    if not isinstance(node, Mapping):
        return node
    found: dict[str, Any] = {}
    for key, inner in node.items():
        if key in ("example", "examples"):  # values, in which nothing is a schema
            found[key] = inner
        elif key == "schemas":
            found[key] = {name: change(schema) for name, schema in inner.items()}
        else:
            found[key] = change(inner) if key == "schema" and isinstance(inner, dict) else mapped(inner, change)
    return found


def merge_patch(schema: Schema) -> Schema:
    """Return the schema of a JSON Merge Patch (RFC 7396) for `schema`: no property is required, and `null` removes one."""
    if schema.get("type") != "object":
        return schema
    required = schema.get("required", [])
    patch = {k: v for k, v in schema.items() if k not in ("required", "minProperties", "maxProperties")}
    if "properties" in schema:
        patch["properties"] = {
            name: merge_patch(field) if name in required else _or_null(merge_patch(field))
            for name, field in schema["properties"].items()
        }
    if isinstance(schema.get("additionalProperties"), dict):
        patch["additionalProperties"] = _or_null(merge_patch(schema["additionalProperties"]))
    return patch


def _or_null(schema: Schema) -> Schema:
    """https://spec.openapis.org/oas/v3.0.4.html#nullable-clarifications: null must be among the values of an enum, too."""
    values = {"enum": [*schema["enum"], None]} if "enum" in schema and None not in schema["enum"] else {}
    return schema | {"nullable": True} | values
