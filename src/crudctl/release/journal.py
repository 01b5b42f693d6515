"""The record of a release as one releaser writes it: signed, and before anything is done. Knows nothing of aliases."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from crudctl import processes
from crudctl.release.guard import Decision
from crudctl.release.record import Records, Release
from crudctl.release.view import moment
from crudctl.release.wording import DOING


class Watcher(Protocol):
    """Follows a release, to show it or to test it."""

    def log(self, line: str) -> None:
        """Receive a line about what was just done."""

    def show(self, release: Release, decision: Decision) -> None:
        """Receive the release after a look at the metrics, with its figures and what they led to."""


def whoami() -> str:
    """Return user and machine, such as `sam@build-1`."""
    return f"{processes.user()}@{socket.gethostname()}"


class Journal:
    """What one releaser writes.

    Args:
        records: the table of releases.
        watcher: receives a line after each write.
        clock: returns the time in seconds since the epoch.
        sleep: waits for a number of seconds of `clock`.

    Attributes:
        holder: the releaser's token.
        saved: seconds since the epoch of its last write; before the first, of its creation.
    """

    def __init__(
        self,
        records: Records,
        watcher: Watcher,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._records = records
        self._watcher = watcher
        self._clock = clock
        self._sleep = sleep
        self.holder = str(uuid.uuid4())
        self.saved = clock()

    def signature(self) -> dict[str, Any]:
        """Return the fields of a record that identify its releaser."""
        host, pid = socket.gethostname(), os.getpid()
        return {
            "holder": self.holder,
            "who": whoami(),
            "host": host,
            "pid": pid,
            "process": processes.identity(pid),
            "seen": self._clock(),
        }

    def begin(self, release: Release, last: Release | None) -> None:
        """Make `release` the one under way, after `last`. Raise record.Refused if another one came first."""
        self._records.begin(release, last)
        self._watcher.log(f"release {release.number}: started")

    def take_over(self, number: int | None = None) -> Release:
        """Make this releaser the holder of the release under way, if it is `number` or that is None.

        Raise record.NothingUnderWay, record.TakenOver.
        """
        release = self._records.take_over(number=number, **self.signature())
        note = f"{moment(release.seen)}: taken over by {release.who} while {DOING[release.doing]}"
        return self.save(release, quiet=True, notes=[*release.notes, note])

    def mine(self) -> Release:
        """Return the release as it is recorded now. Raise record.TakenOver if another releaser has it."""
        return self._records.mine(self.holder)

    def save(self, release: Release, *, quiet: bool = False, **changes: Any) -> Release:
        """Write `release` with its changes, and return it. Raise record.TakenOver if another releaser has it.

        Args:
            release: held by this releaser.
            quiet: do not log.
            changes: new values of fields.
        """
        release = replace(release, seen=self._clock(), **changes)
        self._records.save(release)
        self.saved = release.seen
        if not quiet:
            self._watcher.log(
                f"release {release.number}: {DOING[release.doing] if release.running else release.outcome}"
            )
        return release

    def of_another(self, number: int, interval: float, patience: float = 60.0) -> Release:
        """Wait until whoever took release `number` over has ended it, and return it.

        Args:
            number: of the release.
            interval: seconds between two looks at the record.
            patience: seconds after which it is returned as it is, although it is still running.
        """
        deadline = self._clock() + patience
        while True:
            current = self._records.current()
            assert current is not None
            if current.number != number:
                return next(release for release in self._records.past() if release.number == number)
            if not current.running or self._clock() > deadline:
                return current
            self._sleep(interval)
