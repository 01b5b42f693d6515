"""Whether a function's resource policy lets a service invoke it."""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator, responses

from emulator.lambda_.invocation import Target
from emulator.patches import Difference, register, uses

INVOKE_PERMISSION = register(
    Difference(
        name="invoke-permission",
        service="API Gateway",
        aws="a function or alias without a permission for API Gateway and this method is a 500",
        source="https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html",
        ministack="API Gateway may invoke everything",
        here="the policy is evaluated for the exact function or alias that the integration names",
        upstream="evaluate the function's resource policy in `apigateway_v1._call_lambda_raw`",
    )
)
uses(INVOKE_PERMISSION, responses, "get_account_id()", "get_region()")
uses(
    INVOKE_PERMISSION,
    iam_evaluator,
    "EvalContext(principal_arn, principal_type, principal_account, action, resource_arn, region, source_ip=<factory>, "
    "secure_transport=<factory>, request_tags=<factory>, tag_keys=<factory>, service_context=<factory>, "
    "principal_keys=<factory>)",
    "_conditions_met(conditions, ctx)",
)


def may_invoke(service: str, source: str, target: Target) -> bool:
    """Return whether the function's policy lets a service invoke it on behalf of the ARN `source`."""
    account, region = responses.get_account_id(), responses.get_region()
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


def _allows(statement: dict[str, Any], service: str, context: Any) -> bool:
    principal = statement.get("Principal")
    named = principal.get("Service") if isinstance(principal, dict) else principal
    return bool(
        statement.get("Effect") == "Allow"
        and named in (service, "*")
        and statement.get("Action") in ("lambda:InvokeFunction", "lambda:*", "*")
        and statement.get("Resource") == context.resource_arn
        and iam_evaluator._conditions_met(statement.get("Condition") or {}, context)
    )
