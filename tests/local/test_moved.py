"""A stack whose addresses in infra/, or whose resource in the contract, had other names: the next apply must keep what it has."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.snapshot import cloned
from tests.stack import ROOT, Stack

MOVED = ROOT / "infra" / "moved.tf"
BLOCK = re.compile(r"moved \{\s*from = (\S+)\s*to\s+= (\S+)\s*\}")

pytestmark = pytest.mark.skipif(not MOVED.exists(), reason="nothing was moved in a new project")


@pytest.fixture
def untouched(tmp_path: Path) -> Iterator[Stack]:
    """A stack as `up` leaves it; on the shared one, other tests change what Terraform made."""
    with cloned(tmp_path / "stack") as stack:
        stack.crudctl("up")
        yield stack


def test_every_address_that_changed_is_moved_and_nothing_is_destroyed(untouched: Stack, tmp_path: Path) -> None:
    """Nor by a contract whose collection has another name, which is part of the table's."""
    described = untouched.home / "build" / "service.json"
    service = json.loads(described.read_text(encoding="utf-8"))
    described.write_text(json.dumps(service | {"collection": "things"}), encoding="utf-8")
    state = tmp_path / "terraform.tfstate"
    shutil.copyfile(untouched.state, state)
    moved = BLOCK.findall(MOVED.read_text(encoding="utf-8"))
    assert len(moved) == MOVED.read_text(encoding="utf-8").count("moved {")
    for before, now in moved:
        command = ["terraform", "state", "mv", "-state", str(state), now, before]
        subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    _, output = untouched.plan(state)
    assert output.count("has moved to") == len(moved)
    assert "Plan: 0 to add, 0 to change, 0 to destroy." in output
