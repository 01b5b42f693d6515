"""The statistics `trimmed count` and `percentile rank` of CloudWatch; the store of data points is MiniStack's."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch

from emulator.patches import Difference, patch, register, uses

TRIMMED_COUNT = register(
    Difference(
        name="trimmed-count",
        service="CloudWatch",
        aws="the statistic TC(a:b) is the number of values above a and not above b; either may be left out",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html",
        ministack="returns the average, as for every unknown statistic",
        here="as AWS for absolute bounds",
        upstream="compute it in `cloudwatch._stat_value`, from the samples that percentiles use",
    )
)
PERCENTILE_RANK = register(
    Difference(
        name="percentile-rank",
        service="CloudWatch",
        aws="the statistic PR(a:b) is the percentage of values above a and not above b; either may be left out",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html",
        ministack="returns the average, as for every unknown statistic",
        here="as AWS",
        upstream="compute it in `cloudwatch._stat_value`, from the samples that percentiles use",
    )
)
uses(TRIMMED_COUNT, cloudwatch, "_percentile_samples(points)")
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
_NUMBER = r"[0-9]+(?:\.[0-9]{1,10})?"
_STATISTIC = re.compile(
    rf"SampleCount|Sum|Average|Minimum|Maximum|IQM|(?:p|tm|tc|ts|wm)(?:100|[0-9]{{1,2}}(?:\.[0-9]{{1,10}})?)"
    rf"|(?:TM|TC|TS|WM)\((?!:\))(?:(?:{_NUMBER}%)?:(?:{_NUMBER}%)?|(?:{_NUMBER})?:(?:{_NUMBER})?)\)"
    rf"|PR\((?!:\))(?:{_NUMBER})?:(?:{_NUMBER})?\)"
)
_BOUNDED = re.compile(r"(TC|PR)\(([0-9.]*):([0-9.]*)\)", re.IGNORECASE)


def valid(statistic: str) -> bool:
    """Return whether CloudWatch has a statistic of this name."""
    return bool(_STATISTIC.fullmatch(statistic))


def needs_values(statistic: str) -> bool:
    """Return whether a statistic is computed from every value, which CloudWatch has for some namespaces only."""
    return statistic not in ("SampleCount", "Sum", "Average", "Minimum", "Maximum")


def install() -> None:
    """Compute TC(a:b) and PR(a:b) from the data points, and leave the rest to MiniStack."""
    patch(cloudwatch, "_stat_value", stat_value, TRIMMED_COUNT, PERCENTILE_RANK)


def stat_value(
    original: Callable[..., Any], stats: dict[str, Any], stat_name: str, points: list[dict[str, Any]] | None = None
) -> Any:
    """Return a statistic of the data points of a period, or None if it has no value."""
    match = _BOUNDED.fullmatch(stat_name or "")
    if not match:
        return original(stats, stat_name, points)
    low, high = float(match[2] or "-inf"), float(match[3] or "inf")
    samples = cloudwatch._percentile_samples(points or []) or []
    within = sum(count for value, count in samples if low < value <= high)
    if match[1].upper() == "TC":
        return within
    return 100 * within / sum(count for _, count in samples) if samples else None
