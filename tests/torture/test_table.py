"""A table that point-in-time recovery has made takes the place of the service's by a release, and back, as the runbook says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.snapshot import cloned
from tests.stack import Stack


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with cloned(tmp_path_factory.mktemp("table") / "items") as stack:
        stack.crudctl("up")
        yield stack


def names(api: httpx.Client) -> set[str]:
    response = api.get("items")
    assert response.status_code == 200, response.text
    return {item["name"] for item in response.json()["items"]}


def settings(stack: Stack, table: str) -> dict[str, Any]:
    """What point-in-time recovery does not restore."""
    client = stack.aws("dynamodb")
    arn = client.describe_table(TableName=table)["Table"]["TableArn"]
    recovery = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    return {
        "time to live": client.describe_time_to_live(TableName=table)["TimeToLiveDescription"],
        "recovery": recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        "tags": {tag["Key"]: tag["Value"] for tag in client.list_tags_of_resource(ResourceArn=arn)["Tags"]},
    }


def test_a_restored_table_takes_the_place_of_the_services(stack: Stack) -> None:
    client, before = stack.aws("dynamodb"), stack.outputs["table_name"]
    restored = f"{stack.environment.prefix}-restored"
    with stack.api() as api:
        kept = api.post("items", json={"name": "Kept"}).json()
        # The emulator restores what is there now; DynamoDB, what was there at the second that is asked for.
        client.restore_table_to_point_in_time(SourceTableName=before, TargetTableName=restored)
        assert api.delete(f"items/{kept['id']}?purge=true").status_code == 204
        api.post("items", json={"name": "After"})

        printed = stack.run("use-table", restored, "--yes").stderr
        assert f"Next: `crudctl up`. {before} is left as it is." in printed
        assert names(api) == {"After"}  # nothing has changed but the state
        held = stack.run("up", "--hold")
        # The versions in service may no longer use their table, so that nobody writes to what goes out of service.
        assert (held.returncode, "The API does not respond: HTTP Error 500" in held.stderr) == (1, True), held.stderr
        assert settings(stack, restored) == settings(stack, before)
        assert stack.outputs["table_name"] == restored
        stack.crudctl("release", "start", "--steps", "50,100", "--bake", "10s")
        assert names(api) == {"Kept"}
        assert api.get(f"items/{kept['id']}").json() == kept
        assert api.put(f"items/{kept['id']}", json={"name": "Changed"}).status_code == 200
        assert stack.plan()[0] == 0

        found = client.scan(TableName=before)["Items"]  # of the table before, nothing is lost
        assert [one["name"]["S"] for one in found if "name" in one] == ["After"]
        stack.crudctl("use-table", before, "--yes")
        stack.crudctl("up")
        assert names(api) == {"After"}
        assert stack.plan()[0] == 0


def test_an_exchange_that_failed_halfway_is_completed_by_the_same_command(stack: Stack) -> None:
    """Also when the table before is gone. Terraform is refused for a reason that crudctl cannot foresee."""
    restored, before = f"{stack.environment.prefix}-restored", stack.outputs["table_name"]
    stack.aws("dynamodb").restore_table_to_point_in_time(SourceTableName=before, TargetTableName=restored)
    stack.aws("dynamodb").delete_table(TableName=before)
    settings_file = stack.home / "infra" / "envs" / "local.tfvars"
    usual = settings_file.read_text(encoding="utf-8")
    settings_file.write_text(usual.replace("log_retention_days  = 7", "log_retention_days  = 8"), encoding="utf-8")
    failed = stack.run("use-table", restored, "--yes")
    settings_file.write_text(usual, encoding="utf-8")
    assert (failed.returncode, "run the same command again" in failed.stderr) == (1, True), failed.stderr
    assert stack.outputs["table_name"] == before
    stack.crudctl("use-table", restored, "--yes")
    stack.crudctl("up")
    assert stack.outputs["table_name"] == restored
    with stack.api() as api:
        assert api.post("items", json={"name": "New"}).status_code == 201
