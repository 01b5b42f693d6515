"""How much memory a process and its descendants take, second by second. Linux only, as `make torture` is."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def watched(pid: int) -> Iterator[list[float]]:
    """Yield a list that gets, every second, the megabytes that `pid` and its descendants have in memory."""
    seen: list[float] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(1.0):
            seen.append(megabytes(pid))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def megabytes(pid: int) -> float:
    """Return the memory of a process and its descendants: what is shared between them counts once."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
    family, found = {pid}, {pid}
    while found:
        found = {child for child, parent in parents.items() if parent in found}
        family |= found
    return sum(_proportional(member) for member in family) / 1024


def _proportional(pid: int) -> int:
    """Return the kilobytes of a process, of shared pages its share: https://docs.kernel.org/filesystems/proc.html"""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
