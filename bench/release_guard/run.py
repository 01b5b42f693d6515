"""Simulates releases of versions of known health: how often the guard rolls them back, and what users saw until then.

    PYTHONPATH=src:. python -m bench.release_guard.run

It needs Python 3.12 for `random.binomialvariate`.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from bench.release_guard import before, users
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


@dataclass(frozen=True)
class Outcome:
    """Whether a release was rolled back, and how many requests and faults the new version served users until its end."""

    rolled_back: bool
    served: int
    faulty: int


def main() -> None:
    """Print the tables and write them to result.md."""
    parser = argparse.ArgumentParser(
        description="Simulate releases and write bench/release_guard/result.md; takes minutes."
    )
    parser.parse_args()
    started, chance = time.monotonic(), random.Random(2026)
    lines = [
        f"{A_MINUTE} requests a minute, steps of {', '.join(f'{weight:.0%}' for weight in WEIGHTS)} and 100 %, "
        f"{BAKE} minutes each, evaluated every minute.",
        f"{HEALTHY_RUNS} releases of each healthy version, {RUNS} of each other version. `Before` are the guard's rules before "
        "decision 0021; all rules see the same releases.",
    ]
    for background in (0.0, 0.005):
        for scope in ("all five functions", "one function"):
            lines += ["", f"### Old version faults {background:.1%}; the new one's rate is in {scope}", ""]
            lines += table(background, scope == "one function")
    lines += [
        "",
        "### Requests to the new version until it is rolled back, at 20 % faults, evaluated after each request",
        "",
    ]
    lines += needed_table(chance)
    lines += [
        "",
        "### Slower by a factor: rolled back (requests served until then, at the median); log-normal durations, spread 0.98",
        "",
    ]
    lines += latency_table()
    lines += ["", "### Healthy versions that are stopped because of what users send", ""]
    lines += [f"{users.RUNS} releases of each kind by the guard's rules, {users.RUNS_BEFORE} by those of before."]
    lines += ["", *users.table(chance)]
    lines += ["", f"{time.monotonic() - started:.0f} s of simulation."]
    text = "\n".join(lines) + "\n"
    print(text)
    (Path(__file__).parent / "result.md").write_text("# Last result\n\n" + text, encoding="utf-8")


def table(background: float, one: bool) -> list[str]:
    """Return a table with a row for each true fault rate."""
    columns = "rolled back | served, median (p95) | faults, median"
    lines = [
        f"| new version faults | guard: {columns} | before: {columns} | usual rule: {columns} |",
        "|---:" * 10 + "|",
    ]
    for rate in RATES:
        if rate < background or (rate == background and one):
            continue
        cells = []
        for rule in (guard, guard_before, usual_rule):
            runs = HEALTHY_RUNS if rate == background else RUNS
            seeds = (f"{rate} {background} {one} {run}" for run in range(runs))
            outcomes = [release(rule, rate, background, one, random.Random(seed)) for seed in seeds]
            share = sum(outcome.rolled_back for outcome in outcomes) / runs
            served = sorted(outcome.served for outcome in outcomes)
            faulty = statistics.median(outcome.faulty for outcome in outcomes)
            cells += [f"{share:.2%}", f"{statistics.median(served):.0f} ({served[int(0.95 * runs)]})", f"{faulty:.0f}"]
        healthy = " (healthy)" if rate == background else ""
        lines.append(f"| {rate:.1%}{healthy} | {' | '.join(cells)} |")
    return lines


def latency_table() -> list[str]:
    """Return a table with a row for each circumstance: the share that is rolled back, by how much slower the new version is."""
    titles = [
        "healthy" if factor == 1 else f"{factor:g} in {'all' if everywhere else 'one'}" for factor, everywhere in SLOWER
    ]
    lines = [f"| | {' | '.join(titles)} |", "|---|" + "---:|" * len(titles)]
    for name, load in LOADS.items():
        cells = []
        for factor, everywhere in SLOWER:
            runs = HEALTHY_RUNS if factor == 1 else RUNS
            seeds = (f"{name} {factor} {everywhere} {run}" for run in range(runs))
            outcomes = [release(guard, 0.0, 0.0, not everywhere, random.Random(seed), factor, load) for seed in seeds]
            served = (
                statistics.median(outcome.served for outcome in outcomes if outcome.rolled_back or factor == 1)
                if any(outcome.rolled_back for outcome in outcomes)
                else 0
            )
            share = sum(outcome.rolled_back for outcome in outcomes) / runs
            cells.append(f"{share:.1%}" + (f" ({served:.0f})" if share and factor > 1 else ""))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


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
    rule: object,
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
            action = rule(history, minute)  # type: ignore[operator]
            if action != "hold":
                break
        if action == "roll back":
            break
    new = [period.new for minute_ in history for period in minute_.values()]
    return Outcome(action == "roll back", sum(c.requests for c in new), sum(c.faults for c in new))


def needed_table(chance: random.Random) -> list[str]:
    """Return a table of requests to the new version until the verdict, by first step, in one function and in all."""
    lines = ["| first step | rate is in | old version faults | median | p95 |", "|---:|---|---:|---:|---:|"]
    for weight in WEIGHTS:
        for one in (False, True):
            for background in (0.0, 0.005):
                runs = sorted(needed(weight, one, background, chance) for _ in range(RUNS))
                where = "one function (its requests)" if one else "all five functions"
                cells = f"{statistics.median(runs):.0f} | {runs[int(0.95 * RUNS)]}"
                lines.append(f"| {weight:.0%} | {where} | {background:.1%} | {cells} |")
    return lines


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


if __name__ == "__main__":
    main()
