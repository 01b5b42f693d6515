"""The life of a local stack: stopped and started, killed, moved to other ports, and changed in contract and settings."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from emulator import process
from tests.api.isolation import AS_OWNER, ATTEMPTS, FOR_OWNER, LIST, RESTORE, Owned, versions, without_checks
from tests.snapshot import cloned
from tests.stack import Stack, free_port

APPLY = "Apply infra/ with Terraform"
COLOUR = "        colour:\n          type: string\n          title: Colour\n          enum: [red, green, blue]\n"


def record(stack: Stack) -> dict[str, Any]:
    """What `up` recorded."""
    content: dict[str, Any] = json.loads((stack.home / ".local" / "stack.json").read_text(encoding="utf-8"))
    return content


def up(stack: Stack, *arguments: str) -> str:
    """Everything that `crudctl up` prints, which must succeed."""
    code, output = stack.crudctl_exit("up", *arguments)
    assert code == 0, output
    return output


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of this file's own: it is stopped, killed and moved."""
    with cloned(tmp_path_factory.mktemp("lifecycle") / "items") as stack:
        assert APPLY not in up(stack)
        yield stack


def test_up_again_changes_nothing(stack: Stack) -> None:
    before = stack.outputs, stack.functions(), record(stack)
    assert APPLY not in up(stack)
    assert (stack.outputs, stack.functions(), record(stack)) == before


def test_plan_right_after_up_has_no_changes(stack: Stack) -> None:
    code, output = stack.plan()
    assert code == 0, output


def test_data_and_users_survive_down_and_up_without_an_apply(stack: Stack) -> None:
    with stack.api() as api:
        item = api.post("items", json={"name": "Kept"}).json()
        token = api.headers["authorization"]
    before = stack.outputs
    stack.crudctl("down")
    assert json.loads(stack.crudctl("status", "--json", check=False))["running"] is False
    with pytest.raises(httpx.ConnectError):
        httpx.get(before["endpoint_url"], timeout=60)
    assert APPLY not in up(stack)
    assert stack.outputs == before
    response = httpx.get(f"{before['api_url']}/items/{item['id']}", headers={"Authorization": token}, timeout=60)
    assert response.json() == item
    with stack.api() as api:
        assert api.delete(f"items/{item['id']}").status_code == 204


def test_other_ports_need_no_apply(stack: Stack) -> None:
    """The web app's new address is where the sign-in page returns to."""
    before = record(stack)
    stack.crudctl("down")
    ports = {"port": free_port(), "web_port": free_port()}
    assert APPLY not in up(stack, "--port", str(ports["port"]), "--web-port", str(ports["web_port"]))
    outputs = stack.outputs
    assert outputs["web_url"] == process.endpoint_url(ports["web_port"])
    assert httpx.get(f"{outputs['web_url']}/config.json", timeout=60).json()["api_url"] == outputs["api_url"]
    sign_in = f"{outputs['hosted_ui_url']}/oauth2/authorize"
    asked = {"response_type": "code", "client_id": outputs["user_pool_client_id"], "scope": "openid"}
    challenge = {"code_challenge": "x" * 43, "code_challenge_method": "S256"}
    accepted = httpx.get(sign_in, params={**asked, **challenge, "redirect_uri": f"{outputs['web_url']}/"}, timeout=60)
    refused = httpx.get(
        sign_in,
        params={**asked, **challenge, "redirect_uri": process.endpoint_url(before["web_port"]) + "/"},
        timeout=60,
    )
    assert accepted.status_code < 400
    assert refused.status_code == 400
    with stack.api() as api:
        assert api.get("items").status_code == 200


def test_killed_emulator_loses_no_item_and_is_applied_to_again(stack: Stack) -> None:
    with stack.api() as api:
        item = api.post("items", json={"name": "Kept"}).json()
    os.kill(record(stack)["pid"], signal.SIGKILL)
    assert APPLY in up(stack)
    with stack.api() as api:
        assert api.get(f"items/{item['id']}").json() == item
        created = api.post("items", json={"name": "After"}).json()
        assert api.delete(f"items/{created['id']}").status_code == 204
        assert api.delete(f"items/{item['id']}").status_code == 204


