"""What the figures mean: medians, spreads, ratios by turn, and the targets. Pure; knows no files."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.peers.registry import AWSCRT, BOTO3, EXCHANGE, FLOOR, OURS, PEERS, POWERTOOLS

Result = Mapping[str, Any]  # result.json


@dataclass(frozen=True)
class Figure:
    """The median of some values and the quarter below and above which they are."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Figure:
        """Return the figure of at least one value."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high)


@dataclass(frozen=True)
class Target:
    """What is aimed at.

    Attributes:
        before: what it was when the target was set, in November 2026.
        quiet, loaded: at most this; `loaded` on a machine that has more to do than it has processors.
        of: returns the values, one for each turn; raises KeyError if the result has not what it takes.
        limit: the same for one verified TLS exchange on public modules, and nothing else, in place of this project.
    """

    what: str
    before: str
    quiet: float
    loaded: float
    of: Callable[[Result], Sequence[float]]
    limit: Callable[[Result], Sequence[float]] | None = None
    unit: str = ""


def cold(result: Result, name: str, kind: str = "bytecode", figure: str = "cpu") -> list[float]:
    """Return a figure of the cold starts of a peer, one for each turn."""
    values: list[float] = result["cold"]["peers"][name][kind][figure]
    return values


def warm(result: Result, name: str, what: str, figure: str = "cpu") -> list[float]:
    """Return the microseconds of a request of a peer above the empty handler of its runtime, one for each round."""
    peers = result["warm"]["peers"]
    floor = peers[PEERS[name].floor][what][figure]
    return [value - base for value, base in zip(peers[name][what][figure], floor, strict=True)]


def ratios(values: Sequence[float], others: Sequence[float]) -> list[float]:
    """Return the ratio in each turn, in which both met the same machine."""
    return [value / other for value, other in zip(values, others, strict=True)]


def _cold(other: str, kind: str = "bytecode", name: str = OURS) -> Callable[[Result], list[float]]:
    return lambda result: ratios(cold(result, name), cold(result, other, kind))


def _warm(other: str, what: str, name: str = OURS) -> Callable[[Result], list[float]]:
    return lambda result: ratios(warm(result, name, what), warm(result, other, what))


TARGETS = (
    Target(
        "cold start and first read, against an empty handler", "1.57", 1.45, 1.45,
        _cold(FLOOR), _cold(FLOOR, name=EXCHANGE),
    ),
    Target("against Powertools", ".113", 0.105, 0.105, _cold(POWERTOOLS), _cold(POWERTOOLS, name=EXCHANGE)),
    Target(
        "against Powertools as it is shipped, without bytecode", ".048", 0.045, 0.045,
        _cold(POWERTOOLS, "source"), _cold(POWERTOOLS, "source", EXCHANGE),
    ),
    Target("against plain boto3", ".192", 0.18, 0.18, _cold(BOTO3), _cold(BOTO3, name=EXCHANGE)),
    Target("against awscrt, written by hand", ".534", 0.50, 0.50, _cold(AWSCRT), _cold(AWSCRT, name=EXCHANGE)),
    Target(
        "warm get, against Powertools", ".221 (.288)", 0.18, 0.23,
        _warm(POWERTOOLS, "get"), _warm(POWERTOOLS, "get", EXCHANGE),
    ),
    Target(
        "warm get, against plain boto3", ".294 (.379)", 0.25, 0.31, _warm(BOTO3, "get"), _warm(BOTO3, "get", EXCHANGE)
    ),
    Target("warm create with key, against Powertools", ".107 (.125)", 0.09, 0.11, _warm(POWERTOOLS, "create with key")),
    Target("warm list of 25, against awscrt", "1.11", 0.85, 0.85, _warm(AWSCRT, "list of 25")),
    Target("the zip", "89 KB", 60, 60, lambda result: [result["package"]["peers"][OURS]["zip"] / 1000], unit=" KB"),
)  # fmt: skip


def limit(target: Target, result: Result) -> Figure | None:
    """Return what a target's figure is with one TLS exchange and nothing else, where that was measured."""
    try:
        return Figure.of(target.limit(result)) if target.limit else None
    except KeyError:
        return None


def met(result: Result) -> list[tuple[Target, Figure, float]]:
    """Return each target that the result says something about, its figure, and what it is compared with."""
    found = []
    for target in TARGETS:
        try:
            values = target.of(result)
        except KeyError:
            continue  # not measured yet
        part = "warm" if "warm" in target.what else "cold" if target.unit == "" else "package"
        found.append((target, Figure.of(values), target.loaded if busy(result[part]["machine"]) else target.quiet))
    return found


def busy(machine: Mapping[str, Any]) -> bool:
    """Whether a machine had more to do than it has processors, beside the bench's own two."""
    return bool(machine["load"] > machine["cores"] + 1)
