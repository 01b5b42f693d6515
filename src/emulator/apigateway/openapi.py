"""Reads an OpenAPI document as API Gateway imports one; knows nothing of the emulator.

What is imported and what is refused follow
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]

VERBS = ("get", "put", "post", "delete", "options", "head", "patch")
ANY_METHOD = "x-amazon-apigateway-any-method"
_DRAFT_4 = """
    $schema $ref id title description default type enum properties required items allOf anyOf
    oneOf not additionalProperties additionalItems patternProperties dependencies definitions
    minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern
    format minItems maxItems uniqueItems minProperties maxProperties
"""
JSON_SCHEMA_KEYWORDS = frozenset(_DRAFT_4.split())
DROPPED_KEYWORDS = frozenset({"nullable", "deprecated", "xml", "externalDocs", "minItems", "maxItems"})
PLACES = {"path": "path", "query": "querystring", "header": "header"}


class ImportRefused(ValueError):
    """The document has errors, or has warnings and the caller asked to fail on them."""


@dataclass
class Operation:
    """One method of one resource, in the field names of API Gateway's control plane."""

    path: str
    verb: str
    security: list[Json]
    validator: str | None
    request_parameters: dict[str, bool] = field(default_factory=dict)
    request_models: dict[str, str] = field(default_factory=dict)
    responses: dict[str, Json] = field(default_factory=dict)
    integration: Json | None = None
    operation_name: str = ""


@dataclass
class Definition:
    """The REST API that one OpenAPI document describes."""

    name: str
    description: str
    version: str
    models: dict[str, Json]
    validators: dict[str, Json]
    authorizers: dict[str, Json]
    gateway_responses: dict[str, Json]
    operations: list[Operation]
    paths: list[str]
    settings: Json
    warnings: list[str]


def read(document: Json, api_id: str) -> Definition:
    """Return the definition of the API `api_id` that a parsed OpenAPI 3.0 document describes.

    What API Gateway accepts with a warning is listed in `Definition.warnings`.

    Raises:
        ImportRefused: for what API Gateway does not accept, in its words.
    """
    return _Reader(document, api_id).read()


