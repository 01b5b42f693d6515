"""CONTRIBUTING's way to another environment, step by step, to an account of the emulator."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import process
from tests.deploy.account import Account
from tests.servers import edge
from tests.snapshot import cloned
from tests.stack import free_port

REGION = "eu-west-2"


@pytest.fixture
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An empty account, and a copy of the project whose web app is built."""
    home, port = tmp_path_factory.mktemp("aws"), free_port()
    pid = process.start(port, home / "state", home / "emulator.log", REGION)
    process.wait_ready(port, 60, pid)
    with (
        edge.before(process.endpoint_url(port)) as url,
        cloned(tmp_path_factory.mktemp("stage") / "items") as stack,
    ):
        yield Account(stack.home, url, "333333333333", process.root_secret(home / "state"))
    process.stop(pid)


def replaced(file: Path, pattern: str, text: str) -> None:
    """Replace every place of a file that matches. Fail if there is none."""
    changed, count = re.subn(pattern, text, file.read_text(encoding="utf-8"))
    assert count, f"{pattern} is not in {file}"
    file.write_text(changed, encoding="utf-8")


def ran(account: Account, *arguments: str) -> str:
    """Run the copy's own `crudctl`, and return what it printed."""
    process_of = account.begin(*arguments)
    printed, errors = process_of.communicate(timeout=400)
    assert process_of.returncode == 0, printed + errors
    return printed


def test_an_environment_is_added_as_contributing_says(account: Account) -> None:
    home = account.home
    for folder in ("infra/envs", "infra/ci/envs"):
        shutil.copyfile(home / folder / "test.tfvars", home / folder / "stage.tfvars")
        replaced(home / folder / "stage.tfvars", r'env *= "test"\n', "")
    assert "region=eu-west-2" in ran(account, "names", "--env", "stage")
    assert "-stage-state-333333333333" in ran(account, "bootstrap", "--env", "stage")
    assert " to add, 0 to change, 0 to destroy." in ran(account, "deploy", "--env", "stage", "--plan")
    ran(account, "deploy", "--env", "stage", "--yes")
    assert "stage" in ran(account, "outputs", "--env", "stage", "table_name")
    assert "availability-fast" in ran(account, "alarms", "--env", "stage")
