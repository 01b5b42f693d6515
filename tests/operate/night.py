"""Hours of traffic in a moment: the deployed alarms, evaluated minute by minute over data points with given times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch

from crudctl.build import service
from emulator.alarms import describe_alarms, evaluation
from emulator.cloudwatch import get_metric_data, statistics
from emulator.process import ACCOUNT
from tests import contracts

MINUTE = 60
BEGIN = 1_700_000_000.0
OPERATIONS = tuple(service.describe(contracts.document()).functions)


class Night:
    """CloudWatch with the alarms of a deployed stack and no data.

    Args:
        described: the alarms, as DescribeAlarms returns them.
        prefix: the prefix of their names.
    """

    def __init__(self, described: list[dict[str, Any]], prefix: str) -> None:
        for addition in (describe_alarms, evaluation, statistics, get_metric_data):
            addition.install()
        self.fired: dict[str, list[float]] = {}  # by alarm, the minutes at which it entered and left ALARM
        self.namespace = prefix.rstrip("-")
        self._prefix = prefix
        self._now = BEGIN
        with request_scope(ACCOUNT, cloudwatch.REGION):
            cloudwatch.reset()
            for alarm in described:
                cloudwatch._alarms[alarm["AlarmName"]] = {**alarm, "StateValue": "OK"}
        of_gateway = next(alarm for alarm in described if alarm.get("Namespace") == "AWS/ApiGateway")
        self._api = {each["Name"]: each["Value"] for each in of_gateway["Dimensions"]}

    @property
    def minute(self) -> float:
        """The minutes since the beginning."""
        return (self._now - BEGIN) / MINUTE

    def pass_minutes(self, minutes: int, traffic: Callable[[], None] = lambda: None) -> None:
        """Let minutes pass, with the same traffic in each, and evaluate every alarm at the end of each."""
        with request_scope(ACCOUNT, cloudwatch.REGION):
            for _ in range(minutes):
                traffic()
                self._now += MINUTE
                for alarm in list(cloudwatch._alarms.values()):
                    evaluation.evaluate(alarm, self._now)
                for alarm in list(cloudwatch._alarms.values()):
                    self._note(alarm)

    def _note(self, alarm: dict[str, Any]) -> None:
        times = self.fired.setdefault(alarm["AlarmName"].removeprefix(self._prefix), [])
        if (alarm["StateValue"] == "ALARM") != (len(times) % 2 == 1):
            times.append(self.minute)

    @property
    def names(self) -> set[str]:
        """The alarms that have fired at all."""
        return {name for name, times in self.fired.items() if times}

    def request(
        self, operation: str, status: int = 200, milliseconds: float = 40, crashed: bool = False, times: int = 1
    ) -> None:
        """Add requests, as gateway and function measure them. A crashed function measures nothing itself."""
        self._put("AWS/ApiGateway", "Count", 1, self._api, times)
        self._put("AWS/ApiGateway", "5XXError", int(status >= 500), self._api, times)
        self._put("AWS/ApiGateway", "Latency", milliseconds, self._api, times)
        if status == 429:
            self._put(self.namespace, "Throttled", 1, {}, times)
            return
        function = f"{self._prefix}{operation}"
        of = {"FunctionName": function, "Resource": f"{function}:prod"}
        self._put("AWS/Lambda", "Invocations", 1, of, times)
        self._put("AWS/Lambda", "Errors", int(crashed), of, times)
        if status >= 500 and not crashed:
            self._put(self.namespace, "Faults", 1, {"operation": operation, "version": "1"}, times)

    def measured(self, namespace: str, name: str, value: float, **dimensions: str) -> None:
        """Add one data point of another metric."""
        self._put(namespace, name, value, dimensions)

    def _put(self, namespace: str, name: str, value: float, dimensions: dict[str, str], times: int = 1) -> None:
        """Count equal values of a minute as one point, so that hours are a few hundred points."""
        key = (namespace, name, cloudwatch._dims_key(dimensions))
        points = cloudwatch._metric_bucket(key)
        for point in reversed(points):
            if point["Timestamp"] != self._now + 1:
                break
            if point["Value"] == value:
                point["Count"] += times
                return
        at = self._now + 1
        points.append({"Timestamp": at, "Value": float(value), "Count": float(times), "Dimensions": dimensions})
