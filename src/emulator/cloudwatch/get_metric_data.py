"""GetMetricData with expressions: metric math and SEARCH. Data points are stored and read by MiniStack."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from ministack.services import cloudwatch

from emulator.cloudwatch import metric_math
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
        here='as AWS for what alarms support, TIME_SERIES, and SEARCH with terms of the form name="value"',
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
_SCHEMA = re.compile(r"\{([^}]*)\}\s*(.*)", re.DOTALL)
_TERM = re.compile(r'(\w+)="([^"]*)"')
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
    if not any(query.get("Expression") for query in queries):
        return original(params, cbor_data, is_cbor, is_json)

    def read(wanted: list[Json], request: Json) -> dict[str, metric_math.Series]:
        returned = {**request, "MetricDataQueries": [{**query, "ReturnData": True} for query in wanted]}
        _, _, body = original({}, returned, False, True)
        results = json.loads(body)["MetricDataResults"]
        return {each["Id"]: dict(zip(each["Timestamps"], each["Values"], strict=True)) for each in results}

    try:
        results = [result for query in queries for result in _results(query, queries, cbor_data, read)]
    except metric_math.Unsupported as error:
        refused: Response = cloudwatch._error("ValidationError", str(error), 400, use_json=is_json, use_cbor=is_cbor)
        return refused
    encoded = [cloudwatch._cbor_metric_data_result(result) for result in results] if is_cbor else results
    response: Response = (cloudwatch._cbor_ok if is_cbor else cloudwatch._json_ok)({"MetricDataResults": encoded})
    return response


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
    if isinstance(value, float):
        raise metric_math.Unsupported(f"{query['Id']} must be a time series, and is a number")
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


def matching(terms: str) -> list[Json]:
    """Return the metrics of the schema `{namespace,dimension,...}` whose name and dimensions match the terms."""
    match = _SCHEMA.fullmatch(terms.strip())
    if not match or _TERM.sub("", match[2]).strip():
        raise metric_math.Unsupported(f'Unsupported search {terms}: use the form {{namespace,dimension}} name="value"')
    namespace, *names = [_unquoted(part.strip()) for part in match[1].split(",")]
    wanted = dict(_TERM.findall(match[2]))
    metrics = []
    for (key_namespace, name, _), points in sorted(cloudwatch._metrics.items(), key=lambda item: item[0]):
        dimensions = points[0].get("Dimensions") or {} if points else {}
        if key_namespace == namespace and set(dimensions) == set(names):
            values = {"MetricName": name, **dimensions}
            if all(values.get(term) == value for term, value in wanted.items()):
                listed = [{"Name": each, "Value": value} for each, value in dimensions.items()]
                metrics.append({"Namespace": namespace, "MetricName": name, "Dimensions": listed})
    return metrics


def _unquoted(name: str) -> str:
    """Return a name of a schema. Raise Unsupported for one that AWS reads only in double quotes.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
    """
    if quoted := re.fullmatch('"([^"]+)"', name):
        return quoted[1]
    if not re.fullmatch("[A-Za-z0-9_/]+", name):
        raise metric_math.Unsupported(f'Unsupported search of {name}: write "{name}", in double quotes')
    return name


def _label(query: Json, metric: Json) -> str:
    """Return the label with its dynamic properties, or what distinguishes the series from others.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html
    """
    dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions") or []}
    label = query.get("Label") or " ".join(dimensions.values()) or query["Id"]
    return _PROPERTY.sub(lambda match: dimensions.get(match[1], ""), label)
