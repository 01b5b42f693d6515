"""The command line's own parts, without a stack: what it refuses, what it finds, what it keeps away from."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from crudctl import cli, durations, processes, project, users
from crudctl.console import Failed
from crudctl.infra import terraform
from crudctl.operate import logs
from crudctl.project import Environment

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
    return Environment(tmp_path, "local")


def test_what_works_on_the_local_stack_sees_no_real_account(
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


def test_a_proxy_is_not_asked_for_what_is_on_this_machine(local: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "mirror.example.com")
    assert local.variables()["NO_PROXY"] == local.variables()["no_proxy"] == "mirror.example.com,127.0.0.1"


def test_without_a_stack_there_is_nowhere_to_go(local: Environment) -> None:
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
def test_a_damaged_record_is_told(local: Environment, text: str) -> None:
    local.write("stack.json", text)
    with pytest.raises(Failed, match="is damaged"):
        _ = local.record


def test_a_port_that_was_asked_for_and_is_taken_is_told(local: Environment) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(Failed, match=f"Port {port} of 127.0.0.1 is taken"):
            processes.free_port(port, 4566, "--port")
        assert processes.free_port(None, port, "--port") != port


def test_passwords_of_demo_users_are_strong_kept_and_private(local: Environment) -> None:
    found = users.demo_users(local)
    assert users.demo_users(local) == found
    assert len({user["password"] for user in found}) == 2
    for user in found:
        kinds = [any(map(kind, user["password"])) for kind in (str.islower, str.isupper, str.isdigit)]
        assert all(kinds)
        assert len(user["password"]) == 20
    assert stat.S_IMODE((local.home / "users.json").stat().st_mode) == 0o600


def test_an_old_terraform_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "terraform"
    program.write_text('#!/bin/sh\necho \'{"terraform_version": "1.5.7"}\'\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(Failed, match=r"not Terraform 1\.11 or newer"):
        terraform.program(tmp_path)


@pytest.mark.parametrize(("text", "expected"), [("30s", 30), ("10m", 600), ("2h", 7200), ("1d", 86400)])
def test_a_duration_is_seconds(text: str, expected: int) -> None:
    assert durations.seconds(text) == expected


@pytest.mark.parametrize("text", ["", "10", "0m", "1.5h", "m", "-1s"])
def test_what_is_no_duration_is_told(text: str) -> None:
    with pytest.raises(Failed, match="Invalid duration"):
        durations.seconds(text)


@pytest.mark.parametrize(
    ("request_id", "status", "line", "fits"),
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
def test_lines_are_chosen_by_request_and_status(
    request_id: str | None, status: str | None, line: str, fits: bool
) -> None:
    assert logs.wanted(request_id, status)(line) is fits


@pytest.mark.parametrize("status", ["", "6xx", "40", "4x4", "abc"])
def test_what_is_no_status_is_told(status: str) -> None:
    with pytest.raises(Failed, match="is no status"):
        logs.wanted(None, status)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line as a process, in a project of its own without a stack."""
    (folder / "contract").mkdir(exist_ok=True)
    (folder / "contract" / "openapi.yaml").write_text("paths: {}\n", encoding="utf-8")
    command = [sys.executable, "-m", "crudctl.cli", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("arguments", [["outputs"], ["token", "--user", "a@example.com"], ["logs"]])
def test_a_command_that_needs_the_stack_says_how_to_start_it(tmp_path: Path, arguments: list[str]) -> None:
    answer = run(tmp_path, *arguments)
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert "crudctl up" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert "\x1b[" not in answer.stderr


def test_status_is_1_without_a_stack_and_down_is_content(tmp_path: Path) -> None:
    assert run(tmp_path, "status").returncode == 1
    assert json.loads(run(tmp_path, "status", "--json").stdout)["running"] is False
    assert run(tmp_path, "down").returncode == 0
    assert run(tmp_path, "clean", "--yes").returncode == 0


@pytest.mark.parametrize(
    "steps", ["", "100", "0,100", "nan,100", "1e-310,100", "10,10,100", "50,10,100", "10,50", "10;100", "10,100,inf"]
)
def test_what_are_no_steps_is_told(tmp_path: Path, steps: str) -> None:
    answer = run(tmp_path, "release", "start", "--steps", steps)
    assert answer.returncode == 1
    refusal = f"Invalid steps '{steps}': use rising percentages that end with 100, for example 10,50,100."
    assert refusal in " ".join(answer.stderr.split())


def test_a_wrong_command_line_is_1(tmp_path: Path) -> None:
    assert run(tmp_path, "token").returncode == 1
    assert run(tmp_path, "up", "--port", "0").returncode == 1
    assert run(tmp_path, "deploy", "--env", "local").returncode == 1


def test_clean_keeps_what_is_known_of_aws(tmp_path: Path) -> None:
    local, prod = Environment(tmp_path, "local"), Environment(tmp_path, "prod")
    local.write_record({})
    prod.write("terraform.tfstate", "{}")
    assert run(tmp_path, "clean", "--yes").returncode == 0
    assert prod.read("terraform.tfstate") == "{}"
    assert local.read("stack.json") == ""


def test_clean_asks_first(tmp_path: Path) -> None:
    (tmp_path / ".local").mkdir()
    answer = run(tmp_path, "clean")
    assert answer.returncode == 1
    assert "Forget everything" in answer.stderr


def test_a_contract_that_cannot_be_served_is_told(tmp_path: Path) -> None:
    answer = run(tmp_path, "package")
    assert answer.returncode == 1
    assert "is not valid OpenAPI 3.0" in answer.stderr
    assert "Mend contract/openapi.yaml" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("name", sorted(cli.main.commands))
def test_every_command_explains_itself(name: str) -> None:
    answer = CliRunner().invoke(cli.main, [name, "--help"])
    assert answer.exit_code == 0
    for parameter in cli.main.commands[name].params:
        assert not isinstance(parameter, click.Option) or parameter.help
    assert isinstance(cli.main.commands[name], click.Group) or "Example: crudctl" in answer.output
