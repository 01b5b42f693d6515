"""README.md is true: its curl session works when pasted, its commands exist, and its links resolve."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from crudctl import cli
from tests.stack import ROOT, Stack

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "bench").rglob("*.md"))]


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def pasted(stack: Stack, script: str) -> str:
    """The output of a shell that runs `script` in the stack's folder."""
    program = stack.home / ".venv" / "bin" / "crudctl"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m crudctl.cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    environ = os.environ | {"PYTHONPATH": str(stack.home / "src")}
    command = ["bash", "-euo", "pipefail", "-c", script]
    result = subprocess.run(command, cwd=stack.home, env=environ, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_session_with_curl_works_when_pasted(stack: Stack) -> None:
    (script,) = re.findall(r"```sh\n(.*?)```", section("A session with curl"), re.DOTALL)
    printed = pasted(stack, script)
    statuses = re.findall(r"^HTTP/1.1 (\d+)", printed, re.MULTILINE)
    assert statuses == ["201", "200", "412"]
    assert '"name":"Desk lamp"' in printed
    assert '"current_version":2' in printed


def test_example_field_is_the_one_that_the_tests_add() -> None:
    assert "          enum: [red, green, blue]\n" in section("Add a field")


@pytest.mark.parametrize("name", sorted(cli.main.commands))
def test_every_command_is_in_the_readme_and_has_help(name: str) -> None:
    assert re.search(rf"`crudctl [^`]*\b{name}\b|`{name}`", README)
    help_text = cli.main.commands[name].help
    assert help_text
    assert len(help_text.splitlines()[0]) > 20


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make (\w[\w-]*)`", README))))
def test_every_make_target_in_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_resolves(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    missing = [link for link in links if link and "://" not in link and not (page.parent / link).exists()]
    assert missing == []
