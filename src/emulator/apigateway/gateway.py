"""How API Gateway serves a deployed REST API, where MiniStack differs."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.services import apigateway_v1 as v1

from emulator.apigateway import access_log, deployments, gateway_metrics, integration, request_line, tokens
from emulator.apigateway.context_variables import TEMPLATES, documented
from emulator.apigateway.exchange import Exchange, current
from emulator.apigateway.validation_errors import validation_error_string
from emulator.lambda_ import trace
from emulator.patches import Difference, patch, register, uses

Json = dict[str, Any]
Response = tuple[int, Json, Any]

LARGEST_REQUEST = 10 * 1024 * 1024

REQUEST_TOO_LARGE = register(
    Difference(
        name="request-too-large",
        service="API Gateway",
        aws="a body over 10 MB is refused; it is not documented how. Others saw a 413 in text before any gateway response",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html",
        ministack="any size reaches the integration",
        here="a 413 in text, without the headers of a gateway response, in no log and no metric",
        upstream="refuse such a body before the stage is looked up",
    )
)
VALIDATION_ERROR = register(
    Difference(
        name="validation-error-string",
        service="API Gateway",
        aws="gateway response templates may use `$context.error.validationErrorString` and the "
        "other `$context` variables",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html",
        ministack="substitutes seven variables and leaves the others unchanged",
        here="all that are known about a request are substituted; an unknown one is empty",
        upstream="collect the messages in `_json_schema_valid`, and look every `$context` variable up in the request",
    )
)
IDENTITY_TOKEN = register(
    Difference(
        name="identity-token",
        service="API Gateway",
        aws="a method without scopes accepts the identity token, and an access token is a 401",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html",
        ministack="accepts either token",
        here="as AWS",
        upstream="refuse `token_use` other than `id` in `_validate_cognito_authorizer` if the method has no scopes",
    )
)
REQUEST_ID = register(
    Difference(
        name="request-id",
        service="API Gateway",
        aws="one id is in the response's `x-amzn-RequestId`, the function's event and the access log",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html",
        ministack="response and event have different ids",
        here="as AWS",
        upstream="use the request's id in `_build_lambda_event_v1` and in the response",
    )
)
TOKEN_VERIFICATION = register(
    Difference(
        name="token-verification",
        service="API Gateway",
        aws="the authorizer accepts what a user pool has issued: an access token where the method has scopes, signed with RS256, "
        "until its `exp`. How it reads another encoding of a valid signature, or claims that no pool issues, is not documented",
        source="https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html",
        ministack="does not look at `alg`, `crit` and `token_use`, accepts a token without `exp`, and padding, other characters "
        "and spare bits in the base64url of a signature; what is nested too deeply, or not of the right type, is a 500",
        here="a 401, by RFC 7515 and RFC 7519",
        upstream="check header, claims and encoding in `_validate_cognito_authorizer` before the signature",
    )
)
uses(TOKEN_VERIFICATION, v1, "_cognito_token_from_request(authorizer, headers, query_params, stage)")
uses(
    REQUEST_ID,
    v1,
    "async _execute_in_scope(request, api_id, stage_name, method, path, headers, body, query_params, owner_account_id, "
    "owner_region)",
    "new_uuid()",
)
uses(VALIDATION_ERROR, v1, "_stages_v1", "_gw_error(response_type, message)")
uses(IDENTITY_TOKEN, v1, "_stringify_claims(claims)")
uses(
    VALIDATION_ERROR,
    v1,
    "_GatewayError.response_type",
    "_GatewayError.message",
    "_gateway_error_response(error, request)",
    "_deployed_gateway_responses",
    "_GATEWAY_TEMPLATE_VARIABLE",
    "_header_ci(headers, name)",
    "_model_schema(api_id, model_name)",
    "_resolve_schema_ref(ref, root)",
)


def install() -> None:
    """Serve requests to REST APIs with this module."""
    logged = (access_log.ACCESS_LOG, gateway_metrics.GATEWAY_METRICS)
    patch(v1, "_handle_execute_in_scope", serve, REQUEST_ID, REQUEST_TOO_LARGE, trace.TRACE_ID, *logged)
    patch(v1, "_validate_cognito_authorizer", authorize, IDENTITY_TOKEN, TOKEN_VERIFICATION)
    patch(v1, "_check_request_validation", check_request, VALIDATION_ERROR)
    patch(v1, "_gateway_request_value", request_value, VALIDATION_ERROR)
    patch(v1, "_build_lambda_event_v1", build_event, REQUEST_ID, trace.TRACE_ID)


async def serve(
    api_id: str,
    stage_name: str,
    method: str,
    path: str,
    headers: Json | None,
    body: bytes,
    query_params: Json | None,
    owner_account_id: str,
    owner_region: str,
) -> Response:
    """Serve one request to a deployed REST API."""
    request: Json = {
        "api_id": api_id,
        "stage_name": stage_name,
        "stage": None,
        "headers": headers or {},
        "query_params": query_params or {},
        "path_params": {},
        "resource_path": "",
        "request_id": v1.new_uuid(),
    }
    method = request_line.method(method)
    exchange = Exchange(request, method, path, owner_account_id, owner_region, body or b"")
    exchange.trace = _trace(exchange.header("x-amzn-trace-id"))
    tokens = current.set(exchange), trace.incoming.set(exchange.trace)
    try:
        status, response_headers, content = await _respond(exchange, headers, body, query_params)
    finally:
        current.reset(tokens[0])
        trace.incoming.reset(tokens[1])
    if status in (204, 304):
        content = b""
    sent = 0 if method == "HEAD" else len(content)  # the server sends the length of this content, and drops it
    response_headers["x-amzn-requestid"] = request["request_id"]
    response_headers["x-amz-apigw-id"] = exchange.extended_id
    if exchange.request["stage"] is not None:
        access_log.write(exchange, status, sent)
        gateway_metrics.count(exchange, status)
    return status, response_headers, content


async def _respond(exchange: Exchange, headers: Json | None, body: bytes, query: Json | None) -> Response:
    request = exchange.request
    if len(body or b"") > LARGEST_REQUEST:
        return 413, {"Content-Type": "text/plain"}, f"HTTP content length exceeded {LARGEST_REQUEST} bytes.".encode()
    try:
        response = await v1._execute_in_scope(
            request,
            request["api_id"],
            request["stage_name"],
            exchange.method,
            exchange.path,
            headers,
            body,
            query,
            exchange.account,
            exchange.region,
        )
    except integration.IntegrationFailed as failed:
        exchange.integration_error = str(failed)
        error = v1._gw_error(failed.response_type, failed.message)
        return _error_response(exchange, error, failed.status)
    if isinstance(response, v1._GatewayError):
        return _error_response(exchange, response)
    served: Response = response
    return served


def _error_response(exchange: Exchange, error: Any, status: int | None = None) -> Response:
    """Return the gateway response to an error, with `status` if the customised response has none."""
    request = exchange.request
    exchange.error_message, exchange.error_type = error.message, error.response_type
    rendered, headers, body = v1._gateway_error_response(error, request)
    deployed = v1._deployed_gateway_responses.get(request["api_id"], {})
    customised = deployed.get(request["stage"].get("deploymentId")) or {}
    if status is not None and not (customised.get(error.response_type) or {}).get("statusCode"):
        rendered = status
    variables = exchange.variables()

    def value(match: re.Match[str]) -> str:
        name = (match[1] or match[2]).removeprefix("context.")
        text = str(variables.get(name, "")) if documented(name, TEMPLATES) else ""
        return json.dumps(text)[1:-1] if name == "error.validationErrorString" else text

    text = v1._GATEWAY_TEMPLATE_VARIABLE.sub(value, body.decode())
    return rendered, headers, text.encode()


def request_value(original: Callable[[str, Json], str | None], source: str, request: Json) -> str | None:
    """Return the value of a parameter mapping's `source`."""
    exchange = current.get(None)
    if exchange is not None and source.startswith("context."):
        name = source.removeprefix("context.")
        value = exchange.variables().get(name) if documented(name, TEMPLATES) else None
        return None if value is None else str(value)
    return original(source, request)


