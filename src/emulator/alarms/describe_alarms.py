"""PutMetricAlarm and DescribeAlarms without loss: metric math, and every property over XML; alarms are stored by MiniStack."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from ministack.services import cloudwatch

from emulator.cloudwatch import metric_math
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
        ministack="PutMetricAlarm drops the metrics, so that the alarm never changes its state",
        here="as AWS for +, -, *, /, comparisons, AND, OR and the functions IF, FILL, SUM and METRICS; others are refused",
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
    """Serve PutMetricAlarm, and keep the metrics of an alarm on an expression."""
    request = cbor_data if is_cbor or is_json else read(_operation("PutMetricAlarm").input_shape, params)
    if not request.get("Metrics"):
        return original(params, cbor_data, is_cbor, is_json)
    try:
        _check(request["Metrics"])
    except metric_math.Unsupported as error:
        refused: Response = cloudwatch._error("ValidationError", str(error), 400, use_json=is_json, use_cbor=is_cbor)
        return refused
    response = original(params, cbor_data, is_cbor, is_json)
    if response[0] == 200:
        alarm = cloudwatch._alarms[request["AlarmName"]]
        for name in ("MetricName", "Namespace", "Statistic", "Period", "Dimensions"):
            del alarm[name]  # each metric has its own
        alarm["Metrics"] = request["Metrics"]
        cloudwatch._evaluate_alarm(alarm)
    return response


def _check(metrics: list[Json]) -> None:
    """Raise Unsupported unless exactly one is returned and all expressions can be evaluated over the given metrics."""
    if len([metric for metric in metrics if metric.get("ReturnData", True)]) != 1:
        raise metric_math.Unsupported("Exactly one metric must have ReturnData")
    expressions = {metric["Id"]: metric["Expression"] for metric in metrics if metric.get("Expression")}
    series: dict[str, metric_math.Series] = {metric["Id"]: {} for metric in metrics if metric.get("MetricStat")}
    evaluation = metric_math.Evaluation(series, expressions, times=())
    for name in expressions:
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
