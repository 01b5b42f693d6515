"""The session with curl in README.md or docs works when pasted, whatever the project's resource and its fields are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

from crudctl.build.service import Service
from tests.stack import ROOT, Stack

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def section(title: str) -> str:
    """The one section of this title."""
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    (found,) = [text.split(f"\n## {title}\n")[1] for text in texts if f"\n## {title}\n" in text]
    return found.split("\n## ")[0]


def pasted(stack: Stack, script: str) -> str:
    """The standard output of a shell that runs `script` in the stack's folder."""
    program = stack.home / ".venv" / "bin" / "crudctl"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m crudctl.cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    environ = os.environ | {"PYTHONPATH": str(stack.home / "src")}
    command = ["bash", "-euo", "pipefail", "-c", script]
    result = subprocess.run(command, cwd=stack.home, env=environ, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_session_with_curl_works_when_pasted(own_stack: Stack, described: Service) -> None:
    (script,) = re.findall(r"```sh\n(.*?)```", section("A session with curl"), re.DOTALL)
    printed = pasted(own_stack, script)
    statuses = re.findall(r"^HTTP/1.1 (\d+)", printed, re.MULTILINE)
    assert statuses == ["201", "200", "412", "204", "200", "204", "409"]
    field, value = next(iter(described.sample.items()))
    assert f"{json.dumps(field)}:{json.dumps(value, separators=(',', ':'), ensure_ascii=False)}" in printed
    for seen in ('"current_version":2', '"version":3', f'"type":"{described.problems}deleted"', '"deleted_at":'):
        assert seen in printed
