"""Reads contract/openapi.yaml and derives from it what others need; knows neither Lambda's code nor Terraform.

Two things are derived: the *operations* that the functions validate by (a plain literal, so that they need no
YAML and no schema library), and the *AWS profile*, the document as Amazon API Gateway accepts it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from openapi_spec_validator import OpenAPIV30SpecValidator
from referencing.exceptions import Unresolvable

Schema = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

SERVED = ("create_item", "get_item", "update_item", "patch_item", "delete_item", "list_items")

# What items.contract validates. Another constraint in the contract would be promised and not kept, so it is refused.
VALIDATED = {
    "type", "nullable", "enum", "properties", "required", "additionalProperties", "minProperties", "maxProperties",
    "items", "minItems", "maxItems", "uniqueItems", "minLength", "maxLength", "pattern", "format",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
}  # fmt: skip
ANNOTATIONS = {"title", "description", "default", "example", "readOnly", "deprecated", "externalDocs"}
TEXT, NUMBER = ("string",), ("integer", "number")
FORMATS = dict.fromkeys(("date", "date-time", "uuid", "uri", "email", "password"), TEXT) | dict.fromkeys(
    ("int32", "int64", "float", "double"), NUMBER
)
KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}

# Attributes of a stored item that are not content; see items.store.
RESERVED = ("id", "owner", "version", "created_at", "updated_at", "fingerprint", "receipt", "expires_at")

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
# `additionalProperties`, `format`, `minItems`, `maxItems`, `readOnly`, `nullable`, `example` and `default` are among what
# API Gateway ignores or refuses.
AWS_SCHEMA_KEYWORDS = {
    "type", "properties", "required", "minProperties", "maxProperties", "items", "uniqueItems", "minLength", "maxLength",
    "pattern", "enum", "minimum", "maximum", "title", "description",
}  # fmt: skip


class ContractError(Exception):
    """The contract holds something that the service could not keep. The message says where and what to do."""


def load(root: Path) -> dict[str, Any]:
    """The document of the project at `root`, as parsed YAML. Raises ContractError when it cannot be read."""
    path = root / "contract" / "openapi.yaml"
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - made of the safe one
    except (OSError, yaml.YAMLError) as error:
        raise ContractError(f"{path} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise ContractError(f"{path} is not an OpenAPI document.")
    try:
        fault = next(OpenAPIV30SpecValidator(document).iter_errors(), None)
    except Unresolvable as error:
        raise ContractError(f"A $ref points to nothing: {error.ref}") from error
    if fault is not None:
        where = [str(step) for step in fault.absolute_path] or ["the document"]
        raise ContractError(f"{'/'.join(where + _property_at_fault(document, where))} is not valid OpenAPI 3.0.")
    return document


def _property_at_fault(document: Mapping[str, Any], where: list[str]) -> list[str]:
    """The rest of the way to the one property that is not valid, where `where` leads to a schema of many."""
    if where[:2] != ["components", "schemas"] or len(where) != 3:
        return []
    schemas = document["components"]["schemas"]
    for name, schema in schemas[where[2]].get("properties", {}).items():
        others = {**schemas, where[2]: {"type": "object"}, "Property": schema}
        alone = {**document, "paths": {}, "components": {"schemas": others}}
        if next(OpenAPIV30SpecValidator(alone).iter_errors(), None):
            return ["properties", str(name)]
    return []


class _Loader(yaml.SafeLoader):
    """YAML as version 1.2 and JSON have it: `yes` and `2026-01-01` are text, and a key stands once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuses a key that stands twice, of which YAML libraries silently take the last."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key} must be text: quote it", node.start_mark
                )
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if not tag.endswith((":bool", ":timestamp"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), ["t", "f"])


