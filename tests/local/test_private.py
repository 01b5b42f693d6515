"""What the local stack keeps is for its user alone, and its servers get nothing of the user's that they do not need."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from crudctl.project import Environment
from crudctl.release import report
from emulator import process
from tests.release.test_report import BEGUN
from tests.stack import Stack

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def open_to_others(folder: Path) -> list[str]:
    """What others than its owner may do something with, in a folder and the folder itself."""
    found = [folder, *folder.rglob("*")]
    modes = {path: path.lstat().st_mode for path in found if path.exists()}
    return [str(path) for path, mode in modes.items() if mode & OTHERS and not stat.S_ISLNK(mode)]


def test_files_of_the_stack_are_the_users_alone(stack: Stack) -> None:
    """Those of crudctl, of Terraform and of the emulator, which goes on writing."""
    home = stack.environment.home
    assert (home / "terraform" / "terraform.tfstate").exists()
    assert (home / "state" / "state.sqlite").exists()
    assert open_to_others(home) == []
    with stack.api() as api:
        created = api.post("items", json={"name": "x"}).json()
        assert api.delete(f"items/{created['id']}").status_code == 204
    assert open_to_others(home) == []


@pytest.mark.parametrize("server", ["pid", "web_pid"])
def test_servers_get_few_variables_of_the_users(stack: Stack, server: str) -> None:
    """They run for days, and whoever may debug them reads their environment."""
    found = Path(f"/proc/{stack.environment.record[server]}/environ")
    if not found.exists():
        pytest.skip("this system has no /proc")
    names = {line.partition("=")[0] for line in found.read_text().split("\0")}
    assert names <= {"", "PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "SYSTEMROOT", "PYTHONPATH"}


@pytest.mark.parametrize("name", ["local", "test"])
def test_what_an_older_version_wrote_is_made_private(tmp_path: Path, name: str) -> None:
    """Links are not followed: what they point to may be for others."""
    environment, shared = Environment(tmp_path, name), tmp_path / "shared"
    (environment.home / "terraform" / "data").mkdir(parents=True)
    for written in ("stack.json", "lock", "terraform/terraform.tfstate", "terraform/data/provider"):
        (environment.home / written).write_text("x", encoding="utf-8")
    (environment.home / "terraform" / "data" / "provider").chmod(0o755)
    shared.mkdir(mode=0o755)
    (environment.home / "link").symlink_to(shared)
    (environment.home / "broken").symlink_to(tmp_path / "missing")
    with environment.alone():
        environment.write("new", "x")
    assert open_to_others(environment.home) == []
    assert environment.home.parent == tmp_path or not open_to_others(environment.home.parent)
    assert os.access(environment.home / "terraform" / "data" / "provider", os.X_OK)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755
    assert stat.S_IMODE(tmp_path.stat().st_mode) & stat.S_IRWXU == stat.S_IRWXU


@pytest.mark.parametrize("name", ["local", "test"])
def test_report_of_a_release_is_the_users_alone(tmp_path: Path, name: str) -> None:
    environment, before = Environment(tmp_path, name), os.umask(0o022)
    try:
        report.write(environment, BEGUN, "x")
    finally:
        os.umask(before)
    assert (environment.home / "releases" / "7.md").exists()
    assert open_to_others(environment.home) == []


def test_every_stack_has_a_secret_of_its_own(tmp_path: Path, stack: Stack) -> None:
    here, secret = tmp_path / "state", process.root_secret(stack.environment.home / "state")
    assert process.root_credentials("eu-west-2", here)["AWS_SECRET_ACCESS_KEY"] == "none"
    here.mkdir()
    process.make_secret(here)
    made = process.root_secret(here)
    process.make_secret(here)
    assert process.root_secret(here) == made
    assert len({made, secret, "test"}) == 3
    assert min(len(made), len(secret)) >= 43  # 256 bits
    assert secret not in (stack.environment.home / "emulator.log").read_text(encoding="utf-8", errors="replace")
    assert secret not in process.command(stack.environment.record["pid"])
