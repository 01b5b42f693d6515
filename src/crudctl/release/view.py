"""Shows a release while it runs: a live table on a terminal, otherwise lines. Decides nothing."""

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
from crudctl.release.wording import looks


def moment(epoch: float) -> str:
    """Format a time (seconds since the epoch) as 2026-01-31 12:00:00 UTC."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def lasting(seconds: float) -> str:
    """Format a duration as 1h 02m 03s."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m {rest:02}s" if hours else f"{minutes}m {rest:02}s" if minutes else f"{rest}s"


def ago(seconds: float) -> str:
    """Format how long ago something was, in its largest unit: 3 days ago."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "less than a minute ago"


def one_line(text: str) -> str:
    """Return text without line breaks; AWS's error messages may have some."""
    return " ".join(text.split())


def share(release: Release) -> str:
    """Format the share of the traffic that the record gives the new version, such as 10 %."""
    if not release.stages:
        return "0 %"
    return f"{release.stages[-1][0] * 100:g} %"


def table(figures: dict[str, Any]) -> Table:
    """Return a table of requests, faults and latency of both versions, by operation."""
    figures_table = Table(box=None, pad_edge=False, header_style="bold")
    figures_table.add_column("function")
    figures_table.add_column("version")
    for column in ("requests", "faults", "4xx", "slow", "p50", "p95"):
        figures_table.add_column(column, justify="right")
    for operation, sides in figures.items():
        for side in ("new", "old"):
            figures_table.add_row(operation, side, *_cells(sides[side]))
    return figures_table


def _count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _cells(side: dict[str, Any]) -> list[str]:
    counts = [_count(side.get(name, 0)) for name in ("requests", "faults", "4xx", "slow")]
    return counts + [f"{side[name]:.0f} ms" if name in side else "-" for name in ("p50", "p95")]


def headline(release: Release, decision: Decision, policy: Policy, now: float) -> str:
    """Return one line: the share, what failed, whether it looks worse, what follows from that, and the time left."""
    totals = {
        side: tuple(sum(entry[side][name] for entry in release.figures.values()) for name in ("faults", "requests"))
        for side in ("new", "old")
    }
    failed = ", ".join(f"{faults} of {requests} {side}" for side, (faults, requests) in totals.items())
    left = release.stages[-1][-1] + release.bake - now
    time_left = f"{lasting(left)} left" if left > 0 else "its minimum time is over"
    action = {"hold": "Wait", "promote": "Go on", "roll back": "Go back"}[decision.action]
    parts = (
        f"{share(release)} on the new version, {time_left}",
        f"Failed: {failed}",
        looks(decision.odds, policy, rolled_back=decision.action == "roll back"),
        f"{action}: {decision.reason}.",
    )
    return ". ".join(filter(None, parts))


class View:
    """Shows one release while it runs; a context manager.

    Args:
        console: where it is shown.
        policy: whose limit the odds are shown against.
        clock: returns the time in seconds since the epoch.
    """

    def __init__(self, console: Console, policy: Policy, clock: Callable[[], float] = time.time) -> None:
        self._console = Screen(stderr=True, soft_wrap=False) if console.is_terminal else console  # which wraps lines
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

    def log(self, line: str) -> None:
        """Print a line, with the time."""
        with unheard():
            self._console.print(f"{datetime.fromtimestamp(self._clock(), UTC):%H:%M:%S} {line}", markup=False)

    def show(self, release: Release, decision: Decision) -> None:
        """Show the state of the release: replace the table on a terminal, otherwise print a line every ten seconds."""
        line = headline(release, decision, self._policy, self._clock())
        if self._live:
            with unheard():
                self._live.update(Group(Text(""), table(release.figures), Text(""), Text(line), Text("")))
        elif decision.action != "hold" or self._clock() - self._last >= 10:
            self.log(line)
            self._last = self._clock()
