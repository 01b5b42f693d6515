"""Draws a dashboard as text, for a terminal or as a web page: a row for each series, with its last and highest value."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from html import escape

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from rich.text import Text

from crudctl.operate.alarms import FIRING
from crudctl.operate.dashboard import Dashboard, Panel, Series

BARS = "▁▂▃▄▅▆▇█"
CELLS = 48  # of a row's bars
LABEL = 22  # columns of a row's label, more where a longer one is shown
DAY = 86400  # seconds; a longer range is labelled with dates
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>%s</title><style>{stylesheet} body {{ color: {foreground}; background: {background}; margin: 16px; }}
pre {{ font: 14px/1.35 Menlo, 'DejaVu Sans Mono', Consolas, monospace; }}</style></head>
<body><pre>{code}</pre></body></html>
"""


def page(dashboard: Dashboard) -> str:
    """Return `lines` as one HTML document that needs no other file and no script."""
    console = Console(record=True, file=io.StringIO(), force_terminal=True, soft_wrap=True, highlight=False)
    for line in lines(dashboard):
        console.print(line)
    return console.export_html(theme=DEFAULT_TERMINAL_THEME, code_format=PAGE % escape(dashboard.name))


def lines(dashboard: Dashboard) -> Iterator[Text]:
    """Yield what to print, line by line."""
    begin, end = (datetime.fromtimestamp(at).astimezone() for at in (dashboard.start, dashboard.end))
    yield Text(f"{dashboard.name}, {begin:%d %b %H:%M} to {end:%d %b %Y %H:%M:%S %Z}", "dim")
    for panel in dashboard.panels:
        if panel.kind == "text":
            yield Text(re.sub(r"\*\*|`|\]\(.*?\)|\[", "", panel.text), "dim")
            continue
        yield Text(f"\n{panel.title}", "bold")
        yield from _panel(panel, dashboard)


def _panel(panel: Panel, dashboard: Dashboard) -> Iterator[Text]:
    if panel.kind == "alarm":
        firing = [alarm for alarm in panel.alarms if alarm.state == FIRING]
        width = _widest(alarm.name for alarm in firing)
        for alarm in firing:
            since = f"since {alarm.since.astimezone():%H:%M:%S}"
            yield Text(f"  ▲ {alarm.name:{width}} {since}  {alarm.says}  {alarm.runbook}", "bold red")
        yield Text(f"  {len(panel.alarms) - len(firing)} of {len(panel.alarms)} are not in ALARM", "green")
        return
    if panel.kind == "singleValue":
        values = (f"{series.label} {number(series.points[-1][1]) if series.points else '-'}" for series in panel.series)
        yield Text("  " + "   ".join(values))
        return
    drawn = [series for series in panel.series if series.points]
    if not drawn:
        yield Text("  no data in this period", "dim")
        return
    most = max(value for series in drawn for _, value in series.points)
    width = _widest([*(series.label for series in drawn), *(label for _, label in panel.lines)])
    for series in drawn:
        yield (
            Text(f"  {series.label:{width}} ")
            .append(bars(series, dashboard, most), "cyan")
            .append(f"  {number(series.points[-1][1])}, max {number(max(value for _, value in series.points))}")
        )
    for at, label in panel.lines:
        cell = min(CELLS - 1, int((at - dashboard.start) / max(dashboard.end - dashboard.start, 1) * CELLS))
        when = f"{datetime.fromtimestamp(at).astimezone():%d %b %H:%M}"
        yield Text(f"  {label:{width}} ").append(f"{' ' * cell}│".ljust(CELLS), "magenta").append(f"  {when}")
    yield Text(" " * (width + 3) + axis(dashboard), "dim")


def _widest(labels: Iterable[str]) -> int:
    return max([LABEL, *map(len, labels)])


def bars(series: Series, dashboard: Dashboard, most: float) -> str:
    """Return the series as a row of bars, each as wide as its period; a blank where data is missing.

    A bar is as high as the highest value that begins in its cell, in proportion to `most`.
    """
    width = CELLS / max(dashboard.end - dashboard.start, 1)  # of a second
    cells: list[float | None] = [None] * CELLS
    for at, value in series.points:
        first = min(CELLS - 1, int((at - dashboard.start) * width))
        last = min(CELLS, math.ceil((at - dashboard.start + dashboard.period) * width))
        for cell in range(first, max(last, first + 1)):
            cells[cell] = value if cell > first else max(value, cells[cell] or 0.0)
    return "".join(
        " " if value is None else BARS[round(value / most * (len(BARS) - 1)) if most else 0] for value in cells
    )


def axis(dashboard: Dashboard) -> str:
    """Return the local time at the beginning, the middle and the end of a row of bars, as wide as the row."""
    form = "%d %b %H:%M" if dashboard.end - dashboard.start > DAY else "%H:%M"
    times = (dashboard.start, (dashboard.start + dashboard.end) / 2, dashboard.end)
    begin, middle, end = (f"{datetime.fromtimestamp(at).astimezone():{form}}" for at in times)
    return begin + middle.center(CELLS - 2 * len(begin)) + end


def number(value: float) -> str:
    """Return a number of three significant figures, thousands as k and M; a share such as 99.95 keeps its decimals."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if unit == 'k' else size):.3g}{unit}"
    if value == int(value):
        return f"{value:,.0f}"
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) >= 10 else f"{value:.3g}"
