"""Every operation of what is in service is called once: all that fail are reported, with the error that the function logged."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from crudctl.project import Environment
from crudctl.release import probe, survey
from crudctl.release.aliases import PROD, Position
from tests.release.simulation import HASTY, OPERATIONS, Aws, Fault, Stopped, Watcher


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    account = Aws()
    monkeypatch.setattr(survey, "cloud_of", lambda *_: account.cloud())
    return account


def failures(aws: Aws) -> list[str]:
    return survey.failures(Environment(Path(), "test"), aws.functions)


def serve(aws: Aws, versions: Mapping[str, str]) -> None:
    for operation, version in versions.items():
        aws.put(PROD, operation, Position(version))


def test_a_service_that_works_has_no_failures_and_keeps_nothing(aws: Aws) -> None:
    assert failures(aws) == []
    assert aws.items == {}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_operation_that_fails_is_reported(aws: Aws, operation: str) -> None:
    serve(aws, aws.publish(Fault("5xx", operation)))
    (line,) = failures(aws)
    assert line.endswith(f" by {operation} version 2 returned 500")


def test_what_fails_after_a_failure_is_reported_too_and_what_only_follows_from_it_is_not(aws: Aws) -> None:
    serve(aws, aws.publish(Fault("5xx", "create_item")))
    listing = aws.publish(Fault("exceptions", "list_items"))
    serve(aws, {"list_items": listing["list_items"]})
    assert [line.partition(" version")[0] for line in failures(aws)] == ["POST by create_item", "GET by list_items"]
    assert aws.items == {}


def test_a_stray_fault_is_no_failure(aws: Aws) -> None:
    serve(aws, aws.publish(Fault("5xx", "get_item")))
    aws.meets("lambda", "invoke", lambda **_: serve(aws, dict.fromkeys(OPERATIONS, "1")) if aws.now > began else None)
    began = aws.now
    assert failures(aws) == []


def test_a_release_under_way_makes_its_own_round_trips(aws: Aws) -> None:
    with pytest.raises(Stopped):
        aws.releaser(Watcher(stop_at_look=True), HASTY).start([0.5], 600, aws.publish())
    serve(aws, aws.publish(Fault("5xx", "get_item")))
    assert failures(aws) == []


def test_an_older_version_may_refuse_what_the_contract_now_has(aws: Aws) -> None:
    aws.meets("lambda", "invoke", lambda **_: aws.items.clear())  # so that what was created is not found
    assert failures(aws) == ["GET by get_item version 1 returned 404 instead of 200"]
    aws.publish()
    assert failures(aws) == []


def test_the_reason_is_the_error_that_the_function_logged_last() -> None:
    lines = [
        {"level": "ERROR", "error": "functions.aws.dynamodb.Throttled in aws/dynamodb.py:1 call"},
        {
            "error": "functions.aws.dynamodb.AccessDenied in aws/dynamodb.py:284 _attempt < call",
            "aws_action": "dynamodb:PutItem",
        },
        {"type": "platform.report"},
    ]
    tail = "cut off}\n" + "\n".join(map(json.dumps, lines))
    reason = ": functions.aws.dynamodb.AccessDenied in aws/dynamodb.py:284 _attempt, on dynamodb:PutItem"
    assert probe._error(base64.b64encode(tail.encode()).decode()) == reason
    assert probe._error("") == ""
