"""The calls that a plan, an apply, a change and the end of an environment make, against the roles that make them.

`calls.json` was recorded from the provider; `tests/torture/test_calls.py` records it again. What the emulator cannot apply is in
MORE, with the page that says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.oracles.policies import arns, reference, simulation
from tests.oracles.policies.documents import HERE, PREFIX, REGION, ROLE, Policy
from tests.oracles.policies.simulation import Request, Statement
from tests.oracles.rendered import ACCOUNT, NAME

RECORDED = json.loads(
    Path(__file__).with_name("calls.json").read_text("utf-8").replace("NAME-", f"{NAME}-").replace("REGION", REGION)
)
SERVICE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role"
WEB_ACL = f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/{PREFIX}-api/ID"
STAGE = f"arn:aws:apigateway:{REGION}::/restapis/API/stages/v1"
DISTRIBUTION = f"arn:aws:cloudfront::{ACCOUNT}:distribution/ID"
OWN_POOL = f"arn:aws:cognito-idp:{HERE}:userpool/{REGION}_x"
PAGE_STACK = f"arn:aws:cloudformation:{HERE}:stack/{PREFIX}-sign-in-page/ID"
DOMAINS = f"arn:aws:apigateway:{REGION}::/domainnames"

# What the emulator does not do or does not check, by the page that documents it.
MORE = {
    "https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html": [
        Request("wafv2:PutLoggingConfiguration", WEB_ACL),
        Request("wafv2:GetLoggingConfiguration", WEB_ACL),
        Request("wafv2:DeleteLoggingConfiguration", WEB_ACL),
        *(Request(f"logs:{name}", "*") for name in ("CreateLogDelivery", "DeleteLogDelivery", "PutResourcePolicy")),
        *(Request(f"logs:{name}", "*") for name in ("DescribeResourcePolicies", "DescribeLogGroups")),
    ],
    "https://docs.aws.amazon.com/waf/latest/developerguide/using-service-linked-roles.html": [
        Request("iam:CreateServiceLinkedRole", f"{SERVICE_ROLE}/wafv2.amazonaws.com/AWSServiceRoleForWAFV2Logging",
                {"iam:awsservicename": "wafv2.amazonaws.com"}),
    ],
    "https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html": [
        Request("wafv2:AssociateWebACL", WEB_ACL),
        Request("wafv2:AssociateWebACL", STAGE),
        Request("wafv2:DisassociateWebACL", STAGE),
        Request("apigateway:SetWebACL", STAGE),
        Request("wafv2:CreateWebACL", f"arn:aws:wafv2:{HERE}:regional/managedruleset/AWSManagedRulesCommonRuleSet/ID"),
    ],
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/using-service-linked-roles.html": [
        Request("iam:CreateServiceLinkedRole", f"{SERVICE_ROLE}/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway",
                {"iam:awsservicename": "ops.apigateway.amazonaws.com"}),
    ],
    "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistributionWithTags.html": [
        Request("cloudfront:TagResource", DISTRIBUTION),
    ],
    # The alarms and metric filters of a release, which the releaser makes and removes.
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html": [
        Request("cloudwatch:DescribeAlarms", "*"),
        *(Request(f"cloudwatch:{name}", f"arn:aws:cloudwatch:{HERE}:alarm:{PREFIX}-{alarm}")
          for name in ("PutMetricAlarm", "SetAlarmState", "DeleteAlarms")
          for alarm in ("get_item-canary-faults", "release-stuck", "rollback-failed")),
    ],
    "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html": [
        Request(f"logs:{name}", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/{PREFIX}-get_item")
        for name in ("DescribeMetricFilters", "PutMetricFilter", "DeleteMetricFilter")
    ],
    # What a release reports, and the lines on the dashboard, which Terraform makes and deletes.
    "https://docs.aws.amazon.com/sns/latest/api/API_Publish.html": [
        Request("sns:Publish", f"arn:aws:sns:{HERE}:{PREFIX}-alarms"),
        Request("sns:Publish", f"arn:aws:sns:{HERE}:the-teams-own"),
    ],
    "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html": [
        Request("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/{NAME}/test/webhook"),
    ],
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html": [
        Request(f"dynamodb:{name}", f"arn:aws:dynamodb:{HERE}:table/{PREFIX}-releases", {"dynamodb:leadingkeys": "dashboard"})
        for name in ("GetItem", "PutItem", "DeleteItem")
    ],
    "https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html": [Request("sns:Unsubscribe", "*")],
    "https://docs.aws.amazon.com/apigateway/latest/api/API_CreateDomainName.html": [
        Request("apigateway:POST", DOMAINS),
        Request("apigateway:POST", f"{DOMAINS}/api.example.com/basepathmappings"),
        Request("apigateway:PATCH", f"{DOMAINS}/api.example.com"),
        Request("apigateway:DELETE", f"{DOMAINS}/api.example.com"),
    ],
    # A custom domain of the sign-in page is a distribution of CloudFront.
    "https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-add-custom-domain.html": [
        Request("cloudfront:UpdateDistribution", DISTRIBUTION),
    ],
    "https://docs.aws.amazon.com/cognito/latest/developerguide/using-service-linked-roles.html": [
        Request("iam:CreateServiceLinkedRole",
                f"{SERVICE_ROLE}/email.cognito-idp.amazonaws.com/AWSServiceRoleForAmazonCognitoIdpEmailService",
                {"iam:awsservicename": "email.cognito-idp.amazonaws.com"}),
    ],
    # Changes that the recorded one does not make: of code, of a function, of a table, of a pool and of its protection.
    "https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html": [
        Request(f"lambda:{name}", f"arn:aws:lambda:{HERE}:function:{PREFIX}-get_item")
        for name in ("UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion", "UpdateAlias",
                     "DeleteFunctionConcurrency")
    ],
    "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html": [
        Request("dynamodb:UpdateTable", f"arn:aws:dynamodb:{HERE}:table/{PREFIX}-parcels"),
    ],
    "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_SetRiskConfiguration.html": [
        Request(f"cognito-idp:{name}", OWN_POOL, {"aws:resourcetag/environment": "test"})
        for name in ("UpdateUserPool", "SetRiskConfiguration", "DescribeRiskConfiguration", "TagResource", "UntagResource")
    ],
    # No page of AWS's says so; its own samples had the error: CreateUserPool with tags, which has no ARN yet.
    "https://github.com/aws-samples/aws-saas-factory-bootcamp/issues/58": [
        Request("cognito-idp:TagResource", "*", {"aws:requesttag/environment": "test"}),
    ],
    # The style of the managed sign-in page. CloudFormation makes it and reads it back as whoever deploys.
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html": [
        *(Request(f"cloudformation:{name}", PAGE_STACK) for name in (
            "CreateStack", "UpdateStack", "DeleteStack", "DescribeStacks", "DescribeStackEvents", "GetTemplate", "TagResource")),
        *(Request(f"cognito-idp:{name}ManagedLoginBranding", OWN_POOL, {"aws:resourcetag/environment": "test"})
          for name in ("Create", "Describe", "Update", "Delete")),
    ],
    "https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-waf.html": [
        Request("cognito-idp:AssociateWebACL", WEB_ACL),
        *(Request(f"cognito-idp:{name}", OWN_POOL, {"aws:resourcetag/environment": "test"})
          for name in ("AssociateWebACL", "DisassociateWebACL", "GetWebACLForResource")),
        *(Request(f"wafv2:{name}", OWN_POOL) for name in ("AssociateWebACL", "DisassociateWebACL", "GetWebACLForResource")),
    ],
}  # fmt: skip


def recorded(*phases: str) -> list[Request]:
    """Return the requests of some phases. Of roles and pools, IAM also knows their boundary and tags."""
    calls = [call for phase in phases for call in RECORDED[phase]]
    return [
        Request(call["action"], call["resource"], call.get("keys", {}) | state_of(call["resource"])) for call in calls
    ]


def state_of(resource: str) -> dict[str, str]:
    """Return the condition keys of what a resource is when it is changed."""
    if ":role/" in resource:
        return {"iam:permissionsboundary": f"arn:aws:iam::{ACCOUNT}:policy/{PREFIX}-boundary"}
    return {"aws:resourcetag/environment": "test"} if ":userpool/" in resource else {}


def statements(policies: Iterable[Policy], *where: str) -> list[Statement]:
    return [one for policy in policies if policy.where.startswith(where) for one in policy.statements]


def denied(requests: Iterable[Request], allowed: list[Statement]) -> list[str]:
    return [str(request) for request in requests if not simulation.allows(request, allowed)]


DEPLOY = ('aws_iam_role_policy.read["deploy"]', "aws_iam_policy.write", 'aws_iam_policy.settings["deploy"]')
PLAN = ('aws_iam_role_policy.read["plan"]', 'aws_iam_policy.settings["plan"]')


def test_a_deploy_may_make_every_call_of_an_apply_a_change_and_an_end(policies: list[Policy]) -> None:
    deploy = statements(policies, *DEPLOY)
    assert denied(recorded(*RECORDED), deploy) == []
    assert denied((request for requests in MORE.values() for request in requests), deploy) == []


def test_a_plan_may_make_every_call_of_a_plan(policies: list[Policy]) -> None:
    assert denied(recorded("plan"), statements(policies, *PLAN)) == []


def test_a_plan_may_make_no_call_that_changes_something(policies: list[Policy]) -> None:
    plan = statements(policies, *PLAN)
    allowed = {request.action for request in recorded(*RECORDED) if simulation.allows(request, plan)}
    assert {reference.access_level(action) for action in allowed} <= {"List", "Read"}


@pytest.mark.parametrize("phase", RECORDED)
def test_every_recorded_call_is_one_that_aws_documents(phase: str) -> None:
    assert len(recorded(phase)) > 100
    for request in recorded(phase):
        forms = reference.formats(request.action)
        fits = (
            any(arns.overlap(form, request.resource) for form in forms.values()) if forms else request.resource == "*"
        )
        assert fits, request


FUNCTION, POOL = f"arn:aws:lambda:{HERE}:function", f"arn:aws:cognito-idp:{HERE}:userpool/x"
BOUNDARY, PROD = "iam:permissionsboundary", {"aws:resourcetag/environment": "prod"}
REFUSED = {
    "change who is trusted by a role without the boundary": Request("iam:UpdateAssumeRolePolicy", f"{ROLE}-get_item"),
    "make a role with another boundary": Request(
        "iam:CreateRole", f"{ROLE}-x", {BOUNDARY: f"arn:aws:iam::{ACCOUNT}:policy/x"}
    ),
    "change its own role": Request(
        "iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/{NAME}-ci-test-deploy", state_of(ROLE)
    ),
    "change the boundary": Request("iam:CreatePolicyVersion", f"arn:aws:iam::{ACCOUNT}:policy/{PREFIX}-boundary"),
    "give a role to a server": Request("iam:PassRole", f"{ROLE}-x", {"iam:passedtoservice": "ec2.amazonaws.com"}),
    "give a function a URL": Request("lambda:CreateFunctionUrlConfig", f"{FUNCTION}:{PREFIX}-x"),
    "let anybody call a function": Request("lambda:AddPermission", f"{FUNCTION}:{PREFIX}-x", {"lambda:principal": "*"}),
    "change a function of prod": Request("lambda:UpdateFunctionCode", f"{FUNCTION}:{NAME}-prod-x"),
    "delete a pool without tags": Request("cognito-idp:DeleteUserPool", POOL),
    "delete a pool of prod": Request("cognito-idp:DeleteUserPool", POOL, PROD),
    "make a pool of prod its own": Request(
        "cognito-idp:TagResource", f"{POOL[:-1]}{REGION}_x", PROD | {"aws:requesttag/environment": "test"}
    ),
    "make a pool without tags its own": Request(
        "cognito-idp:TagResource", f"{POOL[:-1]}{REGION}_x", {"aws:requesttag/environment": "test"}
    ),
    "make a pool for prod": Request("cognito-idp:TagResource", "*", {"aws:requesttag/environment": "prod"}),
    "create a user of prod": Request("cognito-idp:AdminCreateUser", POOL, PROD),
    "read an item": Request("dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/{PREFIX}-parcels"),
    "read the state of prod": Request("s3:GetObject", f"arn:aws:s3:::{NAME}-prod-state-{ACCOUNT}/terraform.tfstate"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_deploy_may_not(policies: list[Policy], what: str) -> None:
    assert not simulation.allows(REFUSED[what], statements(policies, *DEPLOY))


def test_the_boundary_allows_what_the_roles_of_the_stack_need(policies: list[Policy]) -> None:
    boundary = statements(policies, "aws_iam_policy.boundary")
    needed = [
        Request(
            action,
            resource,
            {"aws:principalarn": f"{ROLE}-{'rollback' if action.startswith('apigateway:') else 'gateway-logging'}"},
        )
        for action, resource in [*used_by_roles(policies), *(("logs:" + name, "*") for name in GATEWAY_LOGS)]
    ]
    assert len(needed) > 20
    assert denied(needed, boundary) == []


# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonAPIGatewayPushToCloudWatchLogs.html
GATEWAY_LOGS = (
    "CreateLogGroup", "CreateLogStream", "DescribeLogGroups", "DescribeLogStreams", "FilterLogEvents", "GetLogEvents",
    "PutLogEvents",
)  # fmt: skip


def used_by_roles(policies: list[Policy]) -> Iterator[tuple[str, str]]:
    """Yield what the policies of the stack's own roles allow, with a name in place of each wildcard."""
    for policy in policies:
        if "aws_iam_role_policy." in policy.where and not policy.where.startswith("aws_iam_role_policy.read"):
            for one in policy.statements:
                for resource in listed(one["Resource"]):
                    yield from (
                        (action, resource if resource == "*" else resource.replace("*", "x"))
                        for action in listed(one["Action"])
                    )


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def test_the_boundary_lets_no_function_but_rollback_point_a_stage_to_another_deployment(policies: list[Policy]) -> None:
    boundary = statements(policies, "aws_iam_policy.boundary")
    for name, may in (("rollback", True), ("get_item", False)):
        change = Request("apigateway:PATCH", STAGE, {"aws:principalarn": f"{ROLE}-{name}"})
        assert simulation.allows(change, boundary) == may


