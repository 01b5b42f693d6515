"""Which resources are an environment's, by their names."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from crudctl.deploy.inventory import Search

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


class Client:
    """Every service of an account where `orders` has `stage`, and a service `orders-stage` has `test`."""

    def get_paginator(self, call: str) -> Any:
        found = {
            "list_distributions": {"DistributionList": {}},
            "list_tables": {"TableNames": TABLES},
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
        "/aws/lambda/orders-stage-get",
    }  # fmt: skip


def test_a_member_of_a_family_has_its_own_only() -> None:
    assert found("stage-7") == {"orders-stage-7-items"}
