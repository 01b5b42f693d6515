"""A stack as somebody else has it: a folder with accents, spaces and brackets, another name and region, few programs, no home."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from crudctl.build import service
from emulator import process
from tests import contracts
from tests.stack import Stack, free_port, put_names

NAME, REGION = "stock", "eu-central-1"
APPLY = "Apply infra/ with Terraform"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Variables of a machine that has Terraform on PATH and nothing else - no ps, git, node, npm or lsof - and no home."""
    folder = tmp_path_factory.mktemp("machine")
    terraform = shutil.which("terraform")
    if terraform:
        (folder / "terraform").symlink_to(terraform)
    return {"PATH": str(folder), "HOME": str(folder / "missing"), "PYTHONIOENCODING": "ascii"}


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory, machine: dict[str, str]) -> Iterator[Stack]:
    """That stack, up."""
    stack = Stack(tmp_path_factory.mktemp("Ünïcode & spaces [x]") / "Geschäft #1 \\ 'a\"")
    put_names(stack.home, NAME, REGION)
    try:
        up = stack.run("up", "--port", str(free_port()), "--web-port", str(free_port()), env=machine)
        assert up.returncode == 0, up.stdout + up.stderr
        assert "Skipping the web app: Node.js is not installed" in up.stderr
        assert "web app    not built, for the reason above" in up.stdout
        yield stack
    finally:
        stack.crudctl("clean", "--yes", env=machine)


def test_everything_has_the_name_and_the_region_of_the_project(theirs: Stack) -> None:
    outputs = theirs.outputs
    assert outputs["region"] == REGION
    functions = service.describe(contracts.document()).functions
    assert outputs["functions"] == {key: f"{NAME}-local-{key}" for key in functions}
    lambda_ = theirs.aws("lambda")
    for name in outputs["functions"].values():
        assert f":lambda:{REGION}:" in lambda_.get_function_configuration(FunctionName=name)["FunctionArn"]


def test_requests_succeed(theirs: Stack) -> None:
    with theirs.api() as api:
        created = api.post("items", json={"name": "Théirs"})
        assert created.status_code == 201, created.text
        assert api.get(f"items/{created.json()['id']}").json()["name"] == "Théirs"


def test_the_content_type_may_name_its_characters_as_programs_write_them(theirs: Stack) -> None:
    with theirs.api() as api:
        for written in ("charset=utf8", "charset=UTF-8", 'Charset="utf-8"'):
            headers = {"Content-Type": f"application/json; {written}"}
            assert api.post("items", content='{"name": "x"}', headers=headers).status_code == 201, written


def test_the_running_stack_is_recognised(theirs: Stack, machine: dict[str, str]) -> None:
    status = json.loads(theirs.crudctl("status", "--json", env=machine))
    assert (status["running"], status["healthy"]) == (True, True)
    again = theirs.run("up", env=machine)
    assert again.returncode == 0, again.stderr
    assert APPLY not in again.stderr
    assert json.loads(theirs.crudctl("status", "--json", env=machine))["pid"] == status["pid"]
    assert process.serving(theirs.home / ".local" / "state") == [status["pid"]]


@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["alarms"],
        ["dashboard", "--text"],
        ["dashboard"],
        ["logs", "--since", "1h"],
        ["logs", "--operation", "list_items"],
        ["cost", "--requests", "1M"],
        ["outputs"],
        ["release", "status"],
        ["release", "history"],
    ],
)
def test_commands_print_to_a_file_that_is_not_utf_8(theirs: Stack, machine: dict[str, str], command: list[str]) -> None:
    result = theirs.run(*command, env=machine)
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    assert result.stdout.isascii()
    assert result.stdout


def test_doctor_names_what_is_missing(theirs: Stack, machine: dict[str, str]) -> None:
    result = theirs.run("doctor", env=machine)
    assert result.returncode == 1
    assert "x Node.js          Node.js is not installed, or not on PATH." in result.stdout
    assert "+ ports            the stack responds at" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_lines_of_an_operation_are_those_of_the_function_that_serves_it(theirs: Stack, machine: dict[str, str]) -> None:
    with theirs.api() as api:
        where = f"items/{api.post('items', json={'name': 'x'}).json()['id']}"
        merge = {"Content-Type": "application/merge-patch+json"}
        assert api.patch(where, content='{"name": "y"}', headers=merge).status_code == 200
    lines = theirs.crudctl("logs", "--operation", "patch_item", "--status", "2xx", env=machine).splitlines()
    found = {tuple(map(json.loads(line).get, ("method", "operation", "resource"))) for line in lines}
    assert found == {("PATCH", "update_item", None), ("PATCH", None, "/items/{id}")}  # of the function, of the gateway


def test_a_request_is_traced(theirs: Stack, machine: dict[str, str]) -> None:
    with theirs.api() as api:
        request_id = api.get("items").headers["x-amzn-requestid"]
    groups = theirs.crudctl("trace", request_id, env=machine).splitlines()[::2]
    assert set(groups) == {f"/aws/lambda/{NAME}-local-list_items", f"/aws/apigateway/{NAME}-local"}


def test_a_port_that_another_stack_has_is_reported_with_the_option(
    theirs: Stack, machine: dict[str, str], tmp_path: Path
) -> None:
    other, taken = Stack(tmp_path / "other"), theirs.endpoint.rpartition(":")[2]
    for option in ("--port", "--web-port"):
        code, printed = other.crudctl_exit("up", option, taken, env=machine)
        assert code == 1
        assert f"Error: Port {taken} of 127.0.0.1 is taken by " in printed
        assert f"Choose another with {option}, or leave the option out." in printed
    assert not other.environment.record


def test_an_emulator_does_not_take_another_ones_response_for_its_own(theirs: Stack, tmp_path: Path) -> None:
    """Two stacks that start at once may find the same port free; the second must not be applied to the first one's."""
    port = int(theirs.endpoint.rpartition(":")[2])
    late = process.start(port, tmp_path / "state", tmp_path / "log", REGION)
    with pytest.raises(process.EmulatorUnavailable, match="ended"):
        process.wait_ready(port, 30, late)


def test_down_stops_it(theirs: Stack, machine: dict[str, str]) -> None:
    endpoint = theirs.endpoint
    assert "Stopped." in theirs.run("down", env=machine).stderr
    with pytest.raises(httpx.ConnectError):
        httpx.get(endpoint, timeout=60)
    assert "The local stack is not running." in theirs.run("down", env=machine).stderr
    assert theirs.run("status", env=machine).returncode == 1
    assert theirs.environment.record.keys() == {"port", "web_port", "prefix", "region", "saved"}


def test_a_folder_can_be_moved_while_its_stack_is_running(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    port = free_port()
    pid = process.start(port, before / "state", before / "log", REGION)
    try:
        process.wait_ready(port, 60, pid)
        before.rename(after)
        assert process.serving(after / "state") == [pid]
        assert process.serves(pid, after / "state")
        assert process.serving(before / "state") == []
    finally:
        process.stop(pid)
    assert process.serving(after / "state") == []
