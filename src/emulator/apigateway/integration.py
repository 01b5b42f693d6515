"""How API Gateway invokes a function and which results it accepts, where MiniStack differs."""

from __future__ import annotations

import asyncio
import contextvars
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ministack.services import apigateway_v1 as v1
from ministack.services import lambda_svc

from emulator.apigateway import admission
from emulator.apigateway.exchange import Exchange, current
from emulator.lambda_ import invocation, permission
from emulator.patches import Difference, patch, register, uses

Json = dict[str, Any]

LONGEST_INTEGRATION = 29.0
LARGEST_EVENT = 6 * 1024 * 1024
_places = admission.Places()
_threads = ThreadPoolExecutor(admission.RUNNING, "invocation")  # as many as have a place: none waits for another

INTEGRATION_FAILURE = register(
    Difference(
        name="integration-failure",
        service="API Gateway",
        aws="a function that fails, or returns a malformed result, is a 502 and one that Lambda "
        'refuses to invoke a 500, both "Internal server error" through DEFAULT_5XX',
        source="https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway-errors.html",
        ministack="the 502 contains the function's error text and no gateway response applies",
        here="as AWS; the error is in the log only",
        upstream="return `_gw_error(...)` from `_invoke_lambda_proxy_v1` instead of the error's text",
    )
)
INTEGRATION_TIMEOUT = register(
    Difference(
        name="integration-timeout",
        service="API Gateway",
        aws="an integration that takes longer than its timeout, at most 29 s, is a 504",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html",
        ministack="the gateway waits as long as the function runs",
        here="as AWS",
        upstream="wait for `timeoutInMillis` at most in `_call_lambda_raw`",
    )
)
EVENT_TOO_LARGE = register(
    Difference(
        name="event-too-large",
        service="API Gateway",
        aws="an event over 6 MB, the request and its body as JSON, is refused by Lambda. It is not documented what becomes of "
        "it; others saw a 413 through REQUEST_TOO_LARGE",
        source="https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
        ministack="any size reaches the function",
        here="a 413 through REQUEST_TOO_LARGE",
        upstream="measure the event in `_call_lambda_raw`, and return `_gw_error('REQUEST_TOO_LARGE', ...)`",
    )
)
REMAPPED_HEADERS = register(
    Difference(
        name="remapped-headers",
        service="API Gateway",
        aws="some headers of a function's response, such as WWW-Authenticate, are sent on as `x-amzn-Remapped-…`",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html",
        ministack="sends all headers on as they are",
        here="as AWS",
        upstream="rename these headers in `_lambda_proxy_response`",
    )
)
REMAPPED = (
    "authorization", "connection", "content-md5", "date", "max-forwards", "server", "user-agent", "www-authenticate",
)  # fmt: skip
uses(INTEGRATION_TIMEOUT, lambda_svc, "_execute_function_with_config_scope(func, event)")
uses(INTEGRATION_TIMEOUT, v1, "_resources")


class IntegrationFailed(Exception):
    """The integration returned no usable result."""

    def __init__(self, response_type: str, status: int, message: str, reason: str) -> None:
        super().__init__(reason)
        self.response_type, self.status, self.message = response_type, status, message


def install() -> None:
    """Invoke functions for REST APIs with this module."""
    patch(
        v1,
        "_call_lambda_raw",
        call_lambda,
        INTEGRATION_TIMEOUT,
        permission.INVOKE_PERMISSION,
        invocation.RESERVED_CONCURRENCY,
        invocation.WEIGHTED_ALIASES,
        admission.CONCURRENCY,
        EVENT_TOO_LARGE,
    )
    patch(v1, "_lambda_proxy_response", proxy_response, INTEGRATION_FAILURE, REMAPPED_HEADERS)


