"""What a running local stack shows its user: its outputs, and every log line about one request."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from crudctl import users
from crudctl.build import service
from crudctl.console import Failed
from crudctl.infra.terraform import Terraform
from crudctl.project import Environment
from tests import contracts
from tests.stack import Stack, put_names

FUNCTIONS = set(service.describe(contracts.document()).functions)


def test_outputs_have_the_keys_that_tools_rely_on(stack: Stack) -> None:
    outputs = json.loads(stack.crudctl("outputs", "--json"))
    assert outputs.keys() == {
        "api_url", "web_url", "region", "endpoint_url", "user_pool_id", "user_pool_client_id", "hosted_ui_url",
        "table_name", "trash_days", "functions", "demo_users", "sign_up", "password_rules", "dns_records", "release_alarms",
        "function_actions", "gateway", "release_notices",
    }  # fmt: skip
    assert set(outputs["functions"]) == FUNCTIONS
    assert outputs == stack.outputs


def test_outputs_are_those_that_terraform_prints(stack: Stack) -> None:
    command = ["terraform", "output", "-json", f"-state={stack.state}"]
    data = {"TF_DATA_DIR": str(stack.home / ".local" / "terraform" / "data")}
    printed = subprocess.run(
        command, cwd=stack.home / "infra", env=os.environ | data, check=True, capture_output=True
    ).stdout
    assert Terraform(stack.environment).outputs() == {name: one["value"] for name, one in json.loads(printed).items()}


def test_token_prints_one_access_token_and_nothing_else(stack: Stack) -> None:
    token = stack.crudctl("token", "--user", stack.outputs["demo_users"][0]["username"])
    assert (token.count("."), token.count("\n")) == (2, 1)


def test_the_client_of_another_stack_that_shares_the_pool_is_not_used(stack: Stack, tmp_path: Path) -> None:
    put_names(tmp_path, "another", stack.environment.region)
    another = Environment(tmp_path, "local")
    another.write_record(stack.environment.record)
    (another.home / "state").symlink_to(stack.environment.home / "state")  # the same emulator serves both
    user = stack.outputs["demo_users"][0]
    with pytest.raises(Failed, match="no app client"):
        users.token(another, stack.outputs["user_pool_id"], user["username"], user["password"])


def test_status_describes_a_running_stack(stack: Stack) -> None:
    status = json.loads(stack.crudctl("status", "--json"))
    assert status["running"]
    assert status["healthy"]
    assert status["endpoint_url"] == stack.endpoint
    assert status["state_bytes"] > 0
    assert stack.endpoint in stack.crudctl("status")


def test_both_servers_listen_on_loopback_only(stack: Stack) -> None:
    table = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()
    for url in (stack.endpoint, stack.outputs["web_url"]):
        port = int(url.rpartition(":")[2])
        listening = [line.split()[1] for line in table if f":{port:04X} 00000000:0000 0A" in line]
        assert listening == [f"0100007F:{port:04X}"]


def test_request_can_be_traced_from_its_response(stack: Stack) -> None:
    with stack.api() as api:
        response = api.get("items/not-an-id", headers={"X-Correlation-Id": "trail-1"})
    request_id = response.json()["request_id"]
    assert response.headers["x-amzn-requestid"] == request_id
    printed = stack.crudctl("trace", request_id).splitlines()
    groups, lines = printed[::2], [json.loads(line) for line in printed[1::2]]
    kinds = [line.get("type", "request") for line in lines]
    assert kinds == ["platform.start", "request", "platform.report", "request"]
    assert set(groups[:3]) == {f"/aws/lambda/{stack.outputs['functions']['get_item']}"}
    assert groups[3].startswith("/aws/apigateway/")
    logged = lines[1]
    assert (logged["status"], logged["correlation_id"]) == (400, "trail-1")
    assert logged["problem"] == "urn:items:problem:invalid-request"
    matching = stack.crudctl("logs", "--request-id", request_id, "--status", "4xx").splitlines()
    assert [json.loads(line)["request_id"] for line in matching] == [request_id, request_id]
    assert stack.crudctl("logs", "--request-id", request_id, "--status", "200") == ""
