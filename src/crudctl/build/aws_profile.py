"""Derives from the contract the part that Amazon API Gateway accepts for a REST API. infra/ adds what only AWS needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crudctl.build import contract, service

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
# API Gateway ignores or rejects others: `additionalProperties`, `format`, `minItems`, `maxItems`, `readOnly`, `nullable`,
# `example` and `default` among them.
AWS_SCHEMA_KEYWORDS = {
    "type", "properties", "required", "minProperties", "maxProperties", "items", "uniqueItems", "minLength", "maxLength",
    "pattern", "enum", "minimum", "maximum", "title", "description",
}  # fmt: skip


def aws_profile(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document that API Gateway accepts for a REST API: OpenAPI 3.0.1, without what it ignores or rejects.

    It is never stricter than the contract and sometimes looser: the functions validate again.
    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
    """
    resource = service.describe(document).schema
    paths: dict[str, Any] = {}
    for path, method, operation in contract.each_operation(document):
        kept: dict[str, Any] = {
            k: operation[k] for k in ("operationId", "tags", "summary", "description", "security") if k in operation
        }
        kept["parameters"] = [_aws_parameter(document, p) for p in operation["parameters"]]
        if "requestBody" in operation:
            body = contract.dereference(document, operation["requestBody"])
            kept["requestBody"] = {
                "required": body.get("required", False),
                "content": {m: {"schema": _aws_body(c["schema"], resource)} for m, c in body["content"].items()},
            }
        kept["responses"] = {
            status: _aws_response(contract.dereference(document, response))
            for status, response in operation["responses"].items()
        }
        paths.setdefault(path, {})[method.lower()] = kept
    schemas = {name: contract.flatten(document, schema) for name, schema in document["components"]["schemas"].items()}
    schemas[f"{resource}Content"] = contract.content(schemas[resource])
    return {
        "openapi": document["openapi"],
        "info": {k: document["info"][k] for k in ("title", "version", "description") if k in document["info"]},
        "paths": paths,
        "components": {
            "schemas": {name: _aws_schema(schema) for name, schema in schemas.items()},
            "securitySchemes": document["components"]["securitySchemes"],
        },
    }


def _aws_body(schema: dict[str, Any], resource: str) -> dict[str, Any]:
    whole = f"#/components/schemas/{resource}"
    return {"$ref": f"{whole}Content"} if schema.get("$ref") == whole else schema


def _aws_parameter(document: Mapping[str, Any], parameter: Mapping[str, Any]) -> dict[str, Any]:
    kept = {k: parameter[k] for k in ("name", "in", "required", "description") if k in parameter}
    return kept | {"schema": {"type": contract.flatten(document, parameter["schema"]).get("type", "string")}}


def _aws_response(response: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {"description": response["description"]}
    if "headers" in response:
        kept["headers"] = {name: {"schema": {"type": "string"}} for name in response["headers"]}
    if "content" in response:
        kept["content"] = {media: {"schema": body["schema"]} for media, body in response["content"].items()}
    return kept


def _aws_schema(schema: dict[str, Any]) -> dict[str, Any]:
    if schema.get("nullable"):  # a JSON Schema draft 4 model would reject null
        return {"description": schema["description"]} if "description" in schema else {}
    kept = {k: v for k, v in schema.items() if k in AWS_SCHEMA_KEYWORDS}
    if "properties" in kept:
        kept["properties"] = {k: _aws_schema(v) for k, v in kept["properties"].items()}
    if isinstance(kept.get("items"), dict):
        kept["items"] = _aws_schema(kept["items"])
    return kept
