"""The record of a release as one releaser keeps it: signed by it, and written before anything is done. Knows no alias."""

from __future__ import annotations

import getpass
import os
import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from crudctl.release.guard import Decision
from crudctl.release.record import Records, Release
from crudctl.release.view import moment


class Watcher(Protocol):
    """Who is shown what happens."""

    def tell(self, line: str) -> None:
        """Something was done."""

    def show(self, release: Release, decision: Decision) -> None:
        """The evidence was looked at."""


class Journal:
    """What one releaser writes.

    Args:
        records: where.
        watcher: is told of each write, after it.
        clock: returns the time in seconds since the epoch.
        sleep: waits for a number of seconds of `clock`.

    Attributes:
        holder: its token.
        saved: when it last wrote, in seconds since the epoch; at first when it was made.
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
        """What a record says of its releaser."""
        host = socket.gethostname()
        who = f"{getpass.getuser()}@{host}"
        return {"holder": self.holder, "who": who, "host": host, "pid": os.getpid(), "seen": self._clock()}

    def begin(self, release: Release, last: Release | None) -> None:
        """Makes `release` the one under way, after `last`. Raises record.Refused."""
        self._records.begin(release, last)
        self._watcher.tell(f"release {release.number}: begun")

    def take_over(self) -> Release:
        """Makes the release under way this releaser's. Raises record.NothingUnderWay, record.TakenOver."""
        release = self._records.take_over(**self.signature())
        told = f"{moment(release.seen)}: taken over by {release.who}, while it was at: {release.doing}"
        return self.save(release, quiet=True, notes=[*release.notes, told])

    def mine(self) -> Release:
        """The release as it is now. Raises record.TakenOver when somebody else has it."""
        return self._records.mine(self.holder)

    def save(self, release: Release, *, quiet: bool = False, **changes: Any) -> Release:
        """Writes `release` with its changes, and returns it. Raises record.TakenOver."""
        release = replace(release, seen=self._clock(), **changes)
        self._records.save(release)
        self.saved = release.seen
        if not quiet:
            self._watcher.tell(f"release {release.number}: {release.doing if release.running else release.outcome}")
        return release

    def of_another(self, number: int, interval: float, patience: float = 60.0) -> Release:
        """Release `number` as whoever took it over ended it, or as it is after `patience` seconds.

        Args:
            interval: seconds between two looks.
        """
        deadline = self._clock() + patience
        while True:
            found = self._records.current()
            assert found is not None
            if found.number != number:
                return next(release for release in self._records.past() if release.number == number)
            if not found.running or self._clock() > deadline:
                return found
            self._sleep(interval)
