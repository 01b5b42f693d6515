"""The local stack as its user lives with it: a field added, stopped and started, killed, and IAM in force throughout."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from crudctl import processes
from emulator import process
from tests.conftest import free_port
from tests.stack import Stack

ACTIONS = {
    "create_item": {"PutItem"},
    "get_item": {"GetItem"},
    "update_item": {"GetItem", "UpdateItem"},
    "delete_item": {"DeleteItem"},
    "list_items": {"Query"},
}
KEY = {"id": {"S": "nobody#nothing"}}
PARAMETERS: dict[str, dict[str, Any]] = {
    "PutItem": {"Item": KEY | {"owner": {"S": "nobody"}}, "ConditionExpression": "attribute_exists(id)"},
    "GetItem": {"Key": KEY},
    "UpdateItem": {"Key": KEY, "UpdateExpression": "SET a = :a", "ConditionExpression": "attribute_exists(id)",
                   "ExpressionAttributeValues": {":a": {"S": "a"}}},
    "DeleteItem": {"Key": KEY, "ConditionExpression": "attribute_exists(id)"},
    "Query": {"IndexName": "by_owner", "KeyConditionExpression": "#o = :o", "ExpressionAttributeNames": {"#o": "owner"},
              "ExpressionAttributeValues": {":o": {"S": "nobody"}}},
    "Scan": {"Limit": 1},
}  # fmt: skip


def client(stack: Stack, user: int = 0) -> httpx.Client:
    outputs = stack.outputs
    token = stack.token(outputs["demo_users"][user]["username"])
    return httpx.Client(base_url=outputs["api_url"] + "/", headers={"Authorization": f"Bearer {token}"}, timeout=30)


@pytest.mark.parametrize("operation", ACTIONS)
@pytest.mark.parametrize("action", PARAMETERS)
def test_a_function_may_do_its_own_actions_and_no_other(stack: Stack, operation: str, action: str) -> None:
    """The role itself is tried, in a session as Lambda has one, on the real table."""
    config = stack.aws("lambda").get_function_configuration(FunctionName=stack.outputs["functions"][operation])
    parameters = {"TableName": config["Environment"]["Variables"]["TABLE_NAME"], **PARAMETERS[action]}
    outcome = stack.try_as_role(config["Role"], "dynamodb", action, parameters)
    allowed = action in ACTIONS[operation]
    assert (
        outcome == ("ConditionalCheckFailedException" if "ConditionExpression" in parameters else "")
        if allowed
        else (outcome == "AccessDeniedException")
    )


def test_a_function_whose_permission_is_gone_fails_as_on_aws(stack: Stack) -> None:
    iam = stack.aws("iam")
    role = (
        stack.aws("lambda")
        .get_function_configuration(FunctionName=stack.outputs["functions"]["get_item"])["Role"]
        .split("/")[-1]
    )
    policies = {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
                for name in iam.list_role_policies(RoleName=role)["PolicyNames"]}  # fmt: skip
    data = next(name for name, document in policies.items() if "dynamodb:GetItem" in json.dumps(document))
    with client(stack) as api:
        item = api.post("items", json={"name": "x"}).json()
        iam.delete_role_policy(RoleName=role, PolicyName=data)
        refused = api.get(f"items/{item['id']}")
        iam.put_role_policy(RoleName=role, PolicyName=data, PolicyDocument=json.dumps(policies[data]))
        assert refused.status_code == 500
        assert refused.json()["type"] == "urn:items:problem:internal-error"
        assert api.get(f"items/{item['id']}").status_code == 200
        assert api.delete(f"items/{item['id']}").status_code == 204


def test_a_field_added_in_the_contract_alone_is_accepted_stored_validated_and_returned(stack: Stack) -> None:
    field = "        colour:\n          type: string\n          title: Colour\n          enum: [red, green, blue]\n"
    with stack.contract_with(field), client(stack) as api:
        made = api.post("items", json={"name": "x", "colour": "red"})
        assert made.status_code == 201, made.text
        where = f"items/{made.json()['id']}"
        assert api.get(where).json()["colour"] == "red"
        refused = api.put(where, json={"name": "x", "colour": "mauve"})
        assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/colour"]
        changed = api.patch(
            where, content='{"colour":"blue"}', headers={"Content-Type": "application/merge-patch+json"}
        )
        assert changed.json()["colour"] == "blue"
        assert any(item.get("colour") == "blue" for item in api.get("items", params={"order": "desc"}).json()["items"])
        assert api.delete(where).status_code == 204


def test_data_and_users_live_through_down_and_up(stack: Stack) -> None:
    with client(stack) as api:
        item = api.post("items", json={"name": "Kept"}).json()
        token = api.headers["authorization"]
    before = stack.outputs
    stack.crudctl("down")
    assert stack.crudctl("status", check=False)
    with pytest.raises(httpx.ConnectError):
        httpx.get(before["endpoint_url"])
    stack.crudctl("up")
    assert stack.outputs == before
    answer = httpx.get(f"{before['api_url']}/items/{item['id']}", headers={"Authorization": token})
    assert answer.json() == item
    with client(stack) as api:
        assert api.delete(f"items/{item['id']}").status_code == 204


def test_a_killed_emulator_loses_at_most_the_last_seconds(stack: Stack) -> None:
    with client(stack) as api:
        item = api.post("items", json={"name": "Kept"}).json()
    time.sleep(4)
    pid = json.loads((stack.home / ".local" / "stack.json").read_text(encoding="utf-8"))["pid"]
    os.kill(pid, signal.SIGKILL)
    stack.crudctl("up")
    with client(stack) as api:
        assert api.get(f"items/{item['id']}").json() == item
        made = api.post("items", json={"name": "After"}).json()
        assert api.delete(f"items/{made['id']}").status_code == 204
        assert api.delete(f"items/{item['id']}").status_code == 204


def beginning(stack: Stack, service: str) -> Any:
    """A client of the stack that `up` is making."""
    record = json.loads((stack.home / ".local" / "stack.json").read_text(encoding="utf-8"))
    root = process.root_credentials()
    return boto3.client(
        service,
        endpoint_url=process.endpoint_url(record["port"]),
        region_name=root["AWS_REGION"],
        aws_access_key_id=root["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=root["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}),
    )


def once(deed: Callable[[], Any]) -> None:
    """Tries until it is done, and gave something; the emulator may not be there yet."""
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline:
        with contextlib.suppress(BotoCoreError, OSError):
            if deed():
                return
        time.sleep(0.2)
    pytest.fail("not within 200 s")


def test_a_first_up_that_was_killed_halfway_begins_anew(tmp_path: Path) -> None:
    """crudctl and its Terraform are killed when there are resources that Terraform's state does not know yet."""
    half = Stack(tmp_path / "items")
    command = [sys.executable, "-m", "crudctl.cli", "up", "--port", str(free_port()), "--web-port", str(free_port())]
    settings = {**os.environ, "PYTHONPATH": str(half.home / "src")}
    try:
        with subprocess.Popen(command, cwd=half.home, env=settings, stdout=subprocess.DEVNULL) as up:
            once(lambda: beginning(half, "dynamodb").list_tables()["TableNames"])
            listing = subprocess.run(
                ["ps", "-ax", "-o", "pid=,ppid=,comm="], capture_output=True, text=True, check=True
            )
            children = [line.split()[:3] for line in listing.stdout.splitlines()]
            terraform = [int(pid) for pid, parent, name in children if parent == str(up.pid) and name == "terraform"]
            assert len(terraform) == 1
            for pid in (up.pid, *terraform):
                os.kill(pid, signal.SIGKILL)
        killed = json.loads((half.home / ".local" / "stack.json").read_text(encoding="utf-8"))["pid"]
        with subprocess.Popen(command, cwd=half.home, env=settings, stderr=subprocess.PIPE, text=True) as again:
            once(lambda: not process.is_emulator(killed))
            once(lambda: beginning(half, "logs").create_log_group(logGroupName="/aws/lambda/items-local-get_item"))
            _, said = again.communicate(timeout=300)
        assert again.returncode == 0, said
        assert "An answer of the emulator was lost." in said
        assert json.loads(half.crudctl("status", "--json"))["healthy"] is True
        with client(half) as api:
            assert api.post("items", json={"name": "x"}).status_code == 201
    finally:
        half.crudctl("clean", "--yes")


