"""Derives from the contract what the functions validate by: a plain literal, so that they need no YAML and no schema library.

A contract that the service cannot keep is an error: crudctl.build.rules says which schemas it can, crudctl.build.promises which
operations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crudctl.build import contract, deprecation, promises, rules, service, system_properties
from crudctl.build.contract import ContractError, Schema

# Attributes of a stored resource that are not content; see functions.store.
RESERVED = ("id", "owner", "version", "created_at", "updated_at", "fingerprint", "receipt", "deleted_at", "expires_at")
# A PUT names every field in one update expression, of at most 300 operators; see functions.store for the other limit, its length.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
MOST_FIELDS = 290
PARAMETER_TYPES = ("string", "integer", "boolean")
READ_BY_REQUEST = (
    "If-Match",
    "If-None-Match",
)  # functions.request reads them by RFC 9110, and says what is wrong in words


def operations(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what the functions validate by, keyed by operationId, as plain data.

    `{"create_item": {"kind", "function", "handler", "method", "path", "scopes": [str], "parameters": [{"name", "in",
    "required", "schema"}], "media_types": [str], "body_required": bool, "content": flat schema | None, "ignored": [str],
    "headers": {str: str}}}`. An access token needs one of `scopes`. A merge patch has the schema of the whole content: the
    function validates what the patch changes. `ignored` are the properties that the service sets, which are dropped from the
    top level of what a client sends: the resource's, or the `readOnly` ones of another body. `headers` belong to every response.

    Raises:
        ContractError: The contract has something that the service cannot keep.
    """
    described = service.describe(document)
    resource = resource_content(document, described)
    result = {}
    for path, method, operation in contract.each_operation(document):
        described_as = described.operations[operation["operationId"]]
        offered = contract.dereference(document, operation.get("requestBody", {})).get("content", {})
        content: Schema | None = None
        if described_as.kind in promises.BODIES:
            content = resource
        elif offered:
            content = _other_body(document, described_as.id, offered)
        result[described_as.id] = {
            "kind": described_as.kind,
            "function": described_as.function,
            "handler": described_as.handler,
            "method": method,
            "path": path,
            "scopes": list(described_as.scopes),
            "parameters": [_parameter(document, described_as.id, one) for one in operation["parameters"]],
            "media_types": list(offered),
            "body_required": bool(contract.dereference(document, operation.get("requestBody", {})).get("required")),
            "content": None if content is None else rules.constraints(content),
            "ignored": [] if content is None else _ignored(document, described, described_as, offered),
            "headers": deprecation.headers(f"{method} {path}", operation),
        }
    promises.check(document, described, result)
    return result


def resource_content(document: Mapping[str, Any], described: service.Service) -> Schema:
    """Return the flat schema of what a client may send of the resource. Raise ContractError if it cannot be kept."""
    where = f"components/schemas/{described.content_schema}"
    content = service.content_of(document, described.content_schema)
    reserved = [field for field in content["properties"] if field in RESERVED]
    if reserved:
        raise ContractError(f"{where}: {', '.join(reserved)} is reserved for the service; choose another name.")
    rules.check(content, where)
    if content.get("nullable"):
        raise ContractError(f"{where}: the resource itself must not be nullable.")
    if content.get("additionalProperties") is not False or {"minProperties", "maxProperties"} & content.keys():
        raise ContractError(
            f"{where}: the resource must have no `additionalProperties` but false, and no limit on the number of its "
            "properties: a merge patch is validated property by property, and a version keeps the properties it does not know."
        )
    if len(content["properties"]) > MOST_FIELDS:
        raise ContractError(
            f"{where} has {len(content['properties'])} fields. A PUT changes all of them in one DynamoDB update, which has room "
            f"for {MOST_FIELDS}: put some of them into an object."
        )
    return content


def _ignored(
    document: Mapping[str, Any], described: service.Service, operation: service.Operation, offered: Mapping[str, Any]
) -> list[str]:
    """Return the properties that are dropped from a request body, so that what was read can be put back."""
    if operation.kind in promises.BODIES:
        return system_properties.ignored(document, described)
    schema = next(iter(offered.values()))["schema"]
    patched = contract.dereference(document, schema).get("x-merge-patch-of")
    whole = {"$ref": f"#/components/schemas/{patched}"} if patched else schema
    properties = contract.flatten(document, whole).get("properties", {})
    return [name for name, field in properties.items() if field.get("readOnly")]


def _other_body(document: Mapping[str, Any], operation: str, offered: Mapping[str, Any]) -> Schema:
    """Return the flat schema of a body that is not the resource's content."""
    if len(offered) != 1:
        raise ContractError(f"{operation}: a request body must have exactly one media type, not {len(offered)}.")
    schema = contract.flatten(document, next(iter(offered.values()))["schema"])
    if schema.get("type") == "object" and schema.get("properties"):
        schema = contract.content(schema)
    rules.check(schema, f"{operation}, request body")
    return schema


def _parameter(document: Mapping[str, Any], operation: str, parameter: Mapping[str, Any]) -> dict[str, Any]:
    where = f"{operation}, parameter {parameter['name']}"
    schema = contract.flatten(document, parameter["schema"])
    rules.check(schema, where)
    if schema.get("type") not in PARAMETER_TYPES or schema.get("nullable"):
        raise ContractError(f"{where}: its type must be {', '.join(PARAMETER_TYPES)}, and not nullable.")
    if parameter["in"] not in ("path", "query", "header"):
        raise ContractError(
            f"{where}: the functions read parameters in path, query and header, not in {parameter['in']}."
        )
    validated_by = rules.constraints(schema, where)
    if parameter["name"] in READ_BY_REQUEST:
        validated_by = {k: v for k, v in validated_by.items() if k not in ("pattern", "regex")}
    return {
        "name": parameter["name"],
        "in": parameter["in"],
        "required": parameter.get("required", False),
        "schema": validated_by | {k: schema[k] for k in ("default",) if k in schema},
    }
