"""Every policy that Terraform renders, against AWS's service authorization reference."""

from __future__ import annotations

import pytest

from tests.oracles.policies import arns, reference
from tests.oracles.policies.documents import REGION, Policy
from tests.oracles.rendered import ACCOUNT


def test_every_policy_says_what_aws_documents(policies: list[Policy]) -> None:
    faults = {
        f"{policy.where}: {fault}"
        for policy in policies
        for statement in policy.statements
        for fault in reference.faults(statement)
    }
    assert sorted(faults) == []


def test_policies_of_every_kind_of_resource_are_checked(policies: list[Policy]) -> None:
    kinds = {next(part for part in policy.where.split(".") if part.startswith("aws_")) for policy in policies[:-1]}
    assert kinds >= {
        "aws_iam_policy", "aws_iam_role", "aws_iam_role_policy", "aws_s3_bucket_policy", "aws_sns_topic_policy",
    }  # fmt: skip


AWS, TABLE = f"{REGION}:{ACCOUNT}", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/x"
FAULTY = {
    "PutCompositeAlarm has no resource types": (
        "cloudwatch:PutCompositeAlarm",
        f"arn:aws:cloudwatch:{AWS}:alarm:x-*",
        {},
    ),
    "CreateDistribution has no resource types": ("cloudfront:Create*", f"arn:aws:cloudfront::{ACCOUNT}:*", {}),
    "Unsubscribe has no resource types": (["sns:Subscribe", "sns:Unsubscribe"], f"arn:aws:sns:{AWS}:x-*", {}),
    "PutTraceSegments has no resource types": ("xray:Put*", f"arn:aws:xray:{AWS}:group/x", {}),
    "sns:Unsubcribe matches no action": ("sns:Unsubcribe", "*", {}),
    "cloudwatch2:PutDashboard matches no action": ("cloudwatch2:PutDashboard", "*", {}),
    "dynamodb:GetItem is for": ("dynamodb:GetItem", f"{TABLE}/index/y", {}),
    "cloudwatch:PutDashboard is for": ("cloudwatch:PutDashboard", f"arn:aws:cloudwatch:{AWS}:dashboard/x", {}),
    "arn:aws:s3:::x is no resource of": ("dynamodb:GetItem", [TABLE, "arn:aws:s3:::x"], {}),
    "UpdateFunctionCode has no condition key lambda:principal": (
        "lambda:UpdateFunctionCode",
        "*",
        {"lambda:Principal": "x"},
    ),
    "TagRole has no condition key iam:permissionsboundary": ("iam:TagRole", "*", {"iam:PermissionsBoundary": "x"}),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_faulty_statement_is_found(fault: str) -> None:
    action, resource, keys = FAULTY[fault]
    condition = {"Condition": {"StringEquals": keys}} if keys else {}
    found = reference.faults({"Effect": "Allow", "Action": action, "Resource": resource, **condition})
    assert any(fault in one for one in found)


@pytest.mark.parametrize(
    ("form", "pattern", "same"),
    [
        ("arn:${Partition}:s3:::${BucketName}", "arn:aws:s3:::x-*", True),
        ("arn:${Partition}:s3:::${BucketName}", "arn:aws:s3:::x/y", False),
        ("arn:${Partition}:s3:::${BucketName}/${ObjectName}", "arn:aws:s3:::x/*", True),
        ("arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}", "arn:aws:dynamodb:*:1:table/x/index/y", False),
        ("arn:${Partition}:cloudfront::${Account}:distribution/${DistributionId}", "arn:aws:cloudfront::1:*", True),
        ("arn:${Partition}:logs:${Region}:${Account}:log-group:${LogGroupName}", "arn:aws:logs:r:1:log-group:/a/x-*", True),
        ("arn:${Partition}:sns:${Region}:${Account}:${TopicName}", "arn:aws:sns:r:1", False),
    ],
)  # fmt: skip
def test_a_pattern_names_resources_of_a_format_or_not(form: str, pattern: str, same: bool) -> None:
    assert arns.overlap(form, pattern) is same