def test_apply_that_failed_is_repeated_also_when_its_change_was_undone(stack: Stack) -> None:
    broken = stack.home / "infra" / "broken.tf"
    broken.write_text("resource {\n", encoding="utf-8")
    code, output = stack.crudctl_exit("up")
    assert (code, "terraform" in output.lower()) == (1, True), output
    broken.unlink()
    assert APPLY in up(stack)
    assert APPLY not in up(stack)


def test_up_repairs_what_was_changed_by_hand_and_reports_what_it_cannot(stack: Stack) -> None:
    """Nothing that Terraform reads has changed, so `up` would not run it. It cannot know of a policy that it did not make."""
    iam, functions = stack.aws("iam"), stack.aws("lambda")
    role = {}
    for operation in ("create_item", "get_item"):
        configuration = functions.get_function_configuration(FunctionName=stack.outputs["functions"][operation])
        role[operation] = configuration["Role"].rpartition("/")[2]
    for policy in iam.list_role_policies(RoleName=role["get_item"])["PolicyNames"]:
        iam.delete_role_policy(RoleName=role["get_item"], PolicyName=policy)
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "dynamodb:PutItem", "Resource": "*"}]}
    iam.put_role_policy(RoleName=role["create_item"], PolicyName="by-hand", PolicyDocument=json.dumps(deny))
    code, output = stack.crudctl_exit("up")
    iam.delete_role_policy(RoleName=role["create_item"], PolicyName="by-hand")
    assert code == 1, output
    applied, _, reported = output.partition("Applying again")[2].partition("A function does not work:")
    assert "GET by get_item" in applied
    assert "POST by create_item" in applied
    assert "returned 500: functions.aws.dynamodb.AccessDenied" in reported
    assert "on dynamodb:PutItem" in reported
    assert "get_item" not in reported


def test_emulator_that_is_not_recorded_is_found_and_stopped(stack: Stack) -> None:
    path, before = stack.home / ".local" / "stack.json", record(stack)
    path.write_text(json.dumps({**before, "pid": 2**22 + 1}), encoding="utf-8")
    assert json.loads(stack.crudctl("status", "--json", check=False))["running"] is False
    assert APPLY not in up(stack)
    assert record(stack)["port"] == before["port"]
    assert process.serving(stack.home / ".local" / "state") == [record(stack)["pid"]]


def test_emulator_of_a_version_without_a_secret_is_started_again_with_one(stack: Stack) -> None:
    """Its root is `test`/`test`, and everybody's."""
    before, secret = record(stack), stack.home / ".local" / "state" / "root.secret"
    secret.unlink()
    assert APPLY not in up(stack)
    assert record(stack)["pid"] != before["pid"]
    assert stack.aws("sts").get_caller_identity()["Arn"].endswith(":root")
    with stack.api() as api:
        assert api.get("items").status_code == 200


def test_servers_that_run_the_code_of_another_version_are_started_again(stack: Stack) -> None:
    before = record(stack)
    source = stack.home / "src" / "emulator" / "known_gaps.py"
    source.write_text(source.read_text(encoding="utf-8") + "# another version\n", encoding="utf-8")
    assert APPLY not in up(stack)
    assert {record(stack)["pid"], record(stack)["web_pid"]}.isdisjoint({before["pid"], before["web_pid"]})
    assert record(stack)["port"] == before["port"]


