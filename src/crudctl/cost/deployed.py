"""What of an environment has a price by itself or sets one, counted from Terraform's plan. Knows no prices.

The figures of the environments of this project are in environments.json, which scripts/write_costs.py makes from infra/; a test
fails when they are stale. Those of any other plan come from `terraform show -json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from crudctl import naming
from crudctl.console import Failed

ENVIRONMENTS = Path(__file__).with_name("environments.json")
VERSIONS = 2  # of a function, at most, at one time
SHOWN_EACH = 6  # metrics of the dashboard for each function, as infra/dashboard.tf has it
METHODS = 7  # that API Gateway knows for each path
FINE = 60  # seconds; an alarm of a shorter period costs three times as much
OF_ONE = re.compile('(operation|FunctionName)="')  # in a search
BAND = "ANOMALY_DETECTION_BAND"  # makes two metrics more, which the alarm pays for
DEFAULT_RULE = {"fixed_rate": 0.05, "reservoir_size": 1}  # X-Ray's, without one of one's own
# What costs nothing by itself, or is priced by use elsewhere in the model, or costs cents a year.
FREE = frozenset({
    "aws_api_gateway_account", "aws_api_gateway_base_path_mapping", "aws_api_gateway_deployment", "aws_api_gateway_domain_name",
    "aws_api_gateway_method_settings", "aws_api_gateway_rest_api", "aws_budgets_budget", "aws_cloudformation_stack",
    "aws_cloudfront_distribution", "aws_cloudfront_origin_access_control", "aws_cloudfront_response_headers_policy",
    "aws_cloudwatch_log_metric_filter", "aws_cloudwatch_query_definition", "aws_cognito_managed_login_branding",
    "aws_cognito_resource_server", "aws_cognito_user_pool_client", "aws_cognito_user_pool_domain",
    "aws_cognito_user_pool_ui_customization", "aws_dynamodb_table_item",
    "aws_iam_openid_connect_provider", "aws_iam_policy", "aws_iam_role",
    "aws_iam_role_policy", "aws_iam_role_policy_attachment", "aws_lambda_alias", "aws_lambda_permission", "aws_s3_bucket",
    "aws_s3_bucket_lifecycle_configuration", "aws_s3_bucket_ownership_controls", "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block", "aws_s3_bucket_server_side_encryption_configuration", "aws_s3_bucket_versioning",
    "aws_s3_object", "aws_sns_topic", "aws_sns_topic_policy", "aws_sns_topic_subscription", "aws_wafv2_web_acl_association",
    "aws_wafv2_web_acl_logging_configuration", "aws_xray_group", "terraform_data",
})  # fmt: skip
PRICED = frozenset({
    "aws_api_gateway_stage", "aws_cloudwatch_composite_alarm", "aws_cloudwatch_dashboard", "aws_cloudwatch_log_group",
    "aws_cloudwatch_metric_alarm", "aws_cognito_user_pool", "aws_dynamodb_table", "aws_lambda_function", "aws_wafv2_web_acl",
    "aws_xray_sampling_rule",
})  # fmt: skip


@dataclass(frozen=True)
class Deployed:
    """What has a price in an environment.

    Attributes:
        functions: number of functions that serve requests.
        memory: megabytes of each.
        snap_start: whether their versions are kept as snapshots.
        alarm_metrics: metrics of all alarms together; `fine_alarm_metrics`: of those with periods of less than a minute.
        composite_alarms: number of composite alarms.
        dashboards: metrics on each dashboard; null for a body that is known only after an apply.
        metrics: custom metrics that are sent in a month without faults.
        traced: share of the requests that X-Ray records, beyond the first `reservoir` of each second.
        web_acls: rules of each web ACL of the API; `pool_acls`: of each of a user pool.
        retention: days for which logs are kept; 0 for ever.
        backups: whether the table has point-in-time recovery.
        tier: of the user pool.
        rate: requests a second that each method accepts; `rate_without_token`: of those that need no token.
        methods: methods that need a token; `methods_without_token`: the others.
        waf_rate: requests in five minutes that the web ACL lets through from one address; null for any number.
        concurrency: reserved for each function; -1 for none.
        budget: US dollars a month at which somebody is notified; null for none.
        unpriced: what may have a price that this model does not know, in words.
    """

    functions: int = 5
    memory: float = 512
    snap_start: bool = False
    alarm_metrics: int = 0
    fine_alarm_metrics: int = 0
    composite_alarms: int = 0
    dashboards: tuple[int | None, ...] = ()
    metrics: int = 0
    traced: float = 0.0
    reservoir: float = 0.0
    web_acls: tuple[int, ...] = ()
    pool_acls: tuple[int, ...] = ()
    retention: float = 30
    backups: bool = True
    tier: str = "ESSENTIALS"
    rate: float = 100
    rate_without_token: float = 20
    methods: int = 0
    methods_without_token: int = 0
    waf_rate: float | None = None
    concurrency: int = -1
    budget: float | None = None
    unpriced: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data, which `read` takes."""
        return asdict(self)


