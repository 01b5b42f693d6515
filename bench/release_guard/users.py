"""Healthy versions, and users who send what stops most releases: how often the guard stops one, and how often it did before.

Each request is good, bad (fails whatever version it meets), slow (takes fifty times as long) or silent (leaves no log line).
Users choose them and their time; which version each meets is drawn by the alias.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, fields, replace

from bench.release_guard import before
from crudctl.release.evidence import Count, Evidence, Period
from crudctl.release.guard import decide

OPERATIONS = ("create_item", "get_item", "update_item", "delete_item", "list_items")
ATTACKED = OPERATIONS[1]
STEPS = ((0.1, 0.5), (0.5,), (0.9,))
BAKE = 10  # minutes
RUNS, RUNS_BEFORE = 300, 60


@dataclass(frozen=True)
class Sent:
    """Requests of each kind to one operation in a minute; `early` are good ones before the weight changed in that minute."""

    good: int = 0
    bad: int = 0
    slow: int = 0
    silent: int = 0
    early: int = 0


Minute = Mapping[str, Sent]
Pattern = Callable[[int, random.Random], Minute]
USUAL = dict.fromkeys(OPERATIONS, Sent(60))  # 300 requests a minute
QUIET = dict.fromkeys(OPERATIONS, Sent(2))
TRIPS = dict.fromkeys(OPERATIONS, Sent(8))  # round trips alone, about as many as a release makes


def _with(rest: Minute, **kinds: int) -> Minute:
    return {**rest, ATTACKED: replace(rest[ATTACKED], **kinds)}


PATTERNS: dict[str, Pattern] = {
    "nothing unusual": lambda _minute, _: USUAL,
    "64 bad requests to one function, within a minute": lambda minute, _: (
        _with(USUAL, bad=64) if minute == 3 else USUAL
    ),
    "64 bad requests, and nobody else": lambda minute, _: _with(TRIPS, good=0, bad=64) if minute == 1 else TRIPS,
    "one bad request a second to one function, nothing else to it": lambda _minute, _: _with(USUAL, good=0, bad=60),
    "every request to every function is bad": lambda _minute, _: dict.fromkeys(OPERATIONS, Sent(bad=60)),
    "good requests until the weight changes, bad ones after that": lambda minute, _: (
        _with(USUAL, good=0, bad=60, early=60) if minute == 1 else _with(USUAL, good=0, bad=60)
    ),
    "two bad requests at the beginning": lambda minute, _: _with(USUAL, bad=2) if minute == 1 else USUAL,
    "a bad request a minute, hardly anybody else": lambda _minute, _: _with(QUIET, bad=1),
    "bursts of 30 bad requests at random, hardly anybody else": lambda _minute, chance: (
        _with(QUIET, bad=30) if chance.random() < 0.2 else QUIET
    ),
    "half of the requests to one function are slow": lambda _minute, _: _with(USUAL, good=30, slow=30),
    "a fast request, then bursts of slow ones, hardly anybody else": lambda minute, _: _with(
        QUIET, good=2 if minute < 3 else 0, slow=0 if minute < 3 else 14
    ),
    "a tenth of the requests to one function leaves no log line": lambda _minute, _: _with(USUAL, silent=6),
}


def table(submit: Callable[..., Future[str]]) -> list[list[str | Future[str]]]:
    """Return a table with a row for each pattern: the share of healthy releases that were stopped, by steps and rule."""
    steps = [", ".join(f"{weight:.0%}" for weight in weights) for weights in STEPS]
    rules = ((_now, RUNS), (_before, RUNS_BEFORE))
    rows: list[list[str | Future[str]]] = [
        ["users send", *(f"{rule}: {each}" for rule in ("guard", "before") for each in steps)]
    ]
    for name in PATTERNS:
        rows.append([name, *(submit(cell, rule, name, weights, runs) for rule, runs in rules for weights in STEPS)])
    return rows


def cell(rule: Callable[[Evidence, int], str], name: str, weights: tuple[float, ...], runs: int) -> str:
    """Return the share of healthy releases that were stopped."""
    chances = (random.Random(f"{name} {weights} {run}") for run in range(runs))
    return f"{sum(stops(rule, PATTERNS[name], weights, chance) for chance in chances) / runs:.1%}"


def stops(
    rule: Callable[[Evidence, int], str], pattern: Pattern, weights: tuple[float, ...], chance: random.Random
) -> bool:
    """Simulate a release of a healthy version. Return whether it was stopped."""
    history: list[dict[str, _Drawn]] = []
    for weight in weights:
        for minute in range(1, 4 * BAKE):
            sent = pattern(minute, chance)
            history.append({name: _draw(of, weight, chance) for name, of in sent.items()})
            action = rule(_evidence(history), minute)
            if action == "roll back":
                return True
            if action == "promote":
                break
    return False


@dataclass(frozen=True)
class _Drawn:
    weight: float
    new: Sent
    old: Sent


def _draw(sent: Sent, weight: float, chance: random.Random) -> _Drawn:
    kinds = [each.name for each in fields(Sent)]
    new = {kind: chance.binomialvariate(getattr(sent, kind), 0 if kind == "early" else weight) for kind in kinds}
    return _Drawn(weight, Sent(**new), Sent(**{kind: getattr(sent, kind) - new[kind] for kind in kinds}))


def _evidence(history: list[dict[str, _Drawn]]) -> Evidence:
    """Return what CloudWatch counts. A good request takes as long as any other in the window before; a slow one longer."""
    return {
        name: [
            Period(minute[name].weight, _count(minute[name].new), _count(minute[name].old), not minute[name].old.early)
            for minute in history
        ]
        for name in OPERATIONS
    }


def _served(sent: Sent) -> int:
    return sent.good + sent.bad + sent.slow + sent.early


def _count(sent: Sent) -> Count:
    fast = _served(sent) - sent.slow
    ranges = (fast - fast // 2, fast // 4, fast // 2 - fast // 4, sent.slow)
    return Count(_served(sent) + sent.silent, sent.bad, ranges, sent.silent)


def _now(evidence: Evidence, minute: int) -> str:
    served = dict.fromkeys(OPERATIONS, 100)  # the minimum sample is not what is tested here
    return decide(evidence, served, minute * 60, BAKE * 60).action


def _before(evidence: Evidence, minute: int) -> str:
    return before.decide(evidence, minute, BAKE)
