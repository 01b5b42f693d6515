"""CloudWatch's metrics of two versions: counts by period for the guard, percentiles for people. Decides nothing.

Runs in Lambda too (rollback_function.py): standard library only, the boto3 client is passed in.

Requests, crashes and durations are Lambda's own, by version: it has them while an alias splits its traffic, free of charge.
Faults are `Errors` of AWS/Lambda (crashes and timeouts, which a function cannot count itself) plus the functions' own `Faults`
(5xx responses, which are successes to Lambda). What left a line, and which requests were the first of their execution
environment, is counted by metric filters that exist while a release does (line_filters.py).

Requests are those that left a line plus those that crashed, or Lambda's own count if it is higher: crashes and log lines arrive
separately, and crashes alone would look as if nothing had succeeded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from crudctl.release.evidence import Count, Evidence, Period
from crudctl.release.line_filters import COLD_STARTS, RESPONSES
from crudctl.release.odds import LATE

HISTORY = 3600  # seconds before a release from which the limit for "slow" is computed
ENOUGH = 50  # requests that such a limit needs
TROUBLED = 0.1  # share of faults among a version's requests above which its durations are not used: faults are fast
QUERIES = 500  # of one request. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
DELAY = 180.0  # seconds after a period by which its log lines have arrived on AWS; after that they are missing

# name: (metric, statistic). https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
OWN = {"responded": (RESPONSES, "Sum"), "faults": ("Faults", "Sum"), "cold": (COLD_STARTS, "Sum")}
LAMBDA = {"crashes": ("Errors", "Sum"), "invoked": ("Invocations", "Sum")}
PERCENTILES = {"p50": ("Duration", "p50"), "p95": ("Duration", "p95")}
FAILED = {"invoked": LAMBDA["invoked"], "crashes": LAMBDA["crashes"], "faults": OWN["faults"]}
OF_LAMBDA = {"Duration", "Errors", "Invocations"}
Key = tuple[str, str, str]  # operation, version, name


class Metrics:
    """Reads the metrics of the functions.

    Args:
        client: boto3's of CloudWatch.
        namespace: of the functions' own metrics.
        functions: function name by operation.
        period: seconds; 60 is the finest that AWS keeps for Lambda.
        delay: seconds after a period by which its log lines have arrived.
        clock: returns the time in seconds since the epoch.
    """

    def __init__(
        self,
        client: Any,
        namespace: str,
        functions: Mapping[str, str],
        period: int,
        *,
        delay: float = DELAY,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._namespace = namespace
        self._functions = dict(functions)
        self._period = period
        self._delay = delay
        self._clock = clock

    def evidence(
        self,
        old: Mapping[str, str],
        new: Mapping[str, str],
        stages: Sequence[Sequence[float]],
        limits: Mapping[str, float],
        since: float = 0.0,
    ) -> tuple[Evidence, dict[str, Count]]:
        """Return the counts of each period since the first stage, and what the new version has served in the last.

        Both are by operation, for functions that changed and still exist. A period in which the weight changed counts with the
        larger weight, which makes a fault of the new version weigh less. A period that lies entirely within a change, because a
        releaser died during it, does not count.

        Args:
            old: version by operation.
            new: version by operation.
            stages: oldest first; each is the weight, and the epoch seconds at which the change to it began and ended.
            limits: milliseconds above which a request is slow, by operation.
            since: epoch seconds before which no period counts; the period of the first stage, if that is later.
        """
        names = OWN | LAMBDA
        known = [operation for operation in self._functions if operation in old and operation in new]
        changed = [operation for operation in known if old[operation] != new[operation]]
        queries = {
            (operation, version, name): self._query(operation, version, *metric)
            for operation in changed
            for version in (old[operation], new[operation])
            for name, metric in names.items()
        }
        for operation, limit in ((name, limits[name]) for name in changed if name in limits):
            for version in (old[operation], new[operation]):
                slow = self._query(operation, version, "Duration", f"TC({limit:.3f}:)")
                queries[operation, version, "slow"] = slow
        for operation, median in self._medians({name: old[name] for name in changed}, stages[0][1]).items():
            late = self._query(operation, new[operation], "Duration", f"TC({max(LATE * median, 1.0):.3f}:)")
            queries[operation, new[operation], "late"] = late
        start, now = max(since, stages[0][1] // self._period * self._period), self._clock()
        values = self._get(queries, start, now + 1)
        settled = now - self._delay - self._period
        evidence: dict[str, list[Period]] = {}
        served: dict[str, Count] = {}
        for operation in changed:
            pair = (new[operation], old[operation])
            measured = {
                at for version in pair for name in names for at in values[operation, version, name] if at >= start
            }
            moments = sorted(at for at in measured if not _is_changing(stages, at, self._period))
            evidence[operation] = [
                Period(
                    _weight(stages, at, self._period),
                    _count(values, operation, pair[0], at, settled=at <= settled),
                    _count(values, operation, pair[1], at, settled=at <= settled),
                    _is_steady(stages, at, self._period),
                )
                for at in moments
            ]
            periods = zip(moments, evidence[operation], strict=True)
            served[operation] = sum((period.new for at, period in periods if at + 1 > stages[-1][-1]), Count())
        return evidence, served

    def limits(self, versions: Mapping[str, str], since: float) -> dict[str, float]:
        """Return the milliseconds above which a request is slow, by operation.

        The limit is the 95th percentile of `versions`, and at least twice the median. Operations with fewer than ENOUGH requests
        or with too many faults have none.

        Args:
            versions: version by operation.
            since: epoch seconds from which metrics are read.
        """
        names = {**FAILED, **PERCENTILES}
        queries = {
            (operation, version, name): self._query(operation, version, *metric, period=HISTORY)
            for operation, version in self._known(versions)
            for name, metric in names.items()
        }
        values = self._get(queries, since, self._clock() + 1)
        limits = {}
        for operation, version in self._known(versions):
            counted, crashes, faults = (values[operation, version, name] for name in FAILED)
            busiest = max(counted, key=lambda at: counted[at], default=0)
            troubled = crashes.get(busiest, 0) + faults.get(busiest, 0) > TROUBLED * counted.get(busiest, 0)
            if counted.get(busiest, 0) >= ENOUGH and not troubled:
                p50, p95 = (values[operation, version, name][busiest] for name in ("p50", "p95"))
                limits[operation] = round(max(p95, 2 * p50, 1.0), 3)
        return limits

    def _medians(self, versions: Mapping[str, str], since: float) -> dict[str, float]:
        """Return the median of the slowest minute since then in milliseconds, by operation.

        Operations that were not called, or that have too many faults, have none.
        """
        names = {**FAILED, "p50": PERCENTILES["p50"]}
        queries = {
            (operation, version, name): self._query(operation, version, *metric, period=60)
            for operation, version in self._known(versions)
            for name, metric in names.items()
        }
        values = self._get(queries, since // 60 * 60, self._clock() + 1)
        medians = {}
        for operation, version in self._known(versions):
            counted, crashes, faults, p50 = (values[operation, version, name].values() for name in names)
            if p50 and sum(crashes) + sum(faults) <= TROUBLED * sum(counted):
                medians[operation] = max(p50)
        return medians

    def percentiles(self, versions: Mapping[str, str], since: float) -> dict[str, dict[str, float]]:
        """Return `{operation: {"p50": ms, "p95": ms}}` of the newest minute since then, without operations not called."""
        queries = {
            (operation, version, name): self._query(operation, version, *metric, period=60)
            for operation, version in self._known(versions)
            for name, metric in PERCENTILES.items()
        }
        values = self._get(queries, since // 60 * 60, self._clock() + 1)
        percentiles: dict[str, dict[str, float]] = {}
        for (operation, _, name), series in values.items():
            if series:
                percentiles.setdefault(operation, {})[name] = series[max(series)]
        return percentiles

    def a_minute(self, since: float) -> dict[str, float]:
        """Return the requests a minute that alias `prod` of each function has had since then, by operation."""
        queries = {
            (operation, "", "calls"): _stat(
                "AWS/Lambda", "Invocations", {"FunctionName": name, "Resource": f"{name}:prod"}, "Sum", 60
            )
            for operation, name in self._functions.items()
        }
        values = self._get(queries, since, self._clock() + 1)
        return {
            operation: sum(series.values()) / len(series) if series else 0.0
            for (operation, _, _), series in values.items()
        }

    def _known(self, versions: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return operation and version of those functions that still exist."""
        return [(operation, version) for operation, version in versions.items() if operation in self._functions]

    def _query(self, operation: str, version: str, metric: str, statistic: str, period: int = 0) -> dict[str, Any]:
        period = period or self._period
        if metric not in OF_LAMBDA:
            return _stat(self._namespace, metric, {"operation": operation, "version": version}, statistic, period)
        name = self._functions[operation]
        dimensions = {"FunctionName": name, "Resource": f"{name}:prod", "ExecutedVersion": version}
        return _stat("AWS/Lambda", metric, dimensions, statistic, period)

    def _get(self, queries: Mapping[Key, dict[str, Any]], start: float, end: float) -> dict[Key, dict[float, float]]:
        """Return the series of each query: value by the epoch second at which its period begins."""
        keys = {f"m{number}": key for number, key in enumerate(queries)}
        request = [{"Id": name, "MetricStat": queries[key]} for name, key in keys.items()]
        series: dict[Key, dict[float, float]] = {key: {} for key in queries}
        for first in range(0, len(request), QUERIES):
            pages = self._client.get_paginator("get_metric_data").paginate(
                MetricDataQueries=request[first : first + QUERIES],
                StartTime=datetime.fromtimestamp(start, UTC),
                EndTime=datetime.fromtimestamp(end, UTC),
            )
            for result in (result for page in pages for result in page["MetricDataResults"]):
                moments = (at.timestamp() for at in result["Timestamps"])
                series[keys[result["Id"]]].update(zip(moments, result["Values"], strict=True))
        return series


