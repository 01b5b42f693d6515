"""The statistics `trimmed count` and `percentile rank` of CloudWatch; how data points are kept is MiniStack's."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch

from emulator.differences import Difference, register

TRIMMED_COUNT = register(
    Difference(
        name="trimmed-count",
        service="CloudWatch",
        aws="the statistic TC(a:b) is the number of values above a and not above b; either may be left out",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html",
        ministack="it is answered with the average, as every statistic that is not known",
        here="as AWS for absolute bounds",
    )
)
PERCENTILE_RANK = register(
    Difference(
        name="percentile-rank",
        service="CloudWatch",
        aws="the statistic PR(a:b) is the percentage of values above a and not above b; either may be left out",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html",
        ministack="it is answered with the average, as every statistic that is not known",
        here="as AWS",
    )
)
_BOUNDED = re.compile(r"(TC|PR)\(([0-9.]*):([0-9.]*)\)", re.IGNORECASE)


def install() -> None:
    """Answer TC(a:b) and PR(a:b) from the data points, and leave the rest to MiniStack."""
    original: Callable[..., Any] = cloudwatch._stat_value

    def stat_value(stats: dict[str, Any], name: str, points: list[dict[str, Any]] | None = None) -> Any:
        match = _BOUNDED.fullmatch(name or "")
        if not match:
            return original(stats, name, points)
        low, high = float(match[2] or "-inf"), float(match[3] or "inf")
        samples = cloudwatch._percentile_samples(points or []) or []
        within = sum(count for value, count in samples if low < value <= high)
        if match[1].upper() == "TC":
            return within
        return 100 * within / sum(count for _, count in samples) if samples else None

    cloudwatch._stat_value = stat_value
