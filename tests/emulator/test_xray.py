"""Sampling rules of X-Ray, as Terraform makes, changes and deletes them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.xray.sampling_rules import SAMPLING_RULES

from .stack import Stack, unique

TAGS = [{"Key": "Service", "Value": "x"}, {"Key": "Other", "Value": "y"}]


def rule(name: str, **changes: Any) -> dict[str, Any]:
    every = dict.fromkeys(("ResourceARN", "ServiceType", "Host", "HTTPMethod", "URLPath"), "*")
    return {
        "RuleName": name, "Priority": 1000, "FixedRate": 0.05, "ReservoirSize": 0, "ServiceName": "x/v1", "Version": 1,
        **every, **changes,
    }  # fmt: skip


def listed(stack: Stack) -> dict[str, dict[str, Any]]:
    pages = stack.client("xray").get_paginator("get_sampling_rules").paginate()
    rules = [record["SamplingRule"] for page in pages for record in page["SamplingRuleRecords"]]
    return {each["RuleName"]: each for each in rules}


@pytest.mark.adds(SAMPLING_RULES)
def test_a_sampling_rule_can_be_made_changed_and_deleted(ours: Stack) -> None:
    xray, name = ours.client("xray"), unique("rule")
    made = xray.create_sampling_rule(SamplingRule=rule(name), Tags=TAGS)["SamplingRuleRecord"]["SamplingRule"]
    assert listed(ours).keys() == {"Default", name}
    assert made == {**rule(name), "RuleARN": made["RuleARN"], "Attributes": {}} == listed(ours)[name]
    xray.update_sampling_rule(SamplingRuleUpdate={"RuleName": name, "FixedRate": 0.5})
    assert listed(ours)[name]["FixedRate"] == 0.5
    xray.untag_resource(ResourceARN=made["RuleARN"], TagKeys=["Other"])
    xray.tag_resource(ResourceARN=made["RuleARN"], Tags=[{"Key": "New", "Value": "z"}])
    tags = xray.list_tags_for_resource(ResourceARN=made["RuleARN"])["Tags"]
    assert tags == [{"Key": "Service", "Value": "x"}, {"Key": "New", "Value": "z"}]
    xray.delete_sampling_rule(RuleName=name)
    assert listed(ours).keys() == {"Default"}


@pytest.mark.adds(SAMPLING_RULES)
@pytest.mark.parametrize("name", ["x" * 33, "Default"])
def test_a_rule_that_aws_would_refuse_is_refused(ours: Stack, name: str) -> None:
    with pytest.raises(ClientError, match="InvalidRequestException"):
        ours.client("xray").create_sampling_rule(SamplingRule=rule(name))


@pytest.mark.adds(SAMPLING_RULES)
def test_what_does_not_exist_is_neither_changed_nor_deleted(ours: Stack) -> None:
    xray = ours.client("xray")
    with pytest.raises(ClientError, match="InvalidRequestException"):
        xray.delete_sampling_rule(RuleName="none")
    with pytest.raises(ClientError, match="InvalidRequestException"):
        xray.update_sampling_rule(SamplingRuleUpdate={"RuleName": "none"})
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        xray.list_tags_for_resource(ResourceARN="arn:aws:xray:eu-west-2:000000000000:sampling-rule/none")
    with pytest.raises(ClientError, match="has no TraceSegments of X-Ray"):
        xray.put_trace_segments(TraceSegmentDocuments=["{}"])


@pytest.mark.lacks(SAMPLING_RULES)
def test_ministack_has_no_sampling_rules(ministack: Stack) -> None:
    with pytest.raises(ClientError):
        ministack.client("xray").create_sampling_rule(SamplingRule=rule(unique("rule")))
