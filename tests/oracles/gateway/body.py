"""What API Gateway refuses, or accepts with a warning, in the OpenAPI body of a REST API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft4Validator
from openapi_spec_validator import OpenAPIV30SpecValidator

from tests.oracles.gateway.integrations import gateway_response_faults, integration_faults
from tests.oracles.gateway.mappings import NAME

Json = dict[str, Any]
VERBS = ("get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method")
# Not supported, dropped or not enforced by the "important notes", or not a keyword of draft 4.
UNSUPPORTED = {
    "additionalProperties", "allOf", "anyOf", "default", "deprecated", "discriminator", "example", "examples", "exclusiveMaximum",
    "exclusiveMinimum", "externalDocs", "format", "maxItems", "minItems", "not", "nullable", "oneOf", "readOnly", "writeOnly",
    "xml",
}  # fmt: skip
DRAFT_4 = Draft4Validator(Draft4Validator.META_SCHEMA)
SEGMENT = re.compile(r"[A-Za-z0-9_.,:-]+|\{[A-Za-z0-9_.:-]+\+?\}")
RESERVED = {"/ping", "/sping"}
MOST_RESOURCES = 300
MOST_AUTHORIZERS = 10
LARGEST_BODY = 6 * 1024 * 1024  # of PutRestApi: https://docs.aws.amazon.com/apigateway/latest/api/API_PutRestApi.html
PARAMETER = {"name", "in", "required", "description", "schema"}  # others are ignored


def faults(body: Json) -> list[str]:
    """Return everything that is wrong with a body, each with its place; none if API Gateway takes all of it as it is meant."""
    found = [*contract_faults(body), *_security(body)]
    for path, verb, operation in operations(body):
        found += [f"{verb} {path}: {fault}" for fault in _added(body, operation)]
    for kind, response in body.get("x-amazon-apigateway-gateway-responses", {}).items():
        found += [f"{kind}: {fault}" for fault in gateway_response_faults(kind, response)]
    return found


def contract_faults(body: Json) -> list[str]:
    """Return what is wrong with what comes from the contract, which has no integrations and no authorizers."""
    found = [*_document(body), *_models(body), *_paths(body)]
    for path, verb, operation in operations(body):
        found += [f"{verb} {path}: {fault}" for fault in _declared(body, operation)]
    return found


def operations(body: Json) -> list[tuple[str, str, Json]]:
    """Return path, verb and operation of each method."""
    return [(path, verb, item[verb]) for path, item in body["paths"].items() for verb in VERBS if verb in item]


def _document(body: Json) -> Iterator[str]:
    """Yield faults by OpenAPI 3.0: what a parser finds missing, unexpected or repeated is a warning of the import."""
    standard = json.loads(json.dumps(body))
    for item in standard["paths"].values():
        if VERBS[-1] in item:
            item["trace"] = item.pop(VERBS[-1])  # which OpenAPI knows, and no API of ours has
    if not re.fullmatch(r"3\.0\.[0-3]", body.get("openapi", "")):
        yield f"openapi {body.get('openapi')}: not 3.0"
    yield from (
        f"{error.json_path}: {error.message[:200]}" for error in OpenAPIV30SpecValidator(standard).iter_errors()
    )
    if len(json.dumps(body)) > LARGEST_BODY:
        yield "larger than PutRestApi accepts"
    names = Counter(operation.get("operationId") for _, _, operation in operations(body))
    yield from (f"operationId {name}: {count} operations" for name, count in names.items() if not name or count > 1)


def _models(body: Json) -> Iterator[str]:
    for name, schema in body["components"].get("schemas", {}).items():
        if not re.fullmatch("[A-Za-z0-9]+", name):
            yield f"model {name}: not alphanumeric"
        yield from (f"model {name}: {fault}" for fault in _schema(schema))


def _schema(schema: Any) -> Iterator[str]:
    """Yield faults of a schema by JSON Schema draft 4, and the keywords that API Gateway does not support in it."""
    yield from (error.message[:200] for error in DRAFT_4.iter_errors(schema))
    yield from _keywords(schema)


def _keywords(schema: Any) -> Iterator[str]:
    if not isinstance(schema, dict):
        return
    yield from (f"{keyword} is not supported" for keyword in UNSUPPORTED & schema.keys())
    for part in [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]:
        yield from _keywords(part)


def _paths(body: Json) -> Iterator[str]:
    resources = set()
    for path in body["paths"]:
        segments = path.split("/")[1:]
        resources |= {"/".join(segments[: end + 1]) for end in range(len(segments))}
        if path in RESERVED or not all(SEGMENT.fullmatch(segment) for segment in segments):
            yield f"{path}: not a path of API Gateway"
    if len(resources) + 1 > MOST_RESOURCES:
        yield f"{len(resources) + 1} resources"


def _security(body: Json) -> Iterator[str]:
    schemes = body["components"].get("securitySchemes", {})
    for name, scheme in schemes.items():
        authorizer = scheme.get("x-amazon-apigateway-authorizer", {})
        if scheme["type"] != "apiKey" or scheme.get("in") != "header":
            yield f"security scheme {name}: not an apiKey in a header"
        if authorizer.get("type") == "cognito_user_pools" and not all(
            re.fullmatch(r"arn:aws:cognito-idp:[a-z0-9-]+:\d{12}:userpool/[\w-]+_\w+", arn)
            for arn in authorizer.get("providerARNs") or [""]
        ):
            yield f"security scheme {name}: {authorizer.get('providerARNs')} are not user pools"
    if len(schemes) > MOST_AUTHORIZERS:
        yield f"{len(schemes)} authorizers"


def _added(body: Json, operation: Json) -> Iterator[str]:
    schemes = body["components"].get("securitySchemes", {})
    for requirement in operation.get("security", []):
        if len(requirement) != 1 or not requirement.keys() <= schemes.keys():
            yield f"security {requirement}: a method has one authorizer"
    validators = body.get("x-amazon-apigateway-request-validators", {})
    wanted = operation.get("x-amazon-apigateway-request-validator", body.get("x-amazon-apigateway-request-validator"))
    if wanted is not None and wanted not in validators:
        yield f"validator {wanted} does not exist"
    if "x-amazon-apigateway-integration" not in operation:
        yield "no integration"
    else:
        yield from integration_faults(operation)


def _declared(body: Json, operation: Json) -> Iterator[str]:
    for parameter in operation.get("parameters", []):
        yield from _parameter(parameter)
    yield from _content(body, operation.get("requestBody", {}), of_a_response=False)
    for status, response in operation.get("responses", {}).items():
        if "$ref" in response or not re.fullmatch("[1-5][0-9]{2}", status):
            yield f"response {status}: a status and a definition in place are needed"
        yield from _content(body, response, of_a_response=True)


def _parameter(parameter: Json) -> Iterator[str]:
    if not re.fullmatch(NAME, parameter.get("name", "")):
        yield f"parameter {parameter.get('name')}: not a name of API Gateway"
    if parameter.get("in") not in ("path", "query", "header") or parameter.keys() - PARAMETER:
        yield f"parameter {parameter.get('name')}: {sorted(parameter)} is not all supported"
    if set(parameter.get("schema", {})) != {"type"}:
        yield f"parameter {parameter.get('name')}: only a type is supported"


def _content(body: Json, holder: Json, of_a_response: bool) -> Iterator[str]:
    for media, content in holder.get("content", {}).items():
        schema = content.get("schema", {})
        if "$ref" not in schema:
            yield from (f"{media}: {fault}" for fault in _schema(schema))
            if of_a_response and schema.get("type") != "object":
                yield f"{media}: the schema of a response must be an object's"
        elif schema["$ref"].rpartition("/")[2] not in body["components"]["schemas"]:
            yield f"{media}: {schema['$ref']} does not exist"
