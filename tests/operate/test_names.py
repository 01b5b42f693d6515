"""What is printed about a stack whose name in infra/terraform.tfvars.json is not the one that it was deployed with."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from crudctl import naming
from tests.invoke import invoke
from tests.stack import Stack, put_names


@pytest.fixture
def renamed(stack: Stack) -> Iterator[Stack]:
    """A running stack, after its name was changed and before an `up`."""
    path = stack.home / naming.SOURCE
    before = path.read_text(encoding="utf-8")
    put_names(stack.home, "renamed", stack.environment.region)
    yield stack
    path.write_text(before, encoding="utf-8")


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (["alarms"], "alarms"),
        (["alarms", "--json"], "alarms"),
        (["dashboard"], "dashboards"),
        (["dashboard", "--text"], "dashboards"),
        (["logs"], "logs in the group /aws/apigateway/renamed-local"),
        (["trace", "1cee5cf7-6b0b-442e-9ac6-9f063b32bfe2"], "logs in the group /aws/apigateway/renamed-local"),
        (["status"], "alarms"),
    ],
)
def test_nothing_under_that_name_is_an_error(renamed: Stack, command: list[str], what: str) -> None:
    result = invoke(renamed.home, *command)
    assert result.exit_code == 1
    message, hint = result.stderr.splitlines()
    assert message == f"Error: There are no {what} of renamed-local in {renamed.environment.region}."
    assert "with this name and in this region? Both are in infra/terraform.tfvars.json." in hint


def test_up_does_not_apply_another_name_to_it(renamed: Stack) -> None:
    code, output = renamed.crudctl_exit("up")
    assert code == 1
    assert "the project is now renamed-local" in output
    assert "crudctl clean" in output


def test_alarms_of_a_deployed_stack_are_listed(stack: Stack) -> None:
    listed = {alarm["name"] for alarm in json.loads(invoke(stack.home, "alarms", "--json").stdout)}
    assert {"availability-fast", "latency-sparse", "operation-faults", "sign-in-failures"} <= listed
