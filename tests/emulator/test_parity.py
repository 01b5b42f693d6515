"""docs/parity.md says what the tests of this directory show."""

from __future__ import annotations

import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

from emulator import parity
from emulator.__main__ import environment
from emulator.differences import registered

ROOT = Path(__file__).resolve().parents[2]


def rendered(tmp_path: Path) -> str:
    """The page, rendered in a process of its own: importing MiniStack reads the environment."""
    made = subprocess.run(
        [sys.executable, "-m", parity.__name__],
        check=True,
        capture_output=True,
        text=True,
        env={**environment(0, tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return made.stdout


def test_page_is_what_the_additions_say(tmp_path: Path) -> None:
    assert (ROOT / "docs" / "parity.md").read_text() == rendered(tmp_path)


def test_every_difference_is_tested_in_both_directions() -> None:
    parity.render()
    tested: dict[str, set[str]] = {"adds": set(), "lacks": set()}
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        members = vars(importlib.import_module(f"{__package__}.{module.name}")).values()
        for mark in [m for member in members for m in getattr(member, "pytestmark", [])]:
            if mark.name in tested:
                tested[mark.name].add(mark.args[0].name)
    names = {difference.name for difference in registered()}
    added = {difference.name for difference in registered() if difference.here}
    assert tested == {"adds": added, "lacks": names}


def test_every_source_is_a_page_of_the_vendor() -> None:
    parity.render()
    for difference in registered():
        assert difference.source.startswith("https://docs.aws.amazon.com/"), difference.name
