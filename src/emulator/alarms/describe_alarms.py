"""PutMetricAlarm and DescribeAlarms without loss: metric math, and every property over XML; alarms are stored by MiniStack."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from ministack.services import cloudwatch

from emulator.cloudwatch import expressions, metric_math, statistics
from emulator.patches import Difference, patch, register, uses

if TYPE_CHECKING:
    from botocore.model import OperationModel

Json = dict[str, Any]
Response = tuple[int, dict[str, Any], bytes]
Operation = Callable[..., Response]

DESCRIBE_ALARMS = register(
    Difference(
        name="describe-alarms-xml",
        service="CloudWatch",
        aws="DescribeAlarms returns every property of an alarm",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html",
        ministack="over the query protocol, which Terraform's provider speaks, period, statistic, "
        "dimensions, actions and more are left out, so that every plan shows drift",
        here="the XML response is made from the complete one of the JSON protocol",
        upstream="render the XML of DescribeAlarms from the same data as its JSON",
    )
)
METRICS_OF_ALARMS = register(
    Difference(
        name="alarm-metric-math",
        service="CloudWatch",
        aws="an alarm may watch an expression over up to ten metrics",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create-alarm-on-metric-math-expression.html",
        ministack="PutMetricAlarm drops the metrics, so that the alarm never changes its state, and gives an alarm with an "
        "ExtendedStatistic a Statistic too",
        here="as AWS for operators and the functions IF, FILL, SUM and METRICS; other functions are refused, as are ids, types, "
        "periods and numbers of metrics that AWS refuses",
        upstream="store `Metrics` in `_put_metric_alarm`, and evaluate the expression in `_evaluate_alarm`",
    )
)
uses(
    METRICS_OF_ALARMS,
    cloudwatch,
    "_alarms",
    "_error(code, message, status, use_json=False, use_cbor=False)",
    "_evaluate_alarm(alarm)",
)
uses(DESCRIBE_ALARMS, cloudwatch, "_p(params, key, default='')", "_xml(status, root_tag, inner)")


SHORT = (10, 20, 30)  # seconds: periods that are not whole minutes
MINUTE, HOUR, DAY = 60, 3600, 86_400  # seconds
MOST = 10  # metrics of one alarm


def install() -> None:
    """Keep alarms complete, and return them complete over XML too."""
    patch(cloudwatch, "_put_metric_alarm", put_metric_alarm, METRICS_OF_ALARMS)
    patch(cloudwatch, "_describe_alarms", describe_alarms, DESCRIBE_ALARMS)


@cache
def _operation(name: str) -> OperationModel:
    import botocore.session  # noqa: PLC0415  # would take a fifth of the emulator's start

    return botocore.session.get_session().get_service_model("cloudwatch").operation_model(name)


def put_metric_alarm(
    original: Operation, params: Json, cbor_data: Json, is_cbor: bool, is_json: bool = False
) -> Response:
    """Serve PutMetricAlarm, and keep the statistic that it was put with, and the metrics of an alarm on an expression."""
    request = cbor_data if is_cbor or is_json else read(_operation("PutMetricAlarm").input_shape, params)
    try:
        _check(request)
        if request.get("Metrics"):
            _check_metrics(request["Metrics"])
    except expressions.Invalid as error:
        refused: Response = cloudwatch._error("ValidationError", str(error), 400, use_json=is_json, use_cbor=is_cbor)
        return refused
    response = original(params, cbor_data, is_cbor, is_json)
    if response[0] == 200 and request.get("ExtendedStatistic"):
        del cloudwatch._alarms[request["AlarmName"]]["Statistic"]  # the other one has a default there
    if response[0] == 200 and request.get("Metrics"):
        alarm = cloudwatch._alarms[request["AlarmName"]]
        for name in ("MetricName", "Namespace", "Statistic", "Period", "Dimensions"):
            del alarm[name]  # each metric has its own
        alarm["Metrics"] = request["Metrics"]
        cloudwatch._evaluate_alarm(alarm)
    return response


def _check(request: Json) -> None:
    """Raise expressions.Invalid for periods or a statistic that CloudWatch refuses, of the alarm or of its metrics."""
    if request.get("Statistic") and request.get("ExtendedStatistic"):
        raise expressions.Invalid("Statistic and ExtendedStatistic exclude each other")
    if int(request.get("DatapointsToAlarm") or 1) > int(request.get("EvaluationPeriods") or 1):
        raise expressions.Invalid("DatapointsToAlarm is at most EvaluationPeriods")
    if request.get("ExtendedStatistic") and not statistics.needs_values(request["ExtendedStatistic"]):
        raise expressions.Invalid(f"{request['ExtendedStatistic']} is a Statistic, and not an extended one")
    stats = [metric["MetricStat"] for metric in request.get("Metrics") or [] if metric.get("MetricStat")]
    named = [stat["Stat"] for stat in stats] + [each for each in (request.get("ExtendedStatistic"),) if each]
    if unknown := next((each for each in named if not statistics.valid(each)), None):
        raise expressions.Invalid(f"Unknown statistic {unknown}")
    for period in [int(stat["Period"]) for stat in stats] + [int(request.get("Period") or MINUTE)]:
        if period not in SHORT and period % MINUTE:
            raise expressions.Invalid(f"A period of {period} s: use 10, 20, 30 or a multiple of {MINUTE}")
        window = period * int(request.get("EvaluationPeriods") or 1)
        if window > (DAY if period < HOUR else 7 * DAY):
            raise expressions.Invalid(
                f"An alarm looks back a day, or a week with periods of an hour and more, not {window} s"
            )


def _check_metrics(metrics: list[Json]) -> None:
    """Raise expressions.Invalid unless exactly one is returned, a time series, and all expressions can be evaluated."""
    if len([metric for metric in metrics if metric.get("ReturnData", True)]) != 1:
        raise expressions.Invalid("Exactly one metric must have ReturnData")
    texts = {metric["Id"]: metric["Expression"] for metric in metrics if metric.get("Expression")}
    series: dict[str, metric_math.Series] = {metric["Id"]: {} for metric in metrics if metric.get("MetricStat")}
    if len(series) > MOST:
        raise expressions.Invalid(f"An alarm has at most {MOST} metrics, and this one has {len(series)}")
    evaluation = metric_math.Evaluation(series, texts, times=())
    for name, kind in evaluation.types.items():
        if kind != expressions.SERIES:
            raise expressions.Invalid(f"An alarm watches one time series, and {name} is {kind}")
        evaluation.of(name)


def describe_alarms(
    original: Operation, params: Json, cbor_data: Json, is_cbor: bool, is_json: bool = False
) -> Response:
    """Serve DescribeAlarms."""
    if is_cbor or is_json:
        return original(params, cbor_data, is_cbor, is_json)
    operation = _operation("DescribeAlarms")
    status, _, body = original(params, read(operation.input_shape, params), False, True)
    if status != 200:
        return original(params, cbor_data, False, False)
    result = f"<DescribeAlarmsResult>{_xml(operation.output_shape, json.loads(body))}</DescribeAlarmsResult>"
    response: Response = cloudwatch._xml(200, "DescribeAlarmsResponse", result)
    return response


def read(shape: Any, params: Mapping[str, Any], name: str = "") -> Any:
    """Return the value of a shape in the parameters of the query protocol; None if it is missing.

    Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
    """
    if shape.type_name == "structure":
        prefix = f"{name}." if name else ""
        values = {each: read(member, params, prefix + each) for each, member in shape.members.items()}
        present = {each: value for each, value in values.items() if value is not None}
        return present if present or not name else None
    if shape.type_name == "list":
        items: list[Any] = []
        while (value := read(shape.member, params, f"{name}.member.{len(items) + 1}")) is not None:
            items.append(value)
        return items or None
    if name not in params:
        return None
    text = str(cloudwatch._p(params, name))
    return {"boolean": lambda: text == "true", "integer": lambda: int(text), "double": lambda: float(text)}.get(
        shape.type_name, lambda: text
    )()


def _xml(shape: Any, value: Any) -> str:
    if shape.type_name == "structure":
        present = {name: each for name, each in shape.members.items() if value.get(name) is not None}
        return "".join(f"<{name}>{_xml(each, value[name])}</{name}>" for name, each in present.items())
    if shape.type_name == "list":
        return "".join(f"<member>{_xml(shape.member, part)}</member>" for part in value)
    if shape.type_name == "boolean":
        return "true" if value else "false"
    if shape.type_name == "timestamp":
        return datetime.fromtimestamp(float(value), UTC).isoformat().replace("+00:00", "Z")
    return escape(str(value))
