"""Compares what the new versions serve after their promotion with what both versions served before it. Pure.

No request goes to the old versions any more, so there is no coin (odds.py): faults that users cause look like the version's. What
is found here is therefore only a reason to compare both versions again, and to roll back if it is found a second time.

Runs in Lambda too (rollback_function.py): standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from crudctl.release.evidence import Count, Evidence, total

TOLERATED = 3.0  # times the share of faults before: users and their errors change within minutes
RISKS = (3.0, 10.0, 30.0, 100.0)  # times that again; the odds are averaged over them
LEAST = 5  # faults below which nothing is found
TROUBLED = (
    0.25  # share of faults before the promotion above which nothing is found: they are not the new versions' alone
)


def suspicion(before: Evidence, alone: Mapping[str, Count]) -> tuple[float, str]:
    """Return how many times as likely the faults since the promotion are if there are more than before, and the finding.

    Args:
        before: periods of both versions before the promotion, by operation.
        alone: what the new versions have served since, by operation.
    """
    strongest, finding = 0.0, ""
    whole = sum(alone.values(), Count()), sum((_both(before, name) for name in alone), Count())
    each = [(f"{name}: ", count, _both(before, name)) for name, count in alone.items()]
    for prefix, now, then in [("", *whole), *each]:
        odds = _odds(now, then)
        if now.faults >= LEAST and odds >= strongest:
            strongest = odds
            finding = f"{prefix}{now.faults} of {now.requests} requests failed, against {then.faults} of {then.requests} before"
    return strongest / (1 + len(alone)), finding


def _both(before: Evidence, operation: str) -> Count:
    new, old = total(before.get(operation, ()))
    return new + old


def _odds(now: Count, then: Count) -> float:
    if then.faults > TROUBLED * then.requests:
        return 0.0
    usual = min(0.5, TOLERATED * (then.faults + 1) / (then.requests + 2))
    higher = [min(0.99, risk * usual) for risk in RISKS]
    logs = [
        now.faults * math.log(share / usual) + now.succeeded * math.log((1 - share) / (1 - usual)) for share in higher
    ]
    return sum(math.exp(min(log, 700.0)) for log in logs) / len(logs)