def each_operation(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, METHOD, operation) in the document's order; the operation has its path's parameters and its security."""
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
    """`node`, or what its local `$ref` points to."""
    seen = set()
    while "$ref" in node:
        reference = node["$ref"]
        if reference in seen or not reference.startswith("#/"):
            raise ContractError(f"$ref {reference} cannot be followed: only acyclic references into this document can.")
        seen.add(reference)
        target: Any = document
        for step in reference[2:].split("/"):
            if step not in target:
                raise ContractError(f"$ref {reference} points to nothing.")
            target = target[step]
        node = target
    return dict(node)


def flatten(document: Mapping[str, Any], schema: Mapping[str, Any], _depth: int = 0) -> Schema:
    """`schema` with every `$ref` put in its place and every `allOf` merged. Raises ContractError on a cycle."""
    if _depth > 20:
        raise ContractError("A schema refers to itself; the service cannot validate that.")
    flat: Schema = {}
    whole = dereference(document, schema)
    for part in [*whole.pop("allOf", []), whole]:
        for keyword, value in (flatten(document, part, _depth + 1) if part is not whole else whole).items():
            if keyword in VALIDATED and flat.get(keyword, value) != value:
                raise ContractError(f"Two parts of an allOf have different `{keyword}`; write them as one schema.")
            flat[keyword] = value
    if "properties" in flat:
        flat["properties"] = {k: flatten(document, v, _depth + 1) for k, v in flat["properties"].items()}
    for keyword in ("items", "additionalProperties"):
        if isinstance(flat.get(keyword), dict):
            flat[keyword] = flatten(document, flat[keyword], _depth + 1)
    if "x-merge-patch-of" in flat:
        target = {"$ref": f"#/components/schemas/{flat.pop('x-merge-patch-of')}"}
        flat |= merge_patch(content(flatten(document, target, _depth + 1)))
    return flat


def content(schema: Schema) -> Schema:
    """What a client may send of a flat object schema: all but its `readOnly` members."""
    fields = {k: v for k, v in schema["properties"].items() if not v.get("readOnly")}
    return schema | {"properties": fields, "required": [k for k in schema.get("required", []) if k in fields]}


def merge_patch(schema: Schema) -> Schema:
    """The schema of a JSON Merge Patch (RFC 7396) of what `schema` describes: nothing required, `null` removes."""
    if schema.get("type") != "object":
        return schema
    required = schema.get("required", [])
    patch = {k: v for k, v in schema.items() if k not in ("required", "minProperties", "maxProperties")}
    patch["properties"] = {
        name: merge_patch(member) | ({} if name in required else {"nullable": True})
        for name, member in schema.get("properties", {}).items()
    }
    if isinstance(schema.get("additionalProperties"), dict):
        patch["additionalProperties"] = merge_patch(schema["additionalProperties"]) | {"nullable": True}
    return patch


def operations(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What the functions validate by, keyed by operationId; plain data.

    `{"create_item": {"method", "path", "parameters": [{"name", "in", "required", "schema"}],
    "media_type": str | None, "content": flat schema | None}}`. A merge patch has the schema of the whole content: the
    function validates what the patch makes of the item.

    Raises:
        ContractError: A keyword that the functions do not validate, or a field with a reserved name.
    """
    found: dict[str, dict[str, Any]] = {}
    for path, method, operation in each_operation(document):
        name = operation.get("operationId")
        if not name or name in found:
            raise ContractError(f"{method} {path} needs an operationId of its own.")
        parameters = []
        for parameter in operation["parameters"]:
            schema = flatten(document, parameter["schema"])
            checked(schema, f"{name}, parameter {parameter['name']}")
            if schema.get("type") not in ("string", "integer", "boolean"):
                raise ContractError(
                    f"{name}, parameter {parameter['name']}: its type must be string, integer or boolean."
                )
            parameters.append(
                {
                    "name": parameter["name"],
                    "in": parameter["in"],
                    "required": parameter.get("required", False),
                    "schema": constraints(schema) | {k: schema[k] for k in ("default",) if k in schema},
                }
            )
        media_type, body = None, None
        if "requestBody" in operation:
            offered = dereference(document, operation["requestBody"])["content"]
            if len(offered) != 1:
                raise ContractError(f"{name}: a request body has exactly one media type here, not {len(offered)}.")
            media_type, media = next(iter(offered.items()))
            declared = dereference(document, media["schema"])
            if "x-merge-patch-of" in declared:
                declared = {"$ref": f"#/components/schemas/{declared['x-merge-patch-of']}"}
            body = content(flatten(document, declared))
            checked(body, f"{name}, request body")
            if body.get("additionalProperties") is not False or {"minProperties", "maxProperties"} & body.keys():
                raise ContractError(
                    f"{name}: Item needs `additionalProperties: false` and no limit on the number of its members: a merge "
                    "patch is validated member by member, and a version keeps the members it does not know."
                )
            reserved = [field for field in body["properties"] if field in RESERVED]
            if reserved:
                raise ContractError(
                    f"{name}: {', '.join(reserved)} is a name the service keeps for itself; choose another."
                )
            body = constraints(body)
        found[name] = {
            "method": method,
            "path": path,
            "parameters": parameters,
            "media_type": media_type,
            "content": body,
        }
    missing = [name for name in SERVED if name not in found]
    if missing:
        raise ContractError(f"It has no operation {', '.join(missing)}, which src/items/handlers.py serves.")
    return found


