"""Versions that refuse more than the old one (4xx), and callers who are refused: how often the guard stops a release.

Five functions with 60 requests a minute each, of 40 callers of whom some send much and most little. Both versions refuse 5 % of
`get_item` with 404 and 2 % of `create_item` and `update_item` with 400. Which version a request meets is drawn by the alias.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from crudctl.release import callers, refused_odds
from crudctl.release.callers import Refusal
from crudctl.release.evidence import Count, Evidence, Period
from crudctl.release.guard import decide

OPERATIONS = ("create_item", "get_item", "update_item", "delete_item", "list_items")
CHANGED = "update_item"
STATUSES = (400, 403, 404)
USUAL = {("get_item", 404): 0.05, ("create_item", 400): 0.02, (CHANGED, 400): 0.02}
WEIGHTS, BAKE, A_MINUTE, MINUTE = (0.1, 0.5), 10, 60, 60
RUNS, HEALTHY_RUNS = 120, 1000


@dataclass(frozen=True)
class Kind:
    """A version, and who calls it.

    Attributes:
        refuses: share of requests that the new version refuses in addition, by operation and status.
        callers: how many there are.
        both: requests a minute to CHANGED that both versions refuse, by minute.
        repeats: requests a minute of one caller to CHANGED that only the new version refuses.
        by_one: whether those that both refuse are of one caller too.
    """

    refuses: Mapping[tuple[str, int], float] = field(default_factory=dict)
    callers: int = 40
    both: Callable[[random.Random], int] = lambda _: 0
    repeats: int = 0
    by_one: bool = False


BAD = {
    "400 to every second request of one function (every PATCH)": Kind({(CHANGED, 400): 0.5}),
    "400 to 20 % of one function": Kind({(CHANGED, 400): 0.2}),
    "400 to 5 % of one function": Kind({(CHANGED, 400): 0.05}),
    "404 to 20 % of `get_item`, where 5 % are usual": Kind({("get_item", 404): 0.2}),
    "403 to 2 % of all functions": Kind({(name, 403): 0.02 for name in OPERATIONS}),
    "400 to 20 % of one function, and there are three callers": Kind({(CHANGED, 400): 0.2}, callers=3),
    "two callers": Kind({(CHANGED, 400): 0.2}, callers=2),
    "one caller": Kind({(CHANGED, 400): 0.2}, callers=1),
}
HEALTHY = {
    "nothing unusual": Kind(),
    "one caller repeats, once a minute, what only the new version refuses": Kind(repeats=1),
    "once a second": Kind(repeats=60),
    "ten times a second": Kind(repeats=600),
    "once a second, and there is only one more caller": Kind(repeats=60, callers=1),
    "bursts of 40 requests that both refuse, of many callers": Kind(both=lambda chance: 40 * (chance.random() < 0.2)),
    "of one caller": Kind(both=lambda chance: 40 * (chance.random() < 0.2), by_one=True),
    "an attack: 600 requests a minute that both refuse": Kind(both=lambda _: 600),
}


def cell(name: str, runs: int) -> str:
    """Return how often a release was rolled back and, if that ever was, what it had refused by then, at the median."""
    kind = (BAD | HEALTHY)[name]
    ends = [end for run in range(runs) if (end := release(kind, random.Random(f"{name} {run}"))) is not None]
    share = f"{len(ends) / runs:.1%}"
    return f"{share} | {statistics.median(ends):.0f}" if ends else f"{share} | -"


def release(kind: Kind, chance: random.Random) -> int | None:
    """Simulate a release. Return how many requests the new version had refused when it was rolled back; None if it was not."""
    history: dict[str, list[Period]] = {name: [] for name in OPERATIONS}
    lines: dict[tuple[str, int], list[Refusal]] = {}
    at = 0
    for weight in WEIGHTS:
        for minute in range(1, 4 * BAKE):
            at += MINUTE
            for name in OPERATIONS:
                history[name].append(_minute(kind, name, weight, at, lines, chance))
            served = dict.fromkeys(OPERATIONS, 100)  # the minimum sample is not what is tested here
            action = decide(_counted(history, lines), served, minute * 60, BAKE * 60).action
            if action == "roll back":
                return sum(sum(period.new.refused.values()) for periods in history.values() for period in periods)
            if action == "promote":
                break
    return None


def _minute(
    kind: Kind, name: str, weight: float, at: int, lines: dict[tuple[str, int], list[Refusal]], chance: random.Random
) -> Period:
    """Draw a minute of one function, and keep its lines about refused requests."""
    new = chance.binomialvariate(A_MINUTE, weight)
    mine: dict[int, int] = {}
    theirs: dict[int, int] = {}
    for status in STATUSES:
        usual, more = USUAL.get((name, status), 0.0), kind.refuses.get((name, status), 0.0)
        by_new = chance.binomialvariate(new, usual + more)
        by_old = chance.binomialvariate(A_MINUTE - new, usual)
        sent = [(_caller(kind, chance), version) for version in ["2"] * by_new + ["1"] * by_old]
        sent += _further(kind, weight, chance) if (name, status) == (CHANGED, 400) else []
        lines.setdefault((name, status), []).extend(Refusal(at, version, caller) for caller, version in sent)
        for count, version in zip((mine, theirs), "21", strict=True):
            count[status] = sum(by == version for _, by in sent)
    served = (
        Count(max(new, sum(mine.values())), refused=mine),
        Count(A_MINUTE - new + sum(theirs.values()), refused=theirs),
    )
    return Period(weight, *served, at=at)


def _further(kind: Kind, weight: float, chance: random.Random) -> list[tuple[str, str]]:
    """Return caller and version of what is refused in addition; what only the new version refuses, the old one serves."""
    both, alone = kind.both(chance), chance.binomialvariate(kind.repeats, weight)
    drawn = ["2" if chance.random() < weight else "1" for _ in range(both)]
    return [("odd" if kind.by_one else _caller(kind, chance), version) for version in drawn] + [("odd", "2")] * alone


def _caller(kind: Kind, chance: random.Random) -> str:
    return f"caller {int(chance.paretovariate(1)) % kind.callers}"


def _counted(history: Evidence, lines: Mapping[tuple[str, int], list[Refusal]]) -> Evidence:
    """Return the evidence as crudctl.release.callers does, from lines that are at hand."""
    counted = dict(history)
    for name, status in refused_odds.in_doubt(history):
        tallies = callers.tallied(lines[name, status], ("2", "1"), MINUTE)
        counted[name] = callers.others(counted[name], status, tallies)
    return counted