def test_real_credentials_in_the_environment_change_nothing(stack: Stack) -> None:
    real = {
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AWS_PROFILE": "production",
        "AWS_ENDPOINT_URL": "https://dynamodb.eu-west-2.amazonaws.com",
        "AWS_REGION": "us-east-1",
        "TF_VAR_env": "prod",
        "TF_CLI_CONFIG_FILE": "nowhere",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }
    before = stack.outputs
    stack.crudctl("up", env=real)
    assert json.loads(stack.crudctl("outputs", "--json", env=real)) == before
    assert stack.crudctl("token", "--user", before["demo_users"][0]["username"], env=real).count(".") == 2
    assert stack.crudctl("logs", "--since", "1m", env=real)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that was up, then changed: one more field in the contract, and `abac` on. Both come with one `up`."""
    with cloned(tmp_path_factory.mktemp("changed") / "items") as stack:
        up(stack)
        settings = stack.home / "infra" / "envs" / "local.tfvars"
        settings.write_text(settings.read_text(encoding="utf-8") + "abac = true\n", encoding="utf-8")
        stack.add_fields(COLOUR)
        assert APPLY in up(stack)
        yield stack


def test_field_added_in_the_contract_alone_is_validated_stored_and_returned(changed: Stack) -> None:
    with changed.api() as api:
        created = api.post("items", json={"name": "x", "colour": "red"})
        assert created.status_code == 201, created.text
        path = f"items/{created.json()['id']}"
        assert api.get(path).json()["colour"] == "red"
        refused = api.put(path, json={"name": "x", "colour": "mauve"})
        assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/colour"]
        merge = {"Content-Type": "application/merge-patch+json"}
        assert api.patch(path, content='{"colour":"blue"}', headers=merge).json()["colour"] == "blue"
        assert any(item.get("colour") == "blue" for item in api.get("items", params={"order": "desc"}).json()["items"])
        assert api.delete(path).status_code == 204


def test_abac_lets_iam_guard_ownership_too(changed: Stack) -> None:
    with changed.api(0) as api, changed.api(1) as other:
        created = api.post("items", json={"name": "Mine"})
        assert created.status_code == 201, created.text
        path = f"items/{created.json()['id']}"
        assert other.get(path).status_code == 404
        assert api.put(path, json={"name": "Changed"}).status_code == 200
        assert path.endswith(api.get("items", params={"order": "desc", "limit": 1}).json()["items"][0]["id"])
        assert api.delete(path).status_code == 204
        assert path.endswith(api.get("items", params={"deleted": "true"}).json()["items"][-1]["id"])
        assert other.get("items", params={"deleted": "true"}).json()["items"] == []
        assert other.post(f"{path}/restore").status_code == 404
        assert api.post(f"{path}/restore").status_code == 200
        assert api.delete(path, params={"purge": "true"}).status_code == 204
    config = changed.aws("lambda").get_function_configuration(FunctionName=changed.outputs["functions"]["get_item"])
    variables = config["Environment"]["Variables"]
    own = {"TableName": variables["TABLE_NAME"], "Key": {"id": {"S": "me#x"}}}
    foreign = {"TableName": variables["TABLE_NAME"], "Key": {"id": {"S": "you#x"}}}
    data_role = variables["DATA_ROLE_ARN"]
    assert changed.try_as_role(config["Role"], "dynamodb", "GetItem", own) == "AccessDeniedException"
    assert changed.try_as_role(data_role, "dynamodb", "GetItem", own, {"owner": "me"}) == ""
    assert changed.try_as_role(data_role, "dynamodb", "GetItem", foreign, {"owner": "me"}) == "AccessDeniedException"


def test_iam_alone_keeps_owners_apart(changed: Stack) -> None:
    """The functions take the owner from a header here. tests/api/test_isolation.py shows what they reach so without IAM."""
    with versions(changed, without_checks(changed.home)), changed.api(0) as api, changed.api(1) as other:
        owned, mine = Owned(changed, api), Owned(changed, other)
        entries = owned.entries()
        found = {one.name: owned.outcome(one, other, **{AS_OWNER: owned.subject}) for one in ATTEMPTS}
        assert found == dict.fromkeys(found, "500")
        for partition in (f"{owned.subject}#trash", "*", "#trash"):
            assert owned.outcome(LIST, other, **{AS_OWNER: partition}) == "500", partition
        assert {one.name: mine.outcome(one, other, **{AS_OWNER: mine.subject}) for one in ATTEMPTS} == {
            one.name: FOR_OWNER[one.kind] for one in ATTEMPTS
        }
        owned.purge()
        mine.purge()
        assert owned.entries() == entries + len(ATTEMPTS) + 3  # memories of what was purged; nothing of the caller's


def test_iam_knows_shared_resources_as_those_of_one_owner(changed: Stack) -> None:
    with versions(changed, OWNERSHIP="shared"), changed.api(0) as api, changed.api(1) as other:
        shared = Owned(changed, api)
        shared.subject = "shared"
        for attempt in (LIST, RESTORE):  # of both partitions
            assert shared.outcome(attempt, other) == FOR_OWNER[attempt.kind]
        shared.purge()


@pytest.mark.parametrize("partition", ["me", "me#trash", "you", "you#trash", "meadow#trash", "me#other"])
def test_abac_keeps_the_trash_of_others_from_a_caller(changed: Stack, partition: str) -> None:
    config = changed.aws("lambda").get_function_configuration(FunctionName=changed.outputs["functions"]["list_items"])
    variables = config["Environment"]["Variables"]
    query = {
        "TableName": variables["TABLE_NAME"],
        "IndexName": variables["INDEX_NAME"],
        "KeyConditionExpression": "#o = :o",
        "ExpressionAttributeNames": {"#o": "owner"},
        "ExpressionAttributeValues": {":o": {"S": partition}},
    }
    error = changed.try_as_role(variables["DATA_ROLE_ARN"], "dynamodb", "Query", query, {"owner": "me"})
    assert error == ("" if partition in ("me", "me#trash") else "AccessDeniedException")


def beginning(stack: Stack, service: str) -> Any:
    """A client of the stack that `up` is creating."""
    root = stack.environment.root_credentials()
    return boto3.client(
        service,
        endpoint_url=process.endpoint_url(record(stack)["port"]),
        region_name=root["AWS_REGION"],
        aws_access_key_id=root["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=root["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}),
    )


def until(attempt: Callable[[], Any]) -> None:
    """Repeat an attempt until it succeeds with a true result; the emulator may not be running yet."""
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        with contextlib.suppress(BotoCoreError, OSError):
            if attempt():
                return
        time.sleep(0.2)
    pytest.fail("no success within ten minutes")


def test_first_up_that_was_killed_halfway_starts_from_the_beginning(tmp_path: Path) -> None:
    """crudctl and its Terraform are killed when resources exist that are not in Terraform's state yet."""
    half = Stack(tmp_path / "items")
    command = [sys.executable, "-m", "crudctl.cli", "up", "--port", str(free_port()), "--web-port", str(free_port())]
    settings = {**os.environ, "PYTHONPATH": str(half.home / "src")}
    try:
        with subprocess.Popen(command, cwd=half.home, env=settings, stdout=subprocess.DEVNULL) as first:
            until(lambda: beginning(half, "dynamodb").list_tables()["TableNames"])
            listing = subprocess.run(
                ["ps", "-ax", "-o", "pid=,ppid=,comm="], capture_output=True, text=True, check=True
            )
            children = [line.split()[:3] for line in listing.stdout.splitlines()]
            terraform = [int(pid) for pid, parent, name in children if parent == str(first.pid) and name == "terraform"]
            assert len(terraform) == 1
            for pid in (first.pid, *terraform):
                os.kill(pid, signal.SIGKILL)
        killed = record(half)["pid"]
        with subprocess.Popen(command, cwd=half.home, env=settings, stderr=subprocess.PIPE, text=True) as again:
            until(lambda: not process.is_emulator(killed))
            until(
                lambda: beginning(half, "logs").create_log_group(
                    logGroupName=f"/aws/lambda/{half.environment.prefix}-get_item"
                )
            )
            _, printed = again.communicate(timeout=900)
        assert again.returncode == 0, printed
        assert "A response from the emulator was lost." in printed
        assert json.loads(half.crudctl("status", "--json"))["healthy"] is True
        with half.api() as api:
            assert api.post("items", json={"name": "x"}).status_code == 201
    finally:
        half.crudctl("clean", "--yes")