def test_the_boundary_lets_no_function_read_logs_or_write_those_of_others(policies: list[Policy]) -> None:
    boundary, caller = statements(policies, "aws_iam_policy.boundary"), {"aws:principalarn": f"{ROLE}-x"}
    groups = f"arn:aws:logs:{HERE}:log-group:/aws/lambda"
    assert simulation.allows(Request("logs:PutLogEvents", f"{groups}/{PREFIX}-x:log-stream:x", caller), boundary)
    assert not simulation.allows(Request("logs:PutLogEvents", f"{groups}/other-x:log-stream:x", caller), boundary)
    for action in ("logs:FilterLogEvents", "logs:GetLogEvents"):
        assert not simulation.allows(Request(action, f"{groups}/{PREFIX}-x", caller), boundary)


def test_a_member_of_a_family_is_covered_and_another_family_is_not(policies: list[Policy]) -> None:
    deploy = statements(policies, *DEPLOY)
    function = f"arn:aws:lambda:{HERE}:function:{NAME}"
    assert simulation.allows(Request("lambda:UpdateFunctionCode", f"{function}-test-42-x"), deploy)
    assert not simulation.allows(Request("lambda:UpdateFunctionCode", f"{function}-testing-x"), deploy)
    assert not simulation.allows(
        Request("budgets:ModifyBudget", f"arn:aws:budgets::{ACCOUNT}:budget/{NAME}-testing"), deploy
    )
