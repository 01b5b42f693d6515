"""One section of the runbook with the project's own names, typed as it is written; `make torture` types all of them."""

from __future__ import annotations

from crudctl.build.service import Service
from tests.runbook.pages import sections
from tests.runbook.recipes.alarms import operation_faults
from tests.runbook.shell import Shell
from tests.runbook.steps import Steps
from tests.stack import ROOT, Stack


def test_a_fault_of_an_operation_leads_to_its_cause_by_the_runbook(own_stack: Stack, described: Service) -> None:
    section = sections(ROOT / "docs" / "runbook.md")["Operation faults"]
    with Shell(own_stack) as shell:
        steps = Steps(own_stack, described, section, shell)
        operation_faults(steps)
        steps.end()
