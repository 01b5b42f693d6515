"""Responses of the gateway to invalid requests and failing functions."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from emulator.apigateway import gateway, integration
from emulator.lambda_ import trace

from .stack import Api, Stack

PROBLEM = {
    "responseParameters": {"gatewayresponse.header.Content-Type": "'application/problem+json'"},
    "responseTemplates": {
        "application/json": '{"title": $context.error.messageString, '
        '"detail": "$context.error.validationErrorString", "at": "$context.httpMethod"}'
    },
}
RESPONSES = {"DEFAULT_4XX": PROBLEM, "DEFAULT_5XX": PROBLEM}


def api_of(stack: Stack, source: str, **parts: Any) -> Api:
    function = stack.function(source)
    stack.permit(function)
    fields = parts.pop("fields", {})
    return stack.api(integration=stack.integration(function, **fields), responses=RESPONSES, **parts)


def failing(stack: Stack) -> httpx.Response:
    return api_of(stack, "def handler(event, context):\n    raise KeyError('secret')").post()


@pytest.mark.adds(integration.INTEGRATION_FAILURE)
def test_failing_function_is_a_502_problem_without_details(ours: Stack) -> None:
    response = failing(ours)
    assert response.status_code == 502
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["title"] == "Internal server error"
    assert "secret" not in response.text


@pytest.mark.lacks(integration.INTEGRATION_FAILURE)
def test_ministack_shows_what_the_function_raised(ministack: Stack) -> None:
    assert "secret" in failing(ministack).text


@pytest.mark.parametrize("result", ["None", "'text'", "{'body': 'no status'}", "{'statusCode': 200, 'body': {}}"])
def test_malformed_result_is_a_502(ours: Stack, result: str) -> None:
    response = api_of(ours, f"def handler(event, context):\n    return {result}").post()
    assert (response.status_code, response.json()["title"]) == (502, "Internal server error")


def test_function_at_its_reserved_concurrency_is_a_500(ours: Stack) -> None:
    function = ours.function("def handler(event, context):\n    return {'statusCode': 200}")
    ours.client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    ours.permit(function)
    response = ours.api(integration=ours.integration(function), responses=RESPONSES).post()
    assert (response.status_code, response.json()["title"]) == (500, "Internal server error")


VALID_BODY = {
    "models": {"Thing": {"type": "object", "required": ["name"]}},
    "validator": {"validateRequestBody": True},
    "method": {"requestModels": {"application/json": "Thing"}},
}


@pytest.mark.parametrize("charset", ["", "; charset=utf8", ";charset=UTF-8", '; charset="utf-8"'])
def test_a_charset_does_not_change_the_media_type(ours: Stack, charset: str) -> None:
    """The body is validated as JSON, and reaches the function with the header as it was sent."""
    source = (
        "def handler(event, context):\n"
        "    sent = {name.lower(): value for name, value in event['headers'].items()}\n"
        "    return {'statusCode': 200, 'body': sent['content-type']}"
    )
    api = api_of(ours, source, **VALID_BODY)
    headers = {"Content-Type": f"application/json{charset}"}
    accepted = api.post({"name": "Café"}, headers=headers)
    assert (accepted.status_code, accepted.text) == (200, headers["Content-Type"])
    assert api.post({}, headers=headers).status_code == 400


SLOW = "import time\ndef handler(event, context):\n    time.sleep(1)\n    return {'statusCode': 200}"


@pytest.mark.adds(integration.INTEGRATION_TIMEOUT)
def test_slow_integration_is_a_504(ours: Stack) -> None:
    response = api_of(ours, SLOW, fields={"timeoutInMillis": 100}).post()
    assert (response.status_code, response.json()["title"]) == (504, "Endpoint request timed out")


@pytest.mark.lacks(integration.INTEGRATION_TIMEOUT)
def test_ministack_waits_for_a_slow_integration(ministack: Stack) -> None:
    assert api_of(ministack, SLOW, fields={"timeoutInMillis": 100}).post().status_code == 200


COUNTING = "def handler(event, context):\n    return {'statusCode': 200, 'body': str(len(event['body']))}"
TOO_LARGE = b"x" * (10 * 1024 * 1024 + 1)


@pytest.mark.adds(gateway.REQUEST_TOO_LARGE)
def test_body_over_ten_megabytes_is_a_413_in_text(ours: Stack) -> None:
    response = api_of(ours, COUNTING).post(TOO_LARGE)
    assert (response.status_code, response.headers["content-type"]) == (413, "text/plain")


# The event is JSON, in which a quote takes two bytes.
@pytest.mark.adds(integration.EVENT_TOO_LARGE)
@pytest.mark.parametrize("body", [b"x" * (6 * 1024 * 1024), b'"' * (3 * 1024 * 1024)], ids=["letters", "quotes"])
def test_event_over_six_megabytes_is_a_413_problem(ours: Stack, body: bytes) -> None:
    response = api_of(ours, COUNTING).post(body)
    assert (response.status_code, response.json()["title"]) == (413, "Request Too Long")


@pytest.mark.lacks(integration.EVENT_TOO_LARGE)
def test_event_under_six_megabytes_reaches_the_function_and_with_ministack_a_larger_one_too(
    ours: Stack, ministack: Stack
) -> None:
    almost = b"x" * (6 * 1024 * 1024 - 10_000)
    assert api_of(ours, COUNTING).post(almost).text == str(len(almost))
    assert api_of(ministack, COUNTING).post(TOO_LARGE[:-1]).status_code == 200


@pytest.mark.lacks(gateway.REQUEST_TOO_LARGE)
def test_ministack_accepts_any_size(ministack: Stack) -> None:
    assert api_of(ministack, COUNTING).post(TOO_LARGE).status_code == 200


MODEL = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string", "maxLength": 3}, "n": {"type": "integer"}},
}


def refused(stack: Stack, body: Any) -> httpx.Response:
    api = api_of(
        stack,
        COUNTING,
        models={"Thing": MODEL},
        method={"requestModels": {"application/json": "Thing"}},
        validator={"validateRequestBody": True},
    )
    return api.post(body)


@pytest.mark.adds(gateway.VALIDATION_ERROR)
def test_gateway_reports_what_is_wrong_with_a_body(ours: Stack) -> None:
    response = refused(ours, {"n": "1"})
    assert response.status_code == 400
    problem = response.json()
    assert 'object has missing required properties (["name"])' in problem["detail"]
    assert (
        'instance type (string) does not match any allowed primitive type (allowed: ["integer"])' in problem["detail"]
    )
    assert problem["at"] == "POST"


@pytest.mark.lacks(gateway.VALIDATION_ERROR)
def test_ministack_does_not_substitute_the_variable(ministack: Stack) -> None:
    assert "$context.error.validationErrorString" in refused(ministack, {"n": "1"}).text


ECHO = (
    "import json, os\n"
    "def handler(event, context):\n"
    "    known = [event['requestContext']['requestId'], event['headers'].get('X-Amzn-Trace-Id'),"
    " os.environ.get('_X_AMZN_TRACE_ID')]\n"
    "    return {'statusCode': 200, 'body': json.dumps(known)}"
)


@pytest.mark.adds(gateway.REQUEST_ID)
def test_function_and_caller_see_the_same_request_id(ours: Stack) -> None:
    response = api_of(ours, ECHO).post()
    assert response.json()[0] == response.headers["x-amzn-requestid"]


@pytest.mark.lacks(gateway.REQUEST_ID)
def test_ministack_gives_them_different_ids(ministack: Stack) -> None:
    response = api_of(ministack, ECHO).post()
    assert response.json()[0] != response.headers["x-amzn-requestid"]


ROOT = "Root=1-67891233-abcdef012345678912345678"


@pytest.mark.adds(trace.TRACE_ID)
def test_trace_of_the_caller_reaches_the_function(ours: Stack) -> None:
    _, header, variable = api_of(ours, ECHO).post(headers={"X-Amzn-Trace-Id": ROOT}).json()
    assert header == ROOT
    assert variable.startswith(f"{ROOT};Parent=")


@pytest.mark.lacks(trace.TRACE_ID)
def test_ministack_starts_another_trace(ministack: Stack) -> None:
    _, header, variable = api_of(ministack, ECHO).post(headers={"X-Amzn-Trace-Id": ROOT}).json()
    assert not (header and variable and variable.startswith(ROOT))


def test_response_with_204_has_no_body(ours: Stack) -> None:
    response = api_of(ours, "def handler(event, context):\n    return {'statusCode': 204}").post()
    assert (response.status_code, response.content) == (204, b"")


def test_validation_error_is_escaped_in_a_json_template(ours: Stack) -> None:
    assert json.loads(refused(ours, {"name": 'long"\\'}).text)["detail"].startswith("[")
