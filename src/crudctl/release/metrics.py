"""CloudWatch's metrics of two versions: counts by period for the guard, percentiles for people. Decides nothing.

Runs in Lambda too (rollback_function.py): standard library only, the boto3 client is passed in.

Requests, crashes and durations are Lambda's own, by version: it has them while an alias splits its traffic, free of charge.
Faults are `Errors` of AWS/Lambda (crashes and timeouts, which a function cannot count itself) plus the functions' own `Faults`
(5xx responses, which are successes to Lambda). What left a line, and which requests were the first of their execution
environment, is counted by metric filters that exist while a release does (line_filters.py). So are 4xx responses, by status.

Requests are those that left a line plus those that crashed, or Lambda's own count if it is higher: crashes and log lines arrive
separately, and crashes alone would look as if nothing had succeeded.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from crudctl.release import latency
from crudctl.release.evidence import Count, Evidence, Period
from crudctl.release.latency import HISTORY, QUANTILES, TOLERATED
from crudctl.release.line_filters import COLD_STARTS, REFUSED, RESPONSES

QUERIES = 500  # of one request. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
WARM_UP = 900.0  # seconds before the first period in which execution environments may have begun that it meets
DELAY = 180.0  # seconds after a period by which its log lines have arrived on AWS; after that they are missing

# name: (metric, statistic). https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
OWN = {"responded": (RESPONSES, "Sum"), "faults": ("Faults", "Sum"), "cold": (COLD_STARTS, "Sum")}
LAMBDA = {"crashes": ("Errors", "Sum"), "invoked": ("Invocations", "Sum")}
PERCENTILES = {"p50": ("Duration", "p50"), "p95": ("Duration", "p95")}
WINDOW = {"count": ("Duration", "SampleCount"), **{name: ("Duration", name) for name in QUANTILES}}
OF_LAMBDA = {"Duration", "Errors", "Invocations"}
Key = tuple[str, str, str]  # operation, version, name


@dataclass(frozen=True)
class Durations:
    """How many requests took longer than each range's beginning.

    Attributes:
        window: seconds.
        statistics: those of the ranges' beginnings, by operation, version, and the epoch second at which a window begins.
        values: the series of each statistic.
    """

    window: int
    statistics: Mapping[tuple[str, str, int], Sequence[str]]
    values: Mapping[Key, Mapping[float, float]]

    def ranked(
        self, operation: str, pair: tuple[str, str], at: float, counts: Sequence[Count], fresh: int
    ) -> list[Count]:
        """Return the counts of a period with their ranges, unless too many requests may have met a cold cache.

        Args:
            pair: new and old version.
            at: epoch seconds.
            counts: of the two.
            fresh: requests to the new version that may have.
        """
        mine, theirs = (
            self._ranges(operation, version, at, count) for version, count in zip(pair, counts, strict=True)
        )
        found = latency.compared(mine, theirs, fresh)
        return [replace(count, ranges=ranges) for count, ranges in zip(counts, found, strict=True)]

    def _ranges(self, operation: str, version: str, at: float, count: Count) -> latency.Ranges:
        statistics = self.statistics.get((operation, version, int(at // self.window) * self.window), ())
        above = [round(self.values[operation, version, statistic].get(at, 0.0)) for statistic in statistics]
        return latency.ranges(count.requests, above) if above else ()


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
        self._past: dict[
            Key, dict[float, float]
        ] = {}  # the series of windows that are over: each look reads only what is new

    def evidence(
        self,
        old: Mapping[str, str],
        new: Mapping[str, str],
        stages: Sequence[Sequence[float]],
        bake: float,
        since: float = 0.0,
        *,
        refusals: Mapping[str, Sequence[int]] | None = None,
    ) -> tuple[Evidence, dict[str, Count]]:
        """Return the counts of each period since the first stage, and what the new version has served in the last.

        Both are by operation, for functions that changed and still exist. A period in which the weight changed counts with the
        larger weight, which makes a fault of the new version weigh less. A period that lies entirely within a change, because a
        releaser died during it, does not count.

        Args:
            old: version by operation.
            new: version by operation.
            stages: oldest first; each is the weight, and the epoch seconds at which the change to it began and ended.
            bake: minimum duration of a step in seconds.
            since: epoch seconds before which no period counts; the period of the first stage, if that is later.
            refusals: statuses of 4xx that are counted, by operation.
        """
        names, refusals = OWN | LAMBDA, refusals or {}
        changed = [name for name in self._functions if name in old and name in new and old[name] != new[name]]
        queries = {
            (operation, version, name): self._query(operation, version, *metric)
            for operation in changed
            for version in (old[operation], new[operation])
            for name, metric in names.items()
        } | {
            (operation, version, str(status)): self._query(operation, version, REFUSED, "Sum", status=status)
            for operation in changed
            for version in (old[operation], new[operation])
            for status in refusals.get(operation, ())
        }
        start, now = max(since, stages[0][1] // self._period * self._period), self._clock()
        values = self._get(queries, start - WARM_UP, now + 1)
        pairs = {operation: (new[operation], old[operation]) for operation in changed}
        durations = self._durations(pairs, start, latency.window(bake, self._period))
        settled = now - self._delay - self._period
        evidence: dict[str, list[Period]] = {}
        served: dict[str, Count] = {}
        for operation, pair in pairs.items():
            measured = {
                at for version in pair for name in names for at in values[operation, version, name] if at >= start
            }
            moments = sorted(at for at in measured if not _is_changing(stages, at, self._period))
            cold, responded = (values[operation, pair[0], name] for name in ("cold", "responded"))
            fresh = latency.fresh(cold, responded)
            evidence[operation] = []
            for at in moments:
                counts = [_count(values, operation, version, at, refusals.get(operation, ())) for version in pair]
                if (
                    at <= settled or not counts[0].unknown
                ):  # lines that are still to come may be of environments that began
                    counts = durations.ranked(operation, pair, at, counts, fresh.get(at, 0))
                if at > settled:
                    counts = [replace(count, unknown=0) for count in counts]
                weight, steady = _weight(stages, at, self._period), _is_steady(stages, at, self._period)
                evidence[operation].append(Period(weight, counts[0], counts[1], steady, at))
            periods = zip(moments, evidence[operation], strict=True)
            served[operation] = sum((period.new for at, period in periods if at + 1 > stages[-1][-1]), Count())
        return evidence, served

    def _durations(self, pairs: Mapping[str, tuple[str, str]], start: float, window: int) -> Durations:
        """Return how long the requests of both versions took since `start`.

        Args:
            pairs: new and old version, by operation.
            start: epoch seconds.
            window: seconds.
        """
        now = self._clock()
        windows = self._windows(pairs, start - HISTORY, window)
        statistics = {}
        for operation, (new, old) in pairs.items():
            for at in range(int(start // window) * window, int(now) + 1, window):
                limits = latency.beginnings(windows[operation], at)
                statistics[operation, new, at] = tuple(f"TC({TOLERATED * limit:.3f}:)" for limit in limits)
                statistics[operation, old, at] = tuple(f"TC({limit:.3f}:)" for limit in limits)
        ends: dict[Key, float] = {}  # of the last window that asks for a series
        for (operation, version, at), wanted in statistics.items():
            ends.update({(operation, version, statistic): at + window for statistic in wanted})
        queries = {key: self._query(key[0], key[1], "Duration", key[2]) for key in ends.keys() - self._past.keys()}
        values = self._get(queries, start, now + 1) | self._past
        settled = now - self._delay - self._period
        self._past = {key: values[key] for key, end in ends.items() if end <= settled}
        return Durations(window, statistics, values)

    def _windows(
        self, operations: Iterable[str], since: float, window: int
    ) -> dict[str, dict[float, dict[str, float]]]:
        """Return the quantiles of what alias `prod` took in each window, and its requests, by operation."""
        queries = {
            (operation, "", name): self._query(operation, "", *metric, period=window)
            for operation in operations
            for name, metric in WINDOW.items()
        }
        windows: dict[str, dict[float, dict[str, float]]] = {operation: {} for operation in operations}
        values = self._get(queries, since // window * window, self._clock() + 1)
        for (operation, _, name), series in values.items():
            for at, value in series.items():
                windows[operation].setdefault(at, {})[name] = value
        return windows

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

    def alone(self, versions: Mapping[str, str], since: float) -> dict[str, Count]:
        """Return what versions have served since alias `prod` calls no others, by operation.

        Lambda names the executed version only while an alias splits its traffic, so its own counts are those of the alias.
        https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html

        Args:
            versions: by operation.
            since: epoch seconds. Periods that begin before it are left out.
        """
        queries = {
            (operation, version, name): self._query(operation, version if name in OWN else "", *metric)
            for operation, version in self._known(versions)
            for name, metric in (OWN | LAMBDA).items()
        }
        first = math.ceil(since / self._period) * self._period
        values = self._get(queries, first, self._clock() + 1)
        counts: dict[str, Count] = {}
        for operation, version in self._known(versions):
            moments = {at for name in (OWN | LAMBDA) for at in values[operation, version, name] if at >= first}
            counts[operation] = sum((_count(values, operation, version, at, ()) for at in moments), Count())
        return counts

    def a_minute(self, since: float) -> dict[str, float]:
        """Return the requests a minute that alias `prod` of each function has had since then, by operation."""
        queries = {
            (operation, "", "calls"): self._query(operation, "", *LAMBDA["invoked"], period=60)
            for operation in self._functions
        }
        values = self._get(queries, since, self._clock() + 1)
        return {
            operation: sum(series.values()) / len(series) if series else 0.0
            for (operation, _, _), series in values.items()
        }

    def _known(self, versions: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return operation and version of those functions that still exist."""
        return [(operation, version) for operation, version in versions.items() if operation in self._functions]

    def _query(
        self, operation: str, version: str, metric: str, statistic: str, *, period: int = 0, status: int = 0
    ) -> dict[str, Any]:
        period = period or self._period
        if metric not in OF_LAMBDA:
            named = {"operation": operation, "version": version} | ({"status": str(status)} if status else {})
            return _stat(self._namespace, metric, named, statistic, period)
        name = self._functions[operation]
        dimensions = {"FunctionName": name, "Resource": f"{name}:prod"}
        if version:  # otherwise of all that the alias calls
            dimensions["ExecutedVersion"] = version
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
    values: Mapping[Key, Mapping[float, float]], operation: str, version: str, at: float, statuses: Iterable[int]
) -> Count:
    """Return the counts of a period; unknown are all requests whose line has not arrived."""

    def value(name: str) -> int:
        return round(values.get((operation, version, name), {}).get(at, 0.0))

    crashes, faults = value("crashes"), value("faults")
    logged = max(value("responded"), faults)  # without the filters, a fault is counted all the same
    requests = max(logged + crashes, value("invoked"))
    refused = {status: value(str(status)) for status in statuses}
    return Count(requests, faults + crashes, unknown=requests - logged - crashes, refused=refused)


def _is_changing(stages: Sequence[Sequence[float]], at: float, period: float) -> bool:
    return any(begun <= at and at + period <= moved for _, begun, *rest in stages for moved in rest)


def _is_steady(stages: Sequence[Sequence[float]], at: float, period: float) -> bool:
    changes = ((begun, *rest, float("inf")) for _, begun, *rest in stages)  # the last one may not have ended
    return not any(begun < at + period and moved > at for begun, moved, *_ in changes)


def _weight(stages: Sequence[Sequence[float]], at: float, period: float) -> float:
    ends = [stage[-1] for stage in stages[1:]] + [float("inf")]
    during = [weight for (weight, since, *_), end in zip(stages, ends, strict=True) if since < at + period and end > at]
    return max(during, default=float(stages[0][0]))
