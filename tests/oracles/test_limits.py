"""What infra/ renders is within AWS's limits, for a service with the longest names, twenty operations and every switch on."""

from __future__ import annotations

import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crudctl.operate import dashboard
from emulator.cloudwatch import expressions
from tests.oracles import limits, models, rendered
from tests.oracles.limits import LIMITS
from tests.stack import ROOT

Json = dict[str, Any]
# Where the documentation shows the model to be wrong.
WRONG_MODEL = {
    # A domain of one's own is a whole host name: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolDomain.html
    "aws_cognito_user_pool_domain.domain: 'auth.example.com' does not match",
}


@pytest.fixture(scope="module")
def resources() -> list[Json]:
    """What Terraform plans for such a service."""
    return rendered.longest()


def of(resources: list[Json], *kinds: str) -> list[Json]:
    """The planned values of the resources of these kinds."""
    return [one["values"] for one in resources if one["type"] in kinds]


def within(name: str, sizes: dict[str, int]) -> None:
    """Assert that something was measured and that nothing of it is above a limit."""
    limit = LIMITS[name]
    assert sizes, f"nothing was measured for {name}"
    above = {what: size for what, size in sizes.items() if size > limit.most}
    assert not above, f"{name}: more than {limit.most} {limit.unit}, {limit.source}: {above}"


def test_every_value_is_as_the_api_models_allow(resources: list[Json]) -> None:
    compared: dict[str, int] = defaultdict(int)
    broken = set()
    for one in resources:
        if one["type"] in models.SENT_BY:
            count, faults = models.compare(one["type"], one["values"])
            compared[one["type"]] += count
            broken |= {fault for fault in faults if not fault.startswith(tuple(WRONG_MODEL))}
    assert sorted(broken) == []
    assert len([kind for kind, count in compared.items() if count]) > 20
    assert sum(compared.values()) > 1000


def test_a_value_that_a_model_does_not_allow_is_told() -> None:
    """Of a length, a pattern, an enumeration, a range and a number of values, in blocks too."""
    wrong: list[tuple[str, Json]] = [
        ("aws_cloudwatch_metric_alarm", {"alarm_name": "a" * 256}),
        ("aws_iam_role", {"description": "a – b"}),
        ("aws_cloudwatch_metric_alarm", {"comparison_operator": "GreaterThan"}),
        ("aws_cloudwatch_metric_alarm", {"metric_query": [{"id": "a", "expression": "m" * 2049}]}),
        ("aws_lambda_function", {"timeout": 6000}),
        ("aws_cloudwatch_metric_alarm", {"alarm_actions": ["a"] * 6}),
        ("aws_cloudfront_origin_access_control", {"signing_behavior": "sometimes"}),
        ("aws_cognito_resource_server", {"scope": [{"scope_name": "a/b", "scope_description": "x"}]}),
    ]
    assert [len(models.compare(kind, values)[1]) for kind, values in wrong] == [1] * len(wrong)


def test_names_are_what_each_service_allows(resources: list[Json]) -> None:
    """Of services whose models say nothing, or that allow an ARN in place of a name."""
    patterns = {
        "aws_dynamodb_table": ("name", limits.TABLE),
        "aws_lambda_function": ("function_name", limits.FUNCTION),
        "aws_sns_topic": ("name", limits.TOPIC),
        "aws_s3_bucket": ("bucket", limits.BUCKET),
        "aws_cloudwatch_dashboard": ("dashboard_name", limits.DASHBOARD),
        "aws_api_gateway_stage": ("stage_name", limits.STAGE),
    }
    for kind, (attribute, pattern) in patterns.items():
        names = [values[attribute] for values in of(resources, kind)]
        assert names, kind
        assert [name for name in names if not re.fullmatch(pattern, name)] == [], kind
    within("role name", {values["name"]: len(values["name"]) for values in of(resources, "aws_iam_role")})
    assert max(len(values["name"]) for values in of(resources, "aws_iam_role")) > 50, "the names are not the longest"
    retentions = {values["retention_in_days"] for values in of(resources, "aws_cloudwatch_log_group")}
    assert retentions <= limits.RETENTIONS


def test_policies_are_within_their_sizes(resources: list[Json]) -> None:
    inline: dict[str, int] = defaultdict(int)
    for one in resources:
        if one["type"] == "aws_iam_role_policy":
            # Counted by module, which has one or two roles: which of them, only the provider knows.
            inline[one["address"].rpartition(".aws_iam_role_policy")[0]] += len(one["values"]["policy"])
    within("inline policies of a role", inline)
    roles = of(resources, "aws_iam_role")
    within("trust policy", {values["name"]: len(values["assume_role_policy"]) for values in roles})
    for name, kind in (("policy of a topic", "aws_sns_topic_policy"), ("policy of a bucket", "aws_s3_bucket_policy")):
        within(name, {one["address"]: len(one["values"]["policy"]) for one in resources if one["type"] == kind})
    granted: dict[str, int] = defaultdict(int)
    for values in of(resources, "aws_lambda_permission"):
        # What Lambda adds around the values: version, id, effect, principal, action, resource, condition.
        granted[values["function_name"]] += len(json.dumps(values)) + 400
    within("policy of a function", granted)


