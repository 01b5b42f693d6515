"""GetMetricData with expressions: metric math and SEARCH. Data points are stored and read by MiniStack."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from ministack.services import cloudwatch

from emulator.cloudwatch import expressions, metric_math, searches, statistics
from emulator.patches import Difference, patch, register, uses

Json = dict[str, Any]
Response = tuple[int, Json, bytes]

METRIC_MATH = register(
    Difference(
        name="metric-math",
        service="CloudWatch",
        aws="GetMetricData evaluates expressions, and SEARCH finds metrics by namespace, dimensions and name",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html",
        ministack="returns InternalError for an expression",
        here='as AWS for what alarms support, TIME_SERIES, and SEARCH with terms of the form name="value"; the rest is refused',
        upstream="evaluate the expressions in `cloudwatch._get_metric_data`",
    )
)
uses(
    METRIC_MATH,
    cloudwatch,
    "_metrics",
    "_error(code, message, status, use_json=False, use_cbor=False)",
    "_cbor_metric_data_result(result)",
    "_cbor_ok(data)",
    "_json_ok(data)",
)
MOST = 500  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
_PROPERTY = re.compile(r"\$\{PROP\('Dim\.(\w+)'\)\}")


Reader = Callable[[list[Json], Json], dict[str, metric_math.Series]]


def install() -> None:
    """Evaluate GetMetricData's expressions from the series that MiniStack reads."""
    patch(cloudwatch, "_get_metric_data", get_metric_data, METRIC_MATH)


def get_metric_data(
    original: Callable[..., Response], params: Json, cbor_data: Json, is_cbor: bool, is_json: bool = False
) -> Response:
    """Serve GetMetricData."""
    queries = cbor_data.get("MetricDataQueries") or []
    try:
        _check(queries)
    except expressions.Invalid as error:
        return _refused(error, is_json, is_cbor)
    if not any(query.get("Expression") for query in queries):
        return original(params, cbor_data, is_cbor, is_json)

    def read(wanted: list[Json], request: Json) -> dict[str, metric_math.Series]:
        returned = {**request, "MetricDataQueries": [{**query, "ReturnData": True} for query in wanted]}
        _, _, body = original({}, returned, False, True)
        results = json.loads(body)["MetricDataResults"]
        return {each["Id"]: dict(zip(each["Timestamps"], each["Values"], strict=True)) for each in results}

    try:
        results = [result for query in queries for result in _results(query, queries, cbor_data, read)]
    except expressions.Invalid as error:
        return _refused(error, is_json, is_cbor)
    encoded = [cloudwatch._cbor_metric_data_result(result) for result in results] if is_cbor else results
    response: Response = (cloudwatch._cbor_ok if is_cbor else cloudwatch._json_ok)({"MetricDataResults": encoded})
    return response


def _refused(error: expressions.Invalid, is_json: bool, is_cbor: bool) -> Response:
    response: Response = cloudwatch._error("ValidationError", str(error), 400, use_json=is_json, use_cbor=is_cbor)
    return response


def _check(queries: list[Json]) -> None:
    """Raise expressions.Invalid for queries that CloudWatch refuses."""
    if len(queries) > MOST:
        raise expressions.Invalid(f"A request has at most {MOST} queries, and this one has {len(queries)}")
    texts = {query["Id"]: query["Expression"] for query in queries if query.get("Expression")}
    expressions.check([query["Id"] for query in queries if query.get("MetricStat")], texts)
    for query in queries:
        if (stat := query.get("MetricStat")) and not statistics.valid(stat["Stat"]):
            raise expressions.Invalid(f"Unknown statistic {stat['Stat']} of {query['Id']}")


def _results(query: Json, queries: list[Json], request: Json, read: Reader) -> Iterator[Json]:
    """Return the results of one query: a series, or one for each metric that SEARCH finds."""
    if not query.get("ReturnData", True):
        return
    searched: list[Json] = []

    def search(terms: str, statistic: str, period: int | None) -> list[metric_math.Series]:
        searched[:] = matching(terms)
        stats = [
            {
                "Id": f"s{number}",
                "MetricStat": {"Metric": metric, "Stat": statistic, "Period": period or query["Period"]},
            }
            for number, metric in enumerate(searched)
        ]
        return list(read(stats, request).values())

    stats = [each for each in queries if each.get("MetricStat")]
    metrics = read(stats, request)
    expressions = {each["Id"]: each["Expression"] for each in queries if each.get("Expression")}
    times = sorted({time for series in metrics.values() for time in series})
    value = metric_math.Evaluation(metrics, expressions, times, search).of(query["Id"])
    assert not isinstance(value, float)
    several = value if isinstance(value, list) else [value]
    for number, series in enumerate(several):
        named = searched[number] if isinstance(value, list) else {}
        yield {
            "Id": query["Id"],
            "Label": _label(query, named),
            "Timestamps": sorted(series),
            "Values": [series[time] for time in sorted(series)],
            "StatusCode": "Complete",
        }


def matching(text: str) -> list[Json]:
    """Return the metrics of a search's schema whose name and dimensions match its terms, each of the form name="value"."""
    search = searches.parse(text)
    if not search.namespace or not all(
        isinstance(term, searches.Term) and term.exact and term.property for term in search.terms
    ):
        raise metric_math.Unsupported(f'Unsupported search {text}: use the form {{namespace,dimension}} name="value"')
    wanted = {term.property: term.word for term in search.terms if isinstance(term, searches.Term)}
    metrics = []
    for (namespace, name, _), points in sorted(cloudwatch._metrics.items(), key=lambda item: item[0]):
        dimensions = points[0].get("Dimensions") or {} if points else {}
        if namespace == search.namespace and set(dimensions) == set(search.dimensions):
            values = {"MetricName": name, **dimensions}
            if all(values.get(term) == value for term, value in wanted.items()):
                listed = [{"Name": each, "Value": value} for each, value in dimensions.items()]
                metrics.append({"Namespace": namespace, "MetricName": name, "Dimensions": listed})
    return metrics


def _label(query: Json, metric: Json) -> str:
    """Return the label with its dynamic properties, or what distinguishes the series from others.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html
    """
    dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions") or []}
    label = query.get("Label") or " ".join(dimensions.values()) or query["Id"]
    return _PROPERTY.sub(lambda match: dimensions.get(match[1], ""), label)
