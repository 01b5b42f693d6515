"""What Terraform's plan of each environment logs, counts and traces."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.oracles import rendered
from tests.oracles.test_import_body import LONGEST_LINE

PREVIEW = "pr"
READING = ("logs:Get", "logs:Filter", "logs:StartQuery", "logs:StartLiveTail", "logs:*")


def planned(name: str, kind: str) -> list[dict[str, Any]]:
    return [one["values"] for one in rendered.environment(name) if one["type"] == kind]


@pytest.mark.parametrize("name", rendered.ENVIRONMENTS)
def test_nothing_reads_a_log_group_so_no_line_causes_another(name: str) -> None:
    kinds = {one["type"] for one in rendered.environment(name)}
    assert not kinds & {"aws_cloudwatch_log_subscription_filter", "aws_lambda_event_source_mapping"}
    policies = planned(name, "aws_iam_role_policy")
    assert len(policies) >= len(planned(name, "aws_lambda_function"))
    for policy in policies:
        for statement in json.loads(policy["policy"])["Statement"]:
            actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
            assert not [action for action in actions if action.startswith(READING) or action == "*"], policy["role"]


@pytest.mark.parametrize("name", rendered.ENVIRONMENTS)
def test_every_log_group_is_emptied_after_a_time(name: str) -> None:
    groups = planned(name, "aws_cloudwatch_log_group")
    assert groups
    assert all(group["retention_in_days"] > 0 for group in groups)


@pytest.mark.parametrize("name", rendered.ENVIRONMENTS)
def test_a_metric_filter_makes_no_metric_without_a_cause(name: str) -> None:
    """A default value would be sent, and paid for, with every line that does not match."""
    filters = [each["metric_transformation"][0] for each in planned(name, "aws_cloudwatch_log_metric_filter")]
    assert {each["name"] for each in filters} == {"InitDuration", "Throttled"}
    assert not [each for each in filters if each.get("default_value") or each.get("dimensions")]


@pytest.mark.parametrize("name", rendered.ENVIRONMENTS)
def test_a_million_requests_are_traced_for_nothing_and_previews_use_up_no_rule(name: str) -> None:
    """100,000 traces a month are free; a region has 25 rules: https://aws.amazon.com/xray/pricing/"""
    (stage,) = planned(name, "aws_api_gateway_stage")
    assert stage["xray_tracing_enabled"]
    rules = planned(name, "aws_xray_sampling_rule")
    if name == PREVIEW:
        assert rules == []
        return
    (rule,) = rules
    (api,) = planned(name, "aws_api_gateway_rest_api")
    assert rule["service_name"] == f"{api['name']}/{stage['stage_name']}"
    assert rule["fixed_rate"] * 1_000_000 + rule["reservoir_size"] * 30 * 86400 <= 100_000


@pytest.mark.parametrize("name", rendered.ENVIRONMENTS)
def test_the_gateway_logs_nothing_that_a_caller_sends_but_an_id(name: str) -> None:
    """A path, a header or an address of the web would make lines as long as a caller likes, until API Gateway ends them."""
    (stage,) = planned(name, "aws_api_gateway_stage")
    text = stage["access_log_settings"][0]["format"]
    sent = {
        "path",
        "userAgent",
        "error.message",
        "error.validationErrorString",
        "identity.user",
        "protocol",
        "domainName",
        "requestOverride",
    }
    assert not [word for word in sent if f"$context.{word}" in text or f"$context.identity.{word}" in text]
    assert len(text) < LONGEST_LINE