def test_functions_are_within_what_lambda_takes(resources: list[Json]) -> None:
    functions = of(resources, "aws_lambda_function")
    environments = {
        values["function_name"]: sum(
            len(f"{name}{value}".encode())
            for block in values["environment"]
            for name, value in block["variables"].items()
        )
        for values in functions
    }
    within("environment of a function", environments)
    within("memory of a function", {values["function_name"]: values["memory_size"] for values in functions})
    with zipfile.ZipFile(ROOT / "build" / "functions.zip") as package:
        within("package, unpacked", {"functions.zip": sum(each.file_size for each in package.infolist())})
    within("timeout of a function", {values["function_name"]: values["timeout"] for values in functions})


def test_the_api_is_within_what_the_gateway_takes(resources: list[Json]) -> None:
    (api,) = of(resources, "aws_api_gateway_rest_api")
    within("import body", {"body": len(api["body"].encode())})
    within("resources of an API", {"paths": len(json.loads(api["body"])["paths"])})
    (stage,) = of(resources, "aws_api_gateway_stage")
    within("access log format", {"format": len(stage["access_log_settings"][0]["format"].encode())})


def alarm_windows(resources: list[Json]) -> Iterator[tuple[str, int, int]]:
    """The name of each alarm, its shortest period in seconds, and how far it looks back in seconds."""
    for alarm in of(resources, "aws_cloudwatch_metric_alarm"):
        metrics = [query["metric"][0] for query in alarm.get("metric_query") or [] if query.get("metric")]
        periods = [metric["period"] for metric in metrics] or [alarm["period"]]
        yield alarm["alarm_name"], min(periods), max(periods) * alarm["evaluation_periods"]


def test_alarms_are_within_what_cloudwatch_takes(resources: list[Json]) -> None:
    windows = list(alarm_windows(resources))
    within("window of an alarm", {name: window for name, _, window in windows})
    short = {name: window for name, period, window in windows if period < 3600}
    within("window of an alarm with a period below an hour", short)
    alarms = of(resources, "aws_cloudwatch_metric_alarm")
    metrics = {a["alarm_name"]: len([q for q in a.get("metric_query") or [] if q.get("metric")]) for a in alarms}
    within("metrics of an alarm", metrics)
    actions = {values["alarm_name"]: len(values.get("alarm_actions") or []) for values in alarms}
    within("actions of an alarm", actions)


def test_the_dashboard_is_within_what_cloudwatch_takes(resources: list[Json]) -> None:
    (board,) = of(resources, "aws_cloudwatch_dashboard")
    widgets = {
        each["properties"].get("title", "text"): each["properties"]
        for each in json.loads(board["dashboard_body"])["widgets"]
    }
    asked = {title: list(dashboard.queries(each.get("metrics", []), 60)) for title, each in widgets.items()}
    sizes = {title: len(queries) for title, queries in asked.items()}
    within("metrics of a widget", sizes)
    within("metrics of a dashboard", {"all": sum(sizes.values())})
    within("alarms of a widget", {title: len(each.get("alarms", [])) for title, each in widgets.items()})
    texts = {
        title: [query["Expression"] for query in queries if "Expression" in query] for title, queries in asked.items()
    }
    assert max(len(text) for each in texts.values() for text in each) <= expressions.LONGEST
    within("searches of a widget", {title: sum("SEARCH(" in text for text in each) for title, each in texts.items()})


def test_the_rest_is_within_its_limits(resources: list[Json]) -> None:
    filters: dict[str, int] = defaultdict(int)
    for values in of(resources, "aws_cloudwatch_log_metric_filter"):
        filters[values["log_group_name"]] += 1
    within("metric filters of a log group", filters)
    (headers,) = of(resources, "aws_cloudfront_response_headers_policy")
    policy = headers["security_headers_config"][0]["content_security_policy"][0]["content_security_policy"]
    within("Content-Security-Policy", {"site": len(policy)})
    tables = of(resources, "aws_dynamodb_table")
    within("indexes of a table", {values["name"]: len(values.get("global_secondary_index") or []) for values in tables})
    servers = of(resources, "aws_cognito_resource_server")
    within("scopes of a resource server", {values["identifier"]: len(values["scope"]) for values in servers})
    stacks = of(resources, "aws_cloudformation_stack")
    within("template of a stack", {values["name"]: len(values["template_body"].encode()) for values in stacks})
    budgets = of(resources, "aws_budgets_budget")
    within("notifications of a budget", {values["name"]: len(values["notification"]) for values in budgets})


def test_every_limit_is_measured_or_says_where() -> None:
    """A limit that nothing is compared with would be a claim."""
    text = Path(__file__).read_text(encoding="utf-8")
    as_patterns = {f"{each} name" for each in ("bucket", "function", "table", "topic")}
    measured = {
        *re.findall(r'\("([^"]+)", [{"a-z]', text),
        *as_patterns,
        "managed policy",
    }  # the last in infra/ci/tests
    assert set(LIMITS) - measured == set()
