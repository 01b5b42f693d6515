"""Whether a function's resource policy lets a service invoke it."""

from __future__ import annotations

import re
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region

from emulator.differences import Difference, register
from emulator.exchange import Exchange
from emulator.lambda_.invocation import Target

INVOKE_PERMISSION = register(
    Difference(
        name="invoke-permission",
        service="API Gateway",
        aws="a function or alias without a permission for API Gateway and this method is a 500",
        source="https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html",
        ministack="API Gateway may invoke everything",
        here="the policy is evaluated for the exact function or alias that the integration names",
    )
)


def gateway_may_invoke(exchange: Exchange, target: Target) -> bool:
    """Whether a statement allows it for the qualified ARN and the request's method ARN."""
    request = exchange.request
    resource = re.sub(r"\{[^}]*\}", "*", request["resource_path"])
    source = (
        f"arn:aws:execute-api:{exchange.region}:{exchange.account}:{request['api_id']}"
        f"/{request['stage_name']}/{exchange.method}{resource}"
    )
    return may_invoke("apigateway.amazonaws.com", source, target)


def may_invoke(service: str, source: str, target: Target) -> bool:
    """Whether the function's policy lets a service invoke it on behalf of the ARN `source`."""
    account, region = get_account_id(), get_region()
    context = iam_evaluator.EvalContext(
        principal_arn=service,
        principal_type="Service",
        principal_account=account,
        action="lambda:InvokeFunction",
        resource_arn=target.arn,
        region=region,
        service_context={"aws:sourcearn": source, "aws:sourceaccount": account},
    )
    statements = (target.function.get("policy") or {}).get("Statement") or []
    return any(_allows(statement, service, context) for statement in statements)


def _allows(statement: dict[str, Any], service: str, context: iam_evaluator.EvalContext) -> bool:
    principal = statement.get("Principal")
    named = principal.get("Service") if isinstance(principal, dict) else principal
    return bool(
        statement.get("Effect") == "Allow"
        and named in (service, "*")
        and statement.get("Action") in ("lambda:InvokeFunction", "lambda:*", "*")
        and statement.get("Resource") == context.resource_arn
        and iam_evaluator._conditions_met(statement.get("Condition") or {}, context)
    )
