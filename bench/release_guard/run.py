"""Simulates releases of versions of known health: how often the guard rolls them back, and what users saw until then.

    PYTHONPATH=src:. python -m bench.release_guard.run

It needs Python 3.12 for `random.binomialvariate`.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.release_guard import before, refused, users
from bench.release_guard.durations import Function, Load
from crudctl.release.evidence import Count, Period
from crudctl.release.guard import decide

OPERATIONS = ("create_item", "get_item", "update_item", "delete_item", "list_items")
WEIGHTS = (0.1, 0.5)
BAKE = 10  # minutes
A_MINUTE = 300  # requests, all operations together
RATES = (0.0, 0.005, 0.01, 0.05, 0.2, 1.0)
LOADS = {
    "warm": Load(),
    "the first 20 requests of an environment take 1.5 times as long": Load(cold=1.5, starts=0.05),
    "twice": Load(cold=2, starts=0.05),
    "four times": Load(cold=4, starts=0.05),
    "both took three times as long in the hour before": Load(noise=3),
    "a fifth of the minutes takes up to five times as long with both": Load(bursts=0.2),
}
SLOWER = (
    (1.0, True),
    (1.1, True),
    (1.5, False),
    (2.0, False),
    (3.0, False),
    (1.5, True),
    (2.0, True),
)  # times, all functions
HEALTHY_RUNS, RUNS = 1000, 120
NOTHING = Count()
Rule = Callable[[list[dict[str, Period]], int], str]
Rows = list[list["str | Future[str]"]]


@dataclass(frozen=True)
class Outcome:
    """Whether a release was rolled back, and how many requests and faults the new version served users until its end."""

    rolled_back: bool
    served: int
    faulty: int


Submit = Callable[..., "Future[str]"]


def main() -> None:
    """Print the tables and write them to result.md."""
    parser = argparse.ArgumentParser(
        description="Simulate releases and write bench/release_guard/result.md; takes minutes."
    )
    parser.parse_args()
    started = time.monotonic()
    with ProcessPoolExecutor() as pool:
        tables = [
            (title, note, make(pool.submit)) for title, note, make in TABLES
        ]  # all is begun before the first result is waited for
        sections = ["\n".join([f"### {title}", "", *note, *_rendered(rows)]) for title, note, rows in tables]
    body = "\n\n".join([INTRODUCTION, *sections])
    took, computed = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    text = f"{body}\n\n{took:.0f} s on {os.cpu_count()} cores, with {computed:.0f} s of CPU.\n"
    print(text)
    (Path(__file__).parent / "result.md").write_text("# Last result\n\n" + text, encoding="utf-8")


def _rendered(rows: list[list[str | Future[str]]]) -> list[str]:
    """Return a table, after its cells have been simulated; a cell may be several."""
    head, *others = [[each if isinstance(each, str) else each.result() for each in row] for row in rows]
    columns = " | ".join(head).count(" | ") + 1
    return [f"| {' | '.join(head)} |", "|---|" + "---:|" * (columns - 1), *(f"| {' | '.join(row)} |" for row in others)]


def fault_table(submit: Submit, background: float, one: bool) -> Rows:
    """Return a table with a row for each true fault rate."""
    columns = "rolled back | served, median (p95) | faults, median"
    rows: Rows = [["new version faults", *(f"{name}: {columns}" for name in ("guard", "before", "usual rule"))]]
    for rate in RATES:
        if rate < background or (rate == background and one):
            continue
        healthy = " (healthy)" if rate == background else ""
        rules = (guard, guard_before, usual_rule)
        rows.append([f"{rate:.1%}{healthy}", *(submit(fault_cell, rule, rate, background, one) for rule in rules)])
    return rows


def fault_cell(rule: Rule, rate: float, background: float, one: bool) -> str:
    """Return how often a version with this rate of faults is rolled back, what it has served by then, and how many failed."""
    runs = HEALTHY_RUNS if rate == background else RUNS
    seeds = (f"{rate} {background} {one} {run}" for run in range(runs))
    outcomes = [release(rule, rate, background, one, random.Random(seed)) for seed in seeds]
    share = sum(outcome.rolled_back for outcome in outcomes) / runs
    served = sorted(outcome.served for outcome in outcomes)
    faulty = statistics.median(outcome.faulty for outcome in outcomes)
    return f"{share:.2%} | {statistics.median(served):.0f} ({served[int(0.95 * runs)]}) | {faulty:.0f}"


def latency_table(submit: Submit) -> Rows:
    """Return a table with a row for each circumstance: the share that is rolled back, by how much slower the new version is."""
    titles = [
        "healthy" if factor == 1 else f"{factor:g} in {'all' if everywhere else 'one'}" for factor, everywhere in SLOWER
    ]
    rows: Rows = [["circumstances", *titles]]
    return rows + [[name, *(submit(latency_cell, name, *slower) for slower in SLOWER)] for name in LOADS]


def latency_cell(name: str, factor: float, everywhere: bool) -> str:
    """Return how often a version that is slower by `factor` is rolled back, and what it has served by then, at the median."""
    runs = HEALTHY_RUNS if factor == 1 else RUNS
    seeds = (f"{name} {factor} {everywhere} {run}" for run in range(runs))
    outcomes = [release(guard, 0.0, 0.0, not everywhere, random.Random(seed), factor, LOADS[name]) for seed in seeds]
    served = [outcome.served for outcome in outcomes if outcome.rolled_back]
    share = f"{len(served) / runs:.1%}"
    return f"{share} ({statistics.median(served):.0f})" if served and factor > 1 else share


def needed_table(submit: Submit) -> Rows:
    """Return a table of requests to the new version until the verdict, by first step, in one function and in all."""
    rows: Rows = [["first step", "rate is in", "old version faults", "median | p95"]]
    for weight in WEIGHTS:
        for one in (False, True):
            for background in (0.0, 0.005):
                where = "one function (its requests)" if one else "all five functions"
                cell = submit(needed_cell, weight, one, background)
                rows.append([f"{weight:.0%}", where, f"{background:.1%}", cell])
    return rows


def needed_cell(weight: float, one: bool, background: float) -> str:
    """Return the median and the 95th percentile of the requests that a verdict needs."""
    chance = random.Random(f"{weight} {one} {background}")
    runs = sorted(needed(weight, one, background, chance) for _ in range(RUNS))
    return f"{statistics.median(runs):.0f} | {runs[int(0.95 * RUNS)]}"


def refused_table(submit: Submit, kinds: Mapping[str, refused.Kind], runs: int) -> Rows:
    """Return a table with a row for each kind of version and callers."""
    rows: Rows = [
        ["the new version refuses" if kinds is refused.BAD else "callers", "rolled back | refused until then"]
    ]
    return rows + [[name, submit(refused.cell, name, runs)] for name in kinds]


def guard(history: list[dict[str, Period]], minute: int) -> str:
    """Return what `crudctl.release.guard` decides after `minute` minutes of the present step."""
    evidence = {name: [period[name] for period in history] for name in OPERATIONS}
    step = {name: sum(period[name].new.requests for period in history[-minute:]) for name in OPERATIONS}
    return decide(evidence, step, minute * 60, BAKE * 60).action


def guard_before(history: list[dict[str, Period]], minute: int) -> str:
    """Return what the guard decided before decision 0021."""
    return before.decide({name: [period[name] for period in history] for name in OPERATIONS}, minute, BAKE)


def usual_rule(history: list[dict[str, Period]], minute: int) -> str:
    """Return what an alarm decides that fires on errors >= 1 in a one-minute period, for 2 of 3 periods."""
    if sum(any(p.new.faults for p in period.values()) for period in history[-3:]) >= 2:
        return "roll back"
    return "promote" if minute >= BAKE else "hold"


def release(
    rule: Rule,
    rate: float,
    background: float,
    one: bool,
    chance: random.Random,
    factor: float = 1.0,
    load: Load | None = None,
) -> Outcome:
    """Simulate one release of a version with fault rate `rate` that is slower by `factor`, in the first operation only if `one`.

    Durations are compared if there is a `load`.
    """
    history: list[dict[str, Period]] = []
    functions = [
        Function(factor if position == 0 or not one else 1.0, load or Load(), chance)
        for position in range(len(OPERATIONS))
    ]
    for weight in WEIGHTS:
        for minute in range(1, 10 * BAKE):
            period = {}
            for position, name in enumerate(OPERATIONS):
                new = chance.binomialvariate(A_MINUTE // 5, weight)
                old = A_MINUTE // 5 - new
                faulty = rate if position == 0 or not one else background
                mine, theirs = functions[position].count(new, old) if load else ((), ())
                period[name] = Period(
                    weight,
                    Count(new, chance.binomialvariate(new, faulty), mine),
                    Count(old, chance.binomialvariate(old, background), theirs),
                )
            history.append(period)
            action = rule(history, minute)
            if action != "hold":
                break
        if action == "roll back":
            break
    new = [period.new for minute_ in history for period in minute_.values()]
    return Outcome(action == "roll back", sum(c.requests for c in new), sum(c.faults for c in new))


def needed(weight: float, one: bool, background: float, chance: random.Random) -> int:
    """Return the requests to the new version (to the bad function alone, if `one`) until it is rolled back."""
    periods = dict.fromkeys(OPERATIONS, Period(weight, NOTHING, NOTHING))
    while True:
        name = chance.choice(OPERATIONS)
        is_new = chance.random() < weight
        bad = is_new and (name == OPERATIONS[0] or not one)
        count = Count(1, int(chance.random() < (0.2 if bad else background)))
        pair = (count, NOTHING) if is_new else (NOTHING, count)
        periods[name] = Period(weight, periods[name].new + pair[0], periods[name].old + pair[1])
        if count.faults and decide({key: [p] for key, p in periods.items()}, {}, 0, 1).action == "roll back":
            counted = [periods[OPERATIONS[0]]] if one else list(periods.values())
            return sum(period.new.requests for period in counted)


INTRODUCTION = f"""{A_MINUTE} requests a minute, steps of {", ".join(f"{weight:.0%}" for weight in WEIGHTS)} and 100 %, \
{BAKE} minutes each, evaluated every minute. {HEALTHY_RUNS} releases of each healthy version, {RUNS} of each other version. \
`Before` are the guard's rules before decision 0021; all rules see the same releases."""
OF_USERS = f"{users.RUNS} releases of each kind by the guard's rules, {users.RUNS_BEFORE} by those of before."
TABLES: list[tuple[str, list[str], Callable[[Submit], Rows]]] = [
    *(
        (
            f"Old version faults {background:.1%}; the new one's rate is in {scope}",
            [],
            partial(fault_table, background=background, one=scope == "one function"),
        )
        for background in (0.0, 0.005)
        for scope in ("all five functions", "one function")
    ),
    (
        "Requests to the new version until it is rolled back, at 20 % faults, evaluated after each request",
        [],
        needed_table,
    ),
    (
        "Slower by a factor: rolled back (requests served until then, at the median); log-normal durations, spread 0.98",
        [],
        latency_table,
    ),
    (
        "Versions that respond with 4xx where the old one does not",
        [],
        partial(refused_table, kinds=refused.BAD, runs=refused.RUNS),
    ),
    (
        "Versions without a fault in that, and callers who are refused",
        [],
        partial(refused_table, kinds=refused.HEALTHY, runs=refused.HEALTHY_RUNS),
    ),
    ("Healthy versions that are stopped because of what users send", [OF_USERS, ""], users.table),
]

if __name__ == "__main__":
    main()
