"""Alarms as Terraform reads them, their evaluation and their actions."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.parsers import QueryParser

from emulator.alarms import describe_alarms, evaluation
from emulator.process import endpoint_url

from .stack import REGION, Json, Stack, eventually, unique


def described(stack: Stack, name: str, **properties: Any) -> tuple[Json, Json]:
    """Return an alarm as it was put, and as DescribeAlarms returns it in XML. A property that is None is left out."""
    client = stack.client("cloudwatch")
    put = {
        "AlarmName": unique(name),
        "AlarmDescription": "of faults",
        "ActionsEnabled": False,
        "AlarmActions": [f"arn:aws:sns:{REGION}:000000000000:topic"],
        "Namespace": "items",
        "MetricName": "faults",
        "Dimensions": [{"Name": "operation", "Value": "get_item"}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "Threshold": 1.5,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        **properties,
    }
    put = {name: value for name, value in put.items() if value is not None}
    client.put_metric_alarm(**put)
    request = AWSRequest(
        "POST",
        endpoint_url(stack.port),
        data={
            "Action": "DescribeAlarms",
            "Version": "2010-08-01",
            "AlarmNames.member.1": put["AlarmName"],
        },
    )
    SigV4Auth(Credentials("test", stack.secret), "monitoring", REGION).add_auth(request)
    prepared: Any = request.prepare()
    response = httpx.post(prepared.url, headers=dict(prepared.headers), content=prepared.body, timeout=60)
    shape = client.meta.service_model.operation_model("DescribeAlarms").output_shape
    parsed = QueryParser().parse(
        {"status_code": response.status_code, "headers": response.headers, "body": response.content},
        shape,
    )
    return put, parsed["MetricAlarms"][0]


@pytest.mark.adds(describe_alarms.DESCRIBE_ALARMS)
def test_alarm_described_in_xml_is_the_alarm_that_was_put(ours: Stack) -> None:
    put, read = described(ours, "alarm <&>")
    assert {name: read[name] for name in put} == put


@pytest.mark.adds(describe_alarms.METRICS_OF_ALARMS)
def test_alarm_on_a_share_has_no_other_statistic(ours: Stack) -> None:
    put, read = described(ours, "share", Statistic=None, ExtendedStatistic="PR(1000:)")
    assert {name: read[name] for name in put} == put
    assert "Statistic" not in read


@pytest.mark.parametrize(
    "properties",
    [
        {"ExtendedStatistic": "p99"},
        {"Statistic": None, "ExtendedStatistic": "Average"},
        {"Statistic": None, "ExtendedStatistic": "PR"},
        {"DatapointsToAlarm": 4},
    ],
    ids=["two statistics", "a plain one", "no such statistic", "more than there are"],
)
def test_alarm_that_cloudwatch_refuses_is_refused(ours: Stack, properties: Json) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        described(ours, "refused", **properties)


@pytest.mark.lacks(describe_alarms.DESCRIBE_ALARMS)
def test_ministack_leaves_properties_out(ministack: Stack) -> None:
    put, read = described(ministack, "alarm")
    assert not put.keys() <= read.keys()


def alarm(stack: Stack, metric: str, **properties: Any) -> str:
    """Put an alarm that fires if the metric's sum over ten seconds for operation=get_item is 1 or more."""
    name = unique("alarm")
    stack.client("cloudwatch").put_metric_alarm(
        **{
            "AlarmName": name,
            "Namespace": "items",
            "MetricName": metric,
            "Dimensions": [{"Name": "operation", "Value": "get_item"}],
            "Statistic": "Sum",
            "Period": 10,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            **properties,
        }
    )
    return name


def count(stack: Stack, metric: str, operation: str) -> None:
    datum = {"MetricName": metric, "Value": 1, "Dimensions": [{"Name": "operation", "Value": operation}]}
    stack.client("cloudwatch").put_metric_data(Namespace="items", MetricData=[datum])


