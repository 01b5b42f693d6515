"""What is compared in a release: requests of both versions by operation and period. Decides nothing.

Runs in Lambda too (rollback_function.py): standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest


@dataclass(frozen=True)
class Count:
    """Requests of one version in one period.

    Attributes:
        requests: all that succeeded or failed.
        faults: those that crashed, timed out or got a 5xx response.
        ranges: all by their duration, the fastest first (latency.py); empty where durations are not compared.
        unknown: those that Lambda counted and that neither crashed nor left a log line, so that their response is unknown.
    """

    requests: int = 0
    faults: int = 0
    ranges: tuple[int, ...] = ()
    unknown: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.requests + other.requests,
            self.faults + other.faults,
            tuple(map(sum, zip_longest(self.ranges, other.ranges, fillvalue=0))),
            self.unknown + other.unknown,
        )

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
    """

    weight: float
    new: Count
    old: Count
    steady: bool = True


Evidence = Mapping[str, Sequence[Period]]
"""The periods of each operation since the release began, oldest first."""


def total(periods: Sequence[Period]) -> tuple[Count, Count]:
    """Return the sums of all periods: (new, old)."""
    return sum((p.new for p in periods), Count()), sum((p.old for p in periods), Count())
