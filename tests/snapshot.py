"""One applied local stack, made once and cloned for every test that needs a stack of its own.

As pgtestdb clones a template database: the snapshot is named by a hash of what it was made from, so it is made again only
when one of those files changes. It holds what `crudctl up` leaves behind in a copy of the project after `crudctl down`.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from emulator import process
from tests.stack import ROOT, Stack, free_port, project_files

SNAPSHOTS = ROOT / "build" / "snapshots"
MADE_FROM = ("tests/contracts", "infra", "src", "web", "requirements.txt")
KEPT = (".local", "build", "web/dist", "infra/.terraform.lock.hcl", "src/functions/operations.py")


@contextlib.contextmanager
def cloned(home: Path) -> Iterator[Stack]:
    """A stack of the tests' own in the new folder `home`, applied and stopped; `crudctl up` starts it. Removed in the end."""
    stack = _clone(home)
    try:
        yield stack
    finally:
        stack.crudctl("clean", "--yes")


def _clone(home: Path) -> Stack:
    """Copy the snapshot to `home`, with free ports."""
    snapshot = _snapshot()
    stack = Stack(home)
    for name in KEPT:
        if (snapshot / name).is_dir():
            shutil.copytree(snapshot / name, home / name, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy2(snapshot / name, home / name)
    record_file = home / ".local" / "stack.json"
    record = json.loads(record_file.read_text(encoding="utf-8"))
    state_file = home / ".local" / "terraform" / "terraform.tfstate"
    state = state_file.read_text(encoding="utf-8")
    before = process.endpoint_url(record["web_port"])
    record |= {"port": free_port(), "web_port": free_port()}
    record_file.write_text(json.dumps(record), encoding="utf-8")
    # The web app's address is an output of Terraform: a plan on the clone must show no change.
    state_file.write_text(state.replace(before, process.endpoint_url(record["web_port"])), encoding="utf-8")
    return stack


def _snapshot() -> Path:
    """Return the folder of the snapshot of this checkout; the first process that asks for it makes it."""
    digest = hashlib.sha256()
    for name in project_files():
        if name.startswith(MADE_FROM):
            digest.update(f"{name}\0{hashlib.sha256((ROOT / name).read_bytes()).hexdigest()}\n".encode())
    snapshot = SNAPSHOTS / digest.hexdigest()[:16]
    SNAPSHOTS.mkdir(parents=True, exist_ok=True)
    with (SNAPSHOTS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not snapshot.exists():
            for outdated in SNAPSHOTS.glob("*/"):
                shutil.rmtree(outdated)
            _make(snapshot)
    return snapshot


def _make(snapshot: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder) / "items")
        try:
            stack.crudctl("up", "--port", str(free_port()), "--web-port", str(free_port()))
            stack.crudctl("down")
            incomplete = snapshot.with_suffix(".incomplete")
            for name in KEPT:
                (incomplete / name).parent.mkdir(parents=True, exist_ok=True)
                if (stack.home / name).is_dir():
                    shutil.copytree(stack.home / name, incomplete / name, symlinks=True)
                else:
                    shutil.copy2(stack.home / name, incomplete / name)
            incomplete.rename(snapshot)
        finally:
            stack.crudctl("clean", "--yes")
