"""Takes a release back: shared by the command and by the function that an alarm calls. Knows no metric.

It runs in Lambda too (cloud.py): standard library only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from crudctl.release.aliases import CANARY, PROD, Aliases, Position
from crudctl.release.record import ROLLED_BACK, Records, Release


def take_back(
    release: Release,
    records: Records,
    aliases: Aliases,
    *,
    why: str,
    by: str,
    state: str = ROLLED_BACK,
    clock: Callable[[], float] = time.time,
) -> Release:
    """Sends all traffic to the old versions, puts `canary` back and ends the release.

    What it is about to do is in the record before, so that whoever comes next can finish it. An alias that is neither at the
    old nor at the new version was moved by somebody else and is left alone; `elsewhere` says which.

    Returns the release as it ended. It stays running when an alias could not be put back; `notes` says which.
    Raises record.TakenOver when somebody else has it.
    """
    release = replace(release, doing="roll back", why=why, by=by, seen=clock())
    records.save(release)
    stuck, elsewhere = [], []
    for alias, before in ((PROD, release.old), (CANARY, release.canary)):
        wanted = {operation: Position(version) for operation, version in before.items()}
        back = aliases.put_back(
            alias,
            wanted,
            lambda operation, at: ours(release, operation, at),
            lambda: records.mine(release.holder),
        )
        stuck += [f"{alias} of {operation}" for operation in back.stuck]
        elsewhere += [f"{alias} of {operation} at {at}" for operation, at in back.elsewhere.items()]
    if stuck:
        release = replace(release, notes=[*release.notes, f"could not be put back: {', '.join(stuck)}"])
        records.save(release)
        return release
    release = replace(release, state=state, ended=clock(), seen=clock(), elsewhere=elsewhere)
    records.save(release)
    records.archive(release)
    return release


def ours(release: Release, operation: str, at: Position) -> bool:
    """Whether an alias that is there may have been moved by the release: it calls versions of the release alone."""
    versions = {release.old[operation], release.new[operation], release.canary[operation]}
    return at.version in versions and at.other in versions | {""}
