"""When the alarms of a release fire: the emulator evaluates them minute by minute over data points with given times."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ministack.core.responses import request_scope
from ministack.services import cloudwatch

from crudctl.release.canary_alarms import METRICS, Settings, Traffic, alarms, threshold
from emulator.alarms import describe_alarms, evaluation
from emulator.cloudwatch import get_metric_data, statistics
from emulator.process import ACCOUNT

BEGIN = 1_700_002_800.0  # a whole hour
PREFIX = "depot-test"
SETTINGS = Settings(PREFIX, "arn:rollback", "arn:topic", "docs/runbook.md", cause=300, release=3600)
FUNCTIONS = {name: f"{PREFIX}-{name}" for name in ("read", "write")}
NEW = {"read": "8", "write": "3"}


class Hours:
    """CloudWatch with the alarms of a release, and with what arrives minute by minute."""

    def __init__(self) -> None:
        for addition in (describe_alarms, evaluation, statistics, get_metric_data):
            addition.install()
        self.now = BEGIN
        self.fired: dict[str, float] = {}  # by alarm without the prefix, the minutes until it first fired
        cloudwatch.reset()
        self.begin()

    def begin(self) -> None:
        """Begin a release now: make its alarms again."""
        self.fired.clear()
        for name, alarm in alarms(SETTINGS, FUNCTIONS, NEW, Traffic({"read": 600.0}, 0.5), self.now).items():
            cloudwatch._alarms[name] = {**alarm, "StateValue": "OK", "ActionsEnabled": False}

    def pass_minutes(self, minutes: int, metric: str = "", count: float = 0, **dimensions: str) -> None:
        """Let minutes pass, each with `count` of a metric."""
        own = {"operation", "version"} == dimensions.keys()
        for _ in range(minutes):
            if metric:
                key = (PREFIX if own else "AWS/Lambda", metric, cloudwatch._dims_key(dimensions))
                point = {"Timestamp": self.now + 1, "Value": 1.0, "Count": float(count), "Dimensions": dimensions}
                cloudwatch._metric_bucket(key).append(point)
            self.now += 60
            for name, alarm in cloudwatch._alarms.items():
                evaluation.evaluate(alarm, self.now)
                if alarm["StateValue"] == "ALARM":
                    self.fired.setdefault(name.removeprefix(f"{PREFIX}-"), (self.now - BEGIN) / 60)


@pytest.fixture
def hours() -> Iterator[Hours]:
    with request_scope(ACCOUNT, cloudwatch.REGION):
        yield Hours()
        cloudwatch.reset()


def executed(operation: str, version: str) -> dict[str, str]:
    name = FUNCTIONS[operation]
    return {"FunctionName": name, "Resource": f"{name}:prod", "ExecutedVersion": version}


def test_a_release_is_stuck_when_one_request_an_hour_still_meets_the_new_version_after_three(hours: Hours) -> None:
    for _ in range(2):
        hours.pass_minutes(1, "Invocations", 1, **executed("write", "3"))
        hours.pass_minutes(59)
    assert hours.fired == {}
    hours.pass_minutes(1, "Invocations", 1, **executed("write", "3"))
    assert hours.fired.keys() == {"release-stuck"}


def test_requests_to_the_old_version_alone_are_no_release(hours: Hours) -> None:
    hours.pass_minutes(240, "Invocations", 100, **executed("write", "2"))
    assert hours.fired == {}


def test_a_rollback_function_that_fails_once_notifies_people(hours: Hours) -> None:
    hours.pass_minutes(1, "Errors", 1, FunctionName=f"{PREFIX}-rollback")
    assert hours.fired == {"rollback-failed": 1}
    assert cloudwatch._alarms[f"{PREFIX}-rollback-failed"]["AlarmActions"] == ["arn:topic"]


@pytest.mark.parametrize(
    ("alarm", "metric", "dimensions"),
    [("write-canary-crashes", "Errors", executed("write", "3")),
     ("write-canary-faults", "Faults", {"operation": "write", "version": "3"})],
)  # fmt: skip
def test_five_faults_a_minute_of_the_new_version_call_the_function_and_those_of_the_old_do_not(
    hours: Hours, alarm: str, metric: str, dimensions: dict[str, str]
) -> None:
    old = {name: "2" if value == "3" else value for name, value in dimensions.items()}
    hours.pass_minutes(5, metric, 50, **old)
    hours.pass_minutes(5, metric, 4, **dimensions)
    assert hours.fired == {}
    hours.pass_minutes(1, metric, 5, **dimensions)
    assert hours.fired.keys() == {alarm}
    assert cloudwatch._alarms[f"{PREFIX}-{alarm}"]["AlarmActions"] == ["arn:rollback"]


@pytest.mark.parametrize(
    ("metric", "dimensions"),
    [("Errors", executed("write", "3")), ("Faults", {"operation": "write", "version": "3"}),
     ("Errors", {"FunctionName": f"{PREFIX}-rollback"})],
)  # fmt: skip
def test_what_was_measured_in_an_earlier_release_of_the_same_version_fires_no_alarm_of_the_next(
    hours: Hours, metric: str, dimensions: dict[str, str]
) -> None:
    hours.pass_minutes(5, metric, 50, **dimensions)
    fired = set(hours.fired)
    assert len(fired) == 1
    hours.begin()
    evaluated = hours.now + 1  # while the last minute's data points are still the newest
    for alarm in cloudwatch._alarms.values():
        evaluation.evaluate(alarm, evaluated)
    assert {alarm["StateValue"] for alarm in cloudwatch._alarms.values()} == {"OK"}
    hours.pass_minutes(6, metric, 50, **dimensions)  # the longest of their periods has five
    assert set(hours.fired) == fired


def test_three_short_releases_of_a_version_in_three_hours_are_none_that_is_stuck(hours: Hours) -> None:
    for _ in range(4):
        hours.begin()
        hours.pass_minutes(5, "Invocations", 100, **executed("write", "3"))
        hours.pass_minutes(55)
        assert hours.fired == {}
    hours.begin()  # and a version that was in service for hours is no release that lasts that long
    hours.pass_minutes(180, "Invocations", 100, **executed("write", "3"))
    assert hours.fired.keys() == {"release-stuck"}
    assert hours.fired["release-stuck"] > 4 * 60 + 120


def test_the_threshold_rises_with_the_requests_that_the_version_gets() -> None:
    made = alarms(SETTINGS, FUNCTIONS, NEW, Traffic({"read": 600.0}, 0.5))
    assert made[f"{PREFIX}-read-canary-faults"]["Threshold"] == threshold(600.0, 0.5) == 30
    assert made[f"{PREFIX}-write-canary-faults"]["Threshold"] == threshold(0.0, 0.5) == 5


def test_no_alarm_has_more_metrics_than_cloudwatch_allows_however_many_functions_there_are() -> None:
    many = {f"operation_{number}": f"{PREFIX}-operation_{number}" for number in range(40)}
    made = alarms(SETTINGS, many, dict.fromkeys(many, "2"), Traffic({}, 0.1))
    assert len(made) == 2 * 40 + 2
    counted = [sum("MetricStat" in each for each in alarm.get("Metrics", [])) for alarm in made.values()]
    assert max(counted) == METRICS
    assert all(len(alarm["AlarmDescription"]) <= 1024 for alarm in made.values())  # API_PutMetricAlarm