class _Reader:
    def __init__(self, document: Json, api_id: str) -> None:
        self.document = document
        self.api_id = api_id
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self.models: dict[str, Json] = {}

    def read(self) -> Definition:
        version = str(self.document.get("openapi", ""))
        if not version.startswith("3.0"):
            raise ImportRefused("Invalid OpenAPI input.")
        info = self.document.get("info") or {}
        for name, schema in self._components("schemas").items():
            self._add_model(str(name), schema)
        operations = list(self._operations())
        authorizers = dict(self._authorizers())
        if self.errors:
            raise ImportRefused(_refusal(self.errors, self.warnings))
        return Definition(
            name=str(info.get("title") or ""),
            description=str(info.get("description") or ""),
            version=str(info.get("version") or ""),
            models=self.models,
            validators=self.document.get("x-amazon-apigateway-request-validators") or {},
            authorizers=authorizers,
            gateway_responses=self.document.get("x-amazon-apigateway-gateway-responses") or {},
            operations=operations,
            paths=list(self.document.get("paths") or {}),
            settings=self._settings(),
            warnings=self.warnings,
        )

    def _components(self, kind: str) -> Json:
        components = (self.document.get("components") or {}).get(kind)
        return components if isinstance(components, dict) else {}

    def _settings(self) -> Json:
        names = {
            "x-amazon-apigateway-binary-media-types": "binaryMediaTypes",
            "x-amazon-apigateway-minimum-compression-size": "minimumCompressionSize",
            "x-amazon-apigateway-api-key-source": "apiKeySource",
            "x-amazon-apigateway-policy": "policy",
        }
        return {ours: self.document[ext] for ext, ours in names.items() if ext in self.document}

    def _add_model(self, name: str, schema: Json) -> str:
        if not re.fullmatch(r"[A-Za-z0-9]+", name):
            self.errors.append(
                f"Unable to create model for '{name}': Invalid model name specified: {name}. "
                "Model names may only contain alphanumeric characters."
            )
        unsupported: set[str] = set()
        converted = self._schema(schema, unsupported)
        if unsupported:
            keywords = json.dumps(sorted(unsupported))
            self.errors.append(
                f"Unable to create model for '{name}': Invalid model specified: Validation Result: "
                "warnings : [], errors : [Invalid model schema specified. "
                f"Unsupported keyword(s): {keywords}]"
            )
        self.models[name] = {
            "contentType": "application/json",
            "description": str(schema.get("description") or ""),
            "schema": json.dumps(converted, indent=2),
        }
        return name

    def _schema(self, schema: Any, unsupported: set[str]) -> Any:
        if not isinstance(schema, dict):
            return schema
        converted: Json = {}
        for keyword, value in schema.items():
            if keyword == "$ref":
                converted[keyword] = self._model_url(str(value))
            elif keyword in DROPPED_KEYWORDS or keyword.startswith("x-"):
                continue
            elif keyword not in JSON_SCHEMA_KEYWORDS:
                unsupported.add(keyword)
            elif keyword in ("properties", "patternProperties", "definitions", "dependencies"):
                converted[keyword] = {k: self._schema(v, unsupported) for k, v in value.items()}
            elif isinstance(value, list) and keyword in ("allOf", "anyOf", "oneOf", "items"):
                converted[keyword] = [self._schema(part, unsupported) for part in value]
            else:
                nested = keyword in ("items", "not", "additionalProperties", "additionalItems")
                converted[keyword] = self._schema(value, unsupported) if nested else value
        return converted

    def _model_url(self, reference: str) -> str:
        prefix = "#/components/schemas/"
        name = reference.removeprefix(prefix)
        if not reference.startswith(prefix) or name not in self._components("schemas"):
            self.errors.append(f"Invalid reference '{reference}'")
        return f"https://apigateway.amazonaws.com/restapis/{self.api_id}/models/{quote(name)}"

    def _resolve(self, value: Any, kind: str) -> Json:
        """Return the object itself, or the one under `components` that its `$ref` names."""
        if isinstance(value, dict) and "$ref" in value:
            name = str(value["$ref"]).removeprefix(f"#/components/{kind}/")
            component = self._components(kind).get(name)
            if not isinstance(component, dict):
                self.errors.append(f"Invalid reference '{value['$ref']}'")
                return {}
            return component
        return value if isinstance(value, dict) else {}

    def _operations(self) -> Iterator[Operation]:
        for path, item in (self.document.get("paths") or {}).items():
            if not re.fullmatch(r"(/([\w.,:-]+|\{[\w.:-]+\+?\}))+|/", path):
                self.errors.append(f"Unable to create resource at path '{path}': Invalid path")
                continue
            for key, operation in item.items():
                if key in VERBS or key == ANY_METHOD:
                    verb = "ANY" if key == ANY_METHOD else key.upper()
                    yield self._operation(path, verb, operation, item.get("parameters") or [])

    def _operation(self, path: str, verb: str, operation: Json, shared: list[Json]) -> Operation:
        security = operation.get("security", self.document.get("security")) or []
        validator = operation.get(
            "x-amazon-apigateway-request-validator",
            self.document.get("x-amazon-apigateway-request-validator"),
        )
        known = self.document.get("x-amazon-apigateway-request-validators") or {}
        if validator is not None and validator not in known:
            self.warnings.append(f"Validator '{validator}' not found. Ignoring.")
            validator = None
        result = Operation(path, verb, security, validator)
        result.operation_name = str(operation.get("operationId") or "")
        for raw in [*shared, *(operation.get("parameters") or [])]:
            parameter = self._resolve(raw, "parameters")
            place = PLACES.get(str(parameter.get("in")))
            if place:
                key = f"method.request.{place}.{parameter['name']}"
                result.request_parameters[key] = bool(parameter.get("required"))
        body = self._resolve(operation.get("requestBody") or {}, "requestBodies")
        result.request_models = self._body_models(body.get("content") or {})
        for status, raw in (operation.get("responses") or {}).items():
            self._method_response(result, str(status), self._resolve(raw, "responses"))
        integration = operation.get("x-amazon-apigateway-integration")
        if isinstance(integration, dict):
            result.integration = _integration(integration)
        return result

    def _method_response(self, operation: Operation, status: str, response: Json) -> None:
        if not re.fullmatch(r"[1-5]\d\d", status):
            return
        headers = response.get("headers") or {}
        operation.responses[status] = {
            "responseParameters": {f"method.response.header.{name}": False for name in headers},
            "responseModels": self._body_models(response.get("content") or {}),
        }

    def _body_models(self, content: Mapping[str, Json]) -> dict[str, str]:
        models: dict[str, str] = {}
        for media_type, entry in content.items():
            schema = entry.get("schema")
            if not isinstance(schema, dict):
                continue
            reference = schema.get("$ref")
            if reference is None:
                digest = hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()
                models[media_type] = self._add_model(f"MODEL{digest[:6]}", schema)
            else:
                name = str(reference).removeprefix("#/components/schemas/")
                if name not in self.models:
                    self.warnings.append(f"Reference to model '{name}' not found. Ignoring.")
                else:
                    models[media_type] = name
        return models

    def _authorizers(self) -> Iterator[tuple[str, Json]]:
        for name, scheme in self._components("securitySchemes").items():
            if scheme.get("type") != "apiKey":
                self.warnings.append(
                    f"Unsupported security definition type '{scheme.get('type')}' for '{name}'. Ignoring."
                )
                continue
            extension = scheme.get("x-amazon-apigateway-authorizer")
            if not isinstance(extension, dict):
                continue
            kind = str(extension.get("type") or "").lower()
            header = scheme.get("name") or "Authorization"
            authorizer: Json = {
                "name": name,
                "type": kind.upper(),
                "authType": scheme.get("x-amazon-apigateway-authtype") or kind,
                "identitySource": extension.get("identitySource") or f"method.request.header.{header}",
            }
            wanted = ("providerARNs", "authorizerUri", "authorizerCredentials")
            optional = ("identityValidationExpression", "authorizerResultTtlInSeconds")
            authorizer.update({k: extension[k] for k in (*wanted, *optional) if k in extension})
            yield str(name), authorizer


def _integration(extension: Json) -> Json:
    """Return the fields of the extension, with its `responses` by status code, as PutIntegration has them."""
    responses = {}
    for pattern, raw in (extension.get("responses") or {}).items():
        response = dict(raw)
        status = str(response.get("statusCode") or "200")
        response["statusCode"] = status
        response["selectionPattern"] = "" if pattern == "default" else pattern
        responses[status] = response
    fields = {k: v for k, v in extension.items() if k != "responses"}
    fields["type"] = str(extension.get("type") or "").upper()
    fields["passthroughBehavior"] = str(extension.get("passthroughBehavior") or "WHEN_NO_MATCH").upper()
    return {"fields": fields, "responses": responses}


def _refusal(errors: list[str], warnings: list[str]) -> str:
    lines = ["Errors found during import:", *(f"\t{error}" for error in errors)]
    if warnings:
        lines += ["Additionally, these warnings were found:", *(f"\t{w}" for w in warnings)]
    return "\n".join(lines)


def refuse_warnings(warnings: list[str]) -> None:
    """Raise ImportRefused naming the warnings, as `failonwarnings=true` does."""
    if warnings:
        raise ImportRefused("Warnings found during import:\n" + "\n".join(f"\t{w}" for w in warnings))
