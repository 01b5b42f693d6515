"""The options of `crudctl deploy`, and which of them make no sense: all are checked before anything is done."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from crudctl.console import Failed
from crudctl.infra.terraform import DIGITS, HOLDERS
from crudctl.release.commands import Pace

STEPS = ("build", "apply", "release", "web")


@dataclass(frozen=True)
class Options:
    """What was asked for.

    Attributes:
        only: the steps to run.
        pace: of a release.
        plan, yes, older, no_doctor, accept_differences: as `crudctl deploy --help` explains them.
        write: the folder to write a plan to.
        delete: addresses of tables and user pools that the plan may delete.
        approved: the digest of the only plan to apply.
        checksums: SHA-256 of the build/SHA256SUMS that lists what may be shipped.
    """

    only: tuple[str, ...]
    pace: Pace
    plan: bool
    yes: bool
    older: bool
    no_doctor: bool
    accept_differences: bool
    write: Path | None
    delete: tuple[str, ...]
    approved: str | None
    checksums: str | None

    @property
    def ships(self) -> bool:
        """Whether anything is changed in the environment."""
        return set(self.only) != {"build"}

    def check(self) -> None:
        """Raise Failed for the first option that is invalid, or does not go with the others."""
        applies = "apply" in self.only and not self.plan
        if self.plan and self.only != STEPS and not set(self.only) <= {"build", "apply"}:
            raise Failed(f"--plan shows what apply would change, not {', '.join(self.only)}.", "Omit --only.")
        if self.write and not self.plan:
            raise Failed("--write is for --plan.", "Add --plan, or omit --write.")
        for option, value in (("--delete", self.delete), ("--approved", self.approved)):
            if value and not applies:
                raise Failed(f"{option} is for the step apply, which is not run.", f"Omit {option}.")
        for address in self.delete:
            if not re.search(rf"(^|\.)({'|'.join(HOLDERS)})\.\w", address):
                raise Failed(
                    f"--delete {address} is not the address of a table or user pool.", "Copy it from the plan."
                )
        for option, value, digits in (("--approved", self.approved, DIGITS), ("--checksums", self.checksums, 64)):
            if value is not None and not re.fullmatch(rf"[0-9a-f]{{{digits}}}", value):
                raise Failed(
                    f"{option} {value!r} is not {digits} hexadecimal digits.", "Copy it from where it was printed."
                )
        if self.checksums and "build" in self.only:
            raise Failed(
                "--checksums is for a package that was built before.",
                "Choose the other steps with --only, without build.",
            )
        if {"apply", "release"} & set(self.only) and not (self.plan or self.yes or sys.stdin.isatty()):
            raise Failed(
                "Confirmation required, but stdin is not a terminal.",
                "Review the changes with --plan, then pass --yes.",
            )
