"""Derives from the contract the part that Amazon API Gateway accepts for a REST API. infra/ adds what only AWS needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crudctl.build import contract, service
from crudctl.build.contract import ContractError, Schema

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
# API Gateway ignores or rejects others: `additionalProperties`, `format`, `minItems`, `maxItems`, `readOnly`, `nullable`,
# `example` and `default` among them. `maxLength` counts UTF-16 units there and characters in JSON Schema, and `pattern` is not
# run by an engine of ECMA-262, so both could reject what the contract accepts.
AWS_SCHEMA_KEYWORDS = {
    "type", "properties", "required", "minProperties", "maxProperties", "items", "uniqueItems", "minLength", "maxLength",
    "pattern", "enum", "minimum", "maximum", "title", "description",
}  # fmt: skip
SIMPLE_PATTERN = re.compile(r"(?:[A-Za-z0-9 ^$_:/,@-]|\[[A-Za-z0-9_-]+\]|\{[0-9,]+\}|\\[.*+?()|/-]|[+*?])*")


def aws_profile(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document that API Gateway accepts for a REST API: OpenAPI 3.0.1, without what it ignores or rejects.

    It is never stricter than the contract and sometimes looser: the functions validate again.
    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html

    Raises:
        ContractError: The contract cannot be described, or two names of schemas are the same to API Gateway.
    """
    described, names = service.describe(document), _model_names(document)
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
                "content": {
                    media: {"schema": _aws_body(document, content["schema"], described, names)}
                    for media, content in body["content"].items()
                },
            }
        kept["responses"] = {
            status: _aws_response(document, contract.dereference(document, response), names)
            for status, response in operation["responses"].items()
        }
        paths.setdefault(path, {})[method.lower()] = kept
    schemas = document["components"]["schemas"]
    models = {names[name]: contract.flatten(document, schema) for name, schema in schemas.items()}
    models[_model(described.content_name)] = service.content_of(document, described.content_schema)
    return {
        "openapi": document["openapi"],
        "info": {k: document["info"][k] for k in ("title", "version", "description") if k in document["info"]},
        "paths": paths,
        "components": {
            "schemas": {name: _aws_schema(schema) for name, schema in models.items()},
            "securitySchemes": document["components"]["securitySchemes"],
        },
    }


def _model_names(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the name of each schema's model, which must be alphanumeric. Raise ContractError if two are the same.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html
    """
    names: dict[str, str] = {}
    for name in document["components"]["schemas"]:
        model = _model(name)
        twin = next((other for other, taken in names.items() if taken == model), None)
        if twin is not None or not model:
            raise ContractError(
                f"components/schemas: {twin} and {name} are one name to API Gateway; rename one of them."
            )
        names[name] = model
    return names


def _model(name: str) -> str:
    return re.sub("[^A-Za-z0-9]", "", name)


def _aws_body(
    document: Mapping[str, Any], schema: Schema, described: service.Service, names: Mapping[str, str]
) -> Schema:
    if schema.get("$ref") == f"#/components/schemas/{described.content_schema}":
        return {"$ref": f"#/components/schemas/{_model(described.content_name)}"}
    return _aws_model(document, schema, names)


def _aws_model(document: Mapping[str, Any], schema: Schema, names: Mapping[str, str]) -> Schema:
    """Return a reference to a schema's model, or the schema itself where it has no name."""
    prefix, _, name = str(schema.get("$ref", "")).rpartition("/")
    if prefix == "#/components/schemas":
        return {"$ref": f"{prefix}/{names[name]}"}
    return _aws_schema(contract.flatten(document, schema))


def _aws_parameter(document: Mapping[str, Any], parameter: Mapping[str, Any]) -> dict[str, Any]:
    kept = {k: parameter[k] for k in ("name", "in", "required", "description") if k in parameter}
    return kept | {"schema": {"type": contract.flatten(document, parameter["schema"]).get("type", "string")}}


def _aws_response(document: Mapping[str, Any], response: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    kept: dict[str, Any] = {"description": response["description"]}
    if "headers" in response:
        kept["headers"] = {name: {"schema": {"type": "string"}} for name in response["headers"]}
    if "content" in response:
        content = response["content"].items()
        kept["content"] = {media: {"schema": _aws_model(document, body["schema"], names)} for media, body in content}
    return kept


def _aws_schema(schema: Schema) -> Schema:
    if schema.get("nullable"):  # a JSON Schema draft 4 model would reject null
        return {"description": schema["description"]} if "description" in schema else {}
    kept = {k: v for k, v in schema.items() if k in AWS_SCHEMA_KEYWORDS}
    if not SIMPLE_PATTERN.fullmatch(kept.get("pattern", "")):
        del kept["pattern"]
    if schema.get("items", {}).get("type") not in ("string", "boolean"):  # doubles are equal before decimals are
        kept.pop("uniqueItems", None)
    if "maxLength" in kept:
        kept["maxLength"] *= 2
    if "properties" in kept:
        kept["properties"] = {k: _aws_schema(v) for k, v in kept["properties"].items()}
    if isinstance(kept.get("items"), dict):
        kept["items"] = _aws_schema(kept["items"])
    return kept
