"""Rolls a release back: shared by the command and by the function that an alarm calls. Knows nothing of metrics.

Runs in Lambda too (rollback_function.py): standard library only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from crudctl.release.aliases import CANARY, PROD, Aliases, Position
from crudctl.release.record import ROLLED_BACK, Records, Release


def roll_back(
    release: Release,
    records: Records,
    aliases: Aliases,
    *,
    why: str,
    by: str,
    state: str = ROLLED_BACK,
    clock: Callable[[], float] = time.time,
) -> Release:
    """Send all traffic to the old versions, put `canary` back, end the release, and return it.

    The step `roll back` is in the record before anything is done, so that whoever comes next can finish it. An alias that calls a
    version that is not part of the release was moved by something else. It is left alone, and listed in `elsewhere`.

    If an alias could not be restored, the release stays running; `notes` says which alias.

    Args:
        release: held by the caller.
        records: the table of releases.
        aliases: of all functions of the release.
        why: the reason, for the record.
        by: who or what decided.
        state: in which it ends, ROLLED_BACK or FAILED.
        clock: returns the time in seconds since the epoch.

    Raises:
        record.TakenOver: another releaser has the release.
    """
    release = replace(release, doing="roll back", why=why, by=by, seen=clock())
    records.save(release)
    stuck, elsewhere = [], []
    for alias, before in ((PROD, release.old), (CANARY, release.canary)):
        wanted = {operation: Position(version) for operation, version in before.items()}
        left = aliases.put_back(
            alias,
            wanted,
            lambda operation, at: ours(release, operation, at),
            lambda: records.mine(release.holder),
        )
        stuck += [f"{alias} of {operation}" for operation in left.stuck]
        elsewhere += [f"{alias} of {operation} at {at}" for operation, at in left.elsewhere.items()]
    if stuck:
        release = replace(release, notes=[*release.notes, f"could not be restored: {', '.join(stuck)}"])
        records.save(release)
        return release
    release = replace(release, state=state, ended=clock(), seen=clock(), elsewhere=elsewhere)
    records.save(release)
    records.archive(release)
    return release


def ours(release: Release, operation: str, at: Position) -> bool:
    """Whether the release may have moved an alias there: it calls only versions that are part of the release."""
    versions = {of.get(operation) for of in (release.old, release.new, release.canary)}
    return at.version in versions and at.other in versions | {""}
