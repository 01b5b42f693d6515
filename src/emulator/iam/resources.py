"""The resource that IAM checks a request about; for most requests, what MiniStack finds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions

from emulator.patches import Difference, patch, register, uses

RESOURCES = register(
    Difference(
        name="resources",
        service="IAM",
        aws="actions such as `cloudwatch:PutCompositeAlarm` are denied unless a policy allows them on `*`; CreateFunction, "
        "dashboards, budgets, what CloudFront has and tags are checked by the resource's ARN",
        source="https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html",
        ministack="the former are allowed on an ARN, the latter denied unless they are allowed on `*`",
        here="as AWS, for the services of this stack; of several alarms or dashboards in one request the first is checked",
        upstream="complete `iam_actions.extract_resource_arn`",
    )
)
uses(RESOURCES, iam_actions, "_param(body, query_params, *fields)")

_NO_RESOURCE = {"cloudwatch:DescribeAlarms", "cloudwatch:PutCompositeAlarm"}
_ARN_FIELDS = ("ResourceArn", "ResourceARN", "resourceArn", "Resource", "WebACLArn")
_NAMED: dict[str, dict[tuple[str, ...], str]] = {  # fields of a request -> the ARN, by service
    "monitoring": {
        ("DashboardName", "DashboardNames.member.1"): "arn:aws:cloudwatch::{account}:dashboard/{name}",
        ("AlarmNames.member.1",): "arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
    },
    "lambda": {("FunctionName",): "arn:aws:lambda:{region}:{account}:function:{name}"},
    "xray": {("RuleName",): "arn:aws:xray:{region}:{account}:sampling-rule/{name}"},
    "budgets": {("BudgetName",): "arn:aws:budgets::{account}:budget/{name}"},
}
_CLOUDFRONT = re.compile(r"/(origin-access-control|response-headers-policy)/([^/]+)")


def install() -> None:
    """Let a request be checked by the resource that IAM checks it by."""
    patch(iam_actions, "extract_resource_arn", resource_arn, RESOURCES)


def resource_arn(
    original: Callable[..., str],
    service: str,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query_params: dict[str, Any],
    region: str,
    account_id: str,
) -> str:
    """Return the ARN of the resource of a request, or `*` if IAM checks it by none."""
    action = iam_actions.extract_iam_action(service, method, path, headers, body, query_params)
    if action in _NO_RESOURCE:
        return "*"
    found: str = original(service, method, path, headers, body, query_params, region, account_id)
    if found != "*":
        return found
    for fields, form in _NAMED.get(service, {}).items():
        named = iam_actions._param(body, query_params, *fields)
        if name := named or _inside(body, fields[0]) or _first(body, fields[-1].partition(".")[0]):
            return form.format(region=region, account=account_id, name=name)
    if service == "cloudfront" and (match := _CLOUDFRONT.search(path)):
        return f"arn:aws:cloudfront::{account_id}:{match[1]}/{match[2]}"
    named = str(iam_actions._param(body, query_params, *_ARN_FIELDS))
    if named.startswith("arn:"):
        return named
    return f"arn:aws:budgets::{account_id}:budget/*" if service == "budgets" else "*"


def _inside(body: bytes, field: str) -> str:
    """Return a field of an object in the body, as the name of a budget that is created is one of the field Budget."""
    parts = [part for part in _object(body).values() if isinstance(part, dict)]
    return next((str(part[field]) for part in parts if field in part), "")


def _first(body: bytes, field: str) -> str:
    """Return the first of a list in the body, as the names of alarms that are deleted are in the protocol JSON."""
    values = _object(body).get(field)
    return str(values[0]) if isinstance(values, list) and values else ""


def _object(body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return {}
    return request if isinstance(request, dict) else {}
