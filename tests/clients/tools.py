"""The generators and compilers of docs/clients.md, in the versions that this project pins."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from crudctl.web import build as web
from tests.stack import ROOT

PAGE = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")


class Ran:
    """How a command ended: its exit code, and everything it printed.

    Args:
        folder: where it runs.
        environ: in addition to this process's environment.
    """

    def __init__(self, folder: Path, *command: str, stdin: str = "", **environ: str) -> None:
        paths = [str(Path(sys.executable).parent), os.environ["PATH"]]
        env = {**os.environ, "PATH": os.pathsep.join(paths), "NO_COLOR": "1", "PYTHONPATH": "", **environ}
        done = subprocess.run(command, cwd=folder, env=env, input=stdin, capture_output=True, text=True, check=False)
        self.code, self.output = done.returncode, done.stdout + done.stderr


def packages() -> Path:
    """Return the folder of the npm packages in tests/clients, which are installed if they are not up to date."""
    (ROOT / "build").mkdir(exist_ok=True)
    with (ROOT / "build" / "client-packages.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        web.install(ROOT, lambda _: None, "tests/clients", "client-packages.sha256")
    return ROOT / "tests" / "clients" / "node_modules"
