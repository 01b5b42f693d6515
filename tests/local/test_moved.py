"""A stack that was made before addresses in infra/ got their names: the next apply must keep what it has."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.stack import ROOT, Stack

MOVED = ROOT / "infra" / "moved.tf"
BLOCK = re.compile(r"moved \{\s*from = (\S+)\s*to\s+= (\S+)\s*\}")

pytestmark = pytest.mark.skipif(not MOVED.exists(), reason="nothing was moved in a new project")


def test_every_address_that_changed_is_moved_and_nothing_is_destroyed(stack: Stack, tmp_path: Path) -> None:
    state = tmp_path / "terraform.tfstate"
    shutil.copyfile(stack.state, state)
    moved = BLOCK.findall(MOVED.read_text(encoding="utf-8"))
    assert len(moved) == MOVED.read_text(encoding="utf-8").count("moved {")
    for before, now in moved:
        command = ["terraform", "state", "mv", "-state", str(state), now, before]
        subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    _, output = stack.plan(state)
    assert output.count("has moved to") == len(moved)
    assert "Plan: 0 to add, 0 to change, 0 to destroy." in output