def environment(name: str) -> Deployed:
    """Return what an environment of this project has. Raise Failed for one whose figures are not known."""
    known = json.loads(ENVIRONMENTS.read_text(encoding="utf-8"))
    found = known.get(name) or known.get(naming.family(name))
    if not found:
        raise Failed(
            f"The figures of the environment {name!r} are not known; those of {', '.join(known)} are.",
            "Pass its plan: `terraform show -json PLAN > plan.json`, then --plan plan.json.",
        )
    return _of_json(found)


def with_functions(known: Deployed, functions: int) -> Deployed:
    """Return an environment of this project with another number of functions."""
    more = SHOWN_EACH * (functions - known.functions)
    shown = tuple(None if number is None else number + more for number in known.dashboards)
    return replace(known, functions=functions, dashboards=shown)


def read(path: Path) -> Deployed:
    """Return what a plan deploys.

    Args:
        path: what `terraform show -json` printed of a plan or a state, or the cost.json of `crudctl deploy --plan --write`.

    Raises Failed if it is neither.
    """
    hint = "Use what `terraform show -json PLAN` prints, or the cost.json that `crudctl deploy --plan --write FOLDER` writes."
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise Failed(f"{path} cannot be read as JSON: {error}", hint) from error
    try:
        if "functions" in document:
            return _of_json(document)
        return of_plan(document)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Failed(f"{path} is not a plan: {error!r}.", hint) from error


def of_plan(document: Mapping[str, Any]) -> Deployed:
    """Return what is deployed once a plan is applied.

    Args:
        document: https://developer.hashicorp.com/terraform/internals/json-format, of a plan or of a state.

    Raises KeyError if it describes neither.
    """
    values = document["planned_values"] if "planned_values" in document else document["values"]
    return of_resources(list(_walk(values.get("root_module", {}))))


def _of_json(values: Mapping[str, Any]) -> Deployed:
    names = {each.name for each in fields(Deployed)}
    if unknown := set(values) - names:
        raise ValueError(f"unknown fields {', '.join(sorted(unknown))}")
    known: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return Deployed(**known)


