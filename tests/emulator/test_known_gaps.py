"""Differences without an addition: each test fails when MiniStack behaves like AWS, and the entry can be deleted."""

from __future__ import annotations

import time
from types import SimpleNamespace

import httpx
import pytest
from ministack.services import dynamodb

from emulator import known_gaps

from .stack import REGION, Api, Stack, unique

HEADERS = (
    "import json\n"
    "def handler(event, context):\n"
    "    return {'statusCode': 200, 'body': json.dumps(list(event['headers']))}"
)


BODY = "def handler(event, context):\n    return {'statusCode': 200, 'body': ascii(event['body'])}"


def api_of(stack: Stack, source: str = HEADERS) -> Api:
    function = stack.function(source)
    stack.permit(function)
    return stack.api(integration=stack.integration(function))


@pytest.mark.lacks(known_gaps.HEADER_NAMES)
def test_header_names_reach_the_function_in_lower_case(ministack: Stack) -> None:
    assert "x-mixed-case" in api_of(ministack).post(headers={"X-Mixed-Case": "1"}).json()


@pytest.mark.lacks(known_gaps.TIME_TO_LIVE)
def test_expired_item_is_deleted_by_the_next_run_of_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop of the thread is run once here, instead of waiting for it."""
    name, key = unique("table"), {"AttributeName": "id", "KeyType": "HASH"}
    types = {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "BillingMode": "PAY_PER_REQUEST"}
    dynamodb._create_table({"TableName": name, "KeySchema": [key], **types})
    setting = {"Enabled": True, "AttributeName": "expires_at"}
    dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": setting})
    for item_id, expires in (("past", time.time() - 1), ("future", time.time() + 60)):
        item = {"id": {"S": item_id}, "expires_at": {"N": str(int(expires))}}
        dynamodb._put_item({"TableName": name, "Item": item})
    waits = iter([60])
    monkeypatch.setattr(dynamodb, "time", SimpleNamespace(time=time.time, sleep=lambda _: next(waits)))
    with pytest.raises(StopIteration):
        dynamodb._ttl_reaper()
    assert list(dynamodb._tables[name]["items"]) == ["future"]


@pytest.mark.lacks(known_gaps.UNDECODABLE_BODIES)
def test_bytes_that_are_not_utf_8_are_replaced(ministack: Stack) -> None:
    assert api_of(ministack, BODY).post(b"Caf\xe9 \xc0\xaf").text == r"'Caf\ufffd \ufffd\ufffd'"


@pytest.mark.lacks(known_gaps.WEB_ACL)
def test_web_acl_that_blocks_everything_blocks_nothing(ministack: Stack) -> None:
    api, waf = api_of(ministack), ministack.client("wafv2")
    acl = waf.create_web_acl(
        Name=unique("acl"),
        Scope="REGIONAL",
        DefaultAction={"Block": {}},
        VisibilityConfig={"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"},
    )["Summary"]["ARN"]
    stage = f"arn:aws:apigateway:{REGION}::/restapis/{api.id}/stages/test"
    waf.associate_web_acl(WebACLArn=acl, ResourceArn=stage)
    assert api.post().status_code == 200


@pytest.mark.lacks(known_gaps.INSTALLED_PACKAGES)
def test_function_can_import_what_lambda_does_not_have(ministack: Stack) -> None:
    source = f"import {httpx.__name__}\ndef handler(event, context):\n    return 'imported'"
    assert ministack.invoke(ministack.function(source)) == "imported"
