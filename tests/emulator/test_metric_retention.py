"""How old data points are dropped from CloudWatch's metrics. In this process, on MiniStack's store."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.core.responses import request_scope
from ministack.services import cloudwatch

from emulator.cloudwatch import metrics
from emulator.process import ACCOUNT

from .stack import REGION

RECENT, OLD = time.time(), time.time() - 15 * 24 * 3600
KEY = ("items", "faults", ())


@pytest.fixture
def points() -> Iterator[list[Any]]:
    """The data points of one metric."""
    with request_scope(ACCOUNT, REGION):
        cloudwatch.reset()
        yield cloudwatch._metrics.setdefault(KEY, [])
        cloudwatch.reset()


@pytest.mark.adds(metrics.METRIC_RETENTION)
def test_metric_without_expired_points_is_not_copied(points: list[Any]) -> None:
    points.append({"Timestamp": RECENT})
    metrics.evict()
    assert cloudwatch._metrics[KEY] is points
    assert len(points) == 1


@pytest.mark.lacks(metrics.METRIC_RETENTION)
def test_ministack_copies_every_metric(points: list[Any]) -> None:
    points.append({"Timestamp": RECENT})
    cloudwatch._evict_old_metrics()
    assert cloudwatch._metrics[KEY] is not points


def test_expired_points_are_dropped_and_an_empty_metric_with_them(points: list[Any]) -> None:
    points += [{"Timestamp": OLD}, {"Timestamp": RECENT}]
    metrics.evict()
    assert points == [{"Timestamp": RECENT}]
    points[0]["Timestamp"] = OLD
    metrics.evict()
    assert KEY not in cloudwatch._metrics
