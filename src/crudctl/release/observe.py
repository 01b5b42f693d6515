"""Reads what both versions of a release have served, as next_step.py takes it. Decides nothing.

Runs in Lambda too (rollback_function.py): standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from crudctl.release.evidence import Evidence
from crudctl.release.metrics import Metrics
from crudctl.release.next_step import Observed
from crudctl.release.record import Release

Counted = Callable[[Evidence, Mapping[str, str], Mapping[str, str]], Evidence]


def observe(metrics: Metrics, release: Release, counted: Counted | None = None) -> Observed:
    """Return the requests of both versions, for a release that has begun its first shift.

    Args:
        metrics: of the functions.
        release: which one.
        counted: adds who was refused (callers.py). Without it, 4xx responses are not read: they say nothing by themselves.
    """
    periods, served = metrics.evidence(
        release.old,
        release.new,
        release.stages,
        release.bake,
        release.counted_from,
        refusals=release.refusals if counted else None,
    )
    if counted:
        periods = counted(periods, release.old, release.new)
    if release.doing != "watch":
        return Observed(periods, served)
    changed = {name: version for name, version in release.new.items() if version != release.old.get(name)}
    alone = metrics.alone(changed, release.stages[-1][-1])
    return Observed(periods, alone, alone)
