"""The bet on events that a coin of known probability splits between two versions, such as faults, slow requests or 4xx. Pure.

Runs in Lambda too (rollback_function.py): standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from crudctl.release.evidence import Count, Period

RISKS = (3.0, 10.0, 30.0, 300.0)  # times as many events as with the old version; a bet is spread over them
ALL_SHARE = 0.5  # of the bet on a kind of event: on all operations together; the rest is split among the single ones
Entry = tuple[float, int, int]  # weight, events of the new version, events of the old one


def by_weight(periods: Sequence[Period], events: Callable[[Count], int]) -> list[Entry]:
    """Return the events of both versions by weight, without weights at which there were none."""
    sums: dict[float, tuple[int, int]] = {}
    for period in periods:
        new, old = sums.get(period.weight, (0, 0))
        sums[period.weight] = new + events(period.new), old + events(period.old)
    return [(weight, new, old) for weight, (new, old) in sums.items() if new or old]


def average(logs: Iterable[float]) -> float:
    """Return the average of odds from their logarithms; an average of bets is a bet."""
    odds = [math.exp(min(log, 700.0)) for log in logs]
    return sum(odds) / len(odds)


def log_ratio(entries: Sequence[Entry], risk: float) -> float:
    """Return the logarithm of how many times as likely this split is if the new version has `risk` times the events."""
    return sum(
        new * math.log(risk) - (new + old) * math.log(1 - weight + weight * risk) for weight, new, old in entries
    )
