"""Counts from CloudWatch's metrics as they arrive: late, and in parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from crudctl.release import guard
from crudctl.release.evidence import Count, Evidence
from crudctl.release.metrics import Metrics

AT = 1_800_000_000


class CloudWatch:
    """Responds to GetMetricData with what has arrived of version 2 in one minute, by metric and statistic."""

    def __init__(self, arrived: Mapping[tuple[str, str], float]) -> None:
        self._arrived = arrived

    def get_paginator(self, operation: str) -> CloudWatch:
        """Return itself."""
        assert operation == "get_metric_data"
        return self

    def paginate(self, MetricDataQueries: list[dict[str, Any]], **_: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        """Yield one page."""
        results = []
        for query in MetricDataQueries:
            metric, statistic = query["MetricStat"]["Metric"], query["MetricStat"]["Stat"]
            about = {dimension["Name"]: dimension["Value"] for dimension in metric["Dimensions"]}
            value = self._arrived.get((metric["MetricName"], statistic))
            known = value is not None and "2" in (about.get("version"), about.get("ExecutedVersion"))
            moments = [datetime.fromtimestamp(AT, UTC)] if known else []
            results.append({"Id": query["Id"], "Timestamps": moments, "Values": [value] * len(moments)})
        yield {"MetricDataResults": results}


def evidence_of(
    arrived: Mapping[tuple[str, str], float], stages: Sequence[Sequence[float]] = ((0.1, AT, AT),), age: float = 60
) -> tuple[Evidence, dict[str, Count]]:
    """Return the evidence, `age` seconds after the beginning of the minute."""
    functions = {"get_item": "items-get_item"}
    metrics = Metrics(CloudWatch(arrived), "items", functions, 60, clock=lambda: AT + age)
    return metrics.evidence({"get_item": "1"}, {"get_item": "2"}, stages, 600.0)


def test_crashes_that_arrive_before_the_log_lines_of_the_same_minute_are_not_faults_in_a_row() -> None:
    evidence, served = evidence_of({("Errors", "Sum"): 6, ("Invocations", "Sum"): 300})
    assert evidence["get_item"][0].new == Count(requests=300, faults=6)
    assert served == {"get_item": Count(requests=300, faults=6)}
    assert "without a success" not in guard.decide(evidence, {"get_item": 300}, 60, 600).reason


@pytest.mark.parametrize(("age", "unknown"), [(120, 0), (300, 43)])
def test_a_request_without_a_log_line_is_unknown_once_the_line_would_have_arrived(age: int, unknown: int) -> None:
    arrived = {("Errors", "Sum"): 7.0, ("Invocations", "Sum"): 300.0, ("Responses", "Sum"): 250.0}
    evidence, _ = evidence_of(arrived, age=age)
    assert evidence["get_item"][0].new == Count(requests=300, faults=7, unknown=unknown)


def test_a_minute_in_which_the_weight_is_unknown_does_not_count() -> None:
    arrived = {("Responses", "Sum"): 300.0, ("Faults", "Sum"): 6.0}
    died_there = [[0.1, AT - 600.0, AT - 599.0], [0.5, AT - 1.0, AT + 60.0]]
    assert evidence_of(arrived, died_there) == ({"get_item": []}, {"get_item": Count()})
    moved_in_it = [[0.1, AT - 600.0, AT - 599.0], [0.5, AT - 1.0, AT + 30.0]]
    evidence, served = evidence_of(arrived, moved_in_it)
    assert (evidence["get_item"][0].weight, served) == (
        0.5,
        {"get_item": Count()},
    )  # compared, but only part of it belongs to the step


def test_log_lines_that_arrive_before_lambdas_own_counts_are_requests() -> None:
    evidence, _ = evidence_of({("Responses", "Sum"): 300, ("Faults", "Sum"): 6})
    assert evidence["get_item"][0].new == Count(requests=300, faults=6)


def test_a_minute_that_arrived_whole_is_counted_once() -> None:
    arrived = {("Errors", "Sum"): 6, ("Invocations", "Sum"): 300, ("Responses", "Sum"): 294, ("Faults", "Sum"): 4}
    evidence, _ = evidence_of(arrived)
    assert evidence["get_item"][0].new == Count(requests=300, faults=10)
