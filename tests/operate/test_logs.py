"""A request is traced by its id, however it ended; and no log line contains what a user sent, or who the user is."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import subprocess
import sys
import time
from typing import Any

import httpx
import pytest

from crudctl.operate import logs
from tests.invoke import invoke
from tests.operate.faults import in_service
from tests.stack import Stack

MERGE = {"Content-Type": "application/merge-patch+json"}


def traced(stack: Stack, response: httpx.Response, by: str = "x-amzn-requestid") -> list[tuple[str, dict[str, Any]]]:
    """Return the lines of `crudctl trace` for a response, by what one of its headers has, each with its log group."""
    printed = invoke(stack.home, "trace", response.headers[by]).stdout.splitlines()
    return [
        (group.rpartition("/")[2], json.loads(line)) for group, line in zip(printed[::2], printed[1::2], strict=True)
    ]


def test_a_crash_is_traced_to_the_line_that_raised(stack: Stack) -> None:
    with stack.api() as api, in_service(stack, "get_item", "exceptions"):
        response = api.get("items/00000000000000000000000000")
        assert response.status_code == 500
        lines = traced(stack, response)
    assert [group for group, _ in lines] == [*[stack.outputs["functions"]["get_item"]] * 3, stack.environment.prefix]
    start, crash, report = (line for _, line in lines[:3])
    gateway = lines[3][1]
    assert start["type"] == "platform.start"
    assert crash["errorType"] == "RuntimeError"
    assert "regression.py" in "".join(crash["stackTrace"])
    assert report["record"]["status"] == "error"
    assert (gateway["status"], gateway["function_request_id"]) == ("500", start["record"]["requestId"])


def test_a_timeout_is_traced_to_the_report_of_the_platform(stack: Stack) -> None:
    with stack.api() as api, in_service(stack, "list_items", "timeouts", timeout=1):
        response = api.get("items")
        assert response.status_code == 500
        lines = traced(stack, response)
    assert [group for group, _ in lines][-1] == stack.environment.prefix
    reports = [line for group, line in lines if line.get("type") == "platform.report"]
    assert [report["record"]["status"] for report in reports] == ["timeout"]


@pytest.mark.parametrize(
    ("path", "headers", "status"), [("nowhere", {}, 404), ("items", {"Authorization": "none"}, 401)]
)
def test_a_request_that_reached_no_function_is_traced_to_the_line_of_the_gateway(
    stack: Stack, path: str, headers: dict[str, str], status: int
) -> None:
    with stack.api() as api:
        response = api.get(path, headers=headers)
    assert response.status_code == status
    ((group, line),) = traced(stack, response)
    assert (group, line["status"], line["function_request_id"]) == (stack.environment.prefix, str(status), "-")


def test_all_requests_of_a_trace_are_found_by_its_id(stack: Stack) -> None:
    trace_id = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
    with stack.api() as api:
        listed, missing = (api.get(path, headers=headers) for path in ("items", "items/00000000000000000000000000"))
    lines = traced(stack, missing, by="traceparent")
    assert lines == sorted(traced(stack, listed) + traced(stack, missing), key=lines.index)
    own = [line for _, line in lines if "traceparent" in line]
    assert [line["traceparent"] for line in own] == [response.headers["traceparent"] for response in (listed, missing)]
    by_id = invoke(stack.home, "trace", trace_id)
    assert len(by_id.stdout.splitlines()) == 2 * len(lines)
    shown = logs.formatted({"timestamp": 0, "group": "a function", "message": json.dumps(own[0])})
    assert f" traceparent={own[0]['traceparent']} " in shown.plain


def test_a_trace_without_lines_says_what_to_do(stack: Stack) -> None:
    result = invoke(stack.home, "trace", "0" * 31 + "1")
    assert result.exit_code == 1
    assert f"There is no log line about {'0' * 31}1." in result.stderr
    assert "is found by its request id" in result.stderr
    assert "Search further back" in invoke(stack.home, "trace", "0" * 31 + "1", "--since", "1h").stderr


def test_a_request_is_traced_by_every_id_that_its_client_has(stack: Stack) -> None:
    """As people have them: copied in capitals, with blanks, or chosen by the client."""
    trace_id, chosen = secrets.token_hex(16), f"Order.{secrets.token_hex(4)}"
    headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01", "X-Correlation-Id": chosen}
    with stack.api() as api:
        response = api.get("items", headers=headers)
    lines = traced(stack, response)
    assert len(lines) == 4
    gateway = lines[-1][1]
    known = [
        response.headers["x-amzn-requestid"].upper(),
        f" {response.headers['x-amzn-requestid']}\n",
        response.headers["x-amz-apigw-id"],
        headers["traceparent"].upper(),
        gateway["function_request_id"],
        gateway["trace_id"],
        chosen,
    ]
    groups = logs.groups(stack.outputs["functions"], stack.environment.prefix, None)
    for each in known:
        found = logs.trace(stack.environment, groups, each, None)
        assert [json.loads(event["message"]) for event in found] == [line for _, line in lines], each


def test_a_request_of_last_week_is_traced_without_a_word_about_time(stack: Stack) -> None:
    """It was logged before the hour that is searched first."""
    request_id, ago = f"old-{secrets.token_hex(8)}", int((time.time() - 3 * 86400) * 1000)
    group, logs_client = f"/aws/lambda/{stack.outputs['functions']['list_items']}", stack.aws("logs")
    logs_client.create_log_stream(logGroupName=group, logStreamName=request_id)
    line = json.dumps({"request_id": request_id, "operation": "list_items", "status": 500})
    logs_client.put_log_events(
        logGroupName=group, logStreamName=request_id, logEvents=[{"timestamp": ago, "message": line}]
    )
    assert invoke(stack.home, "trace", request_id).stdout.splitlines() == [group, line]
    assert invoke(stack.home, "trace", request_id, "--since", "1d").exit_code == 1
    logs_client.delete_log_stream(logGroupName=group, logStreamName=request_id)


def test_failed_requests_are_listed_from_gateway_and_function(stack: Stack) -> None:
    with stack.api() as api, in_service(stack, "delete_item", "5xx"):
        where = f"items/{api.post('items', json={'name': 'x'}).json()['id']}"
        response = api.delete(where)
    assert response.status_code == 500
    request_id = response.json()["request_id"]
    listed = [
        json.loads(line) for line in invoke(stack.home, "logs", "--status", "5xx", "--since", "5m").stdout.splitlines()
    ]
    assert [line["request_id"] for line in listed].count(request_id) == 2
    about = invoke(stack.home, "logs", "--request-id", request_id.upper()).stdout.splitlines()
    assert [json.loads(line)["request_id"] for line in about] == [request_id] * 2
    own = invoke(
        stack.home, "logs", "--operation", "delete_item", "--status", "5xx", "--since", "5m"
    ).stdout.splitlines()
    assert [json.loads(line)["request_id"] for line in own].count(request_id) == 2
    at_the_gateway = {(line["method"], line["resource"]) for line in map(json.loads, own) if "resource" in line}
    assert at_the_gateway == {("DELETE", "/items/{id}")}
    assert {line["operation"] for line in map(json.loads, own) if "resource" not in line} == {"delete_item"}


@pytest.mark.parametrize("operation", ["update_item", "patch_item"])
def test_lines_of_an_operation_are_those_of_its_requests_at_the_gateway_and_in_its_function(
    stack: Stack, operation: str
) -> None:
    """One function serves both; a request that was refused before it has a line of the gateway only."""
    path, key = "items/00000000000000000000000000", {"If-Match": '"1"'}
    with stack.api() as api:
        replaced = api.put(path, json={"name": "x"}, headers=key)
        patched = api.patch(path, content="{}", headers=MERGE | key)
        refused = api.patch(path, content="{}", headers=MERGE | {"Authorization": "none"})
        other = api.get(path)
    ids = [each.headers["x-amzn-requestid"] for each in (replaced, patched, refused, other)]
    printed = invoke(stack.home, "logs", "--operation", operation, "--since", "1m").stdout.splitlines()
    found = [logs.entry(line).get("request_id") for line in printed]
    assert [found.count(each) for each in ids] == ([2, 2, 1, 0] if operation == "update_item" else [0, 2, 1, 0])


def test_lines_about_a_user_are_found_by_address_and_by_subject(stack: Stack) -> None:
    names = [user["username"] for user in stack.outputs["demo_users"]]
    with stack.api(0) as api, stack.api(1) as other:
        own, foreign = (client.get("items").headers["x-amzn-requestid"] for client in (api, other))
        payload = api.headers["authorization"].split(".")[1]
    subject = json.loads(base64.urlsafe_b64decode(payload + "=="))["sub"]
    for user in (names[0], subject):
        printed = invoke(stack.home, "logs", "--user", user, "--since", "1m").stdout
        assert (own in printed, foreign in printed) == (True, False), user
    assert own not in invoke(stack.home, "logs", "--user", names[0], "--status", "404", "--since", "1m").stdout
    unknown = invoke(stack.home, "logs", "--user", "nobody@example.com")
    assert (unknown.exit_code, "has no user nobody@example.com" in unknown.stderr) == (1, True)


def test_lines_of_the_function_that_rolls_releases_back_are_printed(stack: Stack) -> None:
    assert invoke(stack.home, "logs", "--operation", "rollback").exit_code == 0
    assert "and rollback." in invoke(stack.home, "logs", "--operation", "roll").stderr


def test_aws_commands_reach_the_stack_with_the_variables_that_are_printed(stack: Stack) -> None:
    """Whatever the shell had before; and the next environment on AWS does not inherit what the local stack needs."""
    show = f"{sys.executable} -m crudctl.cli env"
    script = f'eval "$({show})"; env | grep ^AWS_ | sort; echo; eval "$({show} --env prod)"; env | grep ^AWS_ | sort'
    before = {"AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "secret", "AWS_ENDPOINT_URL_S3": "https://example.com"}
    script += '; test "$NO_PROXY" = mirror.example.com,127.0.0.1'
    environ = os.environ | before | {"PYTHONPATH": str(stack.home / "src"), "NO_PROXY": "mirror.example.com"}
    printed = subprocess.run(
        ["sh", "-euc", script], cwd=stack.home, env=environ, capture_output=True, text=True, check=True
    ).stdout
    local, prod = (dict(line.split("=", 1) for line in part.splitlines()) for part in printed.split("\n\n"))
    wanted = stack.environment.root_credentials() | {"AWS_ENDPOINT_URL": stack.endpoint}
    assert {name: local.get(name) for name in wanted} == wanted
    assert not local.keys() & before.keys()
    assert local["AWS_CONFIG_FILE"] == local["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    region = stack.environment.region
    assert prod == {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}


def everything_logged(stack: Stack) -> dict[str, str]:
    """Return everything in the log groups of the account."""
    logs = stack.aws("logs")
    groups = [group["logGroupName"] for page in logs.get_paginator("describe_log_groups").paginate()
              for group in page["logGroups"]]  # fmt: skip
    return {
        name: "\n".join(
            event["message"]
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=name)
            for event in page["events"]
        )
        for name in groups
    }


def test_no_log_line_contains_a_token_an_address_or_content_of_an_item(stack: Stack) -> None:
    """Every operation, valid and invalid, with content, tokens and addresses that can be recognised in any line."""
    content = f"content{secrets.token_hex(8)}"
    user = stack.outputs["demo_users"][0]
    item = {"name": content, "description": content, "tags": [content], "attributes": {content: content}}
    with stack.api() as api:
        token = api.headers["authorization"].removeprefix("Bearer ")
        made = api.post("items", json=item, headers={"Idempotency-Key": content}).json()
        where = f"items/{made['id']}"
        responses = [
            api.post("items", json=item, headers={"Idempotency-Key": content}),
            api.post("items", json={**item, "name": content * 2}, headers={"Idempotency-Key": content}),
            api.post("items", content=f'{{"name": "{content}'),
            api.post("items", json={**item, content: content, "quantity": content}),
            api.post("items", content=content, headers={"Content-Type": "text/plain"}),
            api.post("items", content=json.dumps({"name": content, "description": content * 20000})),
            api.get("items", params={"cursor": content, "limit": content}),
            api.get("items", headers={"X-Correlation-Id": f"{content}@example.com"}),
            api.get(where, headers={"If-None-Match": f'"{content}"', "User-Agent": content}),
            api.get(f"items/{content}"),
            api.get(content, params={"token": token}),
            api.patch(where, content=json.dumps({"name": content + "2"}), headers=MERGE),
            api.put(where, json=item, headers={"If-Match": '"1"'}),
            api.get("items", headers={"Authorization": f"Bearer {token}x"}),
        ]
        with in_service(stack, "get_item", "5xx"):
            responses.append(api.get(where))
        with in_service(stack, "update_item", "exceptions"):
            responses.append(api.put(where, json=item))
        responses.append(api.delete(where))
    assert {response.status_code for response in responses} >= {200, 204, 400, 401, 404, 412, 413, 415, 422, 500}
    logged = everything_logged(stack)
    functions = {f"/aws/lambda/{name}" for name in stack.outputs["functions"].values()}
    assert logged.keys() >= functions | {
        f"/aws/apigateway/{stack.environment.prefix}",
        f"/aws/lambda/{stack.environment.prefix}-rollback",
    }
    assert any(name.startswith("API-Gateway-Execution-Logs_") for name in logged)
    assert (
        made["id"] in logged[f"/aws/lambda/{stack.outputs['functions']['get_item']}"]
    )  # its id may be logged, and nothing else of it
    never = [content, token, *token.split(".")[1:], user["username"], user["password"], "example.com"]
    leaked = {(name, word) for name, text in logged.items() for word in never if word in text}
    assert leaked == set()
    assert not re.search(r"[\w.]+@[\w.]+\.\w+", "\n".join(logged.values()))
