"""How many times as likely evidence is if the new version is worse than if it is not. Pure; decides nothing.

The alias draws the version of each request at random, the new one with the known probability `weight`. What users send cannot
depend on that draw. So if both versions do the same with every request, a fault is the new version's with exactly that
probability, whatever users send, how often and when. Each function below is a bet against that. Its odds exceed N with a
probability of at most 1/N, however often one looks (Ville's inequality; https://en.wikipedia.org/wiki/Ville%27s_inequality).
See docs/decisions/0008-release-guard.md and 0021-users-stop-no-release.md.

Runs in Lambda too (rollback_function.py): standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from crudctl.release.evidence import Count, Evidence, Period, total

FAULT_RISKS = (3.0, 10.0, 30.0, 300.0)  # times as many faults as the old version; the bet is spread over them
SLOW_RISKS = (6.0, 12.0, 20.0)
TOLERATED = 3.0  # times as many slow requests as the old version: a new version has cold caches
LATE = 3.0  # times the old version's median
LATE_SHARES = (
    0.7,
    0.85,
    0.97,
)  # of the new version's requests, against half of them: with half, its median would be late
LATE_LEAST = 5  # successes of the old version in a period without which its median says nothing about that period
FAULT_SHARE, SLOW_SHARE, LATE_SHARE = 0.7, 0.15, 0.15  # of the bet
ALL_SHARE = 0.5  # of the first two: on all operations together; the rest is split among the single operations


def suspicion(evidence: Evidence) -> tuple[float, str]:
    """Return the odds that the new version is worse, and the strongest finding for that."""
    bets: list[tuple[float, float, Callable[[], str]]] = []
    for share, field, risks, tolerated in (
        (FAULT_SHARE, "faults", FAULT_RISKS, 1.0),
        (SLOW_SHARE, "slow", SLOW_RISKS, TOLERATED),
    ):
        each = {operation: _by_weight(periods, field) for operation, periods in evidence.items()}
        for operation, entries in each.items():
            finding = partial(_finding, {operation: evidence[operation]}, field, f"{operation}: ")
            bets.append((share * (1 - ALL_SHARE) / len(each), _odds(entries, risks, tolerated), finding))
        everything = [entry for entries in each.values() for entry in entries]
        bets.append((share * ALL_SHARE, _odds(everything, risks, tolerated), partial(_finding, evidence, field)))
    for operation, periods in evidence.items():
        new, _ = total([period for period in periods if period.old.succeeded >= LATE_LEAST])
        bets.append((LATE_SHARE / len(evidence), _lateness(new), partial(_late_finding, operation, new)))
    strongest = max(bets, key=lambda bet: bet[1])[2]
    return sum(share * odds for share, odds, _ in bets), strongest()


def broken(evidence: Evidence, least: int) -> tuple[float, str]:
    """Return the odds that the new version of an operation fails always while the old one does not, and the finding.

    In each period both versions had requests, some of them faults. If the versions are equal, every choice of requests was as
    likely to be the new version's, so the odds of a period are one to the share of choices that are faults only. They are
    multiplied from the period after the last success on; an earlier start weighs more, so that all starts together are one bet.
    Unlike `suspicion`, this does not depend on the weight, and it is quick where the new version has most of the traffic.
    Periods in which the weight changed are left out: the requests before the change could not have been the new version's.

    Args:
        evidence: of the whole release.
        least: faults without a success below which there is nothing to bet on.
    """
    strongest, finding = 0.0, ""
    for operation, periods in evidence.items():
        start, log, new, old = 1, 0.0, Count(), Count()
        for number, period in enumerate((each for each in periods if each.steady), 1):
            if period.new.succeeded:
                start, log, new, old = number + 1, 0.0, Count(), Count()
                continue
            log += _log_choices(period)
            new, old = new + period.new, old + period.old
        odds = math.exp(min(log, 700.0)) / (start * (start + 1)) / len(evidence)
        if new.faults >= least and odds > strongest:
            failed = f"{new.faults} faults without a success"
            strongest, finding = odds, f"{operation}: {failed}, against {_failed(old)} with the old version"
    return strongest, finding


def unlogged(evidence: Evidence, operation: str) -> float:
    """Return the odds that the new version of an operation leaves fewer log lines than the old one."""
    return _odds(_by_weight(evidence[operation], "unknown"), FAULT_RISKS, 1.0) / len(evidence)


def _odds(entries: Sequence[tuple[float, int, int]], risks: Sequence[float], tolerated: float) -> float:
    """Return the average over `risks` of the likelihood ratio of that risk to the tolerated one.

    Args:
        entries: (weight, events of the new version, events of the old one).
    """
    return sum(math.exp(min(_log_ratio(entries, risk, tolerated), 700.0)) for risk in risks) / len(risks)


def _lateness(new: Count) -> float:
    """Return the average over LATE_SHARES of the likelihood ratio of that share of late requests to one half."""
    punctual = max(0, new.succeeded - new.late)
    logs = (new.late * math.log(share / 0.5) + punctual * math.log((1 - share) / 0.5) for share in LATE_SHARES)
    return sum(math.exp(min(log, 700.0)) for log in logs) / len(LATE_SHARES)


def _log_ratio(entries: Sequence[tuple[float, int, int]], risk: float, tolerated: float) -> float:
    result = 0.0
    for weight, new, old in entries:
        likelier = (1 - weight + weight * tolerated) / (1 - weight + weight * risk)
        result += (new + old) * math.log(likelier) + new * math.log(risk / tolerated)
    return result


def _log_choices(period: Period) -> float:
    """Return the logarithm of: the ways to choose the new version's requests, to those in which they are all faults."""
    chosen, faults = period.new.requests, period.new.faults + period.old.faults
    return _log_binomial(chosen + period.old.requests, chosen) - _log_binomial(faults, chosen)


def _log_binomial(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _by_weight(periods: Sequence[Period], field: str) -> list[tuple[float, int, int]]:
    sums: dict[float, tuple[int, int]] = {}
    for period in periods:
        new, old = sums.get(period.weight, (0, 0))
        sums[period.weight] = new + getattr(period.new, field), old + getattr(period.old, field)
    return [(weight, new, old) for weight, (new, old) in sums.items() if new or old]


def _late_finding(operation: str, new: Count) -> str:
    return f"{operation}: {new.late} of {new.requests} requests took over {LATE:g} times the old version's median"


def _failed(count: Count) -> str:
    return f"{count.faults} of {count.requests}"


def _finding(evidence: Evidence, field: str, prefix: str = "") -> str:
    new, old = total([period for periods in evidence.values() for period in periods])
    words = "failed" if field == "faults" else "were slow"
    counted = (getattr(new, field), getattr(old, field))
    return f"{prefix}{counted[0]} of {new.requests} requests {words}, against {counted[1]} of {old.requests} with the old version"
