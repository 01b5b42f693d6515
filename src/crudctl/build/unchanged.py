"""Leaves the package as it is while neither what it is made of nor what was built has changed. For the local stack only."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from crudctl.build import files, package

STAMP = "package.sha256"
BUILT = (
    "functions.zip",
    "rollback.zip",
    "openapi.json",
    "service.json",
    "web-contract.json",
    "contract.json",
    "openapi-3.1.json",
)


def build(root: Path) -> None:
    """Build the package of the project at `root`, unless that would change nothing. Raise Failed if it fails."""
    stamp = root / "build" / STAMP
    if stamp.exists() and stamp.read_text(encoding="ascii") == _digest(root):
        return
    package.build_or_fail(root)
    files.write(stamp, _digest(root))  # of its sources after the build: one of them is generated


def _digest(root: Path) -> str:
    """Return a digest of the contract, all sources that may be in the package or make it, and what was built of them.

    The folder is not part of it: a project that was moved or copied is as it was built.
    """
    makers = Path(__file__).parents[1]
    made_of = [root / "contract" / "openapi.yaml", *(root / "src" / "functions").rglob("*.py")]
    built = [root / "build" / name for name in BUILT]
    paths = {str(path.relative_to(root)): path for path in (*made_of, *built)}
    paths |= {f"crudctl/{path.relative_to(makers)}": path for path in makers.rglob("*.py")}
    digest = hashlib.sha256(sys.version.encode())
    for name in sorted(name for name, path in paths.items() if path.exists()):
        digest.update(f"{name}\0{hashlib.sha256(paths[name].read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
