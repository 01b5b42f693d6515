"""`crudctl new` makes a whole project that works at once, or says why it cannot and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from crudctl.build import service
from crudctl.console import Failed
from crudctl.new import making, words
from crudctl.new.rewriting import VERSION
from tests.invoke import invoke
from tests.new import projects
from tests.stack import ROOT, free_port, project_files

CRUDCTL = (sys.executable, "-m", "crudctl.cli")
# What a user would run first: that the texts, the version, the contract and the layers of the new project are right.
QUICK = ("tests/unit/test_version.py", "tests/unit/test_arrows.py", "tests/contract",
         "tests/local/test_readme.py", "tests/own/test_content.py")  # fmt: skip


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of this project as it is now, whatever is not committed included."""
    try:
        words.check_base(words.of(service.load(ROOT)))
    except Failed as refused:
        pytest.skip(refused.message)
    folder = tmp_path_factory.mktemp("checkout") / "original"
    for name in project_files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
        (folder / name).chmod((ROOT / name).stat().st_mode)
    git(folder, "init", "-q")
    git(folder, "add", "--all")
    return folder


def run(home: Path, *command: str) -> str:
    """The standard output of a program in a new project. It must succeed."""
    environ = {**os.environ, "PYTHONPATH": str(home / "src")}
    result = subprocess.run(command, cwd=home, env=environ, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_a_new_project_works_at_once(checkout: Path, tmp_path: Path) -> None:
    home = tmp_path / "people"
    crudctl = str(home / ".venv" / "bin" / "crudctl")
    projects.make(projects.SHORTENED, home, CRUDCTL, checkout)
    projects.share_packages(home)
    run(home, crudctl, "package")
    run(home, sys.executable, "-m", "ruff", "check", "-q", ".")
    run(home, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *QUICK)
    try:
        printed = run(home, crudctl, "up", "--port", str(free_port()), "--web-port", str(free_port()))
        assert "People is up." in printed
        assert projects.first_call(home) == 200
        outputs = json.loads(run(home, crudctl, "outputs", "--json"))
        assert outputs["region"] == "eu-west-1"
        assert outputs["functions"]["get_person"] == "staff-list-local-get_person"
    finally:
        run(home, crudctl, "clean", "--yes")


def test_a_new_project_is_a_repository_with_one_commit_of_the_tracked_files(checkout: Path, tmp_path: Path) -> None:
    nobody = {"HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    nobody |= {f"GIT_{who}_{what}": "" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    unset = {name: None for name in nobody if name.startswith(("GIT_AUTHOR", "GIT_COMMITTER"))}
    (checkout / "untracked.txt").write_text("not for others", encoding="utf-8")
    result = invoke(checkout, "new", str(tmp_path / "orders"), "--resource", "order", env={**nobody, **unset})
    assert result.exit_code == 0, result.output
    home = tmp_path / "orders"
    assert git(home, "status", "--porcelain") == ""
    assert git(home, "log", "--format=%an %ae %s").splitlines() == [
        "crudctl crudctl@localhost Start orders, from a CRUD API that a team can own"
    ]
    assert git(home, "branch", "--show-current") == "main\n"
    expected = {name for name in git(checkout, "ls-files").splitlines() if not making.LEFT_OUT.match(name)}
    assert set(git(home, "ls-files").splitlines()) == expected
    executable = {name for name in expected if os.access(checkout / name, os.X_OK)}
    assert executable == {name for name in expected if os.access(home / name, os.X_OK)}
    assert f"cd {os.path.relpath(home, checkout)}" in result.stdout
    assert "make up" in result.stdout
    assert all(
        (home / name).read_bytes() == (checkout / name).read_bytes()
        for name in expected
        if name[:4] in ("src/", "test")
    )


def test_a_new_project_has_its_own_names_and_versions(checkout: Path, tmp_path: Path) -> None:
    home = tmp_path / "project"
    arguments = ("--resource", "stock item", "--name", "shop-stock", "--region", "eu-west-1")
    assert invoke(checkout, "new", str(home), *arguments).exit_code == 0
    assert json.loads((home / "infra" / "terraform.tfvars.json").read_text()) == {
        "name": "shop-stock",
        "region": "eu-west-1",
    }
    described = service.load(home)
    assert (described.collection, described.schema, described.page) == ("stock-items", "StockItem", "stock_items")
    assert yaml.safe_load((home / "contract" / "openapi.yaml").read_text())["info"]["version"] == VERSION
    for name in ("package.json", "package-lock.json"):
        package = json.loads((home / "web" / name).read_text())
        assert (package["name"], package["version"]) == ("shop-stock-web", VERSION)
    changes = (home / "CHANGELOG.md").read_text(encoding="utf-8")
    assert changes.count("\n## ") == 1
    assert f"\n## {VERSION} - " in changes
    assert "docs/images" not in (home / "README.md").read_text(encoding="utf-8")
    runbook = (home / "docs" / "runbook.md").read_text(encoding="utf-8")
    assert "2026-11-23" not in runbook  # when an incident of the original was recorded
    assert not runbook.endswith("\n\n")
    results = [path.read_text(encoding="utf-8") for path in (home / "bench").glob("*/result.md")]
    assert results
    assert all(text.startswith(making.MEASURED) for text in results)


@pytest.mark.parametrize(
    ("folder", "options", "message"),
    [
        ("taken", ("--resource", "order"), "exists and is not empty"),
        ("file.txt", ("--resource", "order"), "is not a folder"),
        ("missing/orders", ("--resource", "order"), "does not exist"),
        ("orders", ("--resource", "problem"), "The service itself uses the word"),
        ("orders", ("--resource", "order", "--name", "my-aws"), "which AWS reserves"),
        ("orders", ("--resource", "order", "--region", "eu-mars-1"), "AWS has no region"),
        ("orders", ("--resource", "null"), "the contract cannot be read"),
        ("orders", ("--resource", "order", "--plural", "false"), "the contract cannot be read"),
        ("orders", ("--resource", "quantity of things ordered"), "32 are allowed"),
    ],
)
def test_what_cannot_work_is_refused_and_leaves_nothing(
    checkout: Path, tmp_path: Path, folder: str, options: tuple[str, ...], message: str
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "file.txt").write_text("mine", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    result = invoke(checkout, "new", str(tmp_path / folder), *options)
    assert result.exit_code == 1
    assert message in result.output
    assert sorted(tmp_path.rglob("*")) == before


def test_a_project_whose_resource_is_an_ordinary_word_is_no_base(checkout: Path, tmp_path: Path) -> None:
    assert invoke(checkout, "new", str(tmp_path / "users"), "--resource", "user").exit_code == 0
    result = invoke(tmp_path / "users", "new", str(tmp_path / "orders"), "--resource", "order")
    assert result.exit_code == 1
    assert "This project's resource, user, is also an ordinary word of its documentation" in result.output
    assert "Run `crudctl new` in the original project." in result.output
    assert not (tmp_path / "orders").exists()


def test_the_command_installed_elsewhere_works_in_a_checkout(checkout: Path, tmp_path: Path) -> None:
    """As `uvx --from . crudctl new` does: the program is a wheel, in an environment without this project's folder."""
    offline = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    install = [sys.executable, "-m", "pip", "install", *offline, "--target", str(tmp_path / "installed"), str(checkout)]
    subprocess.run(install, check=True)
    program = [sys.executable, "-c", "from crudctl import cli; print(cli.__file__); cli.main()"]
    environ = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    result = subprocess.run(
        [*program, "new", str(tmp_path / "invoices"), "--resource", "invoice"],
        cwd=checkout,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(str(tmp_path / "installed"))
    assert service.load(tmp_path / "invoices").singular == "invoice"


def test_a_folder_inside_the_project_is_refused(checkout: Path) -> None:
    result = invoke(checkout, "new", "tests/orders", "--resource", "order")
    assert result.exit_code == 1
    assert "is inside this project" in result.output


def test_a_folder_that_is_no_checkout_is_named(tmp_path: Path) -> None:
    (tmp_path / "contract").mkdir()
    (tmp_path / "contract" / "openapi.yaml").write_bytes((ROOT / "contract" / "openapi.yaml").read_bytes())
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "terraform.tfvars.json").write_bytes((ROOT / "infra" / "terraform.tfvars.json").read_bytes())
    result = invoke(tmp_path, "new", str(tmp_path.parent / "orders"), "--resource", "order")
    assert result.exit_code == 1
    assert "is not a checkout of the project" in result.output


def test_a_machine_without_git_is_told_so(checkout: Path, tmp_path: Path) -> None:
    result = invoke(checkout, "new", str(tmp_path / "orders"), "--resource", "order", env={"PATH": str(tmp_path)})
    assert result.exit_code == 1
    assert "git is not installed" in result.output
    assert list(tmp_path.iterdir()) == []


def test_what_is_interrupted_leaves_nothing(checkout: Path, tmp_path: Path) -> None:
    slow = tmp_path / "bin" / "git"  # a git that never finishes its commit
    slow.parent.mkdir()
    real = subprocess.run(["which", "git"], check=True, capture_output=True, text=True).stdout.strip()
    slow.write_text(
        f'#!/bin/sh\ncase "$*" in *commit*) touch {tmp_path}/bin/reached; exec sleep 60;; *) exec {real} "$@";; esac\n'
    )
    slow.chmod(0o755)
    target = tmp_path / "made" / "orders"
    target.parent.mkdir()
    environ = {**os.environ, "PATH": f"{slow.parent}:{os.environ['PATH']}"}
    command = [*CRUDCTL, "new", str(target), "--resource", "order"]
    process = subprocess.Popen(command, cwd=checkout, env=environ, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 180
    while not (tmp_path / "bin" / "reached").exists() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=180) == 128 + signal.SIGTERM
    assert list(target.parent.iterdir()) == []
