"""Folders of their own for what runs at the same time. Each is removed when it is no longer in use."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import weakref
from pathlib import Path

from crudctl import locks


class PrivateFolder:
    """A new folder for one user of `parent`, with mode 0700.

    It is removed by `close`, when the object is deleted and when the program ends. If the program is killed, the next one removes
    it, once no process has its lock any more: a Terraform that goes on without its crudctl still has it.

    Attributes:
        path: the folder.
        lock: file descriptor of its lock, for programs that work in it.
    """

    def __init__(self, parent: Path) -> None:
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locks.held(parent / "lock"):
            for other in parent.glob("*.lock"):
                _remove_abandoned(other)
            self.path = Path(tempfile.mkdtemp(dir=parent))
            self.lock = _open(self.path.with_suffix(".lock"))
            fcntl.flock(self.lock, fcntl.LOCK_EX)
        self._end = weakref.finalize(self, _remove, self.path, self.lock)

    def close(self) -> None:
        """Remove the folder and everything in it."""
        self._end()


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _remove_abandoned(lock: Path) -> None:
    """Remove the folder of a lock that no process has."""
    file = _open(lock)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
    else:
        _remove(lock.with_suffix(""), file)


def _remove(folder: Path, lock: int) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    folder.with_suffix(".lock").unlink(missing_ok=True)
    os.close(lock)
