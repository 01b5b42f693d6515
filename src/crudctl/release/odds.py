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
from functools import lru_cache, partial
from itertools import pairwise
from statistics import NormalDist

from crudctl.release import refused_odds
from crudctl.release.bets import ALL_SHARE, RISKS, average, by_weight, log_ratio
from crudctl.release.evidence import Count, Evidence, Period, merged, total
from crudctl.release.latency import QUANTILES, Ranges

SHIFTS = (
    0.25,
    0.5,
    0.9,
    1.5,
)  # standard deviations by which durations are longer; about 1.3 to 4 times, where they vary much
TROUBLED = (
    0.1  # share of faults among the old version's requests above which durations are not compared: faults are fast
)
USUAL = [high - low for low, high in pairwise([0.0, *QUANTILES.values(), 1.0])]  # share of requests in each range
NONE = (0,) * len(USUAL)
PRIOR = 4.0  # requests of which a period is taken to have had these shares, besides its own
FAULT_SHARE, SLOW_SHARE = 0.7, 0.25  # of the bet; that on 4xx is refused_odds.SHARE


def suspicion(evidence: Evidence) -> tuple[float, str]:
    """Return the odds that the new version is worse, and the strongest finding for that."""
    apart, evidence = evidence, {operation: merged(periods) for operation, periods in evidence.items()}
    bets: list[tuple[float, float, Callable[[], str]]] = []
    for share, odds, finding, looked_at in (
        (FAULT_SHARE, _fault_odds, _fault_finding, evidence),
        (SLOW_SHARE, _slow_odds, _slow_finding, apart),
    ):
        for operation, periods in looked_at.items():
            one = partial(finding, {operation: periods}, f"{operation}: ")
            bets.append((share * (1 - ALL_SHARE) / len(evidence), odds([periods]), one))
        bets.append((share * ALL_SHARE, odds(list(looked_at.values())), partial(finding, evidence)))
    bets.extend(refused_odds.bets(evidence))
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
    entries = by_weight(evidence[operation], lambda count: count.unknown)
    return average(log_ratio(entries, risk) for risk in RISKS) / len(evidence)


def _fault_odds(operations: Sequence[Sequence[Period]]) -> float:
    entries = [entry for periods in operations for entry in by_weight(periods, lambda count: count.faults)]
    return average(log_ratio(entries, risk) for risk in RISKS)


def _slow_odds(operations: Sequence[Sequence[Period]]) -> float:
    """Return the average over SHIFTS of the likelihood ratio of durations that are longer by that to durations that are not.

    A request in a range that slower durations reach `risk` times as often is the new version's as a fault is; so each range is
    a bet like that on faults, and the ranges together are one.
    """
    logs = [_slow_logs(periods) for periods in operations]
    return average(sum(log[number] for log in logs) for number in range(len(SHIFTS)))


def _slow_logs(periods: Sequence[Period]) -> list[float]:
    """Return the logarithm of the likelihood ratio for each shift; where many requests fail, none against the new version.

    Refused requests are fast too. They matter where the new version refuses fewer. The larger weight of a period in which it
    changed would not be the cautious side here.
    """
    new, old = total(periods)
    accepted = _share(sum(old.refused.values()), old) - _share(sum(new.refused.values()), new)
    most = 0.0 if _share(old.faults, old) > TROUBLED or accepted > TROUBLED else math.inf
    logs = [
        _period_logs(one.weight, one.new.ranges or NONE, one.old.ranges or NONE)
        for one in periods
        if one.steady and (one.new.ranges or one.old.ranges)
    ]
    return [min(most, sum(log[number] for log in logs)) for number in range(len(SHIFTS))]


@lru_cache(maxsize=10_000)  # each look has the periods of the one before
def _period_logs(weight: float, new: Ranges, old: Ranges) -> tuple[float, ...]:
    """Return the logarithms for one period.

    What is bet on a range depends on how many requests of both versions together it had in this period. The load changes that
    number, for both alike: if all were slow, that one was slow says nothing. It does not depend on which version each met.
    """
    borders = _borders(new, old)
    return tuple(
        sum(
            log_ratio([(weight, mine, theirs)], risk)
            for mine, theirs, risk in zip(new, old, _range_risks(shift, weight, borders), strict=True)
        )
        for shift in SHIFTS
    )


def _borders(new: Ranges, old: Ranges) -> list[float]:
    """Return where the ranges of a normal distribution would begin that has the requests of both versions together."""
    together = [mine + theirs + PRIOR * share for mine, theirs, share in zip(new, old, USUAL, strict=True)]
    return [NormalDist().inv_cdf(sum(together[:number]) / sum(together)) for number in range(1, len(together))]


def _range_risks(shift: float, weight: float, borders: Sequence[float]) -> list[float]:
    """Return how many times as often the new version is in each range as the old one, if it is slower by `shift`.

    The distribution of both together, with the new version's share `weight`, lies between them.
    """
    reached = [
        [0.0, *(NormalDist().cdf(border - moved) for border in borders), 1.0]
        for moved in ((1 - weight) * shift, -weight * shift)
    ]
    slower, before = ([high - low for low, high in pairwise(each)] for each in reached)
    return [one / other for one, other in zip(slower, before, strict=True)]


def _share(events: int, count: Count) -> float:
    return events / count.requests if count.requests else 0.0


def _log_choices(period: Period) -> float:
    """Return the logarithm of: the ways to choose the new version's requests, to those in which they are all faults."""
    chosen, faults = period.new.requests, period.new.faults + period.old.faults
    return _log_binomial(chosen + period.old.requests, chosen) - _log_binomial(faults, chosen)


def _log_binomial(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _failed(count: Count) -> str:
    return f"{count.faults} of {count.requests}"


def _fault_finding(evidence: Evidence, prefix: str = "") -> str:
    new, old = total([period for periods in evidence.values() for period in periods])
    return f"{prefix}{_failed(new)} requests failed, against {_failed(old)} with the old version"


def _slow_finding(evidence: Evidence, prefix: str = "") -> str:
    new, old = total([period for periods in evidence.values() for period in periods])
    slow = f"{new.slow} of {sum(new.ranges)} requests took as long as only one in ten did before"
    return f"{prefix}{slow}, against {old.slow} of {sum(old.ranges)} with the old version"