def test_an_emulator_that_no_record_knows_is_found_and_ended(stack: Stack) -> None:
    path = stack.home / ".local" / "stack.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**record, "pid": 2**22 + 1}), encoding="utf-8")
    assert json.loads(stack.crudctl("status", "--json", check=False))["running"] is False
    stack.crudctl("up")
    now = json.loads(path.read_text(encoding="utf-8"))
    assert now["port"] == record["port"]
    assert processes.serving(stack.home / ".local" / "state") == [now["pid"]]


def test_up_twice_changes_nothing(stack: Stack) -> None:
    before = stack.outputs, stack.functions()
    stack.crudctl("up")
    assert (stack.outputs, stack.functions()) == before


def test_it_listens_on_loopback_only(stack: Stack) -> None:
    port = int(stack.endpoint.rpartition(":")[2])
    table = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()
    listening = [line.split()[1] for line in table if f":{port:04X} 00000000:0000 0A" in line]
    assert listening == [f"0100007F:{port:04X}"]


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


def test_outputs_have_the_keys_that_tools_rely_on(stack: Stack) -> None:
    assert stack.outputs.keys() == {
        "api_url", "web_url", "region", "endpoint_url", "user_pool_id", "user_pool_client_id", "hosted_ui_url",
        "table_name", "functions", "demo_users",
    }  # fmt: skip
    assert set(stack.outputs["functions"]) == set(ACTIONS)


