"""The part `alarms`: each alarm looks at metrics that exist, so that it can fire."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crudctl.operate import logs
from crudctl.verify.arrivals import data, query
from crudctl.verify.rows import Part, Result, Row, right, unseen
from crudctl.verify.subject import NO_ALARMS, Subject

BACK = 10_800  # seconds: three hours, in periods of five minutes
PERIOD = 300
AT_ONCE = 500  # queries of one request: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
SHOWN = 6
COUNTED = ("TableThrottled", "TableErrors")  # by functions/telemetry.py, without dimensions, and only when there is one
SOMETIMES = (
    "ExecutedVersion",
    "version",
    "Operation",
)  # dimensions of a release under way, or of a call that is rarely made

DATA = Row(
    "each alarm has data", "the metrics of every alarm, with exactly its dimensions",
    "data; or, for what only a failure makes, other metrics of the same dimensions",
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html",
    ("alarm-evaluation", "metric-filters"),
)  # fmt: skip
ACTIONS = Row(
    "each alarm acts", "the actions of every alarm, and its topic", "enabled, and each topic exists",
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html",
)  # fmt: skip


@dataclass(frozen=True)
class Metric:
    """A metric that an alarm watches."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        listed = ", ".join(f"{key}={value}" for key, value in self.dimensions)
        return f"{self.namespace} {self.name}{{{listed}}}"


def check(subject: Subject, progress: Callable[[str], None]) -> Iterator[Result]:
    """Yield which alarms watch nothing, and which notify nothing."""
    listed = _alarms(subject)
    if not listed and subject.watched:
        raise subject.environment.nothing("alarms")
    if not listed:
        for row in PART.rows:
            yield unseen(row, NO_ALARMS, excused=True)
        return
    watched = {alarm["AlarmName"]: _metrics(alarm) for alarm in listed}
    every = list(dict.fromkeys(metric for metrics in watched.values() for metric in metrics))
    progress(f"{len(every)} metrics of {len(listed)} alarms")
    with_data = _with_data(subject, every)
    quiet = {metric for metric in every if metric not in with_data and _exists(subject, metric, with_data)}
    blind = [
        f"{name} watches {metric}, which has none"
        for name, metrics in watched.items()
        for metric in metrics
        if metric not in with_data and metric not in quiet
    ]
    blind += [f"{name} watches no metric" for name, metrics in watched.items() if not metrics]
    seen = f"{len(listed)} alarms, {len(with_data)} metrics with data, {len(quiet)} of failures that have not happened"
    more = f" and {len(blind) - SHOWN} more" if len(blind) > SHOWN else ""
    yield right(DATA, "; ".join(blind[:SHOWN]) + more if blind else seen, not blind)
    yield _actions(subject)


PART = Part("alarms", "Look for the data of each alarm", 180, (DATA, ACTIONS), check)


def _described(subject: Subject, kind: str) -> list[dict[str, Any]]:
    pages = (
        subject.client("cloudwatch")
        .get_paginator("describe_alarms")
        .paginate(AlarmNamePrefix=f"{subject.environment.prefix}-", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    )
    return [alarm for page in pages for alarm in page[kind]]


def _alarms(subject: Subject) -> list[dict[str, Any]]:
    return _described(subject, "MetricAlarms")


def _metrics(alarm: Mapping[str, Any]) -> list[Metric]:
    """Return the metrics of an alarm: of its expression, or its one."""
    of = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
    of += [alarm] if alarm.get("MetricName") else []
    return [
        Metric(one["Namespace"], one["MetricName"], tuple(sorted((d["Name"], d["Value"]) for d in one.get("Dimensions", []))))
        for one in of
    ]  # fmt: skip


def _with_data(subject: Subject, metrics: list[Metric]) -> set[Metric]:
    found: set[Metric] = set()
    now = time.time()
    for first in range(0, len(metrics), AT_ONCE):
        some = metrics[first : first + AT_ONCE]
        asked = [
            query(f"m{number}", (one.namespace, one.name, "SampleCount", dict(one.dimensions)), PERIOD)
            for number, one in enumerate(some)
        ]
        values = data(subject, asked, now - BACK, now + 60)
        found |= {one for number, one in enumerate(some) if values.get(f"m{number}")}
    return found


def _exists(subject: Subject, metric: Metric, with_data: set[Metric]) -> bool:
    """Return whether a metric without data is of something that exists: only a failure would give it data."""
    dimensions = {name: value for name, value in metric.dimensions if name not in SOMETIMES}
    if dimensions and any(
        dict(other.dimensions) == dimensions and other.namespace == metric.namespace for other in with_data
    ):
        return True
    if not dimensions:
        return _is_counted(subject, metric) or _is_filtered(subject, metric)
    if metric.namespace == "AWS/Cognito":  # nobody may have signed in to the web app yet
        return dimensions["UserPool"] == subject.pool and dimensions["UserPoolClient"] in subject.app_clients.values()
    asked = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    listed = subject.client("cloudwatch").list_metrics(Namespace=metric.namespace, Dimensions=asked)["Metrics"]
    if any({each["Name"]: each["Value"] for each in one["Dimensions"]} == dimensions for one in listed):
        return True
    return dimensions == {"FunctionName": f"{subject.environment.prefix}-rollback"} and _is_function(
        subject, dimensions
    )


def _is_counted(subject: Subject, metric: Metric) -> bool:
    """Return whether the functions' log lines count a metric, when there is something to count."""
    return metric.namespace == subject.environment.prefix and metric.name in COUNTED


def _is_filtered(subject: Subject, metric: Metric) -> bool:
    """Return whether a metric filter of one of the log groups makes a metric."""
    made = (metric.namespace, metric.name)
    return any(
        made == (of["metricNamespace"], of["metricName"])
        for group in logs.groups(subject.functions, subject.environment.prefix, None)
        for page in subject.client("logs").get_paginator("describe_metric_filters").paginate(logGroupName=group)
        for each in page["metricFilters"]
        for of in each["metricTransformations"]
    )


def _is_function(subject: Subject, dimensions: Mapping[str, str]) -> bool:
    client = subject.client("lambda")
    try:
        client.get_function_configuration(FunctionName=dimensions["FunctionName"])
    except client.exceptions.ResourceNotFoundException:
        return False
    return True


def _actions(subject: Subject) -> Result:
    listed = [*_described(subject, "MetricAlarms"), *_described(subject, "CompositeAlarms")]
    acting = [alarm for alarm in listed if alarm.get("AlarmActions")]
    off = [alarm["AlarmName"] for alarm in acting if not alarm.get("ActionsEnabled", True)]
    sns = subject.client("sns")
    topics = {action for alarm in acting for action in alarm["AlarmActions"] if ":sns:" in action}
    for topic in sorted(topics):
        try:
            sns.get_topic_attributes(TopicArn=topic)
        except sns.exceptions.NotFoundException:
            off.append(f"{topic} does not exist")
    return right(
        ACTIONS, "; ".join(off) or f"{len(acting)} alarms act, by {len(topics)} topic(s)", bool(acting) and not off
    )
