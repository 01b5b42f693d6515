"""PutRestApi and ImportRestApi, which Terraform's `body` needs, on MiniStack's store of REST APIs; knows no OpenAPI."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import yaml
from ministack.services import apigateway_v1 as v1

from emulator.apigateway import openapi
from emulator.apigateway.openapi import Definition, ImportRefused, Json, Operation
from emulator.patches import Difference, patch, register, uses

Response = tuple[int, dict[str, Any], bytes]
Handler = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[Response]]

PUT_REST_API = register(
    Difference(
        name="put-rest-api",
        service="API Gateway",
        aws="PutRestApi and ImportRestApi build the API from an OpenAPI body: resources, methods, "
        "models, validators, gateway responses, authorizers, integrations and their responses",
        source="https://docs.aws.amazon.com/apigateway/latest/api/API_PutRestApi.html",
        ministack="PutRestApi responds with 404, ImportRestApi creates an empty API",
        here="both are added, with the import's errors and `failonwarnings`",
        upstream="route PutRestApi and ImportRestApi to `apigateway_v1._import_rest_api`, and import models, validators, "
        "gateway responses, method and integration responses there too",
    )
)
uses(
    PUT_REST_API,
    v1,
    "_rest_apis",
    "_models",
    "_gateway_responses",
    "_request_validators",
    "_resources",
    "_authorizers_v1",
    "_qp(query_params, key, default=None)",
    "_create_rest_api(data)",
    "_delete_rest_api(api_id)",
    "_rest_api_view(api)",
    "_v1_response(data, status=200)",
    "_v1_error(code, message, status)",
    "_create_model(api_id, data)",
    "_put_gateway_response(api_id, response_type, data)",
    "_create_request_validator(api_id, data)",
    "_create_authorizer(api_id, data)",
    "_create_resource(api_id, parent_id, data)",
    "_method_security(security, scheme_map)",
    "_put_method(api_id, resource_id, http_method, data)",
    "_put_method_response(api_id, resource_id, http_method, status_code, data)",
    "_put_integration(api_id, resource_id, http_method, data)",
    "_put_integration_response(api_id, resource_id, http_method, status_code, data)",
)


def install() -> None:
    """Serve PUT /restapis/{id} and POST /restapis?mode=import before MiniStack's own router does."""
    patch(v1, "handle_request", handle_request, PUT_REST_API)


async def handle_request(
    original: Handler, method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
) -> Response:
    """Serve a request to API Gateway's control plane."""
    parts = path.strip("/").split("/")
    if parts[0] == "restapis":
        if method == "PUT" and len(parts) == 2:
            return _put(parts[1], body, query_params)
        if method == "POST" and len(parts) == 1 and v1._qp(query_params, "mode") == "import":
            return _import(body, query_params)
    return await original(method, path, headers, body, query_params)


def _import(body: bytes, query: dict[str, Any]) -> Response:
    _, _, created = v1._create_rest_api({})
    api_id = json.loads(created)["id"]
    status, headers, content = _put(api_id, body, {**query, "mode": ["overwrite"]})
    if status != 200:
        v1._delete_rest_api(api_id)
        return status, headers, content
    return 201, headers, content


def _put(api_id: str, body: bytes, query: dict[str, Any]) -> Response:
    api = v1._rest_apis.get(api_id)
    if api is None:
        return _error("NotFoundException", "Invalid API identifier specified", 404)
    try:
        document = yaml.safe_load(body)
        if not isinstance(document, dict):
            raise ImportRefused("Invalid OpenAPI input.")
        definition = openapi.read(document, api_id)
        if str(v1._qp(query, "failonwarnings")).lower() == "true":
            openapi.refuse_warnings(definition.warnings)
    except (yaml.YAMLError, ImportRefused) as refused:
        return _error("BadRequestException", str(refused), 400)
    _apply(api_id, api, definition, overwrite=v1._qp(query, "mode") == "overwrite")
    view = v1._rest_api_view(api)
    if definition.warnings:
        view["warnings"] = definition.warnings
    response: Response = v1._v1_response(view)
    return response


