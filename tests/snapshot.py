"""One applied local stack, made once and cloned for every test that needs a stack of its own.

As pgtestdb clones a template database: the snapshot is named by a hash of what it was made from, so it is made again only
when one of those files changes. It holds what `crudctl up` leaves behind in a copy of the project after `crudctl down`.
tests/deploy/snapshot.py keeps one of a deployed account.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
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


def snapshot(kind: str, made_from: Iterable[str], make: Callable[[Path], None]) -> Path:
    """Return the folder of a snapshot of this checkout; the first process that asks for it makes it.

    Args:
        kind: what it is of.
        made_from: beginnings of the paths of the project's files that it depends on.
        make: writes the snapshot to the new folder that it is given.
    """
    digest = hashlib.sha256()
    for name in project_files():
        if name.startswith(tuple(made_from)):
            digest.update(f"{name}\0{hashlib.sha256((ROOT / name).read_bytes()).hexdigest()}\n".encode())
    found = SNAPSHOTS / kind / digest.hexdigest()[:16]
    found.parent.mkdir(parents=True, exist_ok=True)
    with (found.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.exists():
            for outdated in found.parent.glob("*/"):
                shutil.rmtree(outdated)
            incomplete = found.with_suffix(".incomplete")
            make(incomplete)
            incomplete.rename(found)
    return found


def copy(source: Path, target: Path, names: Iterable[str]) -> None:
    """Copy files and folders of the folder `source` to `target`, into the folders that are there."""
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy2(source / name, target / name)


def _clone(home: Path) -> Stack:
    """Copy the snapshot to `home`, with free ports."""
    stack = Stack(home)
    copy(snapshot("local", MADE_FROM, _make), home, KEPT)
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


def _make(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        stack = Stack(Path(temporary) / "items")
        try:
            stack.crudctl("up", "--port", str(free_port()), "--web-port", str(free_port()))
            stack.crudctl("down")
            copy(stack.home, folder, KEPT)
        finally:
            stack.crudctl("clean", "--yes")