def _stat(namespace: str, metric: str, dimensions: Mapping[str, str], statistic: str, period: int) -> dict[str, Any]:
    listed = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    return {
        "Metric": {"Namespace": namespace, "MetricName": metric, "Dimensions": listed},
        "Period": period,
        "Stat": statistic,
    }


def _count(
    values: Mapping[Key, Mapping[float, float]], operation: str, version: str, at: float, *, settled: bool
) -> Count:
    def value(name: str) -> int:
        return round(values.get((operation, version, name), {}).get(at, 0.0))

    crashes, faults = value("crashes"), value("faults")
    logged = max(value("responded"), faults)  # without the filters, a fault is counted all the same
    requests = max(logged + crashes, value("invoked"))
    slow, late = (min(max(0, value(name) - value("cold")), requests - crashes) for name in ("slow", "late"))
    unknown = requests - logged - crashes if settled else 0
    return Count(requests, faults + crashes, slow, late, unknown)


def _is_changing(stages: Sequence[Sequence[float]], at: float, period: float) -> bool:
    return any(begun <= at and at + period <= moved for _, begun, *rest in stages for moved in rest)


def _is_steady(stages: Sequence[Sequence[float]], at: float, period: float) -> bool:
    changes = ((begun, *rest, float("inf")) for _, begun, *rest in stages)  # the last one may not have ended
    return not any(begun < at + period and moved > at for begun, moved, *_ in changes)


def _weight(stages: Sequence[Sequence[float]], at: float, period: float) -> float:
    ends = [stage[-1] for stage in stages[1:]] + [float("inf")]
    during = [weight for (weight, since, *_), end in zip(stages, ends, strict=True) if since < at + period and end > at]
    return max(during, default=float(stages[0][0]))
