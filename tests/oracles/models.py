"""The rules for values that AWS's API models have: lengths, ranges, patterns and enumerations, as botocore ships them."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterator
from typing import Any

import botocore.session

# The call that sends a resource, and which of its members an attribute is where the two differ in more than case.
SENT_BY: dict[str, tuple[str, str, dict[str, str]]] = {
    "aws_api_gateway_deployment": ("apigateway", "CreateDeployment", {}),
    "aws_api_gateway_domain_name": ("apigateway", "CreateDomainName", {}),
    "aws_api_gateway_rest_api": ("apigateway", "CreateRestApi", {}),
    "aws_api_gateway_stage": ("apigateway", "CreateStage", {}),
    "aws_budgets_budget": ("budgets", "CreateBudget", {"name": "BudgetName"}),
    "aws_cloudformation_stack": ("cloudformation", "CreateStack", {"name": "StackName"}),
    "aws_cloudfront_distribution": ("cloudfront", "CreateDistribution", {}),
    "aws_cloudfront_origin_access_control": ("cloudfront", "CreateOriginAccessControl", {}),
    "aws_cloudfront_response_headers_policy": ("cloudfront", "CreateResponseHeadersPolicy", {}),
    "aws_cloudwatch_composite_alarm": ("cloudwatch", "PutCompositeAlarm", {}),
    "aws_cloudwatch_dashboard": ("cloudwatch", "PutDashboard", {}),
    "aws_cloudwatch_log_group": ("logs", "CreateLogGroup", {"name": "logGroupName"}),
    "aws_cloudwatch_log_metric_filter": (
        "logs",
        "PutMetricFilter",
        {"name": "filterName", "pattern": "filterPattern", "metric_transformation": "metricTransformations"},
    ),
    "aws_cloudwatch_metric_alarm": (
        "cloudwatch",
        "PutMetricAlarm",
        {"metric_query": "Metrics", "metric": "MetricStat", "namespace": "Namespace"},
    ),
    "aws_cloudwatch_query_definition": ("logs", "PutQueryDefinition", {}),
    "aws_cognito_resource_server": ("cognito-idp", "CreateResourceServer", {"scope": "Scopes"}),
    "aws_cognito_user_pool": ("cognito-idp", "CreateUserPool", {"name": "PoolName"}),
    "aws_cognito_user_pool_client": (
        "cognito-idp",
        "CreateUserPoolClient",
        {"name": "ClientName", "callback_urls": "CallbackURLs", "logout_urls": "LogoutURLs"},
    ),
    "aws_cognito_user_pool_domain": ("cognito-idp", "CreateUserPoolDomain", {}),
    "aws_dynamodb_table": (
        "dynamodb",
        "CreateTable",
        {"name": "TableName", "global_secondary_index": "GlobalSecondaryIndexes"},
    ),
    "aws_iam_policy": ("iam", "CreatePolicy", {"name": "PolicyName", "policy": "PolicyDocument"}),
    "aws_iam_role": ("iam", "CreateRole", {"name": "RoleName", "assume_role_policy": "AssumeRolePolicyDocument"}),
    "aws_iam_role_policy": ("iam", "PutRolePolicy", {"name": "PolicyName", "policy": "PolicyDocument"}),
    "aws_lambda_alias": ("lambda", "CreateAlias", {}),
    "aws_lambda_function": ("lambda", "CreateFunction", {}),
    "aws_lambda_permission": ("lambda", "AddPermission", {}),
    "aws_s3_bucket": ("s3", "CreateBucket", {}),
    "aws_s3_object": ("s3", "PutObject", {}),
    "aws_sns_topic": ("sns", "CreateTopic", {}),
    "aws_sns_topic_subscription": ("sns", "Subscribe", {}),
    "aws_wafv2_web_acl": ("wafv2", "CreateWebACL", {"rule": "Rules"}),
    # Of this call the rule is the only member.
    "aws_xray_sampling_rule": ("xray", "UpdateSamplingRule", {}),
}
# Members of the request that Terraform keeps elsewhere, or fills from values that have another form.
ELSEWHERE = {
    "tags",
    "tags_all",
    "id",
    "arn",
    "region",
    "publish",
    "qualifier",
    "code_signing_config_arn",
    "source_code_hash",
}


@functools.cache
def _shape(service: str, operation: str) -> Any:
    return botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape


def compare(kind: str, values: dict[str, Any]) -> tuple[int, list[str]]:
    """Return how many planned values of a resource have a rule in the model of the call that sends it, and which break theirs."""
    service, operation, renamed = SENT_BY[kind]
    pairs = list(_pairs(_shape(service, operation), values, renamed, kind))
    ruled = sum(1 for _, shape, _ in pairs if {"min", "max", "pattern", "enum"} & set(shape.metadata))
    return ruled, [f"{where}: {fault}" for where, shape, value in pairs for fault in _broken(shape, value)]


def _pairs(shape: Any, value: Any, renamed: dict[str, str], path: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield each value with the shape that it is sent as. A block of Terraform is a list of one where the API has a structure."""
    if shape.type_name == "structure":
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                yield from _members(shape, each, renamed, path)
    elif shape.type_name == "list" and isinstance(value, list):
        yield path, shape, value
        for number, each in enumerate(value):
            yield from _pairs(shape.member, each, renamed, f"{path}[{number}]")
    elif shape.type_name == "map" and isinstance(value, dict):
        for key, each in value.items():
            yield from _pairs(shape.key, key, renamed, f"{path}.{key}")
            yield from _pairs(shape.value, each, renamed, f"{path}.{key}")
    elif isinstance(value, (str, int, float)):
        yield path, shape, value


