"""Which version of a function an invocation runs, and what is measured of it."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from ministack.services import lambda_svc

from emulator.cloudwatch import metrics
from emulator.lambda_.environment import forget, last_request_id, last_seconds
from emulator.lambda_.function_log import last_lines
from emulator.patches import Difference, patch, register, uses

Json = dict[str, Any]

WEIGHTED_ALIASES = register(
    Difference(
        name="weighted-aliases",
        service="Lambda",
        aws="an alias with a routing configuration sends each invocation to one of its two "
        "versions at random by weight, and `ExecutedVersion` names it",
        source="https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html",
        ministack="weights are stored, and every invocation runs the alias's first version",
        here="as AWS",
        upstream="draw a version by weight where the qualifier of an alias is resolved",
    )
)
FUNCTION_METRICS = register(
    Difference(
        name="function-metrics",
        service="Lambda",
        aws="`AWS/Lambda` has Invocations, Errors, Throttles and Duration of all functions, by FunctionName, by "
        "Resource too, and for an alias by ExecutedVersion too, whoever invoked",
        source="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html",
        ministack="by FunctionName only, and nothing for invocations by API Gateway",
        here="as AWS; within seconds",
        upstream="emit the metrics in `lambda_svc._execute_function`, which every caller passes, with the three other "
        "sets of dimensions",
    )
)
RESERVED_CONCURRENCY = register(
    Difference(
        name="reserved-concurrency-of-versions",
        service="Lambda",
        aws="reserved concurrency counts the invocations of all versions of a function",
        source="https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html",
        ministack="the limit is not applied to invocations of a version or alias",
        here="as AWS for invocations by API Gateway",
        upstream="read the limit from the function's record when a version's record is executed",
    )
)
uses(
    WEIGHTED_ALIASES,
    lambda_svc,
    "_functions.get_scoped(account_id, region, key, default=None)",
    "_qp_first(query_params, key, default='')",
    "_resolve_name_and_qualifier(name_or_arn)",
    "_function_qualifier_exists(func, qualifier)",
    "_function_config_scope_mismatch(config)",
)

# The ARN of the alias that Invoke was called with, and the version drawn for it.
_invoked_alias: ContextVar[tuple[str, str] | None] = ContextVar("emulator_alias", default=None)


@dataclass(frozen=True)
class Target:
    """The function, version and ARN that one invocation of a reference resolves to."""

    function: Json
    record: Json
    arn: str


def resolve(reference: str, account: str | None, region: str | None) -> Target | None:
    """Return the function, version and qualified ARN that a name or ARN means; None if it does not exist."""
    name, qualifier = lambda_svc._resolve_name_and_qualifier(reference)
    function = lambda_svc._functions.get_scoped(account, region, name)
    if not lambda_svc._function_qualifier_exists(function, qualifier):
        return None
    version = pick_version(function, qualifier)
    record = dict(function if version == "$LATEST" else function["versions"][version])
    arn = function["config"]["FunctionArn"] + (f":{qualifier}" if qualifier else "")
    record["config"] = {**record["config"], "FunctionArn": arn}
    record["concurrency"] = function.get("concurrency")
    return Target(function, record, arn)


def pick_version(function: Json, qualifier: str | None) -> str:
    """Return the version that this invocation of `qualifier` runs, at random by an alias's weights."""
    alias = (function.get("aliases") or {}).get(qualifier)
    if alias is None:
        return qualifier or "$LATEST"
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    draw = random.random()  # noqa: S311  # picks a version, not a secret
    for version, weight in weights.items():
        draw -= float(weight)
        if draw < 0 and version in function["versions"]:
            return str(version)
    return str(alias.get("FunctionVersion", "$LATEST"))


def install() -> None:
    """Pick versions by weight for Invoke, and measure every execution."""
    patch(lambda_svc, "_invoke", invoke, WEIGHTED_ALIASES)
    patch(lambda_svc, "_execute_function", execute, FUNCTION_METRICS)
    patch(lambda_svc, "_emit_lambda_metrics", emit_no_metrics, FUNCTION_METRICS)


async def invoke(
    original: Callable[..., Awaitable[Any]],
    name: str,
    event: Any,
    headers: Json,
    path_qualifier: str | None = None,
    query_params: Json | None = None,
) -> Any:
    """Invoke a version of the alias, if the qualifier is one."""
    query = dict(query_params or {})
    qualifier = path_qualifier or lambda_svc._qp_first(query, "Qualifier") or None
    function = lambda_svc._functions.get(name)
    if function is None or qualifier not in (function.get("aliases") or {}):
        return await original(name, event, headers, path_qualifier, query_params)
    query.pop("Qualifier", None)
    version = pick_version(function, qualifier)
    token = _invoked_alias.set((f"{function['config']['FunctionArn']}:{qualifier}", version))
    try:
        return await original(name, event, headers, version, query)
    finally:
        _invoked_alias.reset(token)


def execute(original: Callable[[Json, Any], Json], func: Json, event: Any) -> Json:
    """Execute a version, under the ARN of the alias that it was invoked by, and measure it."""
    config = func.get("config") or func
    if lambda_svc._function_config_scope_mismatch(config):
        return original(func, event)  # comes back here in the function's own scope
    arn, version = _invoked_alias.get() or ("", "")
    if arn and config.get("Version") == version and arn.startswith(_unqualified(config)):
        config = {**config, "FunctionArn": arn}
        func = {**func, "config": config}
    forget()
    started = time.perf_counter()
    result = original(func, event)
    _measure(config, result, last_seconds() or time.perf_counter() - started)
    return {**result, "request_id": last_request_id(), "log": last_lines() or result.get("log", "")}


def emit_no_metrics(function_name: str, duration_ms: float, error: bool, throttle: bool) -> None:
    """Leave the metrics of an invocation to `execute`."""


def count_throttle(config: Json) -> None:
    """Measure an invocation that is refused before it reaches the function."""
    _measure(config, {"throttle": True}, 0.0)


def _unqualified(config: Json) -> str:
    return ":".join(str(config["FunctionArn"]).split(":")[:7])


def _measure(config: Json, result: Json, seconds: float) -> None:
    name = config["FunctionName"]
    qualifier = ":".join(str(config["FunctionArn"]).split(":")[7:])
    resource = f"{name}:{qualifier}" if qualifier else name
    sets: list[dict[str, str]] = [{}, {"FunctionName": name}, {"FunctionName": name, "Resource": resource}]
    version = config.get("Version", "$LATEST")
    if qualifier and qualifier != version:
        sets.append({"FunctionName": name, "Resource": resource, "ExecutedVersion": version})
    throttled = bool(result.get("throttle"))
    for dimensions in sets:
        if throttled:
            metrics.record("AWS/Lambda", "Throttles", 1, "Count", dimensions)
            continue
        metrics.record("AWS/Lambda", "Invocations", 1, "Count", dimensions)
        metrics.record("AWS/Lambda", "Throttles", 0, "Count", dimensions)
        metrics.record("AWS/Lambda", "Errors", int(bool(result.get("error"))), "Count", dimensions)
        metrics.record("AWS/Lambda", "Duration", seconds * 1000, "Milliseconds", dimensions)
