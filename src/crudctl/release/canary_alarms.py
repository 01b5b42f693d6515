"""The alarms that exist while a release does: those on the new versions call the function `rollback`, two notify people. Pure.

lookout.py makes and removes them. An alarm costs by the hour, so that a month without a release pays for none of them.
https://aws.amazon.com/cloudwatch/pricing/
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

LEAST = 5.0  # faults a minute of one function below which no alarm fires
SHARE = 0.1  # of the requests that the new version can expect; with more faults than that, the alarm fires
PERIODS = 3  # after which a release is stuck
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create-alarm-on-metric-math-expression.html
METRICS = 10  # of one alarm, at most
COMMON = {
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "EvaluationPeriods": 1,
    "TreatMissingData": "notBreaching",
}
Json = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """What the alarms need to know of an environment (the output `release_alarms` of infra/).

    Attributes:
        prefix: of all its names, and the namespace of the functions' metrics.
        rollback: ARN of the function `rollback`.
        topic: ARN of the topic that notifies people.
        runbook: address of docs/runbook.md.
        cause: seconds of the window of the alarm on the function `rollback`.
        release: seconds; a release is stuck after three times as many.
    """

    prefix: str
    rollback: str
    topic: str
    runbook: str
    cause: int
    release: int


@dataclass(frozen=True)
class Traffic:
    """What the thresholds are made from.

    Attributes:
        a_minute: requests a minute by operation, both versions together.
        weight: the new version's share of them (0 to 1).
    """

    a_minute: Mapping[str, float]
    weight: float


def names(function: str) -> tuple[str, str]:
    """Return the names of a function's two alarms: on crashes and timeouts, and on 5xx responses."""
    return f"{function}-canary-crashes", f"{function}-canary-faults"


def stuck(prefix: str) -> str:
    """Return the name of the alarm on a release that takes too long."""
    return f"{prefix}-release-stuck"


def is_one(name: str, prefix: str) -> bool:
    """Whether an alarm of the environment whose names begin with `prefix` is of a release, also of a function that is gone.

    What follows the prefix has no hyphen, which the name of another environment of the family has (`NAME-pr-42-...`).
    """
    return bool(re.fullmatch(rf"{re.escape(prefix)}-(\w+-canary-(crashes|faults)|release-stuck|rollback-failed)", name))


def threshold(a_minute: float, weight: float) -> float:
    """Return the number of faults a minute at which an alarm fires.

    Args:
        a_minute: requests a minute to the function, both versions together.
        weight: the new version's share of them (0 to 1).
    """
    return max(LEAST, float(math.ceil(a_minute * weight * SHARE)))


