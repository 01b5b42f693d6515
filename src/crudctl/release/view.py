"""How a release looks to people: a live table on a terminal, lines elsewhere. Decides nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from crudctl.console import Screen, unheard
from crudctl.release.guard import Decision, Policy
from crudctl.release.record import Release


def moment(epoch: float) -> str:
    """A time as 2026-01-31 12:00:00 UTC."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def lasting(seconds: float) -> str:
    """A duration as 1h 02m 03s."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m {rest:02}s" if hours else f"{minutes}m {rest:02}s" if minutes else f"{rest}s"


def one_line(text: str) -> str:
    """Text without line breaks, whoever wrote it."""
    return " ".join(text.split())


def share(release: Release) -> str:
    """Which part of the traffic the new version is given by the record."""
    if not release.stages:
        return "0 %"
    return f"{release.stages[-1][0] * 100:g} %"


def table(figures: dict[str, Any]) -> Table:
    """Requests, faults and latency of both versions, by operation."""
    found = Table(box=None, pad_edge=False, header_style="bold")
    found.add_column("function")
    found.add_column("version")
    for column in ("requests", "faults", "slow", "p50", "p95"):
        found.add_column(column, justify="right")
    for operation, sides in figures.items():
        for side in ("new", "old"):
            found.add_row(operation, side, *_cells(sides[side]))
    return found


def _cells(side: dict[str, Any]) -> list[str]:
    counts = [f"{side[name]:,}" for name in ("requests", "faults", "slow")]
    return counts + [f"{side[name]:.0f} ms" if name in side else "-" for name in ("p50", "p95")]


def headline(release: Release, decision: Decision, policy: Policy, now: float) -> str:
    """One line: weight, counts, odds, verdict so far, time left."""
    totals = {
        side: tuple(sum(entry[side][name] for entry in release.figures.values()) for name in ("faults", "requests"))
        for side in ("new", "old")
    }
    counts = ", ".join(f"{side} {faults} of {requests} faulty" for side, (faults, requests) in totals.items())
    left = release.stages[-1][-1] + release.bake - now
    time_left = f"{lasting(left)} left" if left > 0 else "bake over"
    suspicion = f"suspicion {decision.odds:.3g} of {policy.limit:g}"
    return (
        f"{share(release)} to the new version: {counts}; {suspicion}; {decision.action}: {decision.reason}; {time_left}"
    )


class View:
    """Shows one release while it runs; use it as a context.

    Args:
        console: where.
        policy: what the verdict is measured against.
        clock: returns the time in seconds since the epoch.
    """

    def __init__(self, console: Console, policy: Policy, clock: Callable[[], float] = time.time) -> None:
        self._console = Screen(stderr=True, highlight=False) if console.is_terminal else console  # which wraps lines
        self._policy = policy
        self._clock = clock
        self._live = Live(console=self._console, refresh_per_second=4) if console.is_terminal else None
        self._last = 0.0

    def __enter__(self) -> View:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._live:
            with unheard():
                self._live.stop()

    def tell(self, line: str) -> None:
        """One line, with the time."""
        with unheard():
            self._console.print(f"{datetime.fromtimestamp(self._clock(), UTC):%H:%M:%S} {line}", markup=False)

    def show(self, release: Release, decision: Decision) -> None:
        """The state of affairs: replaces the table on a terminal, else a line every ten seconds and at the end."""
        line = headline(release, decision, self._policy, self._clock())
        if self._live:
            with unheard():
                self._live.update(Group(Text(""), table(release.figures), Text(""), Text(line), Text("")))
        elif decision.action != "hold" or self._clock() - self._last >= 10:
            self.tell(line)
            self._last = self._clock()
