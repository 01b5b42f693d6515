"""docs/parity.md matches the additions and the tests of this directory."""

from __future__ import annotations

import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from emulator import parity
from emulator.patches import Difference, registered

ROOT = Path(__file__).resolve().parents[2]
for registering in ("emulator.known_gaps", "emulator.server"):
    importlib.import_module(registering)
DIFFERENCES = registered()
VENDOR = ("https://docs.aws.amazon.com/", "https://github.com/aws/")


@pytest.fixture(scope="module")
def rendered() -> str:
    """The page, rendered in a process of its own, because rendering patches MiniStack."""
    command = [sys.executable, "-m", parity.__name__]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout


def test_page_is_up_to_date(rendered: str) -> None:
    assert (ROOT / "docs" / "parity.md").read_text() == rendered


def test_every_addition_has_a_patch(rendered: str) -> None:
    rows = {row.split("`")[1]: row for row in rendered.splitlines() if row.startswith("| `")}
    without = {name for name, row in rows.items() if row.split(" | ")[-2] == "none"}
    assert without == {difference.name for difference in DIFFERENCES if not difference.here}


def test_every_difference_is_tested_in_both_directions() -> None:
    tested: dict[str, set[str]] = {"adds": set(), "lacks": set()}
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        functions = vars(importlib.import_module(f"{__package__}.{module.name}")).values()
        for mark in [mark for function in functions for mark in getattr(function, "pytestmark", [])]:
            if mark.name in tested:
                tested[mark.name].add(mark.args[0].name)
    names = {difference.name for difference in DIFFERENCES}
    added = {difference.name for difference in DIFFERENCES if difference.here}
    assert tested == {"adds": added, "lacks": names}


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.name)
def test_every_source_is_a_page_of_the_vendor(difference: Difference) -> None:
    assert difference.source.startswith(VENDOR)
