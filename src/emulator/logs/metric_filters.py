"""Metric filters of CloudWatch Logs: log lines that become data points; the store of filters is MiniStack's."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch_logs

from emulator.cloudwatch import metrics
from emulator.patches import Difference, patch, register, uses

Json = dict[str, Any]

METRIC_FILTERS = register(
    Difference(
        name="metric-filters",
        service="CloudWatch Logs",
        aws="every line of a log group that matches a metric filter's pattern is a data point",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html",
        ministack="metric filters are stored and create no data points",
        here="as AWS for comparisons of properties in JSON, joined by && and ||, and for dimensions that every matching line has",
        upstream="evaluate metric filters where `_fanout_to_subscription_filters` passes events on",
    )
)
uses(METRIC_FILTERS, cloudwatch_logs, "_metric_filters")
_TERM = re.compile(r'\s*\(?\s*\$\.([\w.]+)\s*(<=|>=|!=|=|<|>|IS)\s*(\*|"[^"]*"|[\w.-]+)\s*\)?\s*')
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip
_CONSTANTS = {"TRUE": True, "FALSE": False}


def install() -> None:
    """Measure the lines that match when they are appended."""
    patch(cloudwatch_logs, "_fanout_to_subscription_filters", fanout, METRIC_FILTERS)


def fanout(original: Callable[..., None], group_name: str, stream_name: str, events: list[Json]) -> None:
    """Pass appended events on to the filters of a log group."""
    original(group_name, stream_name, events)
    filters = [each for each in list(cloudwatch_logs._metric_filters.values()) if each["logGroupName"] == group_name]
    lines = [line for event in events if (line := read(event["message"]))] if filters else []
    for each in filters:
        for line in lines:
            measure(each, line)


def read(message: str) -> Json | None:
    """Return a line that is a JSON object; None for plain text, which matches no pattern for JSON."""
    if not message.startswith("{"):
        return None
    try:
        line: Json = json.loads(message)
    except ValueError:
        return None  # CloudWatch treats it as plain text too
    return line


def measure(metric_filter: Json, line: Json) -> None:
    """Record the data points of a line, if it matches."""
    if not matches(metric_filter["filterPattern"], line):
        return
    for metric in metric_filter["metricTransformations"]:
        text = metric["metricValue"]
        value = property_at(line, text.removeprefix("$.")) if text.startswith("$.") else text
        named = (metric.get("dimensions") or {}).items()
        dimensions = {name: property_at(line, path.removeprefix("$.")) for name, path in named}
        if value is not None and None not in dimensions.values():
            unit = metric.get("unit") or "None"
            texts = {name: str(dimension) for name, dimension in dimensions.items()}
            metrics.record(metric["metricNamespace"], metric["metricName"], float(value), unit, texts)


def matches(pattern: str, line: Any) -> bool:
    """Whether a line matches a pattern such as `{ ($.status < 500) || ($.took = *) }`; one of another form matches nothing.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
    """
    pattern = pattern.strip()
    if not (pattern.startswith("{") and pattern.endswith("}")):
        return False
    return any(all(_is_true(term, line) for term in each.split("&&")) for each in pattern[1:-1].split("||"))


def _is_true(term: str, line: Any) -> bool:
    match = _TERM.fullmatch(term)
    if not match:
        return False
    path, sign, wanted = match.groups()
    actual = property_at(line, path)
    if sign == "IS":
        return actual is _CONSTANTS.get(wanted, "")
    if actual is None or wanted == "*":
        return actual is not None and sign == "="
    if isinstance(actual, int | float) and not isinstance(actual, bool):
        return _is_number(wanted) and _COMPARE[sign](actual, float(wanted))
    return sign in ("=", "!=") and (wanted.strip('"') == str(actual)) is (sign == "=")


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", text))


def property_at(line: Any, path: str) -> Any:
    """Return the property of a JSON object at a path such as `a.b.c`; None if it does not exist."""
    for name in path.split("."):
        line = line.get(name) if isinstance(line, dict) else None
    return line
