"""How API Gateway serves a deployed REST API, where MiniStack does otherwise."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.services import apigateway_v1 as v1

from emulator.apigateway import access_log, gateway_metrics, integration
from emulator.apigateway.validation_errors import validation_error_string
from emulator.differences import Difference, register
from emulator.exchange import Exchange, current

Json = dict[str, Any]
Response = tuple[int, Json, Any]

LARGEST_REQUEST = 10 * 1024 * 1024

REQUEST_TOO_LARGE = register(
    Difference(
        name="request-too-large",
        service="API Gateway",
        aws="a body over 10 MB is a 413 through REQUEST_TOO_LARGE",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html",
        ministack="any size reaches the integration",
        here="as AWS",
    )
)
VALIDATION_ERROR = register(
    Difference(
        name="validation-error-string",
        service="API Gateway",
        aws="gateway response templates may use `$context.error.validationErrorString` and the "
        "other `$context` variables",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html",
        ministack="substitutes seven variables and leaves the others as they stand",
        here="all that are known of a request; an unknown one is empty",
    )
)
IDENTITY_TOKEN = register(
    Difference(
        name="identity-token",
        service="API Gateway",
        aws="a method without scopes takes the identity token, and an access token is a 401",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html",
        ministack="takes either token",
        here="as AWS",
    )
)
REQUEST_ID = register(
    Difference(
        name="request-id",
        service="API Gateway",
        aws="one id is in the answer's `x-amzn-RequestId`, the function's event and the access log",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html",
        ministack="answer and event have different ids",
        here="as AWS",
    )
)
TRACE_ID = register(
    Difference(
        name="trace-id",
        service="API Gateway",
        aws="`X-Amzn-Trace-Id` is made or continued and reaches the function as header and as `_X_AMZN_TRACE_ID`",
        source="https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
        ministack="the header is passed on if there was one; the function's trace is another",
        here="as AWS",
    )
)


def install() -> None:
    """Serve requests of REST APIs by way of this module."""
    v1._handle_execute_in_scope = _serve
    v1._validate_cognito_authorizer = _identity_checked(v1._validate_cognito_authorizer)
    v1._check_request_validation = _faults_noted(v1._check_request_validation)
    v1._build_lambda_event_v1 = _event_completed(v1._build_lambda_event_v1)
    v1._gateway_request_value = _context_mapped(v1._gateway_request_value)


async def _serve(*arguments: Any) -> Response:
    api_id, stage_name, method, path, headers, body, query, account, region = arguments
    request: Json = {
        "api_id": api_id,
        "stage_name": stage_name,
        "stage": None,
        "headers": headers or {},
        "query_params": query or {},
        "path_params": {},
        "resource_path": "",
        "request_id": v1.new_uuid(),
    }
    exchange = Exchange(request, method, path, account, region)
    exchange.trace = _trace(exchange.header("x-amzn-trace-id"))
    token = current.set(exchange)
    try:
        status, answer_headers, answer = await _answer(exchange, headers, body, query)
    finally:
        current.reset(token)
    answer_headers["x-amzn-requestid"] = request["request_id"]
    answer_headers["x-amz-apigw-id"] = exchange.extended_id
    if exchange.request["stage"] is not None:
        exchange.operation = integration.method_of(exchange).get("operationName") or ""
        access_log.write(exchange, status, len(answer))
        gateway_metrics.count(exchange, status)
    return status, answer_headers, b"" if status in (204, 304) else answer


async def _answer(exchange: Exchange, headers: Json, body: bytes, query: Json) -> Response:
    request = exchange.request
    stage = v1._stages_v1.get(request["api_id"], {}).get(request["stage_name"])
    if stage is not None and len(body or b"") > LARGEST_REQUEST:
        request["stage"] = stage
        refused = v1._gw_error("REQUEST_TOO_LARGE", "Request Too Long")
        return _error_answer(exchange, refused)
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
        return _error_answer(exchange, error, failed.status)
    if isinstance(response, v1._GatewayError):
        return _error_answer(exchange, response)
    answer: Response = response
    return answer


def _error_answer(exchange: Exchange, error: Any, status: int | None = None) -> Response:
    """The gateway response to an error; `status` if the customised response names none."""
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
        text = str(variables.get(name, ""))
        return json.dumps(text)[1:-1] if name == "error.validationErrorString" else text

    text = v1._GATEWAY_TEMPLATE_VARIABLE.sub(value, body.decode())
    return rendered, headers, text.encode()


def _context_mapped(original: Callable[[str, Json], str | None]) -> Callable[..., str | None]:
    def mapped(source: str, request: Json) -> str | None:
        exchange = current.get(None)
        if exchange is not None and source.startswith("context."):
            value = exchange.variables().get(source.removeprefix("context."))
            return None if value is None else str(value)
        return original(source, request)

    return mapped


Authorize = Callable[..., Awaitable[tuple[Json | None, Any]]]


def _identity_checked(original: Authorize) -> Authorize:
    async def authorize(
        authorizer: Json, method: Json, headers: Json, query: Json, stage: Json
    ) -> tuple[Json | None, Any]:
        claims, error = await original(authorizer, method, headers, query, stage)
        exchange = current.get()
        if claims is not None:
            exchange.claims = v1._stringify_claims(claims)
            if not method.get("authorizationScopes") and claims.get("token_use") != "id":
                return None, v1._gw_error("UNAUTHORIZED", "Unauthorized")
        return claims, error

    return authorize


def _faults_noted(original: Callable[..., Any]) -> Callable[..., Any]:
    def check(method: Json, api_id: str, request: Json, *sent: Any) -> Any:
        error = original(method, api_id, request, *sent)
        if error is not None:
            exchange = current.get()
            exchange.validation_error = _validation_error(error, method, api_id, *sent[:2])
        return error

    return check


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


def _event_completed(original: Callable[..., Json]) -> Callable[..., Json]:
    def build(*arguments: Any, **options: Any) -> Json:
        event = original(*arguments, **options)
        exchange = current.get()
        event.pop("version")  # the mark of an HTTP API's payload format
        event["headers"]["X-Amzn-Trace-Id"] = exchange.trace
        event["multiValueHeaders"]["X-Amzn-Trace-Id"] = [exchange.trace]
        event["requestContext"].update(
            requestId=exchange.request["request_id"],
            extendedRequestId=exchange.extended_id,
            domainName=exchange.header("host"),
        )
        return event

    return build


def _trace(incoming: str) -> str:
    """The trace header that goes on: the caller's root, or a new one."""
    root = re.search(r"Root=(1-[0-9a-f]{8}-[0-9a-f]{24})", incoming)
    return f"Root={root[1] if root else f'1-{int(time.time()):08x}-{secrets.token_hex(12)}'}"
