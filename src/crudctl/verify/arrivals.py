"""The part `records`: the log lines and metrics of requests that the part `requests` has sent arrive, and how late."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from crudctl.build import service
from crudctl.operate import logs
from crudctl.verify.rows import Part, Result, Row, right, unseen
from crudctl.verify.subject import Sent, Subject

SERVED, REFUSED = "served", "no token"  # rows of expectations.py
PATIENCE = {True: 30, False: 150}  # seconds to wait for a log line, by whether the stack is local
METRICS_TAKE = {True: 30, False: 420}  # the same for metrics; those of API Gateway and DynamoDB take minutes
PAUSE = {True: 0.5, False: 3.0}  # seconds between two looks

Metric = tuple[str, str, str, dict[str, str]]  # namespace, name, statistic, dimensions

LOGGING = "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html"
FORMAT = "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html"
GATEWAY_METRICS = "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html"
FUNCTION_METRICS = "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html"
TABLE_METRICS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html"
SIGN_IN_METRICS = "https://docs.aws.amazon.com/cognito/latest/developerguide/metrics-for-cognito-user-pools.html"
STATISTICS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html"
PAGES = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html"
TRACES = "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-xray.html"

GATEWAY_LINE = Row(
    "the gateway's line", "the access log, for the id of a list that was served", "a line with its id and status", LOGGING,
    ("access-log",),
)  # fmt: skip
REFUSED_LINE = Row(
    "the line of a refusal", "the access log, for the id of a list without a token", "a line with its id and 401", LOGGING,
    ("access-log",),
)  # fmt: skip
FUNCTION_LINE = Row(
    "the function's line", "the function's log group, for the same id as the gateway's", "a JSON line with its id", FORMAT,
    ("log-permission", "log-streams", "request-id"),
)  # fmt: skip
REPORT = Row(
    "the platform's report", "the function's log group, for the invocation's id in the gateway's line",
    "a JSON record `platform.report` with its duration", FORMAT, ("json-platform-lines",),
)  # fmt: skip
TRACE = Row(
    "the trace id",
    "`trace_id` in the gateway's line",
    "the root that was sent in X-Amzn-Trace-Id",
    TRACES,
    ("trace-id",),
)
LOG_PAGES = Row(
    "log pages", "FilterLogEvents with one event a page", "a second page, with another event", PAGES, ("log-pages",)
)
LINES = (GATEWAY_LINE, REFUSED_LINE, FUNCTION_LINE, REPORT, TRACE, LOG_PAGES)

COUNT = Row(
    "gateway metrics", "AWS/ApiGateway Count by ApiName and Stage", "data", GATEWAY_METRICS, ("gateway-metrics",)
)
RANK = Row("percentile rank", "PR(0:) of the gateway's Latency", "data: a share in %", STATISTICS, ("percentile-rank",))
TRIMMED = Row(
    "trimmed count",
    "TC(0:) of Lambda's Duration, of alias prod, as a release asks it",
    "data: a number of requests",
    STATISTICS,
    ("trimmed-count",),
)
INVOCATIONS = Row(
    "function metrics", "AWS/Lambda Invocations by FunctionName and Resource, of alias prod", "data", FUNCTION_METRICS,
    ("function-metrics",),
)  # fmt: skip
TABLE = Row(
    "table metrics", "AWS/DynamoDB SuccessfulRequestLatency by TableName and Operation", "data", TABLE_METRICS, ("table-metrics",)
)  # fmt: skip
SIGN_INS = Row(
    "sign-in metrics", "AWS/Cognito SignInSuccesses by UserPool and UserPoolClient", "data", SIGN_IN_METRICS, ("sign-in-metrics",)
)  # fmt: skip
METRICS = (COUNT, RANK, TRIMMED, INVOCATIONS, TABLE, SIGN_INS)


def look(subject: Subject, progress: Callable[[str], None]) -> Iterator[Result]:
    """Yield which log lines and metrics have arrived, and how many seconds after the request."""
    if SERVED not in subject.found or REFUSED not in subject.found:
        for row in (*LINES, *METRICS):
            yield unseen(row, "no request to look for: choose the part `requests` too", excused=True)
        return
    yield from _lines(subject, progress)
    yield from _metrics(subject, progress)


PART = Part("records", "Wait for log lines and metrics", 660, (*LINES, *METRICS), look)


def _lines(subject: Subject, progress: Callable[[str], None]) -> Iterator[Result]:
    gateway = f"{logs.GATEWAY}{subject.environment.prefix}"
    function = f"/aws/lambda/{subject.functions[subject.described.operation(service.LIST).function]}"
    served, refused = subject.found[SERVED], subject.found[REFUSED]
    progress("the gateway's lines")
    silent = _why_silent(subject)
    lines = {row: None if silent else _line(subject, gateway, sent, sent.request_id)
             for row, sent in ((GATEWAY_LINE, served), (REFUSED_LINE, refused))}  # fmt: skip
    for row, line in lines.items():
        yield _arrived(row, line, silent or f"none in {gateway} within {_patience(subject)} s")
    progress("the function's lines")
    own = _line(subject, function, served, served.request_id)
    yield _arrived(FUNCTION_LINE, own, f"none in {function}: does its role allow logs:PutLogEvents?")
    found = lines[GATEWAY_LINE]
    said = logs.entry(found[1]["message"]) if found else {}
    if said.get("function_request_id", "-") == "-":
        yield unseen(REPORT, "the gateway's line does not name the invocation")
    else:
        report = _line(subject, function, served, said["function_request_id"], "platform.report")
        yield _arrived(REPORT, report, f"none for the invocation {said['function_request_id']}")
    if found:
        yield right(TRACE, str(said.get("trace_id")), served.trace in str(said.get("trace_id")))
    else:
        yield unseen(TRACE, "there is no line of the gateway")
    yield _two_pages(subject, function, served)


def _patience(subject: Subject) -> int:
    return PATIENCE[subject.environment.local]


def _line(
    subject: Subject, group: str, sent: Sent, term: str, kind: str | None = None
) -> tuple[float, dict[str, Any]] | None:
    """Wait for a line about an id, and return after how many seconds it was there, and the event; None if it does not come."""
    deadline = time.time() + _patience(subject)
    while True:
        events = logs.read(subject.environment, [group], time.time() - sent.at + 60, term=term)
        if found := [event for event in events if kind in (None, logs.entry(event["message"]).get("type"))]:
            return time.time() - sent.at, found[0]
        if time.time() > deadline:
            return None
        time.sleep(PAUSE[subject.environment.local])


def _arrived(row: Row, line: tuple[float, dict[str, Any]] | None, why: str) -> Result:
    if line is None:
        return right(row, f"no line: {why}", is_right=False)
    behind = line[1].get("ingestionTime", 0) - line[1]["timestamp"]
    late = f", taken in {behind / 1000:.1f} s after its own time" if behind > 0 else ""
    return right(row, f"there when looked for, {line[0]:.0f} s after the request{late}")


def _why_silent(subject: Subject) -> str:
    """Return why the stage writes no access log; empty if it should."""
    gateway, name = subject.client("apigateway"), f"{subject.environment.prefix}-api"
    for api in (each for page in gateway.get_paginator("get_rest_apis").paginate() for each in page["items"]):
        if api["name"] == name:
            stage = gateway.get_stage(restApiId=api["id"], stageName=stage_of(subject))
            set_up = stage.get("accessLogSettings", {}).get("destinationArn")
            return "" if set_up else f"stage {stage['stageName']} has no access log settings"
    return f"there is no API {name}"


def _two_pages(subject: Subject, group: str, sent: Sent) -> Result:
    client = subject.client("logs")
    asked = {"logGroupName": group, "startTime": int((sent.at - 3600) * 1000), "limit": 1}
    ids: list[str] = []
    following: dict[str, str] = {}
    pace = logs.pace_of(subject.environment, logs.SEARCHING)
    for _ in range(50):  # a page may be empty and yet have a next one
        pace.wait()
        page = client.filter_log_events(**asked, **following)
        ids += [event["eventId"] for event in page["events"]]
        if len(ids) > 1 or "nextToken" not in page:
            break
        following = {"nextToken": page["nextToken"]}
    return right(LOG_PAGES, f"{len(ids)} events in single pages, {len(set(ids))} of them different", len(set(ids)) > 1)


def _metrics(subject: Subject, progress: Callable[[str], None]) -> Iterator[Result]:
    wanted, sent = dict(_queries(subject)), subject.found[SERVED]
    deadline = time.time() + METRICS_TAKE[subject.environment.local]
    while wanted:
        progress(f"{len(wanted)} of {len(METRICS)} metrics have not arrived")
        for row, value in _values(subject, wanted, sent.at).items():
            del wanted[row]
            yield right(row, f"{value:.4g}, there when looked for, {time.time() - sent.at:.0f} s after the request")
        if time.time() > deadline:
            break
        if wanted:
            time.sleep(PAUSE[subject.environment.local] * 3)
    for row in wanted:
        yield right(row, f"no data {time.time() - sent.at:.0f} s after the request", is_right=False)
    if not subject.by_password:
        yield unseen(SIGN_INS, "nobody signs in by password alone", excused=True)


def _queries(subject: Subject) -> Iterator[tuple[Row, Metric]]:
    """Yield for each row namespace, metric, statistic and dimensions."""
    prefix = subject.environment.prefix
    gateway = {"ApiName": f"{prefix}-api", "Stage": stage_of(subject)}
    listing = subject.described.operation(service.LIST).function
    name = subject.functions[listing]
    yield COUNT, ("AWS/ApiGateway", "Count", "Sum", gateway)
    yield RANK, ("AWS/ApiGateway", "Latency", "PR(0:)", gateway)
    in_service = {"FunctionName": name, "Resource": f"{name}:prod"}
    yield TRIMMED, ("AWS/Lambda", "Duration", "TC(0:)", in_service)
    yield INVOCATIONS, ("AWS/Lambda", "Invocations", "Sum", in_service)
    table = {"TableName": str(subject.outputs["table_name"]), "Operation": "Query"}
    yield TABLE, ("AWS/DynamoDB", "SuccessfulRequestLatency", "SampleCount", table)
    if subject.by_password:
        dimensions = {"UserPool": subject.pool, "UserPoolClient": str(subject.password_client)}
        yield SIGN_INS, ("AWS/Cognito", "SignInSuccesses", "SampleCount", dimensions)


def _values(subject: Subject, wanted: dict[Row, Metric], since: float) -> dict[Row, float]:
    """Return the highest value of each metric that has data."""
    rows = list(wanted)
    asked = [query(f"m{number}", wanted[row]) for number, row in enumerate(rows)]
    values = data(subject, asked, since // 60 * 60 - 60, time.time() + 60)
    return {row: max(values[f"m{number}"]) for number, row in enumerate(rows) if values.get(f"m{number}")}


def stage_of(subject: Subject) -> str:
    """Return the name of the API's stage."""
    return urlsplit(str(subject.outputs["api_url"])).path.rpartition("/")[2] or "v1"


def query(name: str, of: Metric, period: int = 60) -> Any:
    """Return a query of GetMetricData, with an id."""
    namespace, metric, statistic, dimensions = of
    listed = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    found = {"Namespace": namespace, "MetricName": metric, "Dimensions": listed}
    return {"Id": name, "MetricStat": {"Metric": found, "Period": period, "Stat": statistic}}


def data(subject: Subject, queries: list[Any], start: float, end: float) -> dict[str, list[float]]:
    """Return the values of queries by their ids."""
    pages = (
        subject.client("cloudwatch")
        .get_paginator("get_metric_data")
        .paginate(
            MetricDataQueries=queries,
            StartTime=datetime.fromtimestamp(start, UTC),
            EndTime=datetime.fromtimestamp(end, UTC),
        )
    )
    subject.used["metric_read"] += len(queries)
    values: dict[str, list[float]] = {}
    for result in (each for page in pages for each in page["MetricDataResults"]):
        values.setdefault(result["Id"], []).extend(result["Values"])
    return values
