"""Draws a dashboard in a terminal: a row for each series, with what it was, is and was at most."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.text import Text

from crudctl.operate.alarms import RINGING
from crudctl.operate.dashboard import Dashboard, Panel, Series
from crudctl.operate.page import shown

BARS = "▁▂▃▄▅▆▇█"
CELLS = 48  # of a row's drawing


def lines(dashboard: Dashboard) -> Iterator[Text]:
    """What to print, line by line."""
    for panel in dashboard.panels:
        if panel.kind == "text":
            yield Text(re.sub(r"\*\*|`|\]\(.*?\)|\[", "", panel.text), "dim")
            continue
        yield Text(f"\n{panel.title}", "bold")
        yield from _panel(panel, dashboard)


def _panel(panel: Panel, dashboard: Dashboard) -> Iterator[Text]:
    if panel.kind == "alarm":
        ringing = [alarm for alarm in panel.alarms if alarm.state == RINGING]
        for alarm in ringing:
            since = f"since {alarm.since.astimezone():%H:%M:%S}"
            yield Text(f"  ▲ {alarm.name:22} {since}  {alarm.says}  {alarm.runbook}", "bold red")
        yield Text(f"  {len(panel.alarms) - len(ringing)} of {len(panel.alarms)} do not ring", "green")
        return
    if panel.kind == "singleValue":
        values = (f"{series.label} {shown(series.points[-1][1]) if series.points else '-'}" for series in panel.series)
        yield Text("  " + "   ".join(values))
        return
    drawn = [series for series in panel.series if series.points]
    most = max((value for series in drawn for _, value in series.points), default=0.0)
    for series in drawn:
        yield (
            Text(f"  {series.label:22} ")
            .append(bars(series, dashboard, most), "cyan")
            .append(f"  {shown(series.points[-1][1])}, most {shown(max(value for _, value in series.points))}")
        )
    if not drawn:
        yield Text("  no data in this time", "dim")


def bars(series: Series, dashboard: Dashboard, most: float) -> str:
    """The series as a row of bars, the highest of each cell; a blank where there is no data."""
    span = max(dashboard.end - dashboard.start, 1)
    cells: list[float | None] = [None] * CELLS
    for at, value in series.points:
        cell = min(CELLS - 1, int((at - dashboard.start) / span * CELLS))
        cells[cell] = max(value, cells[cell] or 0.0)
    return "".join(
        " " if value is None else BARS[round(value / most * (len(BARS) - 1)) if most else 0] for value in cells
    )
