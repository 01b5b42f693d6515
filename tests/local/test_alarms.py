"""Alarms as Terraform reads them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.parsers import QueryParser

from itemsctl.local import alarms
from itemsctl.local.process import REGION, endpoint_url

from .stack import Json, Stack, unique


def described(stack: Stack, name: str) -> tuple[Json, Json]:
    """An alarm as it was put, and as DescribeAlarms answers it in XML."""
    client = stack.client("cloudwatch")
    put = {
        "AlarmName": unique(name),
        "AlarmDescription": "of faults",
        "ActionsEnabled": False,
        "AlarmActions": ["arn:aws:sns:eu-west-2:000000000000:topic"],
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
    }
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
    SigV4Auth(Credentials("test", "test"), "monitoring", REGION).add_auth(request)
    prepared: Any = request.prepare()
    answer = httpx.post(prepared.url, headers=dict(prepared.headers), content=prepared.body)
    shape = client.meta.service_model.operation_model("DescribeAlarms").output_shape
    parsed = QueryParser().parse(
        {"status_code": answer.status_code, "headers": answer.headers, "body": answer.content},
        shape,
    )
    return put, parsed["MetricAlarms"][0]


@pytest.mark.adds(alarms.DESCRIBE_ALARMS)
def test_alarm_described_in_xml_is_the_alarm_that_was_put(ours: Stack) -> None:
    put, found = described(ours, "alarm <&>")
    assert {name: found[name] for name in put} == put


@pytest.mark.lacks(alarms.DESCRIBE_ALARMS)
def test_ministack_leaves_members_out(ministack: Stack) -> None:
    put, found = described(ministack, "alarm")
    assert not put.keys() <= found.keys()
