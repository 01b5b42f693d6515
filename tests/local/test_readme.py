"""README.md is true: its commands exist, and its links resolve. Its session with curl is run by tests/own/test_session.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crudctl import cli
from tests.stack import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "bench").rglob("*.md"))]


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_example_field_is_the_one_that_the_tests_add() -> None:
    assert "          enum: [red, green, blue]\n" in section("Add a field")


@pytest.mark.parametrize("name", sorted(cli.main.commands))
def test_every_command_is_described_and_has_help(name: str) -> None:
    assert re.search(rf"`crudctl [^`]*\b{name}\b|`{name}`", COMMANDS)
    help_text = cli.main.commands[name].help
    assert help_text
    assert len(help_text.splitlines()[0]) > 20


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make (\w[\w-]*)`", README + COMMANDS))))
def test_every_make_target_in_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_resolves(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    missing = [link for link in links if link and "://" not in link and not (page.parent / link).exists()]
    assert missing == []
