"""Simulates how long the requests of a function take, and what of that a release compares.

Log-normal durations, in multiples of the old version's median. The first requests of an execution environment meet cold caches.
The ranges are those of crudctl.release.latency, from the windows before; a window's quantiles are those of a sample.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from statistics import NormalDist, quantiles

from crudctl.release import latency

SPREAD = 0.98  # standard deviation of the logarithm
WINDOW = 5  # minutes
SAMPLE = 12  # durations of a minute from which a window's quantiles are taken
NEEDED = 20  # requests until an environment is warm


@dataclass(frozen=True)
class Load:
    """What is not the new version's doing.

    Attributes:
        cold: times as slow are the first requests of each environment of the new version.
        starts: environments of the new version that begin in a minute, after the first; on average, of each function.
        noise: times as slow both versions were before the release.
        bursts: share of minutes in which both are up to five times as slow.
    """

    cold: float = 1.0
    starts: float = 0.0
    noise: float = 1.0
    bursts: float = 0.0


@dataclass
class Function:
    """One function during a release.

    Attributes:
        factor: times as slow the new version is.
        load: the circumstances.
        chance: draws.
    """

    factor: float
    load: Load
    chance: random.Random
    minute: int = 0
    left: int = 0
    sampled: list[float] = field(default_factory=list)
    windows: dict[float, dict[str, float]] = field(default_factory=dict)
    began: dict[float, float] = field(default_factory=dict)
    served: dict[float, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._close(-WINDOW, [self.load.noise * self._drawn() for _ in range(WINDOW * SAMPLE)])

    def count(self, new: int, old: int) -> tuple[latency.Ranges, latency.Ranges]:
        """Return the ranges of a minute's requests to the new and to the old version, as far as they are compared."""
        at = self.minute
        if at % WINDOW == 0 and at:
            self._close(at - WINDOW, self.sampled)
            self.sampled = []
        began = (at == 0) + (self.chance.random() < self.load.starts)
        self.left += NEEDED * began
        self.began[at], self.served[at] = began, new
        slow = min(self.left, new)
        self.left -= slow
        level = 1 + 4 * self.chance.random() if self.chance.random() < self.load.bursts else 1.0
        limits = latency.beginnings(self.windows, at - at % WINDOW)
        warm = self._above(new - slow, self.factor * level, limits, latency.TOLERATED)
        cold = self._above(slow, self.factor * level * self.load.cold, limits, latency.TOLERATED)
        theirs = latency.ranges(old, self._above(old, level, limits, 1.0))
        mine = latency.ranges(new, map(sum, zip(warm, cold, strict=True)))
        share = new / (new + old)
        factors = (self.factor if self.chance.random() < share else 1.0 for _ in range(SAMPLE))
        self.sampled += [level * factor * self._drawn() for factor in factors]
        self.minute += 1
        return latency.compared(mine, theirs, latency.fresh(self.began, self.served)[at])

    def _above(self, requests: int, factor: float, limits: tuple[float, ...], tolerated: float) -> list[int]:
        result, before, left = [], 1.0, requests
        for limit in limits:
            share = 1 - NormalDist(math.log(factor), SPREAD).cdf(math.log(limit * tolerated))
            left = self.chance.binomialvariate(left, min(1.0, share / before))
            before = share
            result.append(left)
        return result

    def _drawn(self) -> float:
        return self.chance.lognormvariate(0.0, SPREAD)

    def _close(self, at: int, sample: list[float]) -> None:
        cuts = quantiles(sample, n=20)
        of = {name: cuts[round(20 * share) - 1] for name, share in latency.QUANTILES.items()}
        self.windows[at] = {"count": float(len(sample)), **of}
