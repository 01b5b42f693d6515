"""When an alarm changes its state, and the actions that follow; alarms are stored by MiniStack.

MiniStack's evaluation is replaced, and runs every few seconds as well as after PutMetricData, because
most metrics here come from invocations. Windows end now instead of at whole minutes: a local
alarm reacts within seconds.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ministack.core import concurrency, responses
from ministack.services import cloudwatch, lambda_svc

from emulator.cloudwatch import metric_math
from emulator.lambda_ import invocation, permission
from emulator.patches import Difference, patch, register, uses
from emulator.process import ACCOUNT

if TYPE_CHECKING:
    from emulator.state.persistence import Persistence

Json = dict[str, Any]

logger = logging.getLogger("emulator.alarms")

INTERVAL = 2.0
OFTEN = 300  # evaluations in the time that an alarm looks at: every second for five minutes, every twelve for an hour

EVALUATION = register(
    Difference(
        name="alarm-evaluation",
        service="CloudWatch",
        aws="an alarm looks at the metric with exactly its dimensions, period by period, counts datapoints to alarm, "
        "treats missing data as configured, and goes back to OK by itself",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html",
        ministack="looks at all metrics of that name at once, at all data points as one period, and only when PutMetricData "
        "is called",
        here=f"as AWS, every {INTERVAL:.0f} seconds or {OFTEN}th of the time it looks at, with periods that end now "
        "(EPOCH returns the beginning of AWS's period with their newest data point); "
        "where some have no data AWS also looks at a few older ones, so that it may fire earlier at little traffic and end later",
        upstream="select data points by all dimensions and by period in `_evaluate_alarm`, and run it in the background; "
        "periods that end now are our own choice",
    )
)
LAMBDA_ACTION = register(
    Difference(
        name="alarm-lambda-action",
        service="CloudWatch",
        aws="an alarm action may be a function, which is invoked with the change if its policy allows CloudWatch",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html",
        ministack="runs SNS actions only, and those within the request that brought the data",
        here="as AWS, SNS actions in the background",
        upstream="invoke functions too in `_dispatch_alarm_actions`, in the background",
    )
)
uses(
    EVALUATION,
    cloudwatch,
    "REGION",
    "_alarms",
    "_composite_alarms",
    "_metrics",
    "_calc_stats(points)",
    "_stat_value(stats, stat_name, points=None)",
    "_dims_key(dims)",
    "_dims_from_list(dimensions)",
    "_evaluate_parent_alarms(child, seen=frozenset())",
    "_record_history(alarm_name, old_state, new_state, reason, alarm_type='MetricAlarm', reason_data=None)",
)
uses(EVALUATION, responses, "request_scope(account_id, region)", "get_account_id()", "get_region()")
uses(LAMBDA_ACTION, concurrency, "spawn_background(fn, *args, thread_name='ministack-background', **kwargs)")
uses(LAMBDA_ACTION, lambda_svc, "invoke_async_with_retry(func, event)")

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
_ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}


def install() -> None:
    """Evaluate alarms and run their actions with this module."""
    patch(cloudwatch, "_dispatch_alarm_actions", dispatch, LAMBDA_ACTION)
    patch(cloudwatch, "_evaluate_alarm", evaluate_alarm, EVALUATION)


def dispatch(original: Callable[..., None], alarm: Json, old_state: str, new_state: str, reason: str) -> None:
    """Run the actions of a change of state."""
    concurrency.spawn_background(original, alarm, old_state, new_state, reason)
    for action in alarm.get(_ACTIONS[new_state]) or [] if alarm.get("ActionsEnabled", True) else []:
        if ":lambda:" in action:
            _invoke(action, alarm, old_state, new_state, reason)


def evaluate_alarm(alarm: Json) -> None:
    """Bring one metric alarm's state up to date now."""
    evaluate(alarm)


async def run(persistence: Persistence) -> None:
    """Evaluate all alarms every few seconds, forever."""
    due: dict[tuple[str, int], float] = {}  # by name and period: an alarm whose period changes is due at once
    while True:
        await asyncio.sleep(INTERVAL)
        with responses.request_scope(ACCOUNT, cloudwatch.REGION):
            before = _states()
            now = time.time()
            for name, alarm in list(cloudwatch._alarms.items()):
                if due.get((name, _period(alarm)), 0) > now:
                    continue
                try:
                    evaluate(alarm)
                except Exception:
                    logger.exception("alarm %s could not be evaluated", name)
                due[name, _period(alarm)] = now + _period(alarm) * int(alarm.get("EvaluationPeriods") or 1) / OFTEN
            if _states() != before:
                persistence.mark("cloudwatch", "cloudwatch_logs")


def _states() -> dict[str, str]:
    alarms = [*cloudwatch._alarms.values(), *cloudwatch._composite_alarms.values()]
    return {alarm["AlarmName"]: alarm["StateValue"] for alarm in alarms}