def checked(schema: Schema, where: str) -> None:
    """Raises ContractError for a promise in `schema` (flat) that the functions would not keep."""
    unknown = {k for k in schema if k not in VALIDATED | ANNOTATIONS and not k.startswith("x-")}
    if unknown:
        raise ContractError(f"{where}: the functions do not validate {', '.join(sorted(unknown))}; leave it out.")
    kind, form = schema.get("type"), schema.get("format")
    if form is not None and (form not in FORMATS or kind not in FORMATS[form]):
        raise ContractError(f"{where}: the functions do not know the format {form} of {kind}; leave it out.")
    try:
        re.compile(schema.get("pattern", ""))
    except re.error as error:
        raise ContractError(f"{where}: the pattern {schema['pattern']} cannot be checked: {error}.") from error
    for member in schema.get("enum", []):
        if not isinstance(member, KINDS.get(kind or "", object)) or isinstance(member, bool) != (
            kind in ("boolean", None)
        ):
            raise ContractError(f"{where}: {member!r} in its enum is not of type {kind}; quote it, or mend the type.")
    closed = schema.get("additionalProperties") is False
    missing = [name for name in schema.get("required", []) if closed and name not in schema.get("properties", {})]
    if missing:
        raise ContractError(f"{where}: {', '.join(missing)} is required and not allowed; name it in properties.")
    for name, member in schema.get("properties", {}).items():
        if not name:
            raise ContractError(f"{where}: a property needs a name.")
        if member.get("readOnly") or "default" in member:
            raise ContractError(f"{where}, {name}: readOnly below the top and default are not kept; leave them out.")
        checked(member, f"{where}, {name}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            checked(schema[keyword], f"{where}, {keyword}")


def constraints(schema: Schema) -> Schema:
    """`schema` (flat) with only the keywords that decide whether a value is valid."""
    kept = {k: v for k, v in schema.items() if k in VALIDATED}
    if "properties" in kept:
        kept["properties"] = {k: constraints(v) for k, v in kept["properties"].items()}
    for keyword in ("items", "additionalProperties"):
        if isinstance(kept.get(keyword), dict):
            kept[keyword] = constraints(kept[keyword])
    return kept


def aws_profile(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as API Gateway takes it for a REST API: OpenAPI 3.0.1, without what it ignores or refuses.

    Never stricter than the contract, at places looser: the functions validate again.
    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
    """
    paths: dict[str, Any] = {}
    for path, method, operation in each_operation(document):
        kept: dict[str, Any] = {
            k: operation[k] for k in ("operationId", "tags", "summary", "description", "security") if k in operation
        }
        kept["parameters"] = [_aws_parameter(document, p) for p in operation["parameters"]]
        if "requestBody" in operation:
            body = dereference(document, operation["requestBody"])
            kept["requestBody"] = {
                "required": body.get("required", False),
                "content": {m: {"schema": _aws_body(c["schema"])} for m, c in body["content"].items()},
            }
        kept["responses"] = {
            status: _aws_response(dereference(document, response))
            for status, response in operation["responses"].items()
        }
        paths.setdefault(path, {})[method.lower()] = kept
    schemas = {name: flatten(document, schema) for name, schema in document["components"]["schemas"].items()}
    schemas["ItemContent"] = content(schemas["Item"])
    return {
        "openapi": document["openapi"],
        "info": {k: document["info"][k] for k in ("title", "version", "description") if k in document["info"]},
        "paths": paths,
        "components": {
            "schemas": {name: _aws_schema(schema) for name, schema in schemas.items()},
            "securitySchemes": document["components"]["securitySchemes"],
        },
    }


def _aws_body(schema: Schema) -> Schema:
    return {"$ref": "#/components/schemas/ItemContent"} if schema.get("$ref", "").endswith("/Item") else schema


def _aws_parameter(document: Mapping[str, Any], parameter: Mapping[str, Any]) -> dict[str, Any]:
    kept = {k: parameter[k] for k in ("name", "in", "required", "description") if k in parameter}
    return kept | {"schema": {"type": flatten(document, parameter["schema"])["type"]}}


def _aws_response(response: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {"description": response["description"]}
    if "headers" in response:
        kept["headers"] = {name: {"schema": {"type": "string"}} for name in response["headers"]}
    if "content" in response:
        kept["content"] = {media: {"schema": body["schema"]} for media, body in response["content"].items()}
    return kept


def _aws_schema(schema: Schema) -> Schema:
    if schema.get("nullable"):  # a JSON Schema draft 4 model would refuse the null
        return {"description": schema["description"]} if "description" in schema else {}
    kept = {k: v for k, v in schema.items() if k in AWS_SCHEMA_KEYWORDS}
    if "properties" in kept:
        kept["properties"] = {k: _aws_schema(v) for k, v in kept["properties"].items()}
    if isinstance(kept.get("items"), dict):
        kept["items"] = _aws_schema(kept["items"])
    return kept
