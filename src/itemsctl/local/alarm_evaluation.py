"""When an alarm changes its state, and what it then sets off; how alarms are kept is MiniStack's.

MiniStack's evaluation is replaced, and run every few seconds besides after PutMetricData, because
most metrics here come from invocations. Windows end now instead of at whole minutes: a local
alarm answers within seconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ministack.core.concurrency import spawn_background
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import cloudwatch, lambda_svc

from itemsctl.local import invocation, permission
from itemsctl.local.differences import Difference, register
from itemsctl.local.process import ACCOUNT, REGION

if TYPE_CHECKING:
    from itemsctl.local.persistence import Persistence

Json = dict[str, Any]

INTERVAL = 2.0

EVALUATION = register(
    Difference(
        name="alarm-evaluation",
        service="CloudWatch",
        aws="an alarm looks at the metric with exactly its dimensions, period by period, counts datapoints to alarm, "
        "treats missing data as configured, and goes back to OK by itself",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html",
        ministack="looks at all metrics of that name at once, over the whole time as one, and only when PutMetricData "
        "is called",
        here=f"as AWS, every {INTERVAL:.0f} seconds, with periods that end now; metric math is not evaluated",
    )
)
LAMBDA_ACTION = register(
    Difference(
        name="alarm-lambda-action",
        service="CloudWatch",
        aws="an alarm action may be a function, which is invoked with the change if its policy lets CloudWatch",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html",
        ministack="runs SNS actions only, and those inside the request that brought the data",
        here="as AWS, SNS actions in the background",
    )
)

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
_ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}


def install() -> None:
    """Evaluate alarms and run their actions by way of this module."""
    to_topics = cloudwatch._dispatch_alarm_actions

    def dispatch(alarm: Json, old_state: str, new_state: str, reason: str) -> None:
        spawn_background(to_topics, alarm, old_state, new_state, reason)
        for action in alarm.get(_ACTIONS[new_state]) or [] if alarm.get("ActionsEnabled", True) else []:
            if ":lambda:" in action:
                _invoke(action, alarm, old_state, new_state, reason)

    cloudwatch._dispatch_alarm_actions = dispatch
    cloudwatch._evaluate_alarm = evaluate


async def run(persistence: Persistence) -> None:
    """Evaluate all alarms every few seconds, for ever."""
    while True:
        await asyncio.sleep(INTERVAL)
        with request_scope(ACCOUNT, REGION):
            before = {name: alarm["StateValue"] for name, alarm in cloudwatch._alarms.items()}
            cloudwatch._evaluate_all_alarms()
            if any(alarm["StateValue"] != before[name] for name, alarm in cloudwatch._alarms.items()):
                persistence.mark("cloudwatch", "cloudwatch_logs")


def evaluate(alarm: Json) -> None:
    """Bring one metric alarm's state up to date, and run the actions of a change."""
    if not alarm.get("MetricName") or alarm.get("ComparisonOperator") not in _COMPARE:
        return
    values = _values(alarm, time.time())
    state = next_state(alarm, values)
    old_state = alarm["StateValue"]
    if state == old_state:
        return
    known = [value for value in values if value is not None]
    reason = f"Threshold Crossed: {known} of {len(values)} periods, {alarm['ComparisonOperator']} {alarm['Threshold']}"
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], old_state, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old_state, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def next_state(alarm: Json, values: list[float | None]) -> str:
    """The state that follows from the value of each period, None for one without data."""
    breaches = _COMPARE[alarm["ComparisonOperator"]]
    needed = alarm.get("DatapointsToAlarm") or len(values)
    known = [breaches(value, float(alarm["Threshold"])) for value in values if value is not None]
    breaching, missing = sum(known), len(values) - len(known)
    treatment = "ignore" if alarm["Namespace"] == "AWS/DynamoDB" else alarm.get("TreatMissingData") or "missing"
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
    """The alarm's statistic in each of its periods, newest first."""
    period, count = int(alarm.get("Period") or 60), int(alarm.get("EvaluationPeriods") or 1)
    dimensions = cloudwatch._dims_key(cloudwatch._dims_from_list(alarm.get("Dimensions") or []))
    key = (alarm["Namespace"], alarm["MetricName"], dimensions)
    periods: list[list[Json]] = [[] for _ in range(count)]
    for point in reversed(cloudwatch._metrics.get(key) or []):
        age = now - point["Timestamp"]
        if age >= period * count:
            break
        periods[max(0, int(age // period))].append(point)
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    return [
        cloudwatch._stat_value(cloudwatch._calc_stats(points), statistic, points) if points else None
        for points in periods
    ]


def _invoke(action: str, alarm: Json, old_state: str, new_state: str, reason: str) -> None:
    target = invocation.resolve(action, get_account_id(), get_region())
    service = "lambda.alarms.cloudwatch.amazonaws.com"
    if target is None or not permission.may_invoke(service, alarm["AlarmArn"], target):
        return
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
    dimensions = cloudwatch._dims_from_list(alarm.get("Dimensions") or [])
    metric = {"namespace": alarm["Namespace"], "name": alarm["MetricName"], "dimensions": dimensions}
    event = {
        "source": "aws.cloudwatch",
        "alarmArn": alarm["AlarmArn"],
        "accountId": get_account_id(),
        "time": at,
        "region": get_region(),
        "alarmData": {
            "alarmName": alarm["AlarmName"],
            "state": {"value": new_state, "reason": reason, "timestamp": at},
            "previousState": {"value": old_state},
            "configuration": {
                "description": alarm.get("AlarmDescription", ""),
                "metrics": [
                    {
                        "id": "m1",
                        "metricStat": {"metric": metric, "period": alarm.get("Period"), "stat": alarm.get("Statistic")},
                        "returnData": True,
                    }
                ],
            },
        },
    }
    lambda_svc.invoke_async_with_retry(target.record, event)
