"""The rules of before decision 0021, to compare with: they looked at the new version alone in five places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crudctl.release.evidence import Period, total
from crudctl.release.odds import suspicion

LIMIT, DOUBT, IN_A_ROW, UNKNOWN, LEAST = 150.0, 15.0, 5, 0.02, 5


def decide(evidence: Mapping[str, Sequence[Period]], minute: int, bake: int) -> str:
    """Return what was decided after `minute` minutes of a step of at least `bake`."""
    if any(_faults_in_a_row(periods) >= IN_A_ROW for periods in evidence.values()):
        return "roll back"
    odds, _ = suspicion(evidence)
    if odds >= LIMIT:
        return "roll back"
    if minute < bake:
        return "hold"
    new = [total(periods)[0] for periods in evidence.values()]
    silent = any(count.unknown >= LEAST and count.unknown > UNKNOWN * count.requests for count in new)
    if odds < DOUBT and not silent:
        return "promote"
    return "hold" if minute < 2 * bake else "roll back"


def _faults_in_a_row(periods: Sequence[Period]) -> int:
    longest = run = 0
    for period in periods:
        run = run + period.new.faults if not period.new.succeeded else 0
        longest = max(longest, run)
    return longest
