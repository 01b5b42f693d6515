"""MOCK integrations: the gateway's own responses, such as to preflight requests and to methods that a path does not have."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.apigateway import mock

from .stack import Api, Stack

STATUS = '{"statusCode": 405}'
RESPONSE = {
    "responseParameters": {
        "method.response.header.Content-Type": "'application/problem+json'",
        "method.response.header.X-Id": "context.requestId",
    },
    "responseTemplates": {"application/json": '{"id": "$context.requestId", "at": "$context.httpMethod"}'},
}


def mocked(stack: Stack, templates: dict[str, str], **response: Any) -> Api:
    """Deploy POST /thing with a MOCK integration that has request templates and one response, 405."""
    api = stack.api(integration={"type": "MOCK", "requestTemplates": templates})
    gateway = stack.client("apigateway")
    thing = next(r["id"] for r in gateway.get_resources(restApiId=api.id)["items"] if r["path"] == "/thing")
    at = {"restApiId": api.id, "resourceId": thing, "httpMethod": "POST", "statusCode": "405"}
    declared = dict.fromkeys(response.get("responseParameters", {}), False)
    gateway.put_method_response(**at, responseParameters=declared)
    gateway.put_integration_response(**at, **response)
    gateway.create_deployment(restApiId=api.id, stageName="test")
    return api


@pytest.mark.adds(mock.MOCK_INTEGRATION)
def test_response_names_the_request_in_its_body_and_in_a_header(ours: Stack) -> None:
    response = mocked(ours, {"application/json": STATUS}, **RESPONSE).post()
    request_id = response.headers["x-amzn-requestid"]
    assert (response.status_code, response.json()) == (405, {"id": request_id, "at": "POST"})
    assert (response.headers["x-id"], response.headers["content-type"]) == (request_id, "application/problem+json")


@pytest.mark.lacks(mock.MOCK_INTEGRATION)
def test_ministack_substitutes_nothing(ministack: Stack) -> None:
    response = mocked(ministack, {"application/json": STATUS}, **RESPONSE).post()
    assert (response.json()["id"], response.headers["x-id"]) == ("$context.requestId", "context.requestId")


def test_template_is_chosen_by_content_type_and_without_one_the_body_decides(ours: Stack) -> None:
    api = mocked(ours, {"text/plain": STATUS}, **RESPONSE)
    assert api.post(b"any", headers={"Content-Type": "Text/Plain; charset=utf-8"}).status_code == 405
    assert api.post(STATUS.encode(), headers={"Content-Type": "application/xml"}).status_code == 405
    undecided = api.post(b"<any/>", headers={"Content-Type": "application/xml"})
    assert (undecided.status_code, undecided.json()) == (500, {"message": "Internal server error"})


def test_response_without_a_template_has_no_body(ours: Stack) -> None:
    response = mocked(ours, {"application/json": STATUS}).post()
    assert (response.status_code, response.content) == (405, b"")
