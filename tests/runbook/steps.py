"""One section of a page, worked through command by command."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from crudctl.build.service import Service
from tests.runbook.pages import Section
from tests.runbook.shell import Shell
from tests.stack import Stack

# Which commands need a real account, by their beginning, and why. They are typed here too: the AWS CLI must understand them.
ONLY_ON_AWS = {
    "aws ce ": "the emulator has no costs",
    "crudctl deploy ": "the local stack is deployed to by `crudctl up`; tests/deploy runs it on an emulated account",
    "crudctl doctor --env prod": "the local stack has no state bucket; tests/deploy runs it on an emulated account",
}


@dataclass
class Steps:
    """The commands of a section, run in its order.

    Attributes:
        stack: that they work on.
        described: the contract's names.
    """

    stack: Stack
    described: Service
    section: Section
    shell: Shell
    ran: list[str] = field(default_factory=list)

    def next(self, beginning: str, code: int = 0, answer: str = "", **values: str) -> str:
        """Run the next command, which begins like this, and return what it printed.

        Args:
            code: its exit code.
            answer: to the question that it asks.
            values: of the words in capitals.
        """
        assert len(self.ran) < len(self.section.commands), f"{self.section.title} has no command after {self.ran[-1:]}"
        command = self.section.commands[len(self.ran)]
        assert command.startswith(beginning), f"{self.section.title}: expected {beginning}, found {command}"
        self.ran.append(command)
        for name, value in values.items():
            assert name in command, f"{name} is not in {command}"
            command = re.sub(rf"\b{name}\b", lambda _, value=value: value, command)  # type: ignore[misc]
        exit_code, printed = self.shell.type(command, answer)
        assert exit_code == code, f"{command}\nexited {exit_code}\n{printed}"
        return printed

    def only_on_aws(self, beginning: str) -> None:
        """Pass over the next command, which needs a real account; an `aws` command must get as far as the service."""
        command = self.section.commands[len(self.ran)]
        assert command.startswith(beginning), f"{self.section.title}: expected {beginning}, found {command}"
        assert any(command.startswith(each) for each in ONLY_ON_AWS), command
        self.ran.append(command)
        if command.startswith("aws "):
            assert "when calling the" in self.shell.type(command)[1], command

    def end(self) -> None:
        """Fail if a command of the section was not run."""
        left = self.section.commands[len(self.ran) :]
        assert not left, f"{self.section.title}: not run: {left}"


Recipe = Callable[[Steps], None]
