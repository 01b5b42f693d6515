"""How failures of AWS and of this machine are reported, and how log lines are shown."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError, ProfileNotFound
from click.testing import CliRunner

from crudctl import processes
from crudctl.errors import Commands
from crudctl.operate import logs
from crudctl.project import Environment
from crudctl.refusals import refused
from emulator import process
from tests.invoke import invoke
from tests.stack import ROOT, put_names


def denied(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "No."}}, "GetItem")


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:4566/"), "local stack does not respond", "crudctl up"),
        (EndpointConnectionError(endpoint_url="https://sts.eu-west-2.amazonaws.com/"), "sts.eu-west-2", "network"),
        (NoCredentialsError(), "AWS credentials", "aws sso login"),
        (ProfileNotFound(profile="production"), "production", "aws sso login"),
        (
            denied("AccessDeniedException"),
            "GetItem was refused: AccessDeniedException: No.",
            "do not have this permission",
        ),
        (denied("ExpiredTokenException"), "ExpiredToken", "expired"),
        (denied("ValidationException"), "ValidationException", ""),
    ],
)
def test_a_failure_is_reported_with_what_to_do(error: ClientError | BotoCoreError, message: str, hint: str) -> None:
    failure = refused(error)
    assert message in failure.message
    assert hint in failure.hint


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NoCredentialsError(), 1),
        (OSError(errno.ENOSPC, "No space left on device"), 1),
        (process.ProgramMissing("The program ps is not installed."), 1),
    ],
)
def test_a_failure_of_the_environment_is_not_a_traceback(error: Exception, code: int) -> None:
    @click.group(cls=Commands)
    def group() -> None: ...

    @group.command()
    def fail() -> None:
        raise error

    result = CliRunner().invoke(group, ["fail"])
    assert result.exit_code == code
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize(("command", "program"), [(["contract-changes", "main"], "git"), (["check-web"], "Node.js")])
def test_a_missing_program_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], program: str
) -> None:
    for name in ("contract", "src"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.setenv("PATH", str(tmp_path))
    result = invoke(tmp_path, *command)
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 1
    assert program in result.stderr
    assert result.stderr.splitlines()[-2].startswith("Error: ")
    assert "Traceback" not in result.stderr


def test_a_user_without_a_name_is_known_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 5)
    assert processes.user() == f"uid {2**31 - 5}"


def test_ps_is_needed_and_named_where_there_is_no_proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_names(tmp_path)
    (tmp_path / "contract").mkdir()
    (tmp_path / "contract" / "openapi.yaml").touch()
    (tmp_path / ".local" / "state").mkdir(parents=True)
    Environment(tmp_path, "local").write_record({"port": 1, "web_port": 2, "pid": os.getpid()})
    monkeypatch.setattr(process, "PROCESSES", tmp_path / "proc")
    assert invoke(tmp_path, "status").exit_code == 1
    monkeypatch.setenv("PATH", str(tmp_path))
    result = invoke(tmp_path, "status")
    assert result.stderr.startswith("Error: The program ps, which lists processes, is not installed")


@pytest.mark.skipif(not shutil.which("ps"), reason="this machine has no ps")
def test_ps_and_proc_find_the_same_emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = tmp_path / "Ünïcode & spaces [x]"
    state.mkdir()
    arguments = ["-m", "emulator", "--identity", process.identity(state), "--state", str(state)]
    with subprocess.Popen([sys.executable, "-c", "input()", *arguments], stdin=subprocess.PIPE) as stand_in:
        deadline = time.monotonic() + 60
        while not process.serving(state) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert process.serving(state) == [stand_in.pid]
        monkeypatch.setattr(process, "PROCESSES", tmp_path / "proc")
        assert process.serving(state) == [stand_in.pid]
        assert process.serves(stand_in.pid, state)
        stand_in.kill()


def test_an_unexpected_exception_is_not_caught() -> None:
    @click.group(cls=Commands)
    def group() -> None: ...

    @group.command()
    def fail() -> None:
        raise FileNotFoundError(errno.ENOENT, "no such file")

    assert isinstance(CliRunner().invoke(group, ["fail"]).exception, FileNotFoundError)


def test_an_emulator_is_found_by_the_state_folder_that_it_serves(tmp_path: Path) -> None:
    script = "import time; time.sleep(120)"
    (tmp_path / "contract").mkdir()
    (tmp_path / "contract" / "openapi.yaml").touch()
    (tmp_path / "state").mkdir()
    (tmp_path / "stat").mkdir()
    key = process.identity(tmp_path / "state")
    arguments = ["-m", "emulator", "--port", "1", "--identity", key, "--state", "anything", "--log", "x"]
    with subprocess.Popen([sys.executable, "-c", script, *arguments]) as stand_in:
        deadline = time.monotonic() + 60
        while not process.serving(tmp_path / "state") and time.monotonic() < deadline:
            time.sleep(0.05)
        assert process.serving(tmp_path / "state") == [stand_in.pid]
        assert process.serving(tmp_path / "stat") == []
        assert invoke(tmp_path, "status").exit_code == 1
        stand_in.kill()
    assert process.serving(tmp_path / "state") == []


def event(**properties: object) -> dict[str, object]:
    return {"timestamp": 1, "group": "/aws/lambda/items-local-get_item", "message": json.dumps(properties)}


def test_a_request_is_shown_as_one_short_line() -> None:
    shown = logs.formatted(
        event(status=404, method="GET", operation="get_item", duration_ms=1.5, request_id="abc")
    ).plain
    assert shown.endswith("items-local-get_item         404 GET get_item 1.5 ms request_id=abc")


def test_a_failed_call_to_aws_is_shown_with_its_action() -> None:
    failed = event(
        status=500, method="GET", operation="get_item", error="E", aws_action="dynamodb:GetItem", aws_error="No"
    )
    assert logs.formatted(failed).plain.endswith(" aws_action=dynamodb:GetItem aws_error=No error=E")


def test_a_line_that_is_not_a_request_is_shown_whole() -> None:
    assert logs.formatted({**event(), "message": "Traceback [most recent]\n"}).plain.endswith("Traceback [most recent]")
