"""The sections about alarms: the cause is made, the alarm fires, the page leads to the cause, and the cure is checked."""

from __future__ import annotations

import contextlib
from unittest import mock

from crudctl import users
from crudctl.console import Failed
from crudctl.local import demo_versions
from emulator import process
from tests.operate.faults import in_service, without_permission
from tests.runbook.recipes.traffic import (
    existing,
    limited,
    lines,
    lister,
    load,
    put_metric,
    reader,
    request_id,
    until_firing,
)
from tests.runbook.steps import Recipe, Steps


def availability(steps: Steps) -> None:
    """A role lost a permission, so that one operation fails."""
    with load(steps), without_permission(steps.stack, reader(steps)):
        until_firing(steps, "availability-fast")
        listed = steps.next("crudctl alarms", code=1)
        assert "operation-faults" in listed
        assert "read  docs/runbook.md#availability" in listed
        assert steps.next("crudctl dashboard").startswith("file://")
        failed = steps.next("crudctl logs")
        assert "AccessDenied" in failed
        traced = steps.next("crudctl trace", REQUEST_ID=request_id(failed))
        assert "/aws/apigateway/" in traced


def latency(steps: Steps) -> None:
    """A version that takes over a second."""
    slow = mock.patch.dict(demo_versions.FAULTS, slow=("action", "time.sleep(1.3)"))
    with slow, load(steps, rate=4), in_service(steps.stack, lister(steps), "slow"):
        until_firing(steps, "latency-fast")
        assert steps.next("crudctl dashboard").startswith("file://")
        found = steps.next("crudctl logs")
        assert f'"operation":"{lister(steps)}"' in found
        traced = steps.next("crudctl trace", REQUEST_ID=request_id(found))
        assert '"latency_ms":"' in traced
        assert '"duration_ms":' in traced


def operation_faults(steps: Steps) -> None:
    """A role lost a permission; it gets it back, and the operation works again."""
    with existing(steps) as get:
        with without_permission(steps.stack, reader(steps)):
            until_firing(steps, "operation-faults", get)
            failed = steps.next("crudctl logs")
            traced = steps.next("crudctl trace", REQUEST_ID=request_id(failed))
            assert "AccessDenied" in traced
            steps.next("crudctl logs")  # crashes and timeouts: none of this fault
        assert get() == 200


def api_throttled(steps: Steps) -> None:
    """A client that sends more than the stage accepts."""
    with limited(steps, 2), load(steps, rate=25):
        until_firing(steps, "api-throttled")
        assert '"source_ip":"127.0.0.1"' in steps.next("crudctl logs")


def functions_throttled(steps: Steps) -> None:
    """No concurrency is left for a function: each call is a 500 of the gateway, and the function counts no fault."""
    lambda_, name = steps.stack.aws("lambda"), steps.stack.outputs["functions"][reader(steps)]
    with existing(steps) as get:
        lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        try:
            until_firing(steps, "functions-throttled", get)
            assert "ConcurrentExecutions" in steps.next("aws lambda get-account-settings")
            assert steps.next("crudctl dashboard").startswith("file://")
            assert int(steps.next("crudctl logs")) > 0
            # As the table of alarms says: the gateway has lines of it, the function has none, and counts no fault.
            failed = f"crudctl logs --env prod --operation {reader(steps)} --status 5xx --since 1m"
            assert "429" in {line.get("integration_status") for line in lines(steps.shell.type(failed)[1])}
        finally:
            lambda_.delete_function_concurrency(FunctionName=name)
        assert get() == 200


def table_throttled(steps: Steps) -> None:
    """What the functions count of DynamoDB's throttles, which the emulator has none of."""
    prefix = steps.stack.environment.prefix
    until_firing(steps, "table-throttled", lambda: put_metric(steps, prefix, "TableThrottled", 12))
    assert steps.next("crudctl dashboard").startswith("file://")
    assert "PAY_PER_REQUEST" in steps.next("aws dynamodb describe-table")


def table_errors(steps: Steps) -> None:
    """What the functions count of DynamoDB's errors, which the emulator has none of."""
    prefix = steps.stack.environment.prefix
    until_firing(steps, "table-errors", lambda: put_metric(steps, prefix, "TableErrors", 12))
    assert "table-errors" in steps.next("crudctl alarms", code=1)


def sign_in_failures(steps: Steps) -> None:
    """Somebody guesses the password of a user."""
    stack = steps.stack
    user, pool = stack.outputs["demo_users"][0]["username"], stack.outputs["user_pool_id"]

    def guess() -> None:
        for _ in range(5):
            with contextlib.suppress(Failed):
                users.token(stack.environment, pool, user, "Wrong-password-1")

    until_firing(steps, "sign-in-failures", guess)
    assert steps.next("crudctl dashboard").startswith("file://")
    with stack.api() as api:
        refused = api.get(steps.described.collection, headers={"Authorization": "none"})
    assert refused.headers["x-amzn-requestid"] in steps.next("crudctl logs")
    assert stack.environment.prefix in steps.next("aws cognito-idp describe-user-pool")


def account_budget(steps: Steps) -> None:
    """The budget is there; what was spent is known to AWS only."""
    assert f"{steps.stack.environment.prefix}-account" in steps.next("aws budgets", ACCOUNT_ID=process.ACCOUNT)


RECIPES: dict[str, Recipe] = {
    "Availability": availability,
    "Latency": latency,
    "Operation faults": operation_faults,
    "API throttled": api_throttled,
    "Functions throttled": functions_throttled,
    "Table throttled": table_throttled,
    "Table errors": table_errors,
    "Sign-in failures": sign_in_failures,
    "Account budget": account_budget,
}
