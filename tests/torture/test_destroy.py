"""An environment is deleted whole, when nothing protects it, and made again from a backup. An account of the emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator import process
from functions.aws.attributes import marshal
from tests.deploy.account import Account
from tests.servers import edge
from tests.snapshot import cloned
from tests.stack import free_port, put_names

ID = "333333333333"


@pytest.fixture
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account to which the environment `test` was deployed, with deletion protection."""
    home, port = tmp_path_factory.mktemp("aws"), free_port()
    pid = process.start(port, home / "state", home / "emulator.log", "eu-west-2")
    process.wait_ready(port, 60, pid)
    with edge.before(process.endpoint_url(port)) as url, cloned(tmp_path_factory.mktemp("deploy") / "items") as stack:
        put_names(stack.home, "stock")
        account = Account(stack.home, url, ID, process.root_secret(home / "state"))
        protect(account, True)
        account.succeed("bootstrap", "--env", "test")
        account.succeed("deploy", "--env", "test", "--yes", "--only", "build", "--only", "apply")
        yield account
    process.stop(pid)


def protect(account: Account, on: bool) -> None:
    settings = account.home / "infra" / "envs" / "test.tfvars"
    lines = settings.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("deletion_protection")]
    settings.write_text("\n".join([*kept, f"deletion_protection = {str(on).lower()}", ""]), encoding="utf-8")


def outputs(account: Account) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(account.succeed("outputs", "--env", "test", "--json"))
    return values


def used(account: Account) -> None:
    """Let a user have something."""
    known, cognito = outputs(account), account.client("cognito-idp")
    user = cognito.admin_create_user(
        UserPoolId=known["user_pool_id"],
        Username="maria@example.com",
        UserAttributes=[{"Name": "email", "Value": "maria@example.com"}, {"Name": "email_verified", "Value": "true"}],
    )["User"]
    owner = next(one["Value"] for one in user["Attributes"] if one["Name"] == "sub")
    entry = {"id": f"{owner}#1", "owner": owner, "version": 3, "created_at": "a", "updated_at": "b", "name": "Kept"}
    account.client("dynamodb").put_item(TableName=known["table_name"], Item=marshal(entry))


def test_an_environment_is_destroyed_by_its_name_and_made_again_from_a_backup(account: Account, tmp_path: Path) -> None:
    used(account)
    file = account.succeed("backup", "--env", "test", "--to", str(tmp_path)).strip()
    tables = account.client("dynamodb").list_tables()["TableNames"]
    refused = account.run("destroy", "--env", "test", "--confirm", "stock-test")
    assert refused.exit_code == 1
    assert "protected from deletion. Nothing was deleted." in refused.stderr
    assert account.client("dynamodb").list_tables()["TableNames"] == tables != []

    protect(account, False)
    account.succeed("deploy", "--env", "test", "--yes", "--only", "apply")
    result = account.run("destroy", "--env", "test", "--confirm", "stock-test", "--keep-state")
    assert (result.exit_code, "is left but its state in stock-test-state-" in result.stderr) == (0, True), result.output
    assert account.objects(f"stock-test-state-{ID}")
    account.succeed("destroy", "--env", "test", "--confirm", "stock-test")
    assert account.client("dynamodb").list_tables()["TableNames"] == []
    assert account.client("lambda").list_functions()["Functions"] == []
    assert account.client("cognito-idp").list_user_pools(MaxResults=10)["UserPools"] == []
    assert account.client("s3").list_buckets()["Buckets"] == []

    account.succeed("bootstrap", "--env", "test")
    account.succeed("deploy", "--env", "test", "--yes", "--only", "apply")
    refused = account.run("restore", file, "--env", "test", "--yes")
    assert (refused.exit_code, "Pass --users" in refused.stderr) == (1, True)
    account.succeed("restore", file, "--env", "test", "--yes", "--users")
    known = outputs(account)
    (user,) = account.client("cognito-idp").list_users(UserPoolId=known["user_pool_id"])["Users"]
    (entry,) = account.client("dynamodb").scan(TableName=known["table_name"])["Items"]
    owner = next(one["Value"] for one in user["Attributes"] if one["Name"] == "sub")
    assert (entry["id"]["S"], entry["owner"]["S"], entry["name"]["S"]) == (f"{owner}#1", owner, "Kept")
