"""The environment variables of a function, and its log."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.lambda_ import environment, function_log
from emulator.logs import log_stream

from .stack import REGION, Stack, unique

VARIABLES = "import os\ndef handler(event, context):\n    return dict(os.environ)"
STREAM = "def handler(event, context):\n    print('a line')\n    return context.log_stream_name"
RAISING = "def handler(event, context):\n    print('before')\n    raise ValueError('as asked')"


@pytest.mark.adds(environment.ENVIRONMENT_VARIABLES)
def test_function_sees_lambdas_variables_and_its_own(ours: Stack) -> None:
    name = ours.function(VARIABLES, Environment={"Variables": {"TABLE_NAME": "items"}})
    seen = ours.invoke(name)
    assert seen["TABLE_NAME"] == "items"
    assert seen["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == name
    assert seen["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST"
    assert seen["AWS_LAMBDA_LOG_GROUP_NAME"] == f"/aws/lambda/{name}"
    assert seen["AWS_REGION"] == seen["AWS_DEFAULT_REGION"] == REGION
    assert seen["_HANDLER"] == "module.handler"
    assert seen["TZ"] == ":UTC"
    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert seen["AWS_ENDPOINT_URL"] == f"http://127.0.0.1:{ours.port}"
    assert not {"AUTH", "STATE_DIR", "PYTHONPATH", "GATEWAY_PORT", "AWS_PROFILE"} & seen.keys()


HOME = """
import os, pathlib
def handler(event, context):
    parent = pathlib.Path(f"/proc/{os.getppid()}/environ")
    return {
        "home": [str(path) for path in pathlib.Path.home().iterdir()],
        "emulator": sorted(name.split("=")[0] for name in parent.read_text().split(chr(0)) if name) if parent.exists() else [],
        "names": sorted(os.environ),
    }
"""
NEEDED = {"PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "SYSTEMROOT", "PYTHONPATH"}


def test_function_finds_nothing_of_the_developers(ours: Stack) -> None:
    """Neither a home with credentials, nor variables, its own or those that the emulator was started with."""
    seen = ours.invoke(ours.function(HOME))
    assert seen["home"] == []
    assert set(seen["emulator"]) <= NEEDED
    lambdas = (
        "AWS_",
        "_AWS_",
        "LAMBDA_",
        "_LAMBDA_",
        "_X_AMZN_",
        "_MINISTACK_",
        "_HANDLER",
        "TZ",
        "PATH",
        "HOME",
        "LANG",
        "TMPDIR",
    )
    assert [name for name in seen["names"] if not name.startswith(lambdas)] == []


@pytest.mark.lacks(environment.ENVIRONMENT_VARIABLES)
def test_ministack_passes_on_its_own_environment(ministack: Stack) -> None:
    seen = ministack.invoke(ministack.function(VARIABLES))
    assert "STATE_DIR" in seen
    assert "AWS_EXECUTION_ENV" not in seen


def log_of(stack: Stack, name: str) -> list[Any]:
    return list(stack.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"])


@pytest.mark.adds(log_stream.LOG_STREAMS)
def test_invocations_of_one_environment_share_its_log_stream(ours: Stack) -> None:
    name = ours.function(STREAM)
    known = {ours.invoke(name) for _ in range(3)}
    assert {event["logStreamName"] for event in log_of(ours, name)} == known
    assert len(known) == 1


@pytest.mark.lacks(log_stream.LOG_STREAMS)
def test_ministack_creates_a_stream_for_each_invocation(ministack: Stack) -> None:
    name = ministack.function(STREAM)
    known = {ministack.invoke(name) for _ in range(3)}
    assert {event["logStreamName"] for event in log_of(ministack, name)} != known


def test_log_has_the_platforms_lines_around_the_functions(ours: Stack) -> None:
    name = ours.function(STREAM)
    ours.invoke(name)
    start, line, end, report = [event["message"] for event in log_of(ours, name)]
    assert start.startswith("START RequestId: ")
    assert start.endswith(" Version: $LATEST")
    assert line == "a line"
    assert end.startswith("END RequestId: ")
    assert "\tInit Duration: " in report


def test_uncaught_exception_is_one_event(ours: Stack) -> None:
    name = ours.function(RAISING)
    ours.invoke(name)
    messages = [event["message"] for event in log_of(ours, name)]
    assert messages[1] == "before"
    assert messages[2].startswith("[ERROR] ValueError: as asked\nTraceback")
    assert len(messages) == 5


IN_JSON = {"LoggingConfig": {"LogFormat": "JSON"}}


@pytest.mark.adds(function_log.JSON_PLATFORM_LINES)
def test_platform_lines_are_json_when_the_format_is(ours: Stack) -> None:
    name = ours.function(RAISING, **IN_JSON)
    ours.invoke(name)
    start, _, uncaught, report = [event["message"] for event in log_of(ours, name)]
    assert json.loads(start)["type"] == "platform.start"
    assert json.loads(uncaught)["errorType"] == "ValueError"
    assert json.loads(uncaught)["errorMessage"] == "as asked"
    record = json.loads(report)["record"]
    assert record["status"] == "error"
    assert record["metrics"]["durationMs"] > 0
    assert record["requestId"] == json.loads(start)["record"]["requestId"]


@pytest.mark.lacks(function_log.JSON_PLATFORM_LINES)
def test_ministack_writes_text_in_either_format(ministack: Stack) -> None:
    name = ministack.function(STREAM, **IN_JSON)
    ministack.invoke(name)
    assert log_of(ministack, name)[0]["message"].startswith("START RequestId: ")


def logged_without_permission(stack: Stack) -> bool:
    reading = {"Effect": "Allow", "Action": "logs:Get*", "Resource": "*"}
    name = stack.function(STREAM, Role=stack.role([reading]))
    group = f"/aws/lambda/{name}"
    stack.client("logs").create_log_group(logGroupName=group)
    stack.invoke(name)
    return bool(log_of(stack, name))


@pytest.mark.adds(function_log.LOG_PERMISSION)
def test_function_without_log_permission_logs_nothing(ours: Stack) -> None:
    assert not logged_without_permission(ours)


@pytest.mark.lacks(function_log.LOG_PERMISSION)
def test_ministack_logs_whatever_the_role_allows(ministack: Stack) -> None:
    assert logged_without_permission(ministack)


def test_permission_for_one_log_group_is_enough(ours: Stack) -> None:
    client, group = ours.client("logs"), unique("/aws/lambda/shared")
    client.create_log_group(logGroupName=group)
    allowed = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"arn:aws:logs:{REGION}:{ours.account}:log-group:{group}:*",
    }
    name = ours.function(STREAM, Role=ours.role([allowed]), LoggingConfig={"LogGroup": group})
    ours.invoke(name)
    assert client.filter_log_events(logGroupName=group)["events"]
