"""Clients made by common generators do all that the API offers, with strict types and without a cast."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import pytest

from tests.clients.conftest import FROM_SOURCE, HERE, LINES
from tests.clients.tools import PAGE, Ran
from tests.stack import ROOT

STEPS = [
    "create",
    "read",
    "change and put back",
    "412",
    "400",
    "patch",
    "list",
    "delete",
    "list the trash",
    "restore",
]
SESSIONS = {path.stem: path for path in sorted((HERE / "sessions").iterdir()) if path.is_file()}
EXPLAINED = re.compile(
    r"Pydantic does not take pattern on UUID|^  lambda self, run"
)  # a UUID is stricter than the pattern
UNTYPED = re.compile(r"\b(any|Any|cast|unknown|ignore)\b|ts-expect-error|\bas (?!const\b)[A-Za-z]|!\.|!;")


@pytest.mark.parametrize("line", [*LINES, FROM_SOURCE])
def test_line_generates_a_client_without_a_warning(line: str, made: Mapping[str, Ran]) -> None:
    assert made[line].code == 0, made[line].output
    unexplained = "\n".join(text for text in made[line].output.splitlines() if not EXPLAINED.search(text))
    assert not re.search(r"warn|unable|ignor|skip", unexplained, re.IGNORECASE), made[line].output


def test_page_names_the_versions_that_are_tested() -> None:
    locked = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    pinned = {f"{path.removeprefix('node_modules/')}@{package['version']}" for path, package in locked.items() if path}
    pinned |= set(
        re.findall(r"^[\w-]+==[\w.]+", (ROOT / "requirements-dev.txt").read_text(encoding="utf-8"), re.MULTILINE)
    )
    named = re.findall(r"-p (\S+)", "\n".join(LINES)) + re.findall(r"--from (\S+)", PAGE)
    assert len(named) == 6
    assert set(named) <= pinned
    assert [line for line in LINES if not re.match(r"\.venv/bin/|npx -y -p ", line)] == []


@pytest.mark.parametrize("compiler", ["mypy", "tsc"])
def test_sessions_and_what_they_use_have_strict_types(compiler: str, made: Mapping[str, Ran]) -> None:
    assert made[compiler].code == 0, made[compiler].output


@pytest.mark.parametrize("name", SESSIONS)
def test_session_uses_no_cast_and_no_untyped_value(name: str) -> None:
    text = SESSIONS[name].read_text(encoding="utf-8")
    code = re.sub(r"^(import|from) .*|//.*|\"\"\".*?\"\"\"", "", text, flags=re.MULTILINE)
    assert UNTYPED.findall(code) == []


@pytest.mark.parametrize("name", SESSIONS)
def test_generated_client_does_all_that_the_api_offers(name: str, sessions: Mapping[str, Ran]) -> None:
    assert sessions[name].code == 0, sessions[name].output
    steps = ["create", "change and put back"] if name == "from_source" else STEPS
    assert [step for step in sessions[name].output.splitlines() if step in STEPS] == steps


@pytest.mark.parametrize("name", ["openapi_python_client", "datamodel_code_generator"])
def test_field_or_problem_of_a_later_version_does_not_break_a_client(name: str, sessions: Mapping[str, Ran]) -> None:
    assert sessions[name].output.endswith("a field and a problem of a later version\n")


def test_standard_rules_of_spectral_find_nothing(made: Mapping[str, Ran]) -> None:
    assert made["spectral"].code == 0, made["spectral"].output
    assert "No results" in made["spectral"].output
