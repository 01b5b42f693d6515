"""Reads the deployed dashboard and its data: the body from GetDashboard, the series from GetMetricData. Draws nothing.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crudctl.operate.alarms import FIRING, Alarm, alarms

POINTS = 120  # of a series, at most: more could not be distinguished in a panel
MINUTE, DAY = 60, 86_400  # seconds
# How long CloudWatch keeps data points, in seconds, and the shortest period that still has those of that age.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
KEPT = ((15 * DAY, MINUTE), (63 * DAY, 5 * MINUTE), (455 * DAY, 60 * MINUTE))


@dataclass(frozen=True)
class Series:
    """One row of a panel, or one number. `points` are (epoch seconds, value), oldest first."""

    label: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Panel:
    """One widget.

    Args:
        kind: `timeSeries`, `singleValue`, `text` or `alarm`.
        series: of the first two kinds.
        text: Markdown, of the third.
        alarms: of the fourth.
        lines: vertical ones of the first within the range, as (epoch seconds, label).
    """

    kind: str
    title: str
    series: tuple[Series, ...] = ()
    text: str = ""
    alarms: tuple[Alarm, ...] = ()
    lines: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True)
class Dashboard:
    """The panels in reading order, the range they show in epoch seconds, and the seconds from one point to the next."""

    name: str
    start: float
    end: float
    period: int
    panels: tuple[Panel, ...]


def dashboard(client: Any, name: str, start: float, end: float) -> Dashboard:
    """Return the dashboard of that name with its data.

    Args:
        client: a boto3 client of CloudWatch.
        start, end: in epoch seconds.
    """
    body = json.loads(client.get_dashboard(DashboardName=name)["DashboardBody"])
    widgets = sorted(body["widgets"], key=lambda widget: (widget["y"], widget["x"]))
    period = period_of(end - start, time.time() - start)
    start = start // period * period
    watched = {alarm.name: alarm for alarm in alarms(client, f"{name}-")}
    panels = tuple(_panel(client, each, watched, name, (start, end, period)) for each in widgets)
    return Dashboard(name, start, end, period, panels)


def period_of(seconds: float, age: float = 0) -> int:
    """Return the shortest period, in seconds, that divides a range into at most POINTS and of which AWS still has data points.

    Args:
        seconds: the length of the range.
        age: seconds since it began. Its oldest data points decide for all: a query has one period.
    """
    for limit, kept in KEPT:
        period = max(1, math.ceil(seconds / POINTS / kept)) * kept
        if age + period < limit:  # the range is extended to begin with a whole period
            break
    return period


def _panel(
    client: Any, widget: Mapping[str, Any], watched: Mapping[str, Alarm], name: str, range_: tuple[float, float, int]
) -> Panel:
    properties = widget["properties"]
    if widget["type"] == "text":
        return Panel("text", "", text=properties["markdown"])
    if widget["type"] == "alarm":
        names = [arn.rpartition(":alarm:")[2].removeprefix(f"{name}-") for arn in properties["alarms"]]
        shown = [watched[each] for each in names if each in watched]
        shown.sort(key=lambda alarm: alarm.state != FIRING)
        return Panel("alarm", properties["title"], alarms=tuple(shown))
    series = tuple(_series(client, properties["metrics"], range_))
    return Panel(properties["view"], properties["title"], series=series, lines=tuple(lines(properties, range_)))


def lines(properties: Mapping[str, Any], range_: tuple[float, float, int]) -> Iterator[tuple[float, str]]:
    """Yield the vertical lines of a widget within a range, as (epoch seconds, label)."""
    start, end, _ = range_
    for line in properties.get("annotations", {}).get("vertical", []):
        at = datetime.fromisoformat(line["value"]).timestamp()
        if start <= at <= end:
            yield at, line["label"]


def _series(client: Any, metrics: Sequence[Sequence[Any]], range_: tuple[float, float, int]) -> Iterator[Series]:
    start, end, period = range_
    pages = client.get_paginator("get_metric_data").paginate(
        MetricDataQueries=list(queries(metrics, period)),
        StartTime=datetime.fromtimestamp(start, UTC),
        EndTime=datetime.fromtimestamp(end, UTC),
        ScanBy="TimestampAscending",
    )
    by_label: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for page in pages:
        for result in page["MetricDataResults"]:
            points = zip((at.timestamp() for at in result["Timestamps"]), result["Values"], strict=True)
            by_label.setdefault((result["Id"], result["Label"]), []).extend(points)
    return (Series(label, tuple(sorted(points))) for (_, label), points in by_label.items())


def queries(metrics: Sequence[Sequence[Any]], period: int) -> Iterator[dict[str, Any]]:
    """Yield the queries of GetMetricData for a widget's `metrics` and a period.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    for number, metric in enumerate(metrics):
        options = metric[-1] if isinstance(metric[-1], Mapping) else {}
        query = {"Id": options.get("id", f"q{number}"), "ReturnData": options.get("visible", True)}
        if "expression" in options:
            yield {**query, "Expression": options["expression"], "Label": options["label"], "Period": period}
            continue
        namespace, name, *rest = metric[:-1] if options else metric
        dimensions = [{"Name": key, "Value": value} for key, value in zip(rest[::2], rest[1::2], strict=True)]
        of = {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}
        stat = {"Metric": of, "Period": period, "Stat": options.get("stat", "Average")}
        yield {**query, "MetricStat": stat, "Label": options.get("label", name)}
