"""The metrics that API Gateway publishes for each request."""

from __future__ import annotations

import time

from ministack.services import apigateway_v1 as v1

from emulator.apigateway.exchange import Exchange
from emulator.cloudwatch import metrics
from emulator.patches import Difference, register, uses

GATEWAY_METRICS = register(
    Difference(
        name="gateway-metrics",
        service="API Gateway",
        aws="`AWS/ApiGateway` has Count, 4XXError, 5XXError, Latency and IntegrationLatency by "
        "ApiName, and by Stage too; with detailed metrics by Method and Resource too",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html",
        ministack="no metrics",
        here="as AWS; within seconds",
        upstream="emit the metrics at the end of `apigateway_v1.handle_execute`, as is done for `AWS/Lambda`",
    )
)
uses(GATEWAY_METRICS, v1, "_rest_apis")


def count(exchange: Exchange, status: int) -> None:
    """Record one request after its response."""
    request = exchange.request
    api = v1._rest_apis.get(request["api_id"]) or {}
    name = {"ApiName": str(api.get("name", ""))}
    by_stage = {**name, "Stage": str(request["stage_name"])}
    sets = [name, by_stage]
    if _detailed(request["stage"]) and request["resource_path"]:
        sets.append({**by_stage, "Method": exchange.method, "Resource": request["resource_path"]})
    latency = (time.perf_counter() - exchange.begun) * 1000
    for dimensions in sets:
        metrics.record("AWS/ApiGateway", "Count", 1, "Count", dimensions)
        client, server = 400 <= status < 500, status >= 500
        metrics.record("AWS/ApiGateway", "4XXError", int(client), "Count", dimensions)
        metrics.record("AWS/ApiGateway", "5XXError", int(server), "Count", dimensions)
        metrics.record("AWS/ApiGateway", "Latency", latency, "Milliseconds", dimensions)
        if exchange.integration_seconds is not None:
            waited = exchange.integration_seconds * 1000
            metrics.record("AWS/ApiGateway", "IntegrationLatency", waited, "Milliseconds", dimensions)


def _detailed(stage: dict[str, object]) -> bool:
    settings = stage.get("methodSettings")
    every = settings.get("*/*") if isinstance(settings, dict) else None
    return bool(every and every.get("metricsEnabled"))