async def authorize(
    original: Callable[..., Awaitable[tuple[Json | None, Any]]],
    authorizer: Json,
    method_obj: Json,
    headers: Json,
    query_params: Json,
    stage: Json,
) -> tuple[Json | None, Any]:
    """Return the claims of a request's token, or the error if it is not accepted."""
    token = v1._cognito_token_from_request(authorizer, headers, query_params, stage)
    if token is None or not tokens.acceptable(token, bool(method_obj.get("authorizationScopes"))):
        return None, v1._gw_error("UNAUTHORIZED", "Unauthorized")
    claims, error = await original(authorizer, method_obj, headers, query_params, stage)
    if claims is not None:
        current.get().claims = v1._stringify_claims(claims)
    return claims, error


def check_request(
    original: Callable[..., Any],
    method_obj: Json,
    api_id: str,
    request: Json,
    headers: Json,
    body: bytes,
    query_params: Json,
) -> Any:
    """Return the error of a request that its method's validator refuses, or None."""
    deployment = deployments.served(api_id)
    error = original(method_obj, deployment, request, headers, body, query_params)
    if error is not None:
        current.get().validation_error = _validation_error(error, method_obj, deployment, headers, body)
    return error


def _validation_error(error: Any, method: Json, api_id: str, headers: Json, body: bytes) -> str:
    if error.response_type != "BAD_REQUEST_BODY":
        return str(error.message)
    models = method.get("requestModels") or {}
    media_type = (v1._header_ci(headers, "content-type") or "application/json").split(";")[0]
    name = models.get(media_type.strip()) or models.get("application/json")
    schema = v1._model_schema(api_id, name)
    try:
        document = json.loads(body)
    except (TypeError, ValueError):
        return "[Unable to parse the request body]"

    def resolve(reference: str) -> Json:
        target, _ = v1._resolve_schema_ref(reference, schema)
        return target if isinstance(target, dict) else {}

    return validation_error_string(schema, document, resolve)


