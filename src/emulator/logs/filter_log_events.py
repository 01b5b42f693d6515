"""Pages and patterns of FilterLogEvents: MiniStack returns the oldest 10,000 events and does not say that there are more."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch_logs

from emulator.logs import metric_filters
from emulator.patches import Difference, patch, register

Json = dict[str, Any]

PAGES = register(
    Difference(
        name="log-pages",
        service="CloudWatch Logs",
        aws="FilterLogEvents returns a `nextToken` with each page but the last",
        source="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html",
        ministack="no answer has a `nextToken`, and what is newer than the first 10,000 events is left out",
        here="as AWS",
        upstream="return the position of the next event as `nextToken`, and begin there",
    )
)
PATTERNS = register(
    Difference(
        name="log-patterns",
        service="CloudWatch Logs",
        aws="FilterLogEvents with a pattern for JSON returns the events that match it",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html",
        ministack="a pattern for JSON matches every event",
        here="as AWS for comparisons of properties in JSON, joined by && and ||",
        upstream="parse these patterns in `_compile_filter_pattern`, for metric filters too",
    )
)

MOST = 10_000  # events of a page


def install() -> None:
    """Give each full page a token for the next, and leave out what does not match."""
    patch(cloudwatch_logs, "_filter_log_events", page, PAGES)
    patch(cloudwatch_logs, "_compile_filter_pattern", compile_pattern, PATTERNS)


def page(original: Callable[[Json], Any], data: Json) -> Any:
    """Return a page of events. A token has the time of the last event, and how many events of that time were returned."""
    moment, skipped = map(int, data["nextToken"].split("/")) if data.get("nextToken") else (data.get("startTime"), 0)
    limit = min(data.get("limit", MOST), MOST)
    asked = {name: value for name, value in data.items() if name not in ("nextToken", "startTime")}
    beginning = {} if moment is None else {"startTime": moment}
    status, headers, body = original({**asked, **beginning, "limit": min(limit + skipped, MOST)})
    found = json.loads(body)
    if status != 200:
        return status, headers, body
    full = len(found["events"]) >= min(limit + skipped, MOST)
    found["events"] = found["events"][skipped:]
    if full and found["events"]:
        last = found["events"][-1]["timestamp"]
        same = sum(event["timestamp"] == last for event in found["events"])
        found["nextToken"] = f"{last}/{same + (skipped if last == moment else 0)}"
    return status, headers, json.dumps(found).encode()


def compile_pattern(original: Callable[[str], Callable[[str], bool]], raw: str) -> Callable[[str], bool]:
    """Return what says whether a line matches a pattern."""
    if not (raw or "").strip().startswith("{"):
        return original(raw)
    return lambda message: metric_filters.matches(raw, metric_filters.read(message))