def state(stack: Stack, name: str) -> str:
    return str(stack.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"])


@pytest.mark.adds(evaluation.EVALUATION)
def test_alarm_reads_its_own_dimensions_only_and_returns_to_ok(ours: Stack) -> None:
    metric = unique("faults")
    name = alarm(ours, metric)
    count(ours, metric, "list_items")
    assert eventually(lambda: state(ours, name) == "OK")
    count(ours, metric, "get_item")
    assert eventually(lambda: state(ours, name) == "ALARM")
    assert eventually(lambda: state(ours, name) == "OK")


@pytest.mark.lacks(evaluation.EVALUATION)
def test_ministack_reads_every_metric_of_that_name(ministack: Stack) -> None:
    metric = unique("faults")
    name = alarm(ministack, metric)
    count(ministack, metric, "list_items")
    assert state(ministack, name) == "ALARM"


def test_alarm_on_a_version_fires_after_invocations_alone(ours: Stack) -> None:
    function = ours.function("def handler(event, context):\n    raise ValueError", Publish=True)
    ours.client("lambda").create_alias(FunctionName=function, Name="prod", FunctionVersion="1")
    of = {"FunctionName": function, "Resource": f"{function}:prod", "ExecutedVersion": "1"}
    dimensions = [{"Name": name, "Value": value} for name, value in of.items()]
    name = alarm(ours, "Errors", Namespace="AWS/Lambda", Dimensions=dimensions)
    ours.invoke(function, Qualifier="prod")
    assert eventually(lambda: state(ours, name) == "ALARM")


def acted_upon(stack: Stack, patience: float = 60) -> bool:
    """Return whether an alarm that fires invokes the function that is its action within `patience` seconds."""
    function = stack.function("import json\ndef handler(event, context):\n    print(json.dumps(event))")
    stack.client("lambda").add_permission(
        FunctionName=function,
        StatementId="alarm",
        Action="lambda:InvokeFunction",
        Principal="lambda.alarms.cloudwatch.amazonaws.com",
    )
    metric = unique("faults")
    arn = f"arn:aws:lambda:{REGION}:{stack.account}:function:{function}"
    alarm(stack, metric, AlarmActions=[arn])
    count(stack, metric, "get_item")

    def logged() -> str:
        try:
            events = stack.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
        except stack.client("logs").exceptions.ResourceNotFoundException:
            return ""
        return "".join(event["message"] for event in events)

    return bool(eventually(lambda: '"value": "ALARM"' in logged(), patience))


@pytest.mark.adds(evaluation.LAMBDA_ACTION)
def test_alarm_invokes_the_function_that_is_its_action(ours: Stack) -> None:
    assert acted_upon(ours)


@pytest.mark.lacks(evaluation.LAMBDA_ACTION)
def test_ministack_invokes_no_function(ministack: Stack) -> None:
    assert not acted_upon(ministack, patience=6)


A, B, NONE = 5.0, 0.0, None


@pytest.mark.parametrize(
    ("treatment", "values", "expected"),
    [
        ("missing", [NONE, NONE, NONE], "INSUFFICIENT_DATA"),
        ("missing", [A, NONE, NONE], "ALARM"),
        ("missing", [B, NONE, A], "OK"),
        ("missing", [A, B, A], "ALARM"),
        ("notBreaching", [A, NONE, NONE], "OK"),
        ("notBreaching", [NONE, NONE, NONE], "OK"),
        ("breaching", [NONE, NONE, B], "ALARM"),
        ("ignore", [NONE, NONE, A], "kept"),
        ("ignore", [A, NONE, A], "ALARM"),
        ("ignore", [B, B, B], "OK"),
    ],
)
def test_missing_data_counts_as_configured(treatment: str, values: list[float | None], expected: str) -> None:
    """Two of three datapoints to alarm, threshold 1."""
    two_of_three = {
        "Namespace": "items",
        "StateValue": "kept",
        "Threshold": 1.0,
        "DatapointsToAlarm": 2,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": treatment,
    }
    assert evaluation.next_state(two_of_three, values) == expected
