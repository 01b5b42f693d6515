"""The access log and the metrics of the gateway, and its permission to invoke functions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from emulator.apigateway import access_log, gateway_metrics
from emulator.lambda_ import permission

from .stack import REGION, Api, Stack, eventually, unique

FORMAT = (
    '{"id":"$context.requestId","status":$context.status,"method":"$context.httpMethod",'
    '"resource":"$context.resourcePath","error":$context.error.messageString,'
    '"ip":"$context.identity.sourceIp","length":$context.responseLength,"of":"$context.integration.status",'
    '"by":"$context.operationName"}'  # which AWS does not have
)
OK = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'hello'}"


def deployed(stack: Stack) -> Api:
    function = stack.function(OK)
    stack.permit(function)
    return stack.api(integration=stack.integration(function))


def access_log_of(stack: Stack, template: str = FORMAT) -> tuple[Api, list[str]]:
    api, group = deployed(stack), unique("/access")
    stack.client("logs").create_log_group(logGroupName=group)
    destination = f"arn:aws:logs:{REGION}:{stack.account}:log-group:{group}"
    stack.client("apigateway").update_stage(
        restApiId=api.id,
        stageName="test",
        patchOperations=[
            {"op": "replace", "path": "/accessLogSettings/destinationArn", "value": destination},
            {"op": "replace", "path": "/accessLogSettings/format", "value": template},
        ],
    )
    ids = [api.post().headers["x-amzn-requestid"]]
    ids.append(httpx.get(f"{api.url}/nowhere", timeout=60).headers["x-amzn-requestid"])
    events = stack.client("logs").filter_log_events(logGroupName=group)["events"]
    return api, [*ids, *(event["message"] for event in events)]


@pytest.mark.adds(access_log.ACCESS_LOG)
def test_every_request_is_one_line_of_the_access_log(ours: Stack) -> None:
    _, (first, second, *lines) = access_log_of(ours)
    assert [json.loads(line.replace('"error":-', '"error":null')) for line in lines] == [
        {
            "id": first,
            "status": 200,
            "method": "POST",
            "resource": "/thing",
            "error": None,
            "ip": "127.0.0.1",
            "length": 5,
            "of": "200",
            "by": "-",
        },
        {
            "id": second,
            "status": 403,
            "method": "GET",
            "resource": "-",
            "error": "Missing Authentication Token",
            "ip": "127.0.0.1",
            "length": 42,
            "of": "-",
            "by": "-",
        },
    ]


@pytest.mark.adds(access_log.ACCESS_LOG)
def test_a_line_of_the_access_log_ends_after_1024_bytes(ours: Stack) -> None:
    _, (_, _, *lines) = access_log_of(ours, f"{'é' * 600} $context.requestId")
    assert lines == ["é" * 512] * 2


@pytest.mark.lacks(access_log.ACCESS_LOG)
def test_ministack_writes_no_access_log(ministack: Stack) -> None:
    _, (_first, _second, *lines) = access_log_of(ministack)
    assert lines == []


def metric(stack: Stack, namespace: str, name: str, statistic: str, **dimensions: str) -> Any:
    now = datetime.now(UTC)
    points = stack.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=[statistic],
    )["Datapoints"]
    return sum(point[statistic] for point in points) if points else None


@pytest.mark.adds(gateway_metrics.GATEWAY_METRICS)
def test_gateway_counts_requests_and_errors_by_api_and_stage(ours: Stack) -> None:
    api = deployed(ours)
    api.post()
    api.post()
    httpx.get(f"{api.url}/nowhere", timeout=60)
    for dimensions in ({"ApiName": api.name}, {"ApiName": api.name, "Stage": "test"}):
        assert metric(ours, "AWS/ApiGateway", "Count", "Sum", **dimensions) == 3
        assert metric(ours, "AWS/ApiGateway", "4XXError", "Sum", **dimensions) == 1
        assert metric(ours, "AWS/ApiGateway", "5XXError", "Sum", **dimensions) == 0
        assert metric(ours, "AWS/ApiGateway", "Latency", "SampleCount", **dimensions) == 3
        assert metric(ours, "AWS/ApiGateway", "IntegrationLatency", "SampleCount", **dimensions) == 2


@pytest.mark.lacks(gateway_metrics.GATEWAY_METRICS)
def test_ministack_counts_no_requests(ministack: Stack) -> None:
    api = deployed(ministack)
    api.post()
    assert metric(ministack, "AWS/ApiGateway", "Count", "Sum", ApiName=api.name) is None


def aliased(stack: Stack, permitted: str | None) -> int:
    function = stack.function(OK, Publish=True)
    stack.client("lambda").create_alias(FunctionName=function, Name="prod", FunctionVersion="1")
    stack.permit(function, permitted)
    return stack.api(integration=stack.integration(f"{function}:prod")).post().status_code


@pytest.mark.adds(permission.INVOKE_PERMISSION)
def test_permission_must_name_the_alias_that_is_invoked(ours: Stack) -> None:
    assert aliased(ours, "prod") == 200
    assert aliased(ours, None) == 500


@pytest.mark.lacks(permission.INVOKE_PERMISSION)
def test_ministack_needs_no_permission(ministack: Stack) -> None:
    assert aliased(ministack, None) == 200


def test_permission_for_another_method_is_not_enough(ours: Stack) -> None:
    function = ours.function(OK)
    api = ours.api(integration=ours.integration(function))

    def permit(method: str) -> None:
        ours.client("lambda").add_permission(
            FunctionName=function,
            StatementId=unique("s"),
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{REGION}:{ours.account}:{api.id}/*/{method}/thing",
        )

    permit("GET")
    assert api.post().status_code == 500
    permit("POST")
    assert eventually(lambda: api.post().status_code == 200)
