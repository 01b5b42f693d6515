"""The parts `plan` and `operations`: is everything as Terraform made it, and does every operation work?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crudctl.infra import outputs
from crudctl.release import survey
from crudctl.verify.rows import Part, Result, Row, right
from crudctl.verify.subject import Subject

SHOWN = 8  # resources that a plan would change
PLAN = Row(
    "no drift", "a second plan", "no changes: everything is as it was applied, and is read as it was written",
    "https://developer.hashicorp.com/terraform/cli/commands/plan",
    ("describe-alarms-xml", "put-rest-api", "query-definitions", "alarm-metric-math", "empty-policy-blocks"),
)  # fmt: skip
OPERATIONS = Row(
    "every operation", "each operation once, by invoking its function through the alias prod",
    "each responds as the contract says, so its role allows what it does",
    "https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
)  # fmt: skip


def plan(subject: Subject, progress: Callable[[str], None]) -> Iterator[Result]:
    """Yield whether a plan would change anything, and what."""
    terraform = outputs.terraform(subject.environment)
    progress("terraform plan")
    planned = terraform.plan(lock=False)
    changed = planned.described
    if not (planned.applicable or changed):
        yield right(PLAN, "no changes")
        return
    more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
    yield right(PLAN, f"{len(changed)} changes: {'; '.join(changed[:SHOWN])}{more}", is_right=False)


def operations(subject: Subject, progress: Callable[[str], None]) -> Iterator[Result]:
    """Yield which operations fail, and why."""
    progress("as after a deploy")
    wrong = survey.failures(subject.environment, subject.functions)
    seen = "; ".join(wrong) or f"{len(subject.described.operations)} operations work"
    yield right(OPERATIONS, seen, not wrong)


PLAN_PART = Part("plan", "Compare with Terraform's plan", 300, (PLAN,), plan)
OPERATIONS_PART = Part("operations", "Call every operation", 120, (OPERATIONS,), operations)
