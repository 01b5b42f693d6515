"""Sorts the requests of two versions into ranges of duration that neither of them has chosen. Pure; knows nothing of AWS.

The ranges of a window begin at the median, the 75th and the 90th percentile of what alias `prod` took in an earlier window. Both
versions meet the same requests at the same time, so whatever the load does, a request to either falls into each range equally
often if they are equally fast. The new version may take TOLERATED times as long: its ranges begin that much later.

What is slow without being worse is left out: the first requests of an execution environment, whose caches are cold.
See docs/decisions/0008-release-guard.md.

Runs in Lambda too (rollback_function.py): standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import pairwise

QUANTILES = {"p50": 0.5, "p75": 0.75, "p90": 0.9}  # where ranges begin; the first one begins at 0
TOLERATED = 1.1  # times the old version's duration: a release may cost something
HISTORY = 3600  # seconds before a window in which an earlier one has to lie
LEAST = 20  # requests without which a window says nothing about the next ones
WARM = 20  # requests after which an execution environment is warm
FRESH = 0.2  # share of requests to environments that may not be warm, above which a period says nothing
SHARE = 4  # of a step: the most that a window lasts, so that it follows what changes during a long one

Ranges = tuple[int, ...]  # requests in each range, the fastest first
Windows = Mapping[float, Mapping[str, float]]


def window(bake: float, period: int) -> int:
    """Return the seconds of a window, a period that CloudWatch has: at least five periods of the counts.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
    """
    wanted = max(5 * period, bake / SHARE)
    return next((short for short in (5, 10, 30) if short >= wanted), math.ceil(wanted / 60) * 60)


def beginnings(windows: Windows, at: float) -> tuple[float, ...]:
    """Return the milliseconds at which the ranges of the window `at` begin; none if no earlier window says it.

    Args:
        windows: `{"count": requests, "p50": ms, "p75": ms, "p90": ms}` by the epoch second at which each begins.
        at: the epoch second at which the window begins.
    """
    enough = [begun for begun, one in windows.items() if at - HISTORY <= begun < at and one.get("count", 0.0) >= LEAST]
    if not enough:
        return ()
    latest = windows[max(enough)]
    return tuple(latest[name] for name in QUANTILES) if latest.keys() >= QUANTILES.keys() else ()


def ranges(requests: int, above: Iterable[int]) -> Ranges:
    """Return the requests in each range, the fastest first, from all requests and those above each beginning."""
    counts = [requests, *(min(requests, count) for count in above), 0]
    return tuple(max(0, low - high) for low, high in pairwise(counts))


def fresh(cold: Mapping[float, float], served: Mapping[float, float]) -> dict[float, int]:
    """Return how many requests of each period may have met an environment that was not warm.

    Args:
        cold: environments that began, by period.
        served: requests, by period.
    """
    left, result = 0, {}
    for at in sorted(cold.keys() | served.keys()):
        left += WARM * round(cold.get(at, 0.0))
        result[at] = min(left, round(served.get(at, 0.0)))
        left -= result[at]
    return result


def compared(new: Ranges, old: Ranges, fresh: int) -> tuple[Ranges, Ranges]:
    """Return what of a period can be compared; nothing if too many requests to the new version may have been fresh.

    Fewer count as if they had been the slowest, and as if they had been among the fastest: nothing is worse for a bet.
    """
    if not new or not old or fresh > FRESH * sum(new):
        return (), ()
    first, *others = new
    for position in range(len(others) - 1, -1, -1):
        moved = min(fresh, others[position])
        others[position], first, fresh = others[position] - moved, first + moved, fresh - moved
    return (first, *others), old
