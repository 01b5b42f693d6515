"""`crudctl verify` on an emulated account: what it asks, what it finds when something is broken, and what it leaves."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from crudctl.verify.rows import AS_HERE, DIFFERS
from tests.deploy.account import Account

Rows = dict[str, dict[str, Any]]


def verified(account: Account, outputs: dict[str, Any], *parts: str) -> tuple[int, Rows, str]:
    """Verify parts of `test`. Return the exit code, the rows of the report by their names, and everything that was printed."""
    endpoint = account.environ["AWS_ENDPOINT_URL"]
    api = urlsplit(outputs["api_url"])
    address = f"{endpoint}/_aws/execute-api/{str(api.hostname).partition('.')[0]}{api.path}"
    only = [word for part in parts for word in ("--only", part)]
    result = account.run("verify", "--env", "test", "--api-url", address, "--sign-in-url", endpoint, *only)
    report = account.home / ".deployed" / "test" / "verify" / "report.json"
    parts_ = json.loads(report.read_text(encoding="utf-8"))["parts"] if report.exists() else []
    return result.exit_code, {row["name"]: row for part in parts_ for row in part["rows"]}, result.output


def users(account: Account, outputs: dict[str, Any]) -> list[str]:
    """The names of everybody in the pool."""
    listed = account.client("cognito-idp").list_users(UserPoolId=outputs["user_pool_id"])["Users"]
    return sorted(user["Username"] for user in listed)


def what_is_there(account: Account, outputs: dict[str, Any]) -> tuple[list[str], list[str], list[str]]:
    """Users, functions with their versions, and live items of the table."""
    client = account.client("lambda")
    names = sorted(function["FunctionName"] for function in client.list_functions()["Functions"])
    versions = [f"{name} {one['Version']} {one['CodeSha256']}" for name in names
                for one in client.list_versions_by_function(FunctionName=name)["Versions"]]  # fmt: skip
    stored = account.client("dynamodb").scan(TableName=outputs["table_name"])["Items"]
    return users(account, outputs), versions, [item["id"]["S"] for item in stored if "version" in item]


def test_what_was_deployed_is_as_here_and_nothing_is_left(deployed: Account, outputs: dict[str, Any]) -> None:
    before = what_is_there(deployed, outputs)
    parts = ("operations", "requests", "records", "alarms", "tools", "speed")
    with deployed.as_role("stock-ci-test-deploy"):
        code, rows, printed = verified(deployed, outputs, *parts)
    assert code == 0, printed
    assert {row["mark"] for row in rows.values()} == {AS_HERE}
    assert what_is_there(deployed, outputs) == before
    report = (deployed.home / ".deployed" / "test" / "verify" / "report.md").read_text(encoding="utf-8")
    assert f"**stock-test in eu-central-1: {len(rows)} as here, 0 differs, 0 not seen.**" in report


@contextlib.contextmanager
def without_an_action(account: Account, function: str) -> Iterator[str]:
    """Remove dynamodb:GetItem from the role of a function. Yield the function's name."""
    iam = account.client("iam")
    role = account.client("lambda").get_function_configuration(FunctionName=function)["Role"].rpartition("/")[2]
    policies = {name: json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
                for name in iam.list_role_policies(RoleName=role)["PolicyNames"]}  # fmt: skip
    ((name, usual),) = [(name, text) for name, text in policies.items() if "dynamodb:GetItem" in text]
    changed = usual.replace("dynamodb:GetItem", "dynamodb:DescribeTable")
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=changed)
    yield function
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=usual)


def test_an_action_that_was_removed_from_a_role_is_named(deployed: Account, outputs: dict[str, Any]) -> None:
    with without_an_action(deployed, outputs["functions"]["get_item"]):
        code, rows, printed = verified(deployed, outputs, "plan", "operations")
    assert code == 1, printed
    assert rows["no drift"]["mark"] == rows["every operation"]["mark"] == DIFFERS
    assert rows["no drift"]["seen"].startswith('1 changes: update module.function["get_item"].aws_iam_role_policy')
    assert "get_item" in rows["every operation"]["seen"]
    assert "on dynamodb:GetItem" in rows["every operation"]["seen"]


@pytest.mark.parametrize(
    ("alarm", "metric", "dimension"),
    [
        ("availability-fast", "5XXError", "Stage"),
        ("operation-faults", "5XXError", "ApiName"),
        ("sign-in-failures", "SignInSuccesses", "UserPoolClient"),
    ],
)
def test_an_alarm_that_watches_what_does_not_exist_is_named(
    deployed: Account, outputs: dict[str, Any], alarm: str, metric: str, dimension: str
) -> None:
    cloudwatch = deployed.client("cloudwatch")
    (usual,) = cloudwatch.describe_alarms(AlarmNames=[f"stock-test-{alarm}"])["MetricAlarms"]
    kept = ("AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions", "EvaluationPeriods",
            "DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData", "Metrics", "Namespace", "MetricName",
            "Dimensions", "Statistic", "ExtendedStatistic", "Period")  # fmt: skip
    usual = {name: usual[name] for name in kept if name in usual}
    broken = json.loads(json.dumps(usual))
    watched = [broken, *(each["MetricStat"]["Metric"] for each in broken.get("Metrics", []) if "MetricStat" in each)]
    of = next(each for each in watched if each.get("MetricName") == metric)
    next(each for each in of["Dimensions"] if each["Name"] == dimension)["Value"] = "mistyped"
    cloudwatch.put_metric_alarm(**broken)
    code, rows, printed = verified(deployed, outputs, "alarms")
    cloudwatch.put_metric_alarm(**usual)
    assert code == 1, printed
    assert rows["each alarm has data"]["mark"] == DIFFERS
    assert f"stock-test-{alarm} watches " in rows["each alarm has data"]["seen"]
    assert f"{dimension}=mistyped" in rows["each alarm has data"]["seen"]


def test_a_stage_without_access_logs_is_named(deployed: Account, outputs: dict[str, Any]) -> None:
    gateway, stage = deployed.client("apigateway"), {"stageName": "v1"}
    (stage["restApiId"],) = [api["id"] for api in gateway.get_rest_apis()["items"]]
    usual = gateway.get_stage(**stage)["accessLogSettings"]
    gateway.update_stage(**stage, patchOperations=[{"op": "remove", "path": "/accessLogSettings"}])
    code, rows, printed = verified(deployed, outputs, "requests", "records")
    for name, value in usual.items():
        change = {"op": "replace", "path": f"/accessLogSettings/{name}", "value": value}
        gateway.update_stage(**stage, patchOperations=[change])
    assert code == 1, printed
    assert rows["the gateway's line"]["mark"] == DIFFERS
    assert "stage v1 has no access log settings" in rows["the gateway's line"]["seen"]
