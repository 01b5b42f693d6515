"""A terminal in which the commands of a page are typed, on a local stack instead of prod."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from tests.stack import ROOT, Stack

END = "\x1f"  # before the exit code of a command; no command prints it
AWS = ROOT / ".venv" / "aws" / "bin" / "aws"


def here(command: str, prefix: str) -> str:
    """Return a command of a page as it is typed here: on the local stack. This is all that is replaced.

    Args:
        prefix: of the names of the local stack's resources, such as `items-local`.
    """
    service = prefix.removesuffix("-local")
    command = re.sub(r" --env (prod|test)\b", "", command)
    return re.sub(rf"\b{re.escape(service)}-prod\b", prefix, command)


class Shell:
    """One bash, whose variables stay from one command to the next, in the folder of a stack. A context manager.

    Its standard input is a terminal, so that commands ask for a confirmation; what they print goes to a pipe.
    """

    def __init__(self, stack: Stack) -> None:
        self._prefix = stack.environment.prefix
        programs = stack.home / "build" / "programs"
        programs.mkdir(parents=True, exist_ok=True)
        (stack.home / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
        for program in (programs / "crudctl", stack.home / ".venv" / "bin" / "crudctl"):
            _write(program, f'exec {sys.executable} -m crudctl.cli "$@"')
        _write(stack.home / ".venv" / "bin" / "pytest", f'exec {sys.executable} -m pytest "$@"')
        _write(programs / "aws", f'exec {AWS} "$@"')
        self._keyboard, terminal = pty.openpty()
        commands, self._commands = os.pipe()
        path = {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(stack.home / "src"), "AWS_PAGER": ""}
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc", f"/dev/fd/{commands}"],
            cwd=stack.home,
            env=os.environ | path,
            pass_fds=[commands],
            stdin=terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )
        os.close(terminal)
        os.close(commands)

    def __enter__(self) -> Shell:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        os.close(self._commands)
        os.close(self._keyboard)
        self._bash.kill()
        self._bash.wait()

    def type(self, command: str, answer: str = "") -> tuple[int, str]:
        """Run a command of a page. Return its exit code, and what it printed on both streams.

        Args:
            answer: to the question that it asks.
        """
        assert self._bash.stdout
        if answer:
            os.write(self._keyboard, f"{answer}\n".encode())
        os.write(self._commands, f"{here(command, self._prefix)}\nprintf '{END}%d\\n' $?\n".encode())
        printed = ""
        for line in self._bash.stdout:
            text, ended, code = line.partition(END)
            printed += text
            if ended:
                return int(code), printed
        raise AssertionError(f"bash ended within {command}\n{printed}")


def _write(program: Path, script: str) -> None:
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
