"""What is deleted with an environment, by its names, and when nothing is."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from crudctl.console import Failed
from crudctl.deploy import steps
from crudctl.deploy.destroy import _Destruction
from crudctl.deploy.inventory import Resource, Search, sampling_rule
from crudctl.project import Environment
from tests.stack import put_names

ACCOUNT = "111122223333"
TABLES = (
    "orders-stage-items",
    "orders-stage-7-items",
    "orders-stage-test-items",
    "orders-stage-testing",
    "orders-test-items",
)
BUCKETS = (
    "orders-stage-state",
    "orders-stage-site",
    "orders-stage-test-state",
    "orders-stage-test-site",
    "orders-test-state",
)
GROUPS = ("/aws/lambda/orders-stage-get", "/aws/lambda/orders-stage-test-get", "/aws/apigateway/orders-stage-test")
RULES = ("Default", "orders-stage", "orders-stage-test", "orders-test")


class Client:
    """Every service of an account where `orders` has `stage`, and a service `orders-stage` has `test`."""

    def get_paginator(self, call: str) -> Any:
        found = {
            "list_distributions": {"DistributionList": {}},
            "list_tables": {"TableNames": TABLES},
            "get_sampling_rules": {"SamplingRuleRecords": [{"SamplingRule": {"RuleName": name}} for name in RULES]},
            "describe_log_groups": {"logGroups": [{"logGroupName": name} for name in GROUPS]},
        }
        return SimpleNamespace(paginate=lambda **_: [found.get(call, {})])

    def list_buckets(self) -> Any:
        return {"Buckets": [{"Name": f"{name}-{ACCOUNT}"} for name in BUCKETS]}

    def describe_table(self, **_: Any) -> Any:
        return {"Table": {}}

    def describe_query_definitions(self, **_: Any) -> Any:
        return {"queryDefinitions": []}

    def list_web_acls(self, **_: Any) -> Any:
        return {"WebACLs": []}

    def describe_budget(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": "NotFoundException"}}, "DescribeBudget")


def found(name: str) -> set[str]:
    environment: Any = SimpleNamespace(
        client=lambda _: Client(), prefix=f"orders-{name}", service_name="orders", name=name
    )
    return {each.name for each in Search(environment, ACCOUNT).resources()}


def test_what_belongs_to_another_service_whose_name_begins_so_is_not_the_environments() -> None:
    assert found("stage") == {
        "orders-stage-items", "orders-stage-testing", f"orders-stage-state-{ACCOUNT}", f"orders-stage-site-{ACCOUNT}",
        "/aws/lambda/orders-stage-get", "orders-stage",
    }  # fmt: skip


def test_a_member_of_a_family_has_its_own_only() -> None:
    assert found("stage-7") == {"orders-stage-7-items"}


def test_the_name_of_a_sampling_rule_is_the_one_that_terraform_gives_it() -> None:
    """substr(sha256("reservations-12345-previews-123456"), 0, 8) is 80bde4c6: https://developer.hashicorp.com/terraform/language/functions/sha256"""
    assert sampling_rule("orders-test") == "orders-test"
    assert sampling_rule("reservations-12345-previews-123456") == "reservations-12345-prev-80bde4c6"


@pytest.mark.parametrize(("silence", "refused"), [(20, True), (2000, False)])
def test_a_release_whose_releaser_has_died_keeps_nothing_from_being_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, silence: float, refused: bool
) -> None:
    last = SimpleNamespace(running=True, process="another machine 1 2", seen=time.time() - silence, number=7, who="ci")
    monkeypatch.setattr(steps, "_last_release", lambda _: last)
    planned = SimpleNamespace(plan=lambda **_: None, protected=lambda _: [])
    monkeypatch.setattr(steps, "Terraform", lambda _: planned)
    environment = Environment(tmp_path, "pr-42")
    put_names(tmp_path)
    with pytest.raises(Failed, match="Release 7 of pr-42 is under way") if refused else contextlib.nullcontext():
        assert steps.plan_destruction(environment)[0]
    with pytest.raises(Failed, match="is under way"):
        steps.refuse_while_releasing(environment)


def test_functions_that_a_verification_left_are_deleted_too() -> None:
    deleted: list[str] = []

    def delete_function(**given: str) -> None:
        deleted.append(given["FunctionName"])

    client = SimpleNamespace(delete_function=delete_function)
    left = [Resource("functions", "orders-stage-verify-empty")]
    destruction: Any = SimpleNamespace(_environment=SimpleNamespace(client=lambda _: client), _search=lambda: left)
    _Destruction._delete_the_rest(destruction)
    assert deleted == ["orders-stage-verify-empty"]


@pytest.mark.parametrize(("keep_state", "forgotten"), [(False, ["terraform.tfstate.pr-42"]), (True, [])])
def test_an_empty_state_of_a_member_is_deleted_so_that_it_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep_state: bool, forgotten: list[str]
) -> None:
    put_names(tmp_path)
    keys: list[str] = []
    bucket = SimpleNamespace(account=ACCOUNT, exists=lambda: True, forget=keys.append)
    monkeypatch.setattr("crudctl.infra.state.bucket", lambda _: bucket)
    monkeypatch.setattr(_Destruction, "_search", lambda _: [])
    monkeypatch.setattr(_Destruction, "_plan", lambda _: [])
    environment = Environment(tmp_path, "pr-42")
    _Destruction(environment, keep_state).run(environment.prefix)
    assert keys == forgotten
