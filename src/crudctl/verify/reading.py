"""The part `tools`: `crudctl logs`, `trace` and `dashboard` find a request that was made."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

from botocore.exceptions import ClientError

from crudctl.console import Failed
from crudctl.operate import logs
from crudctl.operate.dashboard import dashboard
from crudctl.verify.arrivals import SERVED
from crudctl.verify.rows import Part, Result, Row, right, unseen
from crudctl.verify.subject import NO_ALARMS, Subject

BACK = 3600  # seconds of the dashboard
LOGS = Row(
    "logs", "`crudctl logs` for the id of a list that was served", "the gateway's line and the function's",
    "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html",
)  # fmt: skip
TRACE = Row(
    "trace", "`crudctl trace` for the id, and for the trace that it was sent with", "the same lines, with the platform's",
    "https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html",
)  # fmt: skip
DASHBOARD = Row(
    "dashboard", "`crudctl dashboard`, over the last hour", "every expression is accepted, and requests are drawn",
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html", ("metric-math",),
)  # fmt: skip
SEARCHES = Row(
    "searches", "the panels of the dashboard that SEARCH for requests", "each has a series for each operation that was called",
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html", ("metric-math",),
)  # fmt: skip
ROWS = (LOGS, TRACE, DASHBOARD, SEARCHES)


def find(subject: Subject, progress: Callable[[str], None]) -> Iterator[Result]:
    """Yield what the commands find."""
    progress("the dashboard")
    yield from _dashboard(subject)
    if SERVED not in subject.found:
        for row in (LOGS, TRACE):
            yield unseen(row, "no request to look for: choose the part `requests` too", excused=True)
        return
    progress("logs and trace")
    yield _logs(subject)
    yield _trace(subject)


PART = Part("tools", "Find the request with crudctl", 180, ROWS, find)


def _logs(subject: Subject) -> Result:
    sent = subject.found[SERVED]
    groups = logs.groups(subject.functions, subject.environment.prefix, None)
    matches = logs.matcher(sent.request_id, None)
    events = logs.read(subject.environment, groups, time.time() - sent.at + 60, term=sent.request_id)
    found = [event["group"] for event in events if matches(event)]
    gateway = sum(map(logs.of_gateway, found))
    return right(LOGS, f"{gateway} of the gateway, {len(found) - gateway} of functions", 0 < gateway < len(found))


def _trace(subject: Subject) -> Result:
    sent = subject.found[SERVED]
    groups = logs.groups(subject.functions, subject.environment.prefix, None)
    found = []
    for wanted in (sent.request_id, sent.trace):
        try:
            found.append({event["eventId"] for event in logs.trace(subject.environment, groups, wanted, BACK)})
        except Failed as failure:
            return right(TRACE, failure.message, is_right=False)
    seen = f"{len(found[0])} lines by the request's id, {len(found[1])} by its trace"
    return right(TRACE, seen, found[0] == found[1] and len(found[0]) > 2)


def _dashboard(subject: Subject) -> Iterator[Result]:
    if not subject.watched:
        for row in (DASHBOARD, SEARCHES):
            yield unseen(row, NO_ALARMS, excused=True)
        return
    client, name, now = subject.client("cloudwatch"), subject.environment.prefix, time.time()
    body = json.loads(client.get_dashboard(DashboardName=name)["DashboardBody"])
    subject.used["metric_read"] += sum(len(one["properties"].get("metrics", [])) for one in body["widgets"])
    try:
        panels = {panel.title: panel for panel in dashboard(client, name, now - BACK, now).panels if panel.title}
    except ClientError as error:
        yield right(DASHBOARD, f"refused: {error.response['Error'].get('Message', error)}", is_right=False)
        return
    graphs = [panel for panel in panels.values() if panel.kind in ("timeSeries", "singleValue")]
    drawn = [panel.title for panel in graphs if any(series.points for series in panel.series)]
    seen = f"{len(drawn)} of {len(graphs)} panels have data"
    first = next((panel for panel in graphs if panel.kind == "timeSeries"), None)
    requests = bool(first and first.series and first.series[0].points)
    yield right(DASHBOARD, seen if requests else f"{seen}; no requests are drawn", requests)
    # What the service itself counts has a series only once something failed.
    searching = [
        one["properties"]["title"]
        for one in body["widgets"]
        for text in [json.dumps(one["properties"].get("metrics", []))]
        if "SEARCH(" in text and "operation,version}" not in text
    ]
    empty = [title for title in searching if not any(series.points for series in panels[title].series)]
    yield right(
        SEARCHES, f"no series: {'; '.join(empty)}" if empty else f"{len(searching)} panels have series", not empty
    )
