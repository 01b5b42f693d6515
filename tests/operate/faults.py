"""Faults of a running stack, and waiting for the alarms that they set off."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from crudctl.local import demo_versions
from crudctl.operate.alarms import alarms
from tests.stack import Stack


@contextmanager
def in_service(stack: Stack, operation: str, fault: str, timeout: int = 10) -> Iterator[None]:
    """Give the traffic of a function to a version that always fails, and then back to the one before.

    Args:
        timeout: of that version, in seconds.
    """
    lambda_, name = stack.aws("lambda"), stack.outputs["functions"][operation]
    before = stack.functions()[name]["prod"][0]
    usual = lambda_.get_function_configuration(FunctionName=name)["Timeout"]
    lambda_.update_function_configuration(FunctionName=name, Timeout=timeout)
    code = demo_versions.build(stack.home, fault, operation, rate=1.0)
    bad = demo_versions.publish(lambda_, {operation: name}, code)[operation]
    lambda_.update_alias(FunctionName=name, Name="prod", FunctionVersion=bad)
    try:
        yield
    finally:
        lambda_.update_alias(FunctionName=name, Name="prod", FunctionVersion=before)
        lambda_.update_function_configuration(FunctionName=name, Timeout=usual)
        demo_versions.publish(lambda_, {operation: name}, (stack.home / "build" / "functions.zip").read_bytes())


@contextmanager
def without_permission(stack: Stack, operation: str) -> Iterator[None]:
    """Take from a function the permission to use tables, as a bad change of its role would. It may still log.

    Args:
        operation: key of the function, or `rollback`.
    """
    iam, prefix = stack.aws("iam"), stack.environment.prefix
    name = stack.outputs["functions"].get(operation, f"{prefix}-{operation}")
    role = stack.aws("lambda").get_function_configuration(FunctionName=name)["Role"].rpartition("/")[2]
    policies = {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
                for name in iam.list_role_policies(RoleName=role)["PolicyNames"]}  # fmt: skip
    data = next(name for name, document in policies.items() if "dynamodb:" in json.dumps(document))
    left = [each for each in policies[data]["Statement"] if "dynamodb:" not in json.dumps(each)]
    iam.put_role_policy(
        RoleName=role, PolicyName=data, PolicyDocument=json.dumps({**policies[data], "Statement": left})
    )
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=data, PolicyDocument=json.dumps(policies[data]))


def firing_under(traffic: Callable[[], Any], cloudwatch: Any, expected: set[str], prefix: str) -> set[str]:
    """Return the alarms in ALARM under that traffic, as soon as they are `expected`, or after five minutes."""
    deadline = time.monotonic() + 300
    while True:
        firing = {alarm.name for alarm in alarms(cloudwatch, prefix) if alarm.state == "ALARM"}
        if firing == expected or time.monotonic() > deadline:
            return firing
        traffic()
        time.sleep(0.2)