def alarms(
    settings: Settings, functions: Mapping[str, str], new: Mapping[str, str], traffic: Traffic, since: float = 0.0
) -> dict[str, Json]:
    """Return the alarms of a release by name, as PutMetricAlarm takes them.

    A new alarm looks at what was measured before it was made too, such as the faults for which an earlier release of the same
    version was rolled back a minute ago. So none counts data points of periods that began before `since`.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html

    Args:
        settings: of the environment.
        functions: name by operation, of those that change.
        new: version by operation.
        traffic: of these functions.
        since: epoch seconds.
    """
    of_versions = [
        alarm
        for operation, function in functions.items()
        for alarm in _on_a_version(
            settings,
            operation,
            function,
            new[operation],
            threshold(traffic.a_minute.get(operation, 0.0), traffic.weight),
        )
    ]
    # A failure of the function must be seen, also in the period in which the release began.
    failed = _counted(_rollback_failed(settings), since // settings.cause * settings.cause)
    made = [*(_counted(alarm, since) for alarm in (*of_versions, _stuck(settings, functions, new))), failed]
    return {alarm["AlarmName"]: alarm for alarm in made}


def _counted(alarm: Json, since: float) -> Json:
    """Return an alarm that counts no data point of a period that began before `since`.

    A data point has the time at which its period begins, which EPOCH returns in seconds. Where the condition is false there is no
    value, which is not breaching. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    """
    expression, *metrics = alarm["Metrics"]
    value = expression["Expression"]
    began = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    summary, found, page = alarm["AlarmDescription"].rpartition(". Runbook: ")
    return alarm | {
        "AlarmDescription": f"{summary}. Counted from {began}{found}{page}",
        "Metrics": [expression | {"Expression": f"IF(EPOCH({value}) >= {math.ceil(since)}, {value})"}, *metrics],
    }


def _on_a_version(settings: Settings, operation: str, function: str, version: str, limit: float) -> Iterator[Json]:
    """Yield the two alarms on a version, which are about this operation and no other."""
    crashes, faults = names(function)
    for name, namespace, metric, dimensions in (
        (crashes, "AWS/Lambda", "Errors", _executed(function, version)),
        (faults, settings.prefix, "Faults", _listed({"operation": operation, "version": version})),
    ):
        summary = f"{metric} of {function} in version {version}, being released: rolled back if the old one does better"
        yield COMMON | {
            "AlarmName": name,
            "AlarmDescription": _described(settings, summary, "release-rolled-back"),
            "AlarmActions": [settings.rollback],
            "Metrics": [_value("m0", summary), _metric("m0", namespace, metric, dimensions, 60)],
            "Threshold": limit,
        }


def _stuck(settings: Settings, functions: Mapping[str, str], new: Mapping[str, str]) -> Json:
    """Return the alarm on new versions that have had requests for too long. It looks at ten functions at most."""
    watched = list(functions.items())[:METRICS]
    metrics = [
        _metric(f"m{number}", "AWS/Lambda", "Invocations", _executed(name, new[operation]), settings.release)
        for number, (operation, name) in enumerate(watched)
    ]
    total = " + ".join(f"FILL({metric['Id']}, 0)" for metric in metrics)
    summary = "Two versions have shared the traffic for three periods in a row"
    versions = ", ".join(f"{operation} {new[operation]}" for operation, _ in watched)
    return COMMON | {
        "AlarmName": stuck(settings.prefix),
        "AlarmDescription": _described(settings, f"{summary}; the new one is {versions}", "release-stuck"),
        "AlarmActions": [settings.topic, settings.rollback],
        "Metrics": [_value(total, summary), *metrics],
        "EvaluationPeriods": PERIODS,
        "Threshold": 1.0,
    }


def _rollback_failed(settings: Settings) -> Json:
    summary, function = "The function that rolls releases back failed", f"{settings.prefix}-rollback"
    errors = _metric("m0", "AWS/Lambda", "Errors", _listed({"FunctionName": function}), settings.cause)
    return COMMON | {
        "AlarmName": f"{settings.prefix}-rollback-failed",
        "AlarmDescription": _described(settings, summary, "rollback-failed"),
        "AlarmActions": [settings.topic],
        "Metrics": [_value("m0", summary), errors],
        "Threshold": 1.0,
    }


def _value(expression: str, label: str) -> Json:
    """Return what an alarm compares with its threshold, as PutMetricAlarm takes it."""
    return {"Id": "alarmValue", "Expression": expression, "Label": label, "ReturnData": True}


def _metric(name: str, namespace: str, metric: str, dimensions: list[dict[str, str]], period: int) -> Json:
    """Return the sum of a metric in each period, as PutMetricAlarm takes it."""
    of = {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": of, "Period": period, "Stat": "Sum"}, "ReturnData": False}


def _described(settings: Settings, summary: str, page: str) -> str:
    return f"{summary}. Runbook: {settings.runbook}#{page}"


def _executed(function: str, version: str) -> list[dict[str, str]]:
    return _listed({"FunctionName": function, "Resource": f"{function}:prod", "ExecutedVersion": version})


def _listed(dimensions: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]