async def call_lambda(
    function_ref: str, event: Json, *, account_id: str | None = None, region: str | None = None
) -> tuple[Json | None, str | None]:
    """Invoke a function and return its result, or why there is none.

    Raises:
        IntegrationFailed: the function may not be invoked, the event is too large, too many requests wait for functions, or it
            does not return in time.
    """
    exchange = current.get()
    target = invocation.resolve(function_ref, account_id, region)
    if target is None:
        return None, f"no function {function_ref}"
    if not _may_invoke(exchange, target):
        raise IntegrationFailed(
            "API_CONFIGURATION_ERROR",
            500,
            "Internal server error",
            "Invalid permissions on Lambda function",
        )
    if _size(event, exchange.body) > LARGEST_EVENT:
        exchange.integration_status = 413
        raise IntegrationFailed("REQUEST_TOO_LARGE", 413, "Request Too Long", "the event is too large for Lambda")
    try:
        give_back = await _places.take()
    except admission.Full:
        invocation.count_throttle(target.record["config"])
        exchange.integration_status = 429
        raise _failure(500, "too many requests wait for functions") from None
    started = time.perf_counter()
    execute = lambda_svc._execute_function_with_config_scope
    running = asyncio.get_running_loop().run_in_executor(
        _threads, contextvars.copy_context().run, execute, target.record, event
    )
    running.add_done_callback(lambda _: give_back())  # after a timeout the function is still running
    await asyncio.wait({running}, timeout=_timeout(exchange))
    exchange.integration_seconds = time.perf_counter() - started
    if not running.done():
        raise IntegrationFailed("INTEGRATION_TIMEOUT", 504, "Endpoint request timed out", "Endpoint request timed out")
    return running.result(), None


def _size(event: Json, body: bytes) -> int:
    """Return the bytes of an event as JSON, which is at most six times its body and some headers."""
    return len(json.dumps(event, ensure_ascii=False).encode(errors="replace")) if len(body) > LARGEST_EVENT // 8 else 0


def _may_invoke(exchange: Exchange, target: invocation.Target) -> bool:
    """Return whether the function's policy allows it for the qualified ARN and the ARN of the request's method."""
    request = exchange.request
    resource = re.sub(r"\{[^}]*\}", "*", request["resource_path"])
    source = (
        f"arn:aws:execute-api:{exchange.region}:{exchange.account}:{request['api_id']}"
        f"/{request['stage_name']}/{exchange.method}{resource}"
    )
    return permission.may_invoke("apigateway.amazonaws.com", source, target)


def _timeout(exchange: Exchange) -> float:
    limit = (method_of(exchange).get("methodIntegration") or {}).get("timeoutInMillis")
    return float(limit) / 1000 if limit else LONGEST_INTEGRATION


def method_of(exchange: Exchange) -> Json:
    """Return the method that serves the request; empty if the request was refused before one was chosen."""
    request = exchange.request
    for resource in v1._resources.get(request["api_id"], {}).values():
        if resource["path"] == request["resource_path"]:
            methods = resource["resourceMethods"]
            return methods.get(exchange.method) or methods.get("ANY") or {}
    return {}


def proxy_response(result: Json) -> tuple[Json, None]:
    """Return the response in a function's result.

    Raises:
        IntegrationFailed: the function failed, was not invoked, or returned a malformed result.
    """
    exchange = current.get()
    exchange.integration_request_id = result.get("request_id")
    if result.get("throttle"):
        exchange.integration_status = 429
        raise _failure(500, "Lambda refused the invocation")
    exchange.integration_status = 200
    if result.get("error"):
        raise _failure(502, "Lambda execution failed with status 200 due to customer function error")
    response = result.get("body")
    if not isinstance(response, dict) or not _well_formed(response):
        raise _failure(502, "Malformed Lambda proxy response")
    exchange.function_status = int(response["statusCode"])
    renamed = {name: _renamed(response[name]) for name in ("headers", "multiValueHeaders") if response.get(name)}
    return {**response, **renamed, "statusCode": int(response["statusCode"]), "body": response.get("body") or ""}, None


def _renamed(headers: Json) -> Json:
    return {f"x-amzn-Remapped-{name}" if name.lower() in REMAPPED else name: value for name, value in headers.items()}


def _well_formed(response: Json) -> bool:
    body, status = response.get("body"), response.get("statusCode")
    return (body is None or isinstance(body, str)) and bool(re.fullmatch(r"[1-5]\d\d", str(status)))


def _failure(status: int, reason: str) -> IntegrationFailed:
    return IntegrationFailed("DEFAULT_5XX", status, "Internal server error", reason)
