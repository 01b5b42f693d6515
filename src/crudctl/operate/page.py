"""Draws a dashboard as one HTML page that needs nothing else: styles, charts in SVG, light and dark, no script."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from crudctl.operate.alarms import RINGING, Alarm
from crudctl.operate.dashboard import Dashboard, Panel, Series

COLUMN, HIGH, LEFT, BOTTOM, TOP = 53, 210, 52, 22, 8  # of a chart's drawing, in its own units
GAP = 2.5  # periods without data after which a line is broken
COLOURS = 8  # series before they repeat, then dashed
STYLE = """
:root { color-scheme: light dark; --page: light-dark(#f6f7f6, #131716); --card: light-dark(#ffffff, #1b201f);
  --line: light-dark(#dfe4e2, #313937); --text: light-dark(#17201d, #e8edeb); --muted: light-dark(#56625d, #a3b0ab);
  --good: light-dark(#0f6b5c, #4fc9b1); --bad: light-dark(#b3261e, #ff9d93); --bad-tint: light-dark(#fdeceb, #3a1e1c);
  --c0: light-dark(#0f6b5c, #4fc9b1); --c1: light-dark(#b3491e, #ffab7a); --c2: light-dark(#3056b8, #8fb0ff);
  --c3: light-dark(#8a3a94, #e19bea); --c4: light-dark(#7a6a00, #dcc84a); --c5: light-dark(#b3265f, #ff95bf);
  --c6: light-dark(#1f7a9c, #77cfee); --c7: light-dark(#5b6660, #b4beb9);
  font: 14px/1.45 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; color: var(--text); background: var(--page); }
* { box-sizing: border-box; margin: 0; }
body { max-width: 1600px; margin: 0 auto; padding: 16px; }
header { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: baseline; padding-bottom: 12px; }
h1 { font-size: 20px; } h2 { font-size: 13px; font-weight: 600; color: var(--muted); padding-bottom: 6px; }
header p, .guide { color: var(--muted); }
main { display: grid; grid-template-columns: repeat(24, 1fr); gap: 10px; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 10px 12px; min-width: 0; }
@media (max-width: 860px) { main > * { grid-column: 1 / -1 !important; } }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--muted); font-size: 12px; } .grid { stroke: var(--line); stroke-width: 1; }
path { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
circle { fill: var(--c); }
.again { stroke-dasharray: 5 4; }
.legend, .alarms { display: flex; flex-wrap: wrap; gap: 3px 14px; list-style: none; padding: 4px 0 0; font-size: 12px; }
.legend i { display: inline-block; width: 12px; height: 3px; border-radius: 2px; vertical-align: middle; margin-right: 5px; }
.legend b { font-variant-numeric: tabular-nums; } .none { color: var(--muted); padding: 24px 0; text-align: center; }
.numbers { display: flex; flex-wrap: wrap; gap: 6px 28px; } .numbers b { display: block; font-size: 26px; line-height: 1.2;
  font-variant-numeric: tabular-nums; } .numbers span { color: var(--muted); font-size: 12px; }
.alarms li { padding: 2px 8px; border: 1px solid var(--line); border-radius: 99px; }
.alarms li::before { content: '\\25cf'; color: var(--good); margin-right: 6px; }
.alarms .INSUFFICIENT_DATA::before { content: '\\25cb'; color: var(--muted); }
.alarms .ALARM { background: var(--bad-tint); border-color: var(--bad); font-weight: 600; flex-basis: 100%; border-radius: 8px; }
.alarms .ALARM::before { content: '\\25b2'; color: var(--bad); } .alarms small { font-weight: 400; color: var(--text); }
code { font: 12px ui-monospace, SFMono-Regular, Menlo, monospace; background: var(--page); padding: 1px 4px; border-radius: 4px; }
a { color: var(--good); }
"""


def page(dashboard: Dashboard, title: str) -> str:
    """The whole page."""
    panels = "\n".join(_section(panel, dashboard) for panel in dashboard.panels)
    begin, end = (datetime.fromtimestamp(at).astimezone() for at in (dashboard.start, dashboard.end))
    when = f"{begin:%d %b %H:%M} to {end:%d %b %Y %H:%M:%S %Z}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><header><h1>{escape(title)}</h1><p>{when}</p></header>\n<main>\n{panels}\n</main></body></html>\n"
    )


def _section(panel: Panel, dashboard: Dashboard) -> str:
    heading = f"<h2>{_marked(panel.title)}</h2>" if panel.title else ""
    if panel.kind == "text":
        content = f'<p class="guide">{_marked(panel.text)}</p>'
    elif panel.kind == "alarm":
        content = f'<ul class="alarms">{"".join(map(_alarm, panel.alarms))}</ul>'
    elif panel.kind == "singleValue":
        content = f'<div class="numbers">{"".join(map(_number, panel.series))}</div>'
    else:
        content = _chart(panel, dashboard)
    return f'<section style="grid-column: span {panel.width}">{heading}{content}</section>'


def _marked(text: str) -> str:
    """The Markdown that the dashboard uses: bold, code and links."""
    text = escape(text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"`(.+?)`", r"<code>\1</code>", text)
    return re.sub(r"\[(.+?)\]\(((?:https://)?[\w./#:-]+)\)", r'<a href="\2">\1</a>', text)


def _alarm(alarm: Alarm) -> str:
    if alarm.state != RINGING:
        return f'<li class="{alarm.state}">{escape(alarm.name)}</li>'
    since = f"since {alarm.since.astimezone():%H:%M:%S}"
    told = f"{escape(alarm.says)}, {since}: {escape(alarm.runbook)}"
    return f'<li class="{alarm.state}">{escape(alarm.name)} <small>{told}</small></li>'


def _number(series: Series) -> str:
    value = shown(series.points[-1][1]) if series.points else "-"
    return f"<div><b>{value}</b><span>{escape(series.label)}</span></div>"


def _chart(panel: Panel, dashboard: Dashboard) -> str:
    drawn = [series for series in panel.series if series.points]
    if not drawn:
        names = ", ".join(series.label for series in panel.series)
        return f'<p class="none">No data in this time{escape(f" for {names}" if names else "")}.</p>'
    ticks = scale(max(value for series in drawn for _, value in series.points))
    span = max(dashboard.end - dashboard.start, 1)
    wide = panel.width * COLUMN

    def place(at: float, value: float) -> tuple[float, float]:
        across = LEFT + (at - dashboard.start) / span * (wide - LEFT - 6)
        return across, TOP + (1 - value / ticks[-1]) * (HIGH - TOP - BOTTOM)

    lines = [f'<line class="grid" x1="{LEFT}" x2="{wide}" y1="{y:.1f}" y2="{y:.1f}"/>'
             f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{shown(tick)}</text>'
             for tick in ticks for y in [place(0, tick)[1]]]  # fmt: skip
    for part, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        at = dashboard.start + part * span
        where = place(at, 0)[0]
        lines.append(f'<text x="{where:.1f}" y="{HIGH - 4}" text-anchor="{anchor}">{_clock(at, dashboard)}</text>')
    for number, series in enumerate(drawn):
        again = ' class="again"' if number >= COLOURS else ""
        marks = "".join(_mark([place(*point) for point in run]) for run in runs(series.points, dashboard.period * GAP))
        lines.append(
            f'<g style="--c: var(--c{number % COLOURS})"{again}><title>{escape(series.label)}</title>{marks}</g>'
        )
    told = f"{panel.title}: " + ", ".join(f"{series.label} {shown(series.points[-1][1])}" for series in drawn)
    keys = "".join(_key(number, series) for number, series in enumerate(drawn))
    return (
        f'<svg viewBox="0 0 {wide} {HIGH}" role="img" aria-label="{escape(told)}">{"".join(lines)}</svg>'
        f'<ul class="legend">{keys}</ul>'
    )


def _mark(points: Sequence[tuple[float, float]]) -> str:
    """A line through the points; a dot where there is but one."""
    if len(points) == 1:
        return f'<circle cx="{points[0][0]:.1f}" cy="{points[0][1]:.1f}" r="3"/>'
    return f'<path d="M{" L".join(f"{x:.1f} {y:.1f}" for x, y in points)}"/>'


def _key(number: int, series: Series) -> str:
    most = max(value for _, value in series.points)
    colour = f'<i style="background: var(--c{number % COLOURS})"></i>'
    return f"<li>{colour}{escape(series.label)} <b>{shown(series.points[-1][1])}</b>, most {shown(most)}</li>"


def _clock(at: float, dashboard: Dashboard) -> str:
    moment = datetime.fromtimestamp(at).astimezone()
    return f"{moment:%d %b %H:%M}" if dashboard.end - dashboard.start > 86400 else f"{moment:%H:%M}"


def runs(points: Iterable[tuple[float, float]], gap: float) -> list[list[tuple[float, float]]]:
    """The points in stretches between which more than `gap` seconds are without data."""
    found: list[list[tuple[float, float]]] = []
    for point in points:
        if not found or point[0] - found[-1][-1][0] > gap:
            found.append([])
        found[-1].append(point)
    return found


def scale(most: float) -> list[float]:
    """Round values from zero to at least `most`, for the lines of a chart."""
    if most <= 0:
        return [0.0, 1.0]
    rough = most / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= rough)
    return [round(step * number, 10) for number in range(math.ceil(round(most / step, 9)) + 1)]


def shown(value: float) -> str:
    """A number for people: three figures that matter, thousands as k and M; a share such as 99.95 whole."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if unit == 'k' else size):.3g}{unit}"
    if value == int(value):
        return f"{value:,.0f}"
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) >= 10 else f"{value:.3g}"
