"""Makes what watches a release while it lasts, and removes it: alarms (canary_alarms.py) and metric filters (line_filters.py).

Whatever exists is brought to what is wanted, so that a holder uses what a killed one left, and doing it twice is doing it once.
CloudWatch cannot delete on a condition: a releaser that was suspended may wake up and remove, or make, what another one uses. So
whoever watches a release asks at every look whether it is `complete`, and whoever has ended one removes everything.

Runs in Lambda too (rollback_function.py): standard library and botocore's errors only, the boto3 clients are passed in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from crudctl.release import canary_alarms, line_filters
from crudctl.release.canary_alarms import Settings, Traffic
from crudctl.release.record import Release

DELETED = (
    100  # names in one request. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html
)
MINUTE = 60  # seconds
Json = dict[str, Any]


class Lookout:
    """What watches the releases of an environment.

    Args:
        cloudwatch: boto3's client.
        logs: boto3's client of CloudWatch Logs.
        functions: function name by operation.
        prefix: of all names of the environment.
        settings: returns what the alarms need to know; None in an environment without alarms. Only called to make them.
        log: called with a line when alarms or filters were made or removed.
    """

    def __init__(
        self,
        cloudwatch: Any,
        logs: Any,
        functions: Mapping[str, str],
        prefix: str,
        *,
        settings: Callable[[], Settings | None] = lambda: None,
        log: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._cloudwatch = cloudwatch
        self._logs = logs
        self._functions = dict(functions)
        self._prefix = prefix
        self._settings = settings
        self._log = log

    def post(self, release: Release, traffic: Traffic) -> None:
        """Make what watches a release, or bring it up to date, and remove what is left of others.

        Raises:
            botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: AWS refused a request or did not respond.
        """
        made = self._bring(self._alarms(release, traffic), self._filters(release))
        if made:
            self._log("alarms and metric filters: made")

    def complete(self, release: Release) -> bool:
        """Whether everything that watches a release exists and is about its versions."""
        existing, wanted = self._existing_alarms(), self._alarms(release, Traffic({}, 0.0))
        if not all(_is(existing.get(name, {}), alarm, but="Threshold") for name, alarm in wanted.items()):
            return False
        return all(
            _is(self._existing_filters(function).get(name, {}), each)
            for function, filters in self._filters(release).items()
            for name, each in filters.items()
        )

    def existing(self) -> list[str]:
        """Return the names of the alarms and metric filters of a release that exist, whoever made them."""
        filters = [
            f"{name} of {function}"
            for function in self._functions.values()
            for name in self._existing_filters(function)
        ]
        return [*self._existing_alarms(), *filters]

    def remove(self) -> None:
        """Remove what watched a release. The caller has seen that none is running.

        Raises:
            botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError: AWS refused a request or did not respond.
        """
        if self._bring({}, {}):
            self._log("alarms and metric filters: removed")

    def _changed(self, release: Release) -> dict[str, str]:
        known = {name: function for name, function in self._functions.items() if name in release.new}
        return {name: function for name, function in known.items() if release.new[name] != release.old.get(name)}

    def _alarms(self, release: Release, traffic: Traffic) -> dict[str, Json]:
        settings = self._settings()
        if not settings:
            return {}
        return canary_alarms.alarms(settings, self._changed(release), release.new, traffic, _since(release))

    def _filters(self, release: Release) -> dict[str, dict[str, Json]]:
        changed = self._changed(release).values()
        return {function: line_filters.filters(self._prefix, function) for function in changed}

    def _bring(self, alarms: Mapping[str, Json], filters: Mapping[str, Mapping[str, Json]]) -> bool:
        """Make and remove until exactly these exist. Return whether one was made that did not exist, or one removed."""
        came_or_went = self._bring_alarms(alarms)
        for function in self._functions.values():
            came_or_went |= self._bring_filters(function, filters.get(function, {}))
        return came_or_went

    def _bring_alarms(self, wanted: Mapping[str, Json]) -> bool:
        existing = self._existing_alarms()
        for name, alarm in wanted.items():
            before = existing.get(name)
            if before and _is(before, alarm) and before["StateValue"] != "ALARM":
                continue
            self._cloudwatch.put_metric_alarm(**alarm)
            if before:
                # An alarm still in ALARM for an earlier version would not change its state, and so would not call the function.
                self._cloudwatch.set_alarm_state(
                    AlarmName=name, StateValue="OK", StateReason="watches a new version or share"
                )
        strays = sorted(existing.keys() - wanted.keys())
        for first in range(0, len(strays), DELETED):
            self._cloudwatch.delete_alarms(AlarmNames=strays[first : first + DELETED])
        return bool(strays or wanted.keys() - existing.keys())

    def _existing_alarms(self) -> dict[str, Json]:
        pages = self._cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{self._prefix}-")
        alarms = {alarm["AlarmName"]: alarm for page in pages for alarm in page["MetricAlarms"]}
        return {name: alarm for name, alarm in alarms.items() if canary_alarms.is_one(name, self._prefix)}

    def _bring_filters(self, function: str, wanted: Mapping[str, Json]) -> bool:
        existing = self._existing_filters(function)
        for name, each in wanted.items():
            if not _is(existing.get(name, {}), each):
                self._logs.put_metric_filter(**each)
        strays = existing.keys() - wanted.keys()
        for name in sorted(strays):
            try:
                self._logs.delete_metric_filter(logGroupName=line_filters.group(function), filterName=name)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":  # another one has removed it
                    raise
        return bool(strays or wanted.keys() - existing.keys())

    def _existing_filters(self, function: str) -> dict[str, Json]:
        """Return them by name; none of a function whose log group does not exist, as one that was deleted a moment ago."""
        pages = self._logs.get_paginator("describe_metric_filters").paginate(
            logGroupName=line_filters.group(function), filterNamePrefix=line_filters.BEGINNING
        )
        try:
            return {each["filterName"]: each for page in pages for each in page["metricFilters"]}
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return {}
            raise


def _since(release: Release) -> float:
    """Return the time from which on the alarms of a release count, in whole minutes, as their periods are.

    The new versions may have had requests before it in the minute in which it was started. Once users are sent to them, it is the
    minute in which that began, or the next one if the evidence begins later than that (next_step.py).
    """
    if not release.stages:
        return (release.since // MINUTE + 1) * MINUTE
    later = release.counted_from > release.stages[0][1]
    return (math.ceil if later else math.floor)(release.counted_from / MINUTE) * MINUTE


def _is(existing: Mapping[str, Any], wanted: Mapping[str, Any], but: str = "") -> bool:
    """Whether what exists is as wanted, whatever else AWS says about it.

    An expression is not compared: the description of its alarm has the versions that it looks at, and since when.
    """
    return all(
        _plain(existing.get(key)) == _plain(value) for key, value in wanted.items() if key not in ("Metrics", but)
    )


def _plain(value: Any) -> Any:
    """Return a value in a form in which equal ones compare as equal: AWS lists dimensions in an order of its own."""
    if isinstance(value, list):
        return sorted((_plain(each) for each in value), key=repr)
    return sorted(value.items()) if isinstance(value, Mapping) else value
