"""Alarms over CloudWatch's protocols, complete: as put, with metric math, and as described; how they are kept is MiniStack's."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, cast
from xml.sax.saxutils import escape

import botocore.session
from botocore.model import ListShape, OperationModel, Shape, StructureShape
from ministack.services import cloudwatch

from emulator.cloudwatch import metric_math
from emulator.differences import Difference, register

Json = dict[str, Any]
Response = tuple[int, dict[str, Any], bytes]
Operation = Callable[..., Response]

DESCRIBE_ALARMS = register(
    Difference(
        name="describe-alarms-xml",
        service="CloudWatch",
        aws="DescribeAlarms answers every member of an alarm",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html",
        ministack="over the query protocol, which Terraform's provider speaks, period, statistic, "
        "dimensions, actions and more are left out, so that every plan shows drift",
        here="the XML answer is made from the complete one that the JSON protocol gets",
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
    )
)


def install() -> None:
    """Keep alarms whole, and answer them so in XML too."""
    service = botocore.session.get_session().get_service_model("cloudwatch")
    cloudwatch._put_metric_alarm = _keeping_metrics(
        cloudwatch._put_metric_alarm, service.operation_model("PutMetricAlarm")
    )
    cloudwatch._describe_alarms = _whole(cloudwatch._describe_alarms, service.operation_model("DescribeAlarms"))


def _keeping_metrics(original: Operation, operation: OperationModel) -> Operation:
    def put_metric_alarm(params: Json, data: Json, is_cbor: bool, is_json: bool = False) -> Response:
        request = data if is_cbor or is_json else read(operation.input_shape, params)
        if not request.get("Metrics"):
            return original(params, data, is_cbor, is_json)
        try:
            _check(request["Metrics"])
        except metric_math.Unsupported as error:
            refused: Response = cloudwatch._error(
                "ValidationError", str(error), 400, use_json=is_json, use_cbor=is_cbor
            )
            return refused
        answer = original(params, data, is_cbor, is_json)
        if answer[0] == 200:
            alarm = cloudwatch._alarms[request["AlarmName"]]
            for member in ("MetricName", "Namespace", "Statistic", "Period", "Dimensions"):
                del alarm[member]  # they are those of each metric
            alarm["Metrics"] = request["Metrics"]
            cloudwatch._evaluate_alarm(alarm)
        return answer

    return put_metric_alarm


def _check(metrics: list[Json]) -> None:
    """Raises Unsupported unless exactly one is returned, and its expressions can be evaluated over those given."""
    if len([metric for metric in metrics if metric.get("ReturnData", True)]) != 1:
        raise metric_math.Unsupported("exactly one metric must have ReturnData")
    expressions = {metric["Id"]: metric["Expression"] for metric in metrics if metric.get("Expression")}
    series: dict[str, metric_math.Series] = {metric["Id"]: {} for metric in metrics if metric.get("MetricStat")}
    evaluation = metric_math.Evaluation(series, expressions, times=())
    for name in expressions:
        evaluation.of(name)


def _whole(original: Operation, operation: OperationModel) -> Operation:
    output = cast("StructureShape", operation.output_shape)

    def describe_alarms(params: Json, data: Json, is_cbor: bool, is_json: bool = False) -> Response:
        if is_cbor or is_json:
            return original(params, data, is_cbor, is_json)
        status, _, body = original(params, read(operation.input_shape, params), False, True)
        if status != 200:
            return original(params, data, False, False)
        result = f"<DescribeAlarmsResult>{_members(output, json.loads(body))}</DescribeAlarmsResult>"
        answer: Response = cloudwatch._xml(200, "DescribeAlarmsResponse", result)
        return answer

    return describe_alarms


def read(shape: Shape, params: Mapping[str, Any], name: str = "") -> Any:
    """The value of a shape in the parameters of the query protocol; None when it is not there.

    Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
    """
    if isinstance(shape, StructureShape):
        prefix = f"{name}." if name else ""
        members = {each: read(member, params, prefix + each) for each, member in shape.members.items()}
        found = {each: value for each, value in members.items() if value is not None}
        return found if found or not name else None
    if isinstance(shape, ListShape):
        values: list[Any] = []
        while (value := read(shape.member, params, f"{name}.member.{len(values) + 1}")) is not None:
            values.append(value)
        return values or None
    if name not in params:
        return None
    text = str(cloudwatch._p(params, name))
    return {"boolean": lambda: text == "true", "integer": lambda: int(text), "double": lambda: float(text)}.get(
        shape.type_name, lambda: text
    )()


def _members(shape: StructureShape, value: dict[str, Any]) -> str:
    return "".join(
        f"<{name}>{_xml(member, value[name])}</{name}>"
        for name, member in shape.members.items()
        if value.get(name) is not None
    )


def _xml(shape: Shape, value: Any) -> str:
    if isinstance(shape, StructureShape):
        return _members(shape, value)
    if isinstance(shape, ListShape):
        return "".join(f"<member>{_xml(shape.member, part)}</member>" for part in value)
    if shape.type_name == "boolean":
        return "true" if value else "false"
    if shape.type_name == "timestamp":
        return datetime.fromtimestamp(float(value), UTC).isoformat().replace("+00:00", "Z")
    return escape(str(value))
