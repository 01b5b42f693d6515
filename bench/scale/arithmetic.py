"""What needs no simulation: what a rate takes of every service, owners of unequal size, STS, releases, alarms. Pure."""

from __future__ import annotations

import math

from bench.scale.capacity import PARTITION_READS, PARTITION_WRITES
from bench.scale.simulation import INDEX_WRITES, READS, TABLE_WRITES, Design, everyday

MONTH = 730 * 3600  # seconds
LOG_BYTES = 1_450  # of a request, all lines together, as `crudctl cost` counts them
TRACE_SHARE = 0.05
FLOW = 300  # seconds after which an idle connection is opened again
SESSION = 55 * 60  # seconds for which credentials of an owner are kept
OWNERS_KEPT = 500  # by each environment
STS = 600  # calls a second


def units(rate: float) -> tuple[float, float, float, float]:
    """Return write units of table and index and read units of table and index, a second, of the everyday mix."""
    by = {stream.operation: stream.rate for stream in everyday(rate)}
    table = sum(by[name] * one for name, one in TABLE_WRITES.items())
    index = sum(by[name] * one for name, one in INDEX_WRITES.items())
    return table, index, by["get"] * READS["get"], by["list"] * READS["list"]


def partitions(writes: float, reads: float) -> int:
    """Return how many partitions serve these units, if they are spread evenly."""
    return max(4, math.ceil(writes / PARTITION_WRITES), math.ceil(reads / PARTITION_READS))


def ramp(writes: float, start: float = 4000) -> int:
    """Return the minutes in which a table on demand gets from `start` to these write units, doubling each half hour."""
    return 30 * max(0, math.ceil(math.log2(writes / start))) if writes else 0


def plan(rates: tuple[float, ...]) -> list[str]:
    """Return a table of what each rate of the everyday mix takes."""
    design = Design()
    rows: dict[str, list[str]] = {}
    for rate in rates:
        table, index, gets, lists = units(rate)
        running = rate * design.duration
        cells = {
            "requests a month": amount(rate * MONTH),
            "in functions at once": f"{running:,.1f}" if running < 10 else f"{running:,.0f}",
            "concurrency to ask for: a tenth of the rate, and half as much again": f"{max(1000, rate / 10 * 1.5):,.0f}",
            "a step to this rate from idle: environments": f"{rate * (design.duration + design.cold):,.0f}",
            "write units/s, table and index": f"{table:,.0f} and {index:,.0f}",
            "read units/s, table and index": f"{gets:,.0f} and {lists:,.0f}",
            "partitions, table and index": f"{partitions(table, gets)} and {partitions(index, lists)}",
            "minutes from a new table to this, without warm throughput": f"{ramp(max(table, index))}",
            "log, GB a day": f"{rate * 86400 * LOG_BYTES / 1e9:,.0f}",
            "traces a second at a share of 0.05 (free: 100,000 a month)": f"{rate * TRACE_SHARE:,.1f}",
            "connections to DynamoDB that are open": f"{max(1, math.ceil(running)):,}",
        }
        for name, cell in cells.items():
            rows.setdefault(name, []).append(cell)
    head = [f"| | {' | '.join(f'{rate:,.0f}/s' for rate in rates)} |", "|---|" + "--:|" * len(rates)]
    return head + [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]


def amount(number: float) -> str:
    """Return a large number in millions or billions."""
    return f"{number / 1e9:,.1f} billion" if number >= 1e9 else f"{number / 1e6:,.0f} million"


def share_of_the_largest(owners: int, exponent: float = 1.0) -> float:
    """Return the share of the requests that the busiest of some owners sends, if the n-th sends 1/n^exponent of the first."""
    return 1 / math.fsum(number**-exponent for number in range(1, owners + 1))


def owners(counts: tuple[int, ...]) -> list[str]:
    """Return a table of the rates at which the busiest owner fills a partition of the index, and everybody together STS."""
    lines = [
        "| active owners | the busiest sends | fills its index partition at | with `abac`, STS is full at |",
        "|--:|--:|--:|--:|",
    ]
    for count in counts:
        share = share_of_the_largest(count)
        index = units(1)[1]
        lines.append(f"| {count:,} | {share:.1%} | {PARTITION_WRITES / (share * index):,.0f}/s | {abac(count)} |")
    return lines


def abac(count: int) -> str:
    """Return the rate of requests at which new sessions of owners use up STS's quota."""
    missed = 1 - OWNERS_KEPT / count if count > OWNERS_KEPT else 0.0
    return f"{STS / missed:,.0f}/s" if missed else f"{STS * SESSION / count:,.0f} environments"


def sessions(rate: float, count: int, environments: float) -> float:
    """Return the sessions a second that functions ask STS for, if each request is of any of `count` owners.

    An environment keeps the sessions of the owners that it served last, for 55 minutes.
    """
    missed = max(0.0, 1 - OWNERS_KEPT / count)
    expired = environments * min(count, OWNERS_KEPT) / SESSION
    return min(rate, rate * missed + expired)


def releases(rates: tuple[float, ...], shares: tuple[float, ...] = (0.5, 0.1, 0.01)) -> list[str]:
    """Return a table of the requests that meet a version that fails all of them, by the first share of the traffic.

    CloudWatch has a minute's data a minute or two later, and the release looks once a minute: two and a half minutes.
    """
    lines = [f"| first step | {' | '.join(f'{rate:,.0f}/s' for rate in rates)} |", "|--:|" + "--:|" * len(rates)]
    return lines + [
        f"| {share:.0%} | {' | '.join(f'{rate * share * 150:,.0f}' for rate in rates)} |" for share in shares
    ]


def counts(rates: tuple[float, ...], allowed: float = 0.001, seconds: int = 300) -> list[str]:
    """Return a table of the failures that the objective allows in the window of the alarms that count."""
    lines = [f"| | {' | '.join(f'{rate:,.0f}/s' for rate in rates)} |", "|---|" + "--:|" * len(rates)]
    cells = " | ".join(f"{rate * seconds * allowed:,.0f}" for rate in rates)
    return [
        *lines,
        f"| failures in {seconds // 60} minutes that an availability of {1 - allowed:.1%} allows | {cells} |",
    ]
