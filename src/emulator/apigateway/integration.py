"""How API Gateway calls a function and what it takes for an answer, where MiniStack does otherwise."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any

from ministack.core.concurrency import run_reentrant
from ministack.services import apigateway_v1 as v1
from ministack.services import lambda_svc

from emulator.differences import Difference, register
from emulator.exchange import Exchange, current
from emulator.lambda_ import invocation, permission

Json = dict[str, Any]

LONGEST_INTEGRATION = 29.0

INTEGRATION_FAILURE = register(
    Difference(
        name="integration-failure",
        service="API Gateway",
        aws="a function that fails, or answers in a wrong form, is a 502 and one that Lambda "
        'refuses to invoke a 500, both "Internal server error" through DEFAULT_5XX',
        source="https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway-errors.html",
        ministack="the 502 holds the function's error text and no gateway response applies",
        here="as AWS; the error is in the log only",
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
    )
)


class IntegrationFailed(Exception):
    """The integration gave no usable answer."""

    def __init__(self, response_type: str, status: int, message: str, reason: str) -> None:
        super().__init__(reason)
        self.response_type, self.status, self.message = response_type, status, message


def install() -> None:
    """Invoke functions for REST APIs by way of this module."""
    v1._call_lambda_raw = _invoke
    v1._lambda_proxy_response = _proxy_response


async def _invoke(
    reference: str, event: Json, *, account_id: str | None = None, region: str | None = None
) -> tuple[Json | None, str | None]:
    exchange = current.get()
    target = invocation.resolve(reference, account_id, region)
    if target is None:
        return None, f"no function {reference}"
    if not permission.gateway_may_invoke(exchange, target):
        raise IntegrationFailed(
            "API_CONFIGURATION_ERROR",
            500,
            "Internal server error",
            "Invalid permissions on Lambda function",
        )
    started = time.perf_counter()
    running = asyncio.ensure_future(
        run_reentrant(
            lambda_svc._execute_function_with_config_scope,
            target.record,
            event,
            thread_name="ministack-apigw-invoke",
        )
    )
    await asyncio.wait({running}, timeout=_timeout(exchange))
    exchange.integration_seconds = time.perf_counter() - started
    if not running.done():
        raise IntegrationFailed("INTEGRATION_TIMEOUT", 504, "Endpoint request timed out", "Endpoint request timed out")
    return running.result(), None


def _timeout(exchange: Exchange) -> float:
    limit = (method_of(exchange).get("methodIntegration") or {}).get("timeoutInMillis")
    return float(limit) / 1000 if limit else LONGEST_INTEGRATION


def method_of(exchange: Exchange) -> Json:
    """The method that serves the request, empty if it was refused before one was found."""
    request = exchange.request
    for resource in v1._resources.get(request["api_id"], {}).values():
        if resource["path"] == request["resource_path"]:
            methods = resource["resourceMethods"]
            return methods.get(exchange.method) or methods.get("ANY") or {}
    return {}


def _proxy_response(result: Json) -> tuple[Json, None]:
    exchange = current.get()
    exchange.integration_request_id = result.get("request_id")
    if result.get("throttle"):
        exchange.integration_status = 429
        raise _failure(500, "Lambda refused the invocation")
    exchange.integration_status = 200
    if result.get("error"):
        raise _failure(502, "Lambda execution failed with status 200 due to customer function error")
    answer = result.get("body")
    if not isinstance(answer, dict) or not _well_formed(answer):
        raise _failure(502, "Malformed Lambda proxy response")
    return {**answer, "statusCode": int(answer["statusCode"]), "body": answer.get("body") or ""}, None


def _well_formed(answer: Json) -> bool:
    body, status = answer.get("body"), answer.get("statusCode")
    return (body is None or isinstance(body, str)) and bool(re.fullmatch(r"[1-5]\d\d", str(status)))


def _failure(status: int, reason: str) -> IntegrationFailed:
    return IntegrationFailed("DEFAULT_5XX", status, "Internal server error", reason)
