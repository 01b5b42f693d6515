"""The loads under which each design decision breaks first, and how far a change carries. Every table is Markdown."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf

from bench.scale.simulation import OPEN, Design, Outcome, Simulation, Stream, everyday

HOT = 0.1234  # where the hash of the one owner is, or of the one resource
FAILING = 0.01  # a design breaks where more than one request in a hundred does not succeed at its first try
# Only one of the limits is in the way.
TABLE = replace(OPEN, concurrency=1e6, gateway_rate=1e9, gateway_burst=1e9)
GATEWAY = replace(OPEN, partitions=256, gateway_rate=1e9, gateway_burst=1e9)
LAMBDA = replace(OPEN, partitions=256, concurrency=1e6)
MORE = replace(LAMBDA, gateway_rate=50_000, gateway_burst=25_000)
STEP = replace(GATEWAY, concurrency=10_000)
SHARDED = replace(TABLE, partitions=64, shards=10)
EVENTUAL = replace(TABLE, consistent=False)

Load = Callable[[float], list[Stream]]


def one(operation: str) -> Load:
    """Return the load of one owner who sends one operation."""
    return lambda rate: [Stream(operation, rate, owner=HOT)]


def one_resource(operation: str) -> Load:
    """Return the load of one resource that everybody reads."""
    return lambda rate: [Stream(operation, rate, place=HOT)]


@dataclass(frozen=True)
class Case:
    """A decision, the load that breaks it, and a change. `step`: the rate comes at once, to a service that was idle."""

    decision: str
    load: Load
    design: Design
    change: str
    changed: Design
    step: bool = False


CASES = (
    Case("`throttling.rate` is 100 for each method", everyday, Design(), "1,000", Design(1000, 2000)),
    Case("a new account has a concurrency of 10", everyday, replace(OPEN, concurrency=10), "quota of 1,000", OPEN),
    Case(
        "an account has a concurrency of 1,000",
        everyday,
        GATEWAY,
        "quota of 10,000",
        replace(GATEWAY, concurrency=10_000),
    ),
    Case("an account has 10,000 requests a second at the gateway", everyday, LAMBDA, "quota of 50,000", MORE),
    Case("no concurrency is provisioned: a step from idle", everyday, GATEWAY, "quota of 10,000", STEP, step=True),
    Case("a table on demand, new", everyday, TABLE, "warm throughput of 40,000 writes", replace(TABLE, partitions=40)),
    Case("the index is by owner: one owner creates", one("create"), TABLE, "ten shards", SHARDED),
    Case('`ownership = "shared"`: everybody lists', one("list"), TABLE, "ten shards", SHARDED),
    Case(
        "reads are consistent: everybody gets one resource",
        one_resource("get"),
        TABLE,
        "eventually consistent reads",
        EVENTUAL,
    ),
)


def simulated(design: Design, streams: list[Stream], seconds: float) -> Simulation:
    """Run one simulation, with a weight that keeps it to some ten thousand requests."""
    rate = sum(stream.rate for stream in streams)
    simulation = Simulation(design, random.Random(2026), max(1.0, rate * seconds / 60_000))
    simulation.run(streams, seconds)
    return simulation


def holds(case: Case, design: Design, rate: float) -> tuple[bool, Outcome]:
    """Whether a design carries a load for 20 s, without regard to how it begins unless that is the case."""
    streams = case.load(rate)
    if not case.step:
        design = replace(design, cold=design.duration)
    outcome = simulated(design, streams, 10 if case.step else 20).outcomes["everybody"]
    return outcome.disturbed <= FAILING, outcome


def breaking(case: Case, design: Design) -> tuple[float, str]:
    """Return the highest rate that a design carries, to about 5 %, and the first thing that refuses beyond it."""
    low, high, reason = 1.0, 1.0, ""
    while high < 1e6:
        high = low * 2
        held, outcome = holds(case, design, high)
        if not held:
            break
        low = high
    while high / low > 1.05:
        middle = (low * high) ** 0.5
        held, found = holds(case, design, middle)
        low, high, outcome = (middle, high, outcome) if held else (low, middle, found)
    if outcome.refused:
        reason = max(outcome.refused, key=lambda why: outcome.refused[why])
    return low, reason


def breaks() -> list[str]:
    """Return a table of where each decision breaks, and where after a change."""
    lines = ["| decision | breaks at | with | change | then at | with |", "|---|--:|---|---|--:|---|"]
    for case in CASES:
        at, why = breaking(case, case.design)
        then, reason = breaking(case, case.changed)
        lines.append(f"| {case.decision} | {rounded(at)}/s | {why} | {case.change} | {rounded(then)}/s | {reason} |")
    return lines


def rounded(number: float) -> str:
    """Return a number to two digits."""
    size = 10 ** max(0, len(str(int(number))) - 2)
    return f"{round(number / size) * size:,.0f}"


def budgets(rates: tuple[float, ...] = (300, 600, 1000, 2000)) -> list[str]:
    """Return a table of what everybody notices of one owner, without and with a budget of retries."""
    lines = [
        "| one owner creates | everybody's failed requests, without a budget | in use of 1,000 | with it | in use |",
        "|--:|--:|--:|--:|--:|",
    ]
    for rate in rates:
        streams = [*everyday(500), Stream("create", rate, HOT, begins=5, who="one owner")]
        cells = []
        for retries in (inf, OPEN.retries):
            simulation = simulated(replace(OPEN, retries=retries), streams, 60)
            cells += [f"{simulation.outcomes['everybody'].failed:.1%}", f"{simulation.most_busy:,.0f}"]
        lines.append(f"| {rate:,.0f}/s | {' | '.join(cells)} |")
    return lines


def neighbours() -> list[str]:
    """Return a table of what an owner who writes too much does to those in the same partition of the index, over time."""
    lines = ["| minutes | everybody's requests that fail | partitions of the index |", "|---|--:|--:|"]
    simulation = Simulation(TABLE, random.Random(2026), 4)
    before = Outcome()
    streams = [*everyday(300), Stream("create", 800, HOT, who="one owner")]
    simulation.begin(streams, 900)
    for minute in range(3, 16, 3):
        simulation.play(minute * 60)
        now = simulation.outcomes["everybody"]
        failed = (now.ended - before.ended - now.succeeded + before.succeeded) / (now.ended - before.ended)
        before = replace(now)
        lines.append(f"| {minute - 3} to {minute} | {failed:.1%} | {len(simulation.index)} |")
    return lines


def outages(rates: tuple[float, ...] = (10, 50, 100, 300)) -> list[str]:
    """Return a table of what 30 s in which DynamoDB does not respond do, and how long after it the last request is served."""
    lines = ["| requests | fail after five tries | in use of 1,000 | the last waits |", "|--:|--:|--:|--:|"]
    for rate in rates:
        simulation = simulated(replace(OPEN, outage=(10, 40)), everyday(rate), 60)
        outcome = simulation.outcomes["everybody"]
        lines.append(
            f"| {rate:,.0f}/s | {outcome.failed:.1%} | {simulation.most_busy:,.0f} | {outcome.percentile(1):.0f} s |"
        )
    return lines