def _members(shape: Any, values: dict[str, Any], renamed: dict[str, str], path: str) -> Iterator[tuple[str, Any, Any]]:
    members = {_plain(name): member for name, member in shape.members.items()}
    if len(members) == 1 and not set(map(_plain, values)) & set(members):
        (only,) = members.values()  # the request is in one member, such as DistributionConfig
        if only.type_name == "structure":
            yield from _members(only, values, renamed, path)
        return
    for name, value in values.items():
        member = members.get(_plain(renamed.get(name, name)))
        # Terraform makes up 0 for a number that only the provider knows.
        if member is not None and name not in ELSEWHERE and (value is False or value not in (None, "", [], {}, 0)):
            yield from _pairs(member, value, renamed, f"{path}.{name}")


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _broken(shape: Any, value: Any) -> Iterator[str]:
    """Yield the rules of a shape that a value breaks."""
    rules = shape.metadata
    size = value if isinstance(value, (int, float)) and not isinstance(value, bool) else len(str(value))
    if isinstance(value, list):
        size = len(value)
    numeric = shape.type_name in ("integer", "long", "double", "float")
    if shape.type_name in ("string", "list") or numeric:
        size = float(value) if numeric else size
        if not rules.get("min", size) <= size <= rules.get("max", size):
            yield f"{size} is not between {rules.get('min', 'none')} and {rules.get('max', 'none')}: {str(value)[:60]}"
    if shape.type_name == "string" and rules.get("enum") and value not in rules["enum"]:
        yield f"{value} is not one of {', '.join(rules['enum'][:20])}"
    if shape.type_name == "string" and rules.get("pattern") and (pattern := _compiled(rules["pattern"])):
        yield from (
            () if pattern.fullmatch(str(value)) else [f"{str(value)[:80]!r} does not match {rules['pattern'][:80]}"]
        )


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Return a pattern of the models; None where Python has not the same syntax."""
    try:
        with warnings.catch_warnings(action="ignore", category=FutureWarning):  # of sets such as [[a]
            return re.compile(pattern.replace(r"\p{L}", r"[^\W\d_]"), re.DOTALL)
    except re.error:
        return None
