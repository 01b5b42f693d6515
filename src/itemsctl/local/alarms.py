"""DescribeAlarms over the query protocol, complete; the rest of the protocol is MiniStack's."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast
from xml.sax.saxutils import escape

import botocore.session
from botocore.model import ListShape, Shape, StructureShape
from ministack.services import cloudwatch

from itemsctl.local.differences import Difference, register

Response = tuple[int, dict[str, Any], bytes]

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


def install() -> None:
    """Answer DescribeAlarms in XML from MiniStack's own JSON answer."""
    original: Callable[..., Response] = cloudwatch._describe_alarms
    session = botocore.session.get_session()
    operation = session.get_service_model("cloudwatch").operation_model("DescribeAlarms")
    output = cast("StructureShape", operation.output_shape)

    def describe_alarms(params: dict[str, Any], data: dict[str, Any], is_cbor: bool, is_json: bool = False) -> Response:
        if is_cbor or is_json:
            return original(params, data, is_cbor, is_json)
        status, _, body = original(params, _as_json_request(params), False, True)
        if status != 200:
            return original(params, data, False, False)
        members = _members(output, json.loads(body))
        result = f"<DescribeAlarmsResult>{members}</DescribeAlarmsResult>"
        answer: Response = cloudwatch._xml(200, "DescribeAlarmsResponse", result)
        return answer

    cloudwatch._describe_alarms = describe_alarms


def _as_json_request(params: dict[str, Any]) -> dict[str, Any]:
    single = ("AlarmNamePrefix", "StateValue", "MaxRecords", "NextToken")
    request: dict[str, Any] = {name: value for name in single if (value := cloudwatch._p(params, name))}
    for name in ("AlarmNames", "AlarmTypes"):
        values: list[str] = []
        while value := cloudwatch._p(params, f"{name}.member.{len(values) + 1}"):
            values.append(value)
        if values:
            request[name] = values
    return request


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