def _error(code: str, message: str, status: int) -> Response:
    response: Response = v1._v1_error(code, message, status)
    return response


def _apply(api_id: str, api: Json, definition: Definition, overwrite: bool) -> None:
    api["name"] = definition.name or api["name"]
    api["description"] = definition.description
    api["version"] = definition.version
    if overwrite:
        api.update(binaryMediaTypes=[], minimumCompressionSize=None, apiKeySource="HEADER")
        for store in (v1._models, v1._gateway_responses, v1._request_validators):
            store[api_id] = {}
        for resource in v1._resources[api_id].values():
            resource["resourceMethods"] = {}
    api.update(definition.settings)
    for name, model in definition.models.items():
        v1._create_model(api_id, {"name": name, **model})
    for kind, response in definition.gateway_responses.items():
        v1._put_gateway_response(api_id, kind, response)
    validators = _validators(api_id, definition)
    schemes = _authorizers(api_id, definition, overwrite)
    resources = _resources(api_id, definition, overwrite)
    for operation in definition.operations:
        _put_method(api_id, resources[operation.path], operation, validators, schemes)


def _validators(api_id: str, definition: Definition) -> dict[str, str]:
    ids = {}
    for name, settings in definition.validators.items():
        _, _, body = v1._create_request_validator(api_id, {"name": name, **settings})
        ids[name] = json.loads(body)["id"]
    return ids


def _authorizers(api_id: str, definition: Definition, overwrite: bool) -> dict[str, Json]:
    """Return, by name of a security scheme, the fields of a method that names it. An id stays as long as its name does."""
    existing = v1._authorizers_v1.setdefault(api_id, {})
    by_name = {authorizer["name"]: key for key, authorizer in existing.items()}
    schemes: dict[str, Json] = {}
    for name, wanted in definition.authorizers.items():
        _, _, body = v1._create_authorizer(api_id, wanted)
        created = existing.pop(json.loads(body)["id"])
        created["id"] = by_name.pop(name, created["id"])
        existing[created["id"]] = created
        kind = wanted["type"]
        cognito = kind == "COGNITO_USER_POOLS"
        schemes[name] = {
            "authorizationType": kind if cognito else "CUSTOM",
            "authorizerId": created["id"],
        }
    if overwrite:
        for key in by_name.values():
            del existing[key]
    return schemes


def _resources(api_id: str, definition: Definition, overwrite: bool) -> dict[str, str]:
    """Return the id of each resource by path. An id stays as long as its path does, as Terraform's state expects."""
    resources = v1._resources[api_id]
    by_path = {resource["path"]: key for key, resource in resources.items()}
    wanted = {"/"}
    for path in definition.paths:
        parent, so_far = by_path["/"], ""
        for segment in path.strip("/").split("/"):
            if not segment:
                continue
            so_far += f"/{segment}"
            wanted.add(so_far)
            if so_far not in by_path:
                _, _, body = v1._create_resource(api_id, parent, {"pathPart": segment})
                by_path[so_far] = json.loads(body)["id"]
            parent = by_path[so_far]
    if overwrite:
        for path in by_path.keys() - wanted:
            del resources[by_path[path]]
    return by_path


def _put_method(
    api_id: str,
    resource_id: str,
    operation: Operation,
    validators: dict[str, str],
    schemes: dict[str, Json],
) -> None:
    method = v1._method_security(operation.security, schemes)
    method["requestParameters"] = operation.request_parameters
    method["requestModels"] = operation.request_models
    method["operationName"] = operation.operation_name
    if operation.validator:
        method["requestValidatorId"] = validators[operation.validator]
    target = (api_id, resource_id, operation.verb)
    v1._put_method(*target, method)
    for status, response in operation.responses.items():
        v1._put_method_response(*target, status, response)
    if operation.integration:
        v1._put_integration(*target, operation.integration["fields"])
        for status, response in operation.integration["responses"].items():
            v1._put_integration_response(*target, status, response)