def _walk(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from (each for each in module.get("resources", []) if each.get("mode", "managed") == "managed")
    for child in module.get("child_modules", []):
        yield from _walk(child)


def of_resources(resources: Iterable[Mapping[str, Any]]) -> Deployed:
    """Return what resources have a price, each with `type`, `name`, `address` and `values`."""
    known: dict[str, list[Mapping[str, Any]]] = {}
    for one in resources:
        known.setdefault(one["type"], []).append(one)

    def each(kind: str) -> list[Mapping[str, Any]]:
        return [one["values"] for one in known.get(kind, [])]

    served = [one for one in known.get("aws_lambda_function", []) if ".module." in f".{one['address']}"]
    functions, alarms = [one["values"] for one in served], each("aws_cloudwatch_metric_alarm")
    acls = [(one["name"], one["values"]) for one in known.get("aws_wafv2_web_acl", [])]
    limits = [_limits(values) for values in each("aws_api_gateway_method_settings")]
    default = [rate for path, rate in limits if path == "*/*"]
    without = [rate for path, rate in limits if path != "*/*"]
    rules = sorted(each("aws_xray_sampling_rule"), key=lambda values: values.get("priority", 0))
    rule = DEFAULT_RULE | dict(rules[0] if rules else {})
    traced = any(values.get("xray_tracing_enabled") for values in each("aws_api_gateway_stage"))
    budgets = [float(values["limit_amount"]) for values in each("aws_budgets_budget") if "limit_amount" in values]
    retentions = [values.get("retention_in_days") or 0 for values in each("aws_cloudwatch_log_group")]
    return Deployed(
        functions=len(functions),
        memory=max((values.get("memory_size") or 128 for values in functions), default=0),
        snap_start=any(values.get("snap_start") for values in functions),
        alarm_metrics=sum(_metrics(values) for values in alarms if not _fine(values)),
        fine_alarm_metrics=sum(_metrics(values) for values in alarms if _fine(values)),
        composite_alarms=len(each("aws_cloudwatch_composite_alarm")),
        dashboards=tuple(_shown(values, len(functions)) for values in each("aws_cloudwatch_dashboard")),
        metrics=len({_filtered(values) for values in each("aws_cloudwatch_log_metric_filter")}),
        traced=rule["fixed_rate"] if traced else 0,
        reservoir=rule["reservoir_size"] if traced else 0,
        web_acls=tuple(len(values.get("rule", [])) for name, values in acls if name != "sign_in"),
        pool_acls=tuple(len(values.get("rule", [])) for name, values in acls if name == "sign_in"),
        retention=0 if 0 in retentions else max(retentions, default=0),
        backups=any(_first(values, "point_in_time_recovery").get("enabled") for values in each("aws_dynamodb_table")),
        tier=next((values.get("user_pool_tier") or "ESSENTIALS" for values in each("aws_cognito_user_pool")), "ESSENTIALS"),
        rate=max(default, default=0),
        rate_without_token=max(without, default=0),
        methods=_methods(limits),
        methods_without_token=len(without),
        waf_rate=next((rate for name, values in acls if name != "sign_in" for rate in _rate_limits(values)), None),
        concurrency=max((values.get("reserved_concurrent_executions") or -1 for values in functions), default=-1),
        budget=min(budgets, default=None),
        unpriced=tuple(_unpriced(known)),
    )  # fmt: skip


def _metrics(alarm: Mapping[str, Any]) -> int:
    """Return how many metrics an alarm pays for."""
    queries = alarm.get("metric_query") or []
    bands = sum(BAND in (query.get("expression") or "") for query in queries)
    return sum(bool(query.get("metric")) for query in queries) + 2 * bands if queries else 1


def _fine(alarm: Mapping[str, Any]) -> bool:
    parts = [metric for query in alarm.get("metric_query") or [] for metric in query.get("metric") or []]
    return any((values.get("period") or FINE) < FINE for values in [alarm, *parts])


def _shown(dashboard: Mapping[str, Any], functions: int) -> int | None:
    """Return how many metrics a dashboard shows. A search finds one for each version, of each function unless it names one."""
    if not dashboard.get("dashboard_body"):
        return None
    widgets = json.loads(dashboard["dashboard_body"]).get("widgets", [])
    rows = [row for widget in widgets for row in widget.get("properties", {}).get("metrics", []) if row]
    searches = [text for row in rows for text in re.findall(r"SEARCH\('(.*?)'", _expression(row))]
    found = sum(VERSIONS * (1 if OF_ONE.search(text) else functions) for text in searches)
    return sum(isinstance(row[0], str) for row in rows) + found


def _expression(row: list[Any]) -> str:
    return str(row[0].get("expression", "")) if isinstance(row[0], dict) else ""


def _filtered(values: Mapping[str, Any]) -> tuple[str, str]:
    """Return the metric that a filter makes of log lines, with empty names that only an apply will know."""
    made = _first(values, "metric_transformation")
    return made.get("namespace", ""), made.get("name", "")


def _limits(values: Mapping[str, Any]) -> tuple[str, float]:
    return values.get("method_path", ""), float(_first(values, "settings").get("throttling_rate_limit") or 0)


def _methods(limits: Iterable[tuple[str, float]]) -> int:
    """Return the number of methods without a limit of their own."""
    own = [path.rpartition("/")[0] for path, _ in limits if path != "*/*"]
    return METHODS * len(set(own)) - len(own)


def _rate_limits(acl: Mapping[str, Any]) -> Iterator[float]:
    for rule in acl.get("rule", []):
        statement = _first(_first(rule, "statement"), "rate_based_statement")
        if "limit" in statement:
            yield float(statement["limit"])


def _first(values: Mapping[str, Any], block: str) -> Mapping[str, Any]:
    """Return the first block of that name, empty if there is none."""
    found: Mapping[str, Any] = next(iter(values.get(block) or []), {})
    return found


def _unpriced(known: Mapping[str, list[Mapping[str, Any]]]) -> Iterator[str]:
    for kind in sorted(known.keys() - FREE - PRICED):
        yield f"{', '.join(one['address'] for one in known[kind])}"
    for one in known.get("aws_dynamodb_table", []):
        if _first(one["values"], "server_side_encryption").get("enabled"):
            yield f"{one['address']}: each use of its key of KMS"
        if one["values"].get("billing_mode") == "PROVISIONED":
            yield f"{one['address']}: provisioned capacity"
    for one in known.get("aws_api_gateway_stage", []):
        if one["values"].get("cache_cluster_enabled"):
            yield f"{one['address']}: its cache"
