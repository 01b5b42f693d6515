"""Every command of the runbook and of CONTRIBUTING, as it is written, from the alarm to its end; tests/runbook has the parts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crudctl.build import service
from crudctl.build.service import Service
from tests import contracts
from tests.runbook.pages import sections
from tests.runbook.recipes import CONTRIBUTING, RUNBOOK
from tests.runbook.recipes.traffic import SHORT
from tests.runbook.shell import Shell
from tests.runbook.steps import Steps
from tests.stack import ROOT, Stack, free_port

PAGE = sections(ROOT / "docs" / "runbook.md")
RECIPES = RUNBOOK | CONTRIBUTING


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack with the project's own contract, and alarms that look back seconds instead of hours."""
    stack = Stack(tmp_path_factory.mktemp("runbook") / "project")
    contracts.put(stack.home, ROOT / "contract" / "openapi.yaml")
    settings = stack.home / "infra" / "envs" / "local.tfvars"
    patient = settings.read_text(encoding="utf-8").replace("latency_ms = 5000", "latency_ms = 1000")
    settings.write_text(patient + SHORT, encoding="utf-8")
    try:
        stack.crudctl("up", "--port", str(free_port()), "--web-port", str(free_port()))
        yield stack
    finally:
        stack.crudctl("clean", "--yes")


@pytest.fixture(scope="module")
def described(stack: Stack) -> Service:
    """What the contract says about names."""
    return service.load(stack.home)


@pytest.fixture(scope="module")
def shell(stack: Stack) -> Iterator[Shell]:
    """The terminal in which all sections are typed, begun as the page says."""
    with Shell(stack) as shell:
        for command in PAGE["Runbook"].commands:
            assert shell.type(command) == (0, "")
        yield shell


@pytest.mark.parametrize("title", RECIPES)
def test_a_section_leads_from_its_cause_to_its_end(stack: Stack, described: Service, shell: Shell, title: str) -> None:
    steps = Steps(stack, described, (PAGE | sections(ROOT / "CONTRIBUTING.md"))[title], shell)
    RECIPES[title](steps)
    steps.end()