def test_a_plan_right_after_up_has_no_changes(stack: Stack) -> None:
    code, said = stack.plan()
    assert code == 0, said


def test_one_request_can_be_traced_from_its_answer(stack: Stack) -> None:
    with client(stack) as api:
        answer = api.get("items/not-an-id", headers={"X-Correlation-Id": "trail-1"})
    request_id = answer.json()["request_id"]
    assert answer.headers["x-amzn-requestid"] == request_id
    printed = stack.crudctl("trace", request_id).splitlines()
    groups, lines = printed[::2], [json.loads(line) for line in printed[1::2]]
    assert [line.get("type", "request") for line in lines] == [
        "platform.start",
        "request",
        "platform.report",
        "request",
    ]
    assert set(groups[:3]) == {f"/aws/lambda/{stack.outputs['functions']['get_item']}"}
    assert groups[3].startswith("/aws/apigateway/")
    assert (lines[1]["status"], lines[1]["correlation_id"], lines[1]["problem"]) == (
        400,
        "trail-1",
        "urn:items:problem:invalid-request",
    )
    found = stack.crudctl("logs", "--request-id", request_id, "--status", "4xx").splitlines()
    assert [json.loads(line)["request_id"] for line in found] == [request_id, request_id]
    assert stack.crudctl("logs", "--request-id", request_id, "--status", "200") == ""


def test_with_abac_iam_guards_ownership_too(stack: Stack) -> None:
    settings = stack.home / "infra" / "envs" / "local.tfvars"
    before = settings.read_text(encoding="utf-8")
    settings.write_text(before + "abac = true\n", encoding="utf-8")
    stack.crudctl("up")
    with client(stack, 0) as api, client(stack, 1) as other:
        made = api.post("items", json={"name": "Mine"})
        assert made.status_code == 201, made.text
        where = f"items/{made.json()['id']}"
        assert other.get(where).status_code == 404
        assert api.put(where, json={"name": "Changed"}).status_code == 200
        assert where.endswith(api.get("items", params={"order": "desc", "limit": 1}).json()["items"][0]["id"])
        assert api.delete(where).status_code == 204
    config = stack.aws("lambda").get_function_configuration(FunctionName=stack.outputs["functions"]["get_item"])
    variables = config["Environment"]["Variables"]
    own = {"TableName": variables["TABLE_NAME"], "Key": {"id": {"S": "me#x"}}}
    anothers = {"TableName": variables["TABLE_NAME"], "Key": {"id": {"S": "you#x"}}}
    data_role = variables["DATA_ROLE_ARN"]
    assert stack.try_as_role(config["Role"], "dynamodb", "GetItem", own) == "AccessDeniedException"
    assert stack.try_as_role(data_role, "dynamodb", "GetItem", own, {"owner": "me"}) == ""
    assert stack.try_as_role(data_role, "dynamodb", "GetItem", anothers, {"owner": "me"}) == "AccessDeniedException"
    settings.write_text(before, encoding="utf-8")
    stack.crudctl("up")
