"""Bets that the new version refuses more requests (4xx) than the old one, by operation and status. Pure; decides nothing.

The stake is small, and a bet counts only as far as the requests of all callers but one show it: a version may refuse what one
caller repeats. See docs/decisions/0021-users-stop-no-release.md.

Runs in Lambda too (rollback_function.py): standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import attrgetter

from crudctl.release.bets import ALL_SHARE, RISKS, average, by_weight, log_ratio
from crudctl.release.evidence import Count, Evidence, Period, merged, total

SHARE = 0.05  # of the whole bet
STATUSES = 10  # over which it is split: the most that are compared of an operation
WORTH_ASKING = 1.0  # odds, with their share, from which on it is found out who was refused
Taken = Callable[[Count], Mapping[int, int]]
REFUSED: Taken = attrgetter("refused")
OTHERS: Taken = attrgetter("others")


def bets(evidence: Evidence) -> Iterator[tuple[float, float, Callable[[], str]]]:
    """Yield each bet: its share of the whole bet, its odds, and what returns the finding.

    The odds are those of all callers or of all but one (callers.py), whichever are lower. Nothing is known of the latter as long
    as callers were not counted: then they are 1.

    Args:
        evidence: with one period for each weight (evidence.merged).
    """
    for share, operations, status in _each(evidence):
        about = {operation: evidence[operation] for operation in operations}
        odds = min(_odds(about.values(), status, taken) for taken in (REFUSED, OTHERS))
        yield share, odds, partial(_finding, about, status)


def in_doubt(evidence: Evidence) -> list[tuple[str, int]]:
    """Return the operations and statuses of 4xx that look so bad that it matters who was refused, the worst first."""
    evidence = {operation: merged(periods) for operation, periods in evidence.items()}
    found = [
        (share * _odds([evidence[each] for each in operations], status, REFUSED), operations, status)
        for share, operations, status in _each(evidence)
    ]
    worst = {
        (operation, status): None
        for odds, operations, status in sorted(found, key=lambda bet: -bet[0])
        if odds >= WORTH_ASKING
        for operation in operations
        if total(evidence[operation])[0].refused.get(status)
    }
    return list(worst)


def lone(evidence: Evidence) -> str:
    """Return the worst finding about 4xx that would be in doubt no more without one caller; empty if there is none."""
    for operation, status in in_doubt(evidence):
        periods = evidence[operation]
        odds = _share(evidence) * _odds([periods], status, OTHERS)
        if status in total(periods)[0].others and odds < WORTH_ASKING:
            return _finding({operation: periods}, status)
    return ""


def of_caller(periods: Sequence[Period], tally: Mapping[float, Sequence[int]]) -> float:
    """Return the odds of the refused requests of one caller.

    Args:
        periods: of the operation.
        tally: the caller's refused requests, to the new and to the old version, by the beginning of the period.
    """
    entries = [(period.weight, *tally[period.at]) for period in periods if period.at in tally]
    return average(log_ratio(entries, risk) for risk in RISKS)  # type: ignore[arg-type]


def _each(evidence: Evidence) -> Iterator[tuple[float, Sequence[str], int]]:
    """Yield the bets on 4xx: the share of the whole bet, which never changes, the operations, and the status."""
    compared = {operation: total(periods)[0].refused.keys() for operation, periods in evidence.items()}
    for operation, statuses in compared.items():
        for status in sorted(statuses):
            yield _share(evidence), (operation,), status
    for status in sorted(set().union(*compared.values())):
        operations = [operation for operation, statuses in compared.items() if status in statuses]
        yield SHARE * ALL_SHARE / STATUSES, operations, status


def _share(evidence: Evidence) -> float:
    """Return the share of the bet on one status of one operation."""
    return SHARE * (1 - ALL_SHARE) / STATUSES / len(evidence)


def _odds(operations: Iterable[Sequence[Period]], status: int, taken: Taken) -> float:
    entries = [
        entry for periods in operations for entry in by_weight(periods, lambda count: taken(count).get(status, 0))
    ]
    return average(log_ratio(entries, risk) for risk in RISKS)


def _finding(evidence: Evidence, status: int) -> str:
    new, old = total([period for periods in evidence.values() for period in periods])
    refused = f"{new.refused[status]} of {new.requests} requests got {status}"
    prefix = f"{next(iter(evidence))}: " if len(evidence) == 1 else ""
    return f"{prefix}{refused}, against {old.refused[status]} of {old.requests} with the old version"
