"""Which version an invocation runs, and the metrics of invocations."""

from __future__ import annotations

from collections import Counter

import pytest

from emulator.cloudwatch import metrics
from emulator.lambda_ import invocation

from .stack import Stack, zipped
from .test_gateway_records import metric

VERSION = (
    "import os\n"
    "def handler(event, context):\n"
    "    if event == 'fail': raise ValueError('as asked')\n"
    "    version = os.environ['AWS_LAMBDA_FUNCTION_VERSION']\n"
    "    return {'statusCode': 200, 'body': version, 'arn': context.invoked_function_arn}"
)
CALLS = 30


def canary(stack: Stack, weight: float) -> str:
    """Create a function whose alias `prod` sends the share `weight` to version 2 and the rest to version 1."""
    client = stack.client("lambda")
    name = stack.function(VERSION, Publish=True)
    client.update_function_code(FunctionName=name, ZipFile=zipped(VERSION + "\n#2"), Publish=True)
    client.create_alias(
        FunctionName=name,
        Name="prod",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": weight}},
    )
    stack.permit(name, "prod")
    return name


def versions_invoked(stack: Stack, name: str) -> Counter[str]:
    client = stack.client("lambda")
    calls = [client.invoke(FunctionName=name, Qualifier="prod") for _ in range(CALLS)]
    return Counter(call["ExecutedVersion"] for call in calls)


@pytest.mark.adds(invocation.WEIGHTED_ALIASES)
def test_alias_divides_invocations_by_weight(ours: Stack) -> None:
    name = canary(ours, 0.5)
    counts = versions_invoked(ours, name)
    assert set(counts) == {"1", "2"}
    api = ours.api(integration=ours.integration(f"{name}:prod"))
    assert {api.post().text for _ in range(CALLS)} == {"1", "2"}


@pytest.mark.lacks(invocation.WEIGHTED_ALIASES)
def test_ministack_always_runs_the_first_version(ministack: Stack) -> None:
    assert set(versions_invoked(ministack, canary(ministack, 0.5))) == {"1"}


def test_executed_version_is_the_one_that_ran(ours: Stack) -> None:
    name = canary(ours, 1.0)
    invoked = ours.client("lambda").invoke(FunctionName=name, Qualifier="prod")
    assert invoked["ExecutedVersion"] == "2"
    assert ours.invoke(name, Qualifier="prod")["body"] == "2"
    assert ours.invoke(name, Qualifier="prod")["arn"].endswith(f":{name}:prod")


def invocations(stack: Stack, name: str, **dimensions: str) -> float | None:
    count = metric(stack, "AWS/Lambda", "Invocations", "Sum", FunctionName=name, **dimensions)
    return None if count is None else float(count)


@pytest.mark.adds(invocation.FUNCTION_METRICS)
def test_lambda_counts_by_function_by_alias_and_by_executed_version(ours: Stack) -> None:
    name = canary(ours, 1.0)
    ours.api(integration=ours.integration(f"{name}:prod")).post()
    ours.invoke(name, "fail", Qualifier="prod")
    alias = f"{name}:prod"
    assert invocations(ours, name) == 2
    assert invocations(ours, name, Resource=alias) == 2
    assert invocations(ours, name, Resource=alias, ExecutedVersion="2") == 2
    assert invocations(ours, name, Resource=alias, ExecutedVersion="1") is None
    by_version = {"FunctionName": name, "Resource": alias, "ExecutedVersion": "2"}
    assert metric(ours, "AWS/Lambda", "Errors", "Sum", **by_version) == 1
    assert metric(ours, "AWS/Lambda", "Duration", "SampleCount", **by_version) == 2
    assert metric(ours, "AWS/Lambda", "Invocations", "Sum") >= 2  # of all functions


@pytest.mark.lacks(invocation.FUNCTION_METRICS)
def test_ministack_counts_by_function_name_only(ministack: Stack) -> None:
    name = canary(ministack, 0.0)
    ministack.invoke(name, Qualifier="prod")
    assert invocations(ministack, name, Resource=f"{name}:prod") is None


def at_its_limit(stack: Stack) -> int:
    name = canary(stack, 0.0)
    stack.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    return stack.api(integration=stack.integration(f"{name}:prod")).post().status_code


@pytest.mark.adds(invocation.RESERVED_CONCURRENCY)
def test_reserved_concurrency_limits_an_alias(ours: Stack) -> None:
    assert at_its_limit(ours) == 500


@pytest.mark.lacks(invocation.RESERVED_CONCURRENCY)
def test_ministack_does_not_limit_an_alias(ministack: Stack) -> None:
    assert at_its_limit(ministack) == 200


EMBEDDED = (
    "import json\n"
    "def handler(event, context):\n"
    "    print(json.dumps({'_aws': {'Timestamp': 0, 'CloudWatchMetrics': [{'Namespace': event,\n"
    "        'Dimensions': [['operation']], 'Metrics': [{'Name': 'faults', 'Unit': 'Count'}]}]},\n"
    "        'operation': 'get_item', 'faults': 3}))"
)


@pytest.mark.adds(metrics.EMBEDDED_METRICS)
def test_metrics_in_a_log_line_are_recorded(ours: Stack) -> None:
    name = ours.function(EMBEDDED)
    ours.invoke(name, name)
    assert metric(ours, name, "faults", "Sum", operation="get_item") == 3


@pytest.mark.lacks(metrics.EMBEDDED_METRICS)
def test_ministack_leaves_metrics_in_the_log(ministack: Stack) -> None:
    name = ministack.function(EMBEDDED)
    ministack.invoke(name, name)
    assert metric(ministack, name, "faults", "Sum", operation="get_item") is None
