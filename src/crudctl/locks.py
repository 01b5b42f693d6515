"""Locks between the processes of one machine. The system releases them when their process ends, however it ends."""

from __future__ import annotations

import contextlib
import fcntl
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

_threads: defaultdict[Path, threading.RLock] = defaultdict(threading.RLock)
_held: set[Path] = set()


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock of a file, which is made for it, and wait for others first. Who holds it may take it again."""
    with _threads[path]:
        if path in _held:
            yield
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            _held.add(path)
            try:
                yield
            finally:
                _held.discard(path)


def of_builds(root: Path) -> contextlib.AbstractContextManager[None]:
    """Hold the lock of what is built in the project at `root`: nobody else replaces it meanwhile."""
    return held(root / "build" / "lock")