def build_event(
    original: Callable[..., Json],
    api_id: str,
    stage_name: str,
    stage: Json,
    resource: Json,
    request_path: str,
    method: str,
    headers: Json,
    body: bytes,
    query_params: Json,
    path_params: Json,
    *,
    binary_media_types: Any = None,
    authorizer_context: Any = None,
    caller_identity: Any = None,
) -> Json:
    """Return the event of a proxy integration, with the ids of this request."""
    event = original(
        api_id,
        stage_name,
        stage,
        resource,
        request_path,
        method,
        headers,
        body,
        query_params,
        path_params,
        binary_media_types=binary_media_types,
        authorizer_context=authorizer_context,
        caller_identity=caller_identity,
    )
    exchange = current.get()
    event.pop("version")  # only the payload format of HTTP APIs has it
    event["headers"]["X-Amzn-Trace-Id"] = exchange.trace
    event["multiValueHeaders"]["X-Amzn-Trace-Id"] = [exchange.trace]
    event["requestContext"].update(
        requestId=exchange.request["request_id"],
        extendedRequestId=exchange.extended_id,
        domainName=exchange.header("host"),
    )
    return event


def _trace(header: str) -> str:
    """Return the trace header to pass on: the caller's root, or a new one."""
    root = re.search(r"Root=(1-[0-9a-f]{8}-[0-9a-f]{24})", header)
    return f"Root={root[1]}" if root else trace.new_root()