def evaluate(alarm: Json, now: float | None = None) -> None:
    """Bring one metric alarm's state up to date, and run the actions of a change.

    Args:
        now: epoch seconds at which the last period ends.
    """
    if not (alarm.get("MetricName") or alarm.get("Metrics")) or alarm.get("ComparisonOperator") not in _COMPARE:
        return
    now = time.time() if now is None else now
    values = _values(alarm, now)
    state = next_state(alarm, values)
    old_state = alarm["StateValue"]
    if state == old_state:
        return
    known = [round(value, 6) for value in values if value is not None]
    reason = f"Threshold Crossed: {known} of {len(values)} periods, {alarm['ComparisonOperator']} {alarm['Threshold']}"
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=int(now))
    cloudwatch._record_history(alarm["AlarmName"], old_state, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old_state, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def next_state(alarm: Json, values: list[float | None]) -> str:
    """Return the state that follows from the value of each period, which is None for one without data."""
    breaches = _COMPARE[alarm["ComparisonOperator"]]
    needed = alarm.get("DatapointsToAlarm") or len(values)
    known = [breaches(value, float(alarm["Threshold"])) for value in values if value is not None]
    breaching, missing = sum(known), len(values) - len(known)
    treatment = "ignore" if alarm.get("Namespace") == "AWS/DynamoDB" else alarm.get("TreatMissingData") or "missing"
    if treatment == "breaching":
        breaching += missing
    elif treatment == "ignore" and missing and breaching < needed:
        return str(alarm["StateValue"])
    elif treatment == "missing":
        if not known:
            return "INSUFFICIENT_DATA"
        needed = min(needed, len(known))
    return "ALARM" if breaching >= needed else "OK"


def _values(alarm: Json, now: float) -> list[float | None]:
    """Return the value that the alarm watches in each of its periods, newest first."""
    count = int(alarm.get("EvaluationPeriods") or 1)
    if not alarm.get("Metrics"):
        series = _series(alarm, _period(alarm), count, alarm.get("ExtendedStatistic") or alarm.get("Statistic"), now)
        return [series.get(number) for number in range(count)]
    metrics = {
        metric["Id"]: _series(stat["Metric"], int(stat["Period"]), count, stat["Stat"], now)
        for metric in alarm["Metrics"]
        if (stat := metric.get("MetricStat"))
    }
    expressions = {metric["Id"]: metric["Expression"] for metric in alarm["Metrics"] if metric.get("Expression")}
    watched = next(metric["Id"] for metric in alarm["Metrics"] if metric.get("ReturnData", True))
    epochs = _epochs(alarm, count, now)
    value = metric_math.Evaluation(metrics, expressions, range(count), epochs=epochs).of(watched)
    assert isinstance(value, dict)
    return [value.get(number) for number in range(count)]


def _period(alarm: Json) -> int:
    stats = [metric["MetricStat"]["Period"] for metric in alarm.get("Metrics") or [] if metric.get("MetricStat")]
    return int(max(stats, default=alarm.get("Period") or 60))


def _epochs(alarm: Json, count: int, now: float) -> dict[int, int]:
    """Return what EPOCH returns by number of the period: the beginning of AWS's period that has its newest data point.

    Without a data point, it is AWS's period in which the one here ends.
    """
    period = _period(alarm)
    newest = {number: now - number * period for number in range(count)}
    for metric in (each["MetricStat"]["Metric"] for each in alarm["Metrics"] if each.get("MetricStat")):
        for number, times in enumerate(_periods(metric, period, count, now)):
            if times:
                newest[number] = max(point["Timestamp"] for point in times)
    return {number: int(at // period) * period for number, at in newest.items()}


def _series(metric: Json, period: int, count: int, statistic: str | None, now: float) -> metric_math.Series:
    """Return the statistic of a metric by number of the period, which is 0 for the one that ends now."""
    periods = _periods(metric, period, count, now)
    values = {
        number: cloudwatch._stat_value(cloudwatch._calc_stats(points), statistic or "Average", points)
        for number, points in enumerate(periods)
        if points
    }
    return {number: value for number, value in values.items() if value is not None}


def _periods(metric: Json, period: int, count: int, now: float) -> list[list[Json]]:
    """Return the data points of a metric by number of the period, newest first."""
    dimensions = cloudwatch._dims_key(cloudwatch._dims_from_list(metric.get("Dimensions") or []))
    key = (metric.get("Namespace"), metric["MetricName"], dimensions)
    periods: list[list[Json]] = [[] for _ in range(count)]
    for point in reversed(cloudwatch._metrics.get(key) or []):
        age = now - point["Timestamp"]
        if age >= period * count:
            break
        periods[max(0, int(age // period))].append(point)
    return periods


def _invoke(action: str, alarm: Json, old_state: str, new_state: str, reason: str) -> None:
    account, region = responses.get_account_id(), responses.get_region()
    target = invocation.resolve(action, account, region)
    service = "lambda.alarms.cloudwatch.amazonaws.com"
    if target is None or not permission.may_invoke(service, alarm["AlarmArn"], target):
        return
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
    event = {
        "source": "aws.cloudwatch",
        "alarmArn": alarm["AlarmArn"],
        "accountId": account,
        "time": at,
        "region": region,
        "alarmData": {
            "alarmName": alarm["AlarmName"],
            "state": {"value": new_state, "reason": reason, "timestamp": at},
            "previousState": {"value": old_state},
            "configuration": {
                "description": alarm.get("AlarmDescription", ""),
                "metrics": _described(alarm),
            },
        },
    }
    lambda_svc.invoke_async_with_retry(target.record, event)


def _described(alarm: Json) -> list[Json]:
    """Return what an alarm looks at as a function that it invokes gets it."""
    single = {"Metric": alarm, "Period": alarm.get("Period"), "Stat": alarm.get("Statistic")}
    described = []
    for each in alarm.get("Metrics") or [{"Id": "m1", "MetricStat": single, "ReturnData": True}]:
        entry = {"id": each["Id"], "returnData": each.get("ReturnData", True)}
        if stat := each.get("MetricStat"):
            of = stat["Metric"]
            dimensions = cloudwatch._dims_from_list(of.get("Dimensions") or [])
            metric = {"namespace": of.get("Namespace"), "name": of.get("MetricName"), "dimensions": dimensions}
            described.append(entry | {"metricStat": {"metric": metric, "period": stat["Period"], "stat": stat["Stat"]}})
        else:
            described.append(entry | {"expression": each["Expression"], "label": each.get("Label", "")})
    return described
