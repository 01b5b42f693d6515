"""Copies of the installed MiniStack that a test may change, and the environment that makes Python import them."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

UPSTREAM = sorted((Path(__file__).parents[2] / "docs" / "upstream").glob("*.patch"))


def copy_of_ministack(folder: Path) -> Path:
    """Copy the installed package into `folder` and return the copy. Compiled files are copied too: they stay valid."""
    spec = find_spec("ministack")
    assert spec is not None
    assert spec.origin is not None
    return Path(shutil.copytree(Path(spec.origin).parent, folder / "ministack"))


def importing(folder: Path) -> str:
    """Return the PYTHONPATH with which packages in `folder` come before the installed ones."""
    return os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])


def edit(path: Path, old: str, new: str) -> None:
    """Replace every `old` in a file, of which there must be one."""
    source = path.read_text(encoding="utf-8")
    assert old in source
    path.write_text(source.replace(old, new), encoding="utf-8")


def apply(patch: Path, folder: Path) -> None:
    """Apply a patch file to the copy of a package in `folder`."""
    subprocess.run(["git", "apply", "--verbose", str(patch)], cwd=folder, check=True)
