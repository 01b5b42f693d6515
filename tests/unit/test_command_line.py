"""The command line without a stack: its failures, its files, and its distance from real accounts."""

from __future__ import annotations

import copy
import json
import os
import re
import socket
import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest

from crudctl import cli, durations, processes, project, users
from crudctl.console import Failed
from crudctl.infra import terraform
from crudctl.operate import logs
from crudctl.project import Environment
from tests import contracts
from tests.invoke import invoke
from tests.stack import put_names

REAL = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_PROFILE": "production",
    "AWS_ENDPOINT_URL": "https://dynamodb.eu-west-2.amazonaws.com",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "token",
    "TF_VAR_env": "prod",
    "TF_CLI_ARGS_apply": "-destroy",
}


@pytest.fixture
def local(tmp_path: Path) -> Environment:
    """A local environment in an empty folder."""
    put_names(tmp_path)
    return Environment(tmp_path, "local")


def test_a_process_for_the_local_stack_gets_no_setting_of_a_real_account(
    local: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in REAL.items():
        monkeypatch.setenv(name, value)
    local.write_record({"port": 4566, "web_port": 4580, "pid": 1, "started": ""})
    variables = local.variables()
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert variables["AWS_ACCESS_KEY_ID"] == "test"
    assert variables["AWS_CONFIG_FILE"] == variables["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert not set(variables.values()) & (set(REAL.values()) - {""})


def test_loopback_is_reached_without_a_proxy(local: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "mirror.example.com")
    assert local.variables()["NO_PROXY"] == local.variables()["no_proxy"] == "mirror.example.com,127.0.0.1"


def test_without_a_stack_a_process_reaches_no_endpoint(local: Environment) -> None:
    assert local.variables()["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"
    with pytest.raises(Failed, match="no local stack yet"):
        _ = local.endpoint_url


@pytest.mark.parametrize(
    "url", ["https://dynamodb.eu-west-2.amazonaws.com", "http://10.0.0.1:4566", "http://127.0.0.1.example.com"]
)
def test_the_local_stack_is_reached_on_loopback_only(url: str) -> None:
    with pytest.raises(Failed, match="not on this machine"):
        project.loopback(url)


def test_an_aws_environment_keeps_the_callers_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    environment = Environment(tmp_path, "prod")
    assert environment.variables()["AWS_PROFILE"] == "production"
    assert environment.endpoint_url is None


def test_two_commands_do_not_work_on_one_environment_at_once(local: Environment) -> None:
    with local.alone(), pytest.raises(Failed, match=f"process {os.getpid()}"), local.alone():
        pass
    with local.alone():
        pass


@pytest.mark.parametrize("text", ["{", "[1]", '{"port": 1}', '{"port": "x", "web_port": 1}'])
def test_a_damaged_record_is_reported(local: Environment, text: str) -> None:
    local.write("stack.json", text)
    with pytest.raises(Failed, match="is damaged"):
        _ = local.record


def test_a_chosen_port_that_is_taken_is_reported(local: Environment) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(Failed, match=f"Port {port} of 127.0.0.1 is taken"):
            processes.free_port(port, 4566, "--port")
        assert processes.free_port(None, port, "--port") != port


def test_passwords_of_demo_users_are_strong_and_in_a_private_file(local: Environment) -> None:
    created = users.demo_users(local)
    assert users.demo_users(local) == created
    assert len({user["password"] for user in created}) == 2
    for user in created:
        kinds = [any(map(kind, user["password"])) for kind in (str.islower, str.isupper, str.isdigit)]
        assert all(kinds)
        assert len(user["password"]) == 20
    assert stat.S_IMODE((local.home / "users.json").stat().st_mode) == 0o600


def test_an_old_terraform_is_reported_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "terraform"
    program.write_text('#!/bin/sh\necho \'{"terraform_version": "1.5.7"}\'\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(Failed, match=r"not Terraform 1\.11 or newer"):
        terraform.program(tmp_path)


@pytest.mark.parametrize(("text", "expected"), [("30s", 30), ("10m", 600), ("2h", 7200), ("1d", 86400)])
def test_a_duration_is_parsed_to_seconds(text: str, expected: int) -> None:
    assert durations.seconds(text) == expected


@pytest.mark.parametrize("text", ["", "10", "0m", "1.5h", "m", "-1s", "3654d", "999999d"])
def test_an_invalid_duration_is_reported(text: str) -> None:
    with pytest.raises(Failed, match="Invalid duration"):
        durations.seconds(text)


@pytest.mark.parametrize(
    ("request_id", "status", "line", "expected"),
    [
        (None, None, "not JSON", True),
        (None, "5xx", '{"status": 503}', True),
        (None, "5xx", '{"status": "503"}', True),
        (None, "5xx", '{"status": 500.5}', False),
        (None, "404", '{"status": 400}', False),
        (None, "404", '["status", 404]', False),
        ("abc", None, '{"request_id": "abc"}', True),
        ("abc", "2xx", '{"request_id": "abc", "status": 404}', False),
        ("abc", None, "not JSON", False),
    ],
)
def test_log_lines_are_filtered_by_request_and_status(
    request_id: str | None, status: str | None, line: str, expected: bool
) -> None:
    assert logs.matcher(request_id, status)({"group": "/aws/lambda/a", "message": line}) is expected


@pytest.mark.parametrize("status", ["", "6xx", "40", "4x4", "abc"])
def test_an_invalid_status_is_reported(status: str) -> None:
    with pytest.raises(Failed, match="Invalid status"):
        logs.matcher(None, status)


@pytest.mark.parametrize("command", [["deploy", "--plan"], ["bootstrap"]])
def test_a_command_for_aws_only_chooses_no_account_by_itself(folder: Path, command: list[str]) -> None:
    result = invoke(folder, *command)
    assert result.exit_code == 1
    assert "Missing option '--env'. Name the environment: test or prod." in result.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tset", "'tset' has no settings: there is no infra/envs/tset.tfvars, only local, pr, prod."),
        ("pr-x", "the name 'pr-x' must be a word"),
        ("prod-1", None),
        ("pr-42", None),
    ],
)
def test_an_environment_has_settings_of_its_own_or_of_its_family(folder: Path, name: str, message: str | None) -> None:
    (folder / "infra" / "envs").mkdir()
    for known in ("local", "pr", "prod"):
        (folder / "infra" / "envs" / f"{known}.tfvars").touch()
    result = invoke(folder, "names", "--env", name)
    assert result.exit_code == (1 if message else 0), result.output
    assert (message or "") in " ".join(result.stderr.split())


def test_a_member_of_a_family_is_not_bootstrapped(folder: Path) -> None:
    result = invoke(folder, "bootstrap", "--env", "pr-42")
    assert (result.exit_code, "`crudctl bootstrap --env pr`" in result.stderr) == (1, True), result.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project without a stack, whose contract has no operations."""
    put_names(tmp_path)
    (tmp_path / "contract").mkdir()
    (tmp_path / "contract" / "openapi.yaml").write_text("paths: {}\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("arguments", [["outputs"], ["token", "--user", "a@example.com"], ["logs"]])
def test_a_command_that_needs_the_stack_prints_how_to_start_it(folder: Path, arguments: list[str]) -> None:
    result = invoke(folder, *arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "crudctl up" in result.stderr
    assert isinstance(result.exception, SystemExit)
    assert "\x1b[" not in result.stderr


def test_a_failure_in_a_process_of_its_own_is_a_message_without_a_traceback(folder: Path) -> None:
    command = [sys.executable, "-m", "crudctl.cli", "outputs"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "Error: There is no local stack yet.",
        "Start it with `crudctl up` (or `make up`).",
    ]


def test_status_exits_with_1_without_a_stack_and_down_with_0(folder: Path) -> None:
    assert invoke(folder, "status").exit_code == 1
    assert json.loads(invoke(folder, "status", "--json").stdout)["running"] is False
    stopped = invoke(folder, "down")
    assert (stopped.exit_code, stopped.stderr) == (0, "The local stack is not running.\n")
    assert invoke(folder, "clean", "--yes").exit_code == 0


@pytest.mark.parametrize(
    "steps", ["", "100", "0,100", "nan,100", "1e-310,100", "10,10,100", "50,10,100", "10,50", "10;100", "10,100,inf"]
)
def test_invalid_steps_of_a_release_are_refused(folder: Path, steps: str) -> None:
    result = invoke(folder, "release", "start", "--steps", steps)
    assert result.exit_code == 1
    refusal = f"Invalid steps '{steps}': use rising percentages that end with 100, for example 10,50,100."
    assert refusal in " ".join(result.stderr.split())


def test_an_invalid_command_line_exits_with_1(folder: Path) -> None:
    assert invoke(folder, "token").exit_code == 1
    assert invoke(folder, "up", "--port", "0").exit_code == 1
    assert invoke(folder, "deploy", "--env", "local").exit_code == 1


def test_clean_keeps_what_belongs_to_aws(folder: Path) -> None:
    local, prod = Environment(folder, "local"), Environment(folder, "prod")
    local.write_record({})
    prod.write("terraform.tfstate", "{}")
    assert invoke(folder, "clean", "--yes").exit_code == 0
    assert prod.read("terraform.tfstate") == "{}"
    assert local.read("stack.json") == ""


def test_clean_says_what_it_deletes_and_asks_for_confirmation(folder: Path) -> None:
    Environment(folder, "local").write("data", "x" * 100_000)
    (folder / "backups").mkdir()
    (folder / "backups" / "one").write_text("kept", encoding="utf-8")
    result = invoke(folder, "clean")
    assert result.exit_code == 1
    assert "Pass --yes." in result.stderr
    assert (folder / ".local" / "data").exists()
    result = invoke(folder, "clean", "--yes")
    assert f"Deleting everything in {folder / '.local'} (0.1 MB): the local stack's data" in " ".join(
        result.stderr.split()
    )
    assert not (folder / ".local" / "data").exists()
    assert (folder / "backups" / "one").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--env", "local", "--confirm", "items-local"], "'local' is not on AWS"),
        ([], "Missing option '--env'"),
        (["--env", "test"], "--yes is not enough. Pass --confirm items-test."),
        (["--env", "test", "--confirm", "items-prod"], "This is items-test, not items-prod. Nothing was changed."),
    ],
)
def test_an_environment_is_not_destroyed_by_mistake(folder: Path, arguments: list[str], message: str) -> None:
    result = invoke(folder, "destroy", *arguments)
    assert (result.exit_code, message in " ".join(result.stderr.split())) == (1, True), result.stderr


@pytest.mark.parametrize("command", ["up", "down", "clean", "status"])
@pytest.mark.parametrize("name", project.ON_AWS)
def test_commands_of_the_local_stack_take_no_environment_on_aws(folder: Path, command: str, name: str) -> None:
    result = invoke(folder, command, "--env", name)
    assert (result.exit_code, f"'{name}' is not 'local'" in result.stderr) == (1, True), result.stderr


def test_a_deploy_without_a_terminal_needs_the_option_yes(folder: Path) -> None:
    result = invoke(folder, "deploy", "--env", "test")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Confirmation required, but stdin is not a terminal.\n")
    assert "Review the changes with --plan, then pass --yes." in result.stderr


def test_an_invalid_contract_is_reported(folder: Path) -> None:
    result = invoke(folder, "package")
    assert result.exit_code == 1
    assert "is not valid OpenAPI 3.0" in result.stderr
    assert "Fix contract/openapi.yaml" in result.stderr
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("pattern", [r"^\[/a-z]+$", "^[/a-z+$", "[/red](", "a\\"])
def test_an_invalid_pattern_is_reported_wherever_it_stands(folder: Path, pattern: str) -> None:
    """In the resource's schema, and in one of responses only."""
    for name in ("name", "detail"):
        document = copy.deepcopy(contracts.document())
        for schema in document["components"]["schemas"].values():  # type: ignore[index]
            if name in schema.get("properties", {}):
                schema["properties"][name]["pattern"] = pattern
        (folder / "contract" / "openapi.yaml").write_text(json.dumps(document), encoding="utf-8")
        result = invoke(folder, "package")
        assert isinstance(result.exception, SystemExit), result.exception
        assert pattern in result.stderr


@pytest.mark.parametrize("name", sorted(cli.main.commands))
def test_every_command_and_option_has_a_help_text(name: str, folder: Path) -> None:
    result = invoke(folder, name, "--help")
    assert result.exit_code == 0
    for parameter in cli.main.commands[name].params:
        assert not isinstance(parameter, click.Option) or parameter.help
    assert isinstance(cli.main.commands[name], click.Group) or re.search(r"Examples?:\s.*crudctl", result.output)


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_list_of_commands_says_what_each_does(name: str) -> None:
    assert cli.main.commands[name].name == name
    assert cli.COMMANDS[name].summary == cli.main.commands[name].get_short_help_str(1000)


def test_help_imports_no_command(folder: Path) -> None:
    program = "import sys; from crudctl import cli; cli.main(['--help'], standalone_mode=False); print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True)
    listed, imported = ended.stdout.rstrip().rpartition("\n")[::2]
    assert all(f"  {name} " in listed for name in cli.COMMANDS)
    assert not {"boto3", "botocore", "yaml", *(place.module for place in cli.COMMANDS.values())} & set(imported.split())


def test_one_port_for_both_servers_is_refused_at_once(folder: Path) -> None:
    result = invoke(folder, "up", "--port", "4700", "--web-port", "4700")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "Error: Port 4700 cannot serve both the AWS APIs and the web app.",
        "Choose another with --web-port.",
    ]


def test_a_port_that_the_other_server_is_about_to_use_is_not_free() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    assert processes.free_port(None, port, "--port") == port
    assert processes.free_port(None, port, "--web-port", promised=port) != port
