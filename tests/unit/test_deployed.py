"""What of a plan has a price: counted in documents of Terraform, and the figures of this project's own environments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from crudctl.cli import main
from crudctl.cost import deployed
from crudctl.cost.deployed import FREE, PRICED, Deployed
from tests import contracts

METRIC = {"metric": [{"namespace": "AWS/Lambda", "metric_name": "Errors", "period": 60}]}


def resource(kind: str, values: dict[str, Any], name: str = "this", module: str = "") -> dict[str, Any]:
    return {"address": f"{module}{kind}.{name}", "mode": "managed", "type": kind, "name": name, "values": values}


def planned(*resources: dict[str, Any], children: tuple[dict[str, Any], ...] = ()) -> Deployed:
    modules = [{"resources": [child]} for child in children]
    nested = [{"address": "module.outer", "child_modules": modules}]
    return deployed.of_plan(
        {"planned_values": {"root_module": {"resources": list(resources), "child_modules": nested}}}
    )


def alarm(**values: Any) -> dict[str, Any]:
    return resource("aws_cloudwatch_metric_alarm", values)


def dashboard(*metrics: Any) -> dict[str, Any]:
    body = {"widgets": [{"type": "text"}, {"type": "metric", "properties": {"metrics": list(metrics)}}]}
    return resource("aws_cloudwatch_dashboard", {"dashboard_body": json.dumps(body)})


def function(**values: Any) -> dict[str, Any]:
    return resource("aws_lambda_function", {"memory_size": 512, **values}, module='module.function["get_item"].')


def acl(name: str, *rules: dict[str, Any]) -> dict[str, Any]:
    return resource("aws_wafv2_web_acl", {"rule": list(rules)}, name)


def test_an_alarm_pays_for_each_metric_that_it_reads() -> None:
    assert planned(alarm(metric_name="Errors", period=60)).alarm_metrics == 1
    assert planned(alarm(metric_query=[METRIC, METRIC, {"expression": "m1 + m2"}])).alarm_metrics == 2
    band = {"expression": "ANOMALY_DETECTION_BAND(m1, 2)"}
    assert planned(alarm(metric_query=[METRIC, band])).alarm_metrics == 3
    assert planned(alarm(metric_name="Errors"), alarm(metric_query=[METRIC])).alarm_metrics == 2


def test_an_alarm_of_less_than_a_minute_is_another_price() -> None:
    fine = {"metric": [{"metric_name": "Errors", "period": 10}]}
    found = planned(
        alarm(metric_name="Errors", period=10),
        alarm(metric_query=[fine, METRIC]),
        alarm(metric_name="Errors", period=60),
    )
    assert (found.alarm_metrics, found.fine_alarm_metrics) == (1, 3)


def test_a_dashboard_counts_each_metric_and_what_a_search_can_find() -> None:
    search = [{"expression": "SEARCH('{AWS/Lambda,FunctionName} MetricName=\"Errors\"', 'Sum')"}]
    plain = ["AWS/Lambda", "Errors", "FunctionName", "f", {"visible": False}]
    assert planned(dashboard(plain, ["..."], [{"expression": "m1 + m2"}])).dashboards == (2,)
    assert planned(dashboard(plain, search), children=(function(), function())).dashboards == (1 + 2 * 2,)
    assert planned(dashboard(plain), dashboard()).dashboards == (1, 0)


def test_a_dashboard_that_is_known_after_the_apply_is_said_to_be_unknown() -> None:
    assert planned(resource("aws_cloudwatch_dashboard", {"dashboard_name": "d"})).dashboards == (None,)


def test_filters_that_make_the_same_metric_make_one() -> None:
    def made(name: str) -> dict[str, Any]:
        return resource(
            "aws_cloudwatch_log_metric_filter", {"metric_transformation": [{"namespace": "n", "name": name}]}
        )

    assert planned(made("InitDuration"), made("InitDuration"), made("Throttled")).metrics == 2


def test_traces_follow_the_rule_that_comes_first_and_without_one_that_of_aws() -> None:
    stage = resource("aws_api_gateway_stage", {"xray_tracing_enabled": True})
    rules = [
        resource("aws_xray_sampling_rule", {"priority": priority, "fixed_rate": rate, "reservoir_size": size})
        for priority, rate, size in ((900, 0.5, 9), (100, 0.02, 0))
    ]
    assert (planned(stage, *rules).traced, planned(stage, *rules).reservoir) == (0.02, 0)
    assert (planned(stage).traced, planned(stage).reservoir) == (0.05, 1)
    untraced = resource("aws_api_gateway_stage", {"xray_tracing_enabled": False})
    assert (planned(untraced, *rules).traced, planned(untraced).reservoir) == (0, 0)


def test_web_acls_are_counted_with_their_rules_those_of_the_sign_in_apart() -> None:
    rate = {"statement": [{"rate_based_statement": [{"limit": 500}]}]}
    found = planned(acl("api", rate, {"statement": [{}]}, {}), acl("sign_in", rate))
    assert (found.web_acls, found.pool_acls, found.waf_rate) == ((3,), (1,), 500)
    assert planned(acl("sign_in", rate)).waf_rate is None


def test_limits_are_those_of_the_methods() -> None:
    def limited(path: str, rate: float) -> dict[str, Any]:
        settings = [{"throttling_rate_limit": rate}]
        return resource("aws_api_gateway_method_settings", {"method_path": path, "settings": settings})

    found = planned(limited("*/*", 50), limited("~1a/PUT", 3), limited("~1a/OPTIONS", 3), limited("~1a~1{id}/POST", 3))
    assert (found.rate, found.rate_without_token) == (50, 3)
    assert (found.methods, found.methods_without_token) == (14 - 3, 3)


def test_functions_are_those_that_serve_and_not_the_one_that_rolls_back() -> None:
    rollback = resource("aws_lambda_function", {"memory_size": 256}, "rollback")
    found = planned(rollback, children=(function(memory_size=1024, snap_start=[{}], reserved_concurrent_executions=5),))
    assert (found.functions, found.memory, found.snap_start, found.concurrency) == (1, 1024, True, 5)


def test_logs_that_one_group_keeps_for_ever_are_kept_for_ever() -> None:
    groups = [resource("aws_cloudwatch_log_group", {"retention_in_days": days}) for days in (7, 90)]
    assert planned(*groups).retention == 90
    assert planned(*groups, resource("aws_cloudwatch_log_group", {})).retention == 0


def test_budget_backups_and_tier_are_read() -> None:
    found = planned(
        resource("aws_budgets_budget", {"limit_amount": "50"}),
        resource("aws_dynamodb_table", {"point_in_time_recovery": [{"enabled": True}]}),
        resource("aws_cognito_user_pool", {"user_pool_tier": "PLUS"}),
    )
    assert (found.budget, found.backups, found.tier) == (50, True, "PLUS")
    assert (planned().budget, planned().backups, planned().tier) == (None, False, "ESSENTIALS")


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (resource("aws_nat_gateway", {}), "aws_nat_gateway.this"),
        (resource("aws_kms_key", {}), "aws_kms_key.this"),
        (resource("aws_dynamodb_table", {"server_side_encryption": [{"enabled": True}]}), "its key of KMS"),
        (resource("aws_dynamodb_table", {"billing_mode": "PROVISIONED"}), "provisioned capacity"),
        (resource("aws_api_gateway_stage", {"cache_cluster_enabled": True}), "its cache"),
    ],
    ids=["network", "key", "encryption", "capacity", "cache"],
)
def test_what_has_a_price_that_is_not_known_is_named(one: dict[str, Any], said: str) -> None:
    found = planned(one)
    assert len(found.unpriced) == 1
    assert said in found.unpriced[0]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    contracts.put(tmp_path)
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "terraform.tfvars.json").write_text('{"name": "items", "region": "eu-west-2"}', "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_prices_a_plan_and_names_what_it_cannot_price(project: Path) -> None:
    resources = [alarm(metric_name="Errors") for _ in range(13)] + [resource("aws_nat_gateway", {})]
    unknown = resource("aws_cloudwatch_dashboard", {})
    document = {"planned_values": {"root_module": {"resources": [*resources, unknown]}}}
    (project / "plan.json").write_text(json.dumps(document), "utf-8")
    printed = CliRunner().invoke(main, ["cost", "--requests", "0", "--users", "0", "--plan", "plan.json"]).stdout
    assert [line.split() for line in printed.splitlines() if line.startswith("CloudWatch: alarms")] == [
        ["CloudWatch:", "alarms", "13", "alarm", "metrics", "0.1", "1.30", "0.30"]
    ]
    assert "its price is not known here: aws_nat_gateway.this" in printed
    assert "does not know yet what its dashboard shows" in printed


def test_what_deploy_writes_is_read_as_the_plan_that_it_is_of(tmp_path: Path) -> None:
    found = planned(alarm(metric_name="Errors"), dashboard(["n", "m"]), acl("api", {}), children=(function(),))
    (tmp_path / "cost.json").write_text(json.dumps(found.as_json()), "utf-8")
    assert deployed.read(tmp_path / "cost.json") == found


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '{"functions": 5, "colour": 1}', '{"planned_values": {"root_module": []}}', "\udcff"],
    ids=["empty", "list", "object", "null", "unknown-field", "other-shape", "other-encoding"],
)  # fmt: skip
def test_a_file_that_is_no_plan_is_refused_with_what_to_pass(project: Path, text: str) -> None:
    (project / "plan.json").write_bytes(text.encode(errors="surrogateescape"))
    result = CliRunner().invoke(main, ["cost", "--plan", "plan.json"])
    assert result.exit_code == 1
    assert "plan.json" in result.output
    assert "terraform show -json" in result.output


@pytest.mark.usefixtures("project")
def test_an_environment_without_figures_is_refused_and_one_of_a_family_has_those_of_its_family() -> None:
    result = CliRunner().invoke(main, ["cost", "--env", "stage"])
    assert result.exit_code == 1
    assert "those of pr, prod, test are" in result.output
    assert deployed.environment("pr-42") == deployed.environment("pr")


@pytest.mark.parametrize("kind", sorted(PRICED | FREE))
def test_values_that_only_an_apply_knows_do_not_stop_the_count(kind: str) -> None:
    """A plan leaves out what it does not know, whatever it is."""
    assert planned(resource(kind, {}), children=(resource(kind, {}, module="module.mine."),)).unpriced == ()


def test_no_resource_is_both_free_and_priced() -> None:
    assert not FREE & PRICED
