"""The life of an environment in an account of the emulator: it is deleted whole, after a failure too, and made again."""

from __future__ import annotations

import json
from typing import Any

from functions.aws.attributes import marshal
from tests.deploy.account import Account
from tests.deploy.snapshot import ID, NAME


def left(account: Account, prefix: str) -> list[str]:
    """Everything in the account whose name begins with a prefix: read here from every service, not by `crudctl`."""
    client = account.client
    functions = client("lambda").list_functions()["Functions"]
    groups = client("logs").get_paginator("describe_log_groups").paginate()
    names = [
        *client("dynamodb").list_tables()["TableNames"],
        *(each["Name"] for each in client("s3").list_buckets()["Buckets"]),
        *(each["FunctionName"] for each in functions),
        *(each["name"] for each in client("apigateway").get_rest_apis(limit=500)["items"]),
        *(each["Name"] for each in client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]),
        *(each["RoleName"] for each in client("iam").list_roles()["Roles"]),
        *(each["PolicyName"] for each in client("iam").list_policies(Scope="Local")["Policies"]),
        *(each["TopicArn"].rpartition(":")[2] for each in client("sns").list_topics()["Topics"]),
        *(each["DashboardName"] for each in client("cloudwatch").list_dashboards()["DashboardEntries"]),
        *(each["BudgetName"] for each in client("budgets").describe_budgets(AccountId=ID).get("Budgets", [])),
        *(each["logGroupName"].removeprefix("/aws/lambda/").removeprefix("/aws/apigateway/")
          for page in groups for each in page["logGroups"]),
    ]  # fmt: skip
    alarms = client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=100)
    names += [each["AlarmName"] for kind in ("MetricAlarms", "CompositeAlarms") for each in alarms[kind]]
    listed = client("cloudfront").list_distributions()["DistributionList"].get("Items", [])
    names += [each["Comment"] for each in listed]
    return sorted(name for name in names if name.startswith(prefix))


def values(account: Account, environment: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(account.succeed("outputs", "--env", environment, "--json"))
    return found


def used(account: Account) -> None:
    """Let a user have something, and let be what Terraform does not know: a log group, a table from a restore, and an alarm
    that a releaser left which was killed.
    """
    known, cognito, dynamodb = values(account, "test"), account.client("cognito-idp"), account.client("dynamodb")
    cognito.admin_create_user(UserPoolId=known["user_pool_id"], Username="maria@example.com", MessageAction="SUPPRESS")
    dynamodb.put_item(TableName=known["table_name"], Item=marshal({"id": "maria#1", "name": "Kept"}))
    dynamodb.create_table(
        TableName=f"{NAME}-test-restored",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    account.client("logs").create_log_group(logGroupName=f"/aws/lambda/{NAME}-test-renamed")
    account.client("cloudwatch").put_metric_alarm(
        AlarmName=f"{NAME}-test-release-stuck",
        Namespace="AWS/Lambda",
        MetricName="Invocations",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )


def protected(account: Account, on: bool) -> None:
    table = values(account, "test")["table_name"]
    account.client("dynamodb").update_table(TableName=table, DeletionProtectionEnabled=on)


def test_an_environment_is_deleted_whole_even_after_a_failure_halfway_and_made_again(deployed: Account) -> None:
    used(deployed)
    protected(deployed, True)
    everything = left(deployed, NAME)
    result = deployed.run("destroy", "--env", "test", "--confirm", f"{NAME}-test")
    assert (result.exit_code, "protected from deletion. Nothing was deleted." in result.stderr) == (1, True)
    assert left(deployed, NAME) == everything
    protected(deployed, False)

    with deployed.as_role(f"{NAME}-ci-test-deploy"):  # it may delete what it deployed, and not what bootstrap made
        result = deployed.run("destroy", "--env", "test", "--confirm", f"{NAME}-test")
    assert result.exit_code == 1, result.output
    for shown in (
        "users",
        "entries",
        "versions",
        "log groups",
        "object versions",
        f"{NAME}-test-restored",
        "API Gateway loses the role",
    ):
        assert shown in result.stdout
    halfway = left(deployed, NAME)
    assert f"{NAME}-test-boundary" in halfway
    assert [name for name in halfway if name.endswith(("-api", "-users", "-restored", "-renamed"))] == []

    result = deployed.run("destroy", "--env", "test", "--confirm", f"{NAME}-test")
    assert (result.exit_code, f"nothing of {NAME}-test is left" in result.stderr) == (0, True), result.output
    assert left(deployed, NAME) == []
    assert deployed.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    home = deployed.home / ".deployed" / "test"
    assert {path.name for path in home.iterdir()} <= {"lock", "releases"}
    again = deployed.run("destroy", "--env", "test", "--confirm", f"{NAME}-test")
    assert (again.exit_code, f"Nothing of {NAME}-test exists in account {ID}." in again.stderr) == (0, True)

    deployed.succeed("bootstrap", "--env", "test")
    deployed.succeed("deploy", "--env", "test", "--yes", "--only", "apply", "--only", "web")
    table = values(deployed, "test")["table_name"]
    entries = deployed.client("dynamodb").scan(TableName=table)["Items"]
    assert [entry for entry in entries if entry["id"] == {"S": "maria#1"}] == []
