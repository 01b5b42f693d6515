"""Differences without an addition: each test fails when MiniStack behaves like AWS, and the entry can be deleted."""

from __future__ import annotations

import httpx
import pytest

from emulator import known_gaps

from .stack import REGION, Api, Stack, unique

HEADERS = (
    "import json\n"
    "def handler(event, context):\n"
    "    return {'statusCode': 200, 'body': json.dumps(list(event['headers']))}"
)


def api_of(stack: Stack) -> Api:
    function = stack.function(HEADERS)
    stack.permit(function)
    return stack.api(integration=stack.integration(function))


@pytest.mark.lacks(known_gaps.DEPLOYED_RESOURCES)
def test_deleted_method_disappears_from_the_stage_without_a_deployment(ministack: Stack) -> None:
    api, gateway = api_of(ministack), ministack.client("apigateway")
    thing = next(r for r in gateway.get_resources(restApiId=api.id)["items"] if r["path"] == "/thing")
    gateway.delete_method(restApiId=api.id, resourceId=thing["id"], httpMethod="POST")
    assert api.post().status_code == 403


@pytest.mark.lacks(known_gaps.HEADER_NAMES)
def test_header_names_reach_the_function_in_lower_case(ministack: Stack) -> None:
    assert "x-mixed-case" in api_of(ministack).post(headers={"X-Mixed-Case": "1"}).json()


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
