"""What is compared in a release: requests of both versions by operation and period. Decides nothing.

Runs in Lambda too (rollback_function.py): standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest


@dataclass(frozen=True)
class Count:
    """Requests of one version in one period.

    Attributes:
        requests: all that succeeded or failed.
        faults: those that crashed, timed out or got a 5xx response.
        ranges: all by their duration, the fastest first (latency.py); empty where durations are not compared.
        unknown: those that Lambda counted and that neither crashed nor left a log line, so that their response is unknown.
        refused: those that got a 4xx response, by status; it has every status that is compared.
        others: those of them that remain without the one caller whose requests speak most against the new version (callers.py);
            empty until callers were counted.
    """

    requests: int = 0
    faults: int = 0
    ranges: tuple[int, ...] = ()
    unknown: int = 0
    refused: Mapping[int, int] = field(default_factory=dict)
    others: Mapping[int, int] = field(default_factory=dict)

    def __add__(self, other: Count) -> Count:
        return _sum((self, other))

    @property
    def succeeded(self) -> int:
        """The number of requests that were no fault."""
        return self.requests - self.faults

    @property
    def slow(self) -> int:
        """The number of requests that took longer than nine in ten of the window before."""
        return self.ranges[-1] if self.ranges else 0


@dataclass(frozen=True)
class Period:
    """The counts of both versions of one operation while the new one had a share of its requests.

    Attributes:
        weight: that share (0 to 1); the largest, if it changed within the period.
        new: of the new version.
        old: of the old one.
        steady: whether the weight was the same during the whole period.
        at: the epoch second at which it begins.
    """

    weight: float
    new: Count
    old: Count
    steady: bool = True
    at: float = 0.0


Evidence = Mapping[str, Sequence[Period]]
"""The periods of each operation since the release began, oldest first."""


def total(periods: Sequence[Period]) -> tuple[Count, Count]:
    """Return the sums of all periods: (new, old)."""
    return _sum([period.new for period in periods]), _sum([period.old for period in periods])


def merged(periods: Sequence[Period]) -> list[Period]:
    """Return one period for all of the same weight, apart from those in which it changed."""
    alike: dict[tuple[float, bool], list[Period]] = {}
    for period in periods:
        alike.setdefault((period.weight, period.steady), []).append(period)
    return [Period(weight, *total(each), steady) for (weight, steady), each in alike.items()]


def _sum(counts: Sequence[Count]) -> Count:
    """Return the sum. It is needed at each look for each operation, so it makes no count in between."""
    return Count(
        sum([count.requests for count in counts]),
        sum([count.faults for count in counts]),
        tuple(map(sum, zip_longest(*[count.ranges for count in counts if count.ranges], fillvalue=0))),
        sum([count.unknown for count in counts]),
        _added([count.refused for count in counts if count.refused]),
        _added([count.others for count in counts if count.others]),
    )


def _added(by_status: Sequence[Mapping[int, int]]) -> dict[int, int]:
    sums: dict[int, int] = {}
    for each in by_status:
        for status, requests in each.items():
            sums[status] = sums.get(status, 0) + requests
    return sums
