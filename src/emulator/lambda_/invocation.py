"""Which version of a function an invocation runs, and what is measured of it."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from ministack.services import lambda_svc

from emulator.cloudwatch import metrics
from emulator.differences import Difference, register
from emulator.exchange import current
from emulator.lambda_.environment import last_request_id

Json = dict[str, Any]

WEIGHTED_ALIASES = register(
    Difference(
        name="weighted-aliases",
        service="Lambda",
        aws="an alias with a routing configuration sends each invocation to one of its two "
        "versions at random by weight, and `ExecutedVersion` says which",
        source="https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html",
        ministack="weights are stored, and every invocation runs the alias's first version",
        here="as AWS",
    )
)
FUNCTION_METRICS = register(
    Difference(
        name="function-metrics",
        service="Lambda",
        aws="`AWS/Lambda` has Invocations, Errors, Throttles and Duration by FunctionName, by "
        "Resource too, and for an alias by ExecutedVersion too, whoever invoked",
        source="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html",
        ministack="by FunctionName only, and nothing for invocations by API Gateway",
        here="as AWS; within seconds",
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
    )
)


@dataclass(frozen=True)
class Target:
    """What a reference to a function resolves to, this time."""

    function: Json
    record: Json
    arn: str


def resolve(reference: str, account: str | None, region: str | None) -> Target | None:
    """The function, version and qualified ARN that a name or ARN means; None if there is none."""
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
    """The version that this invocation of `qualifier` runs, at random by an alias's weights."""
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


_invoked_alias: ContextVar[tuple[str, str] | None] = ContextVar("crudctl_alias", default=None)


def install() -> None:
    """Pick versions by weight for Invoke, and measure every execution."""
    lambda_svc._invoke = _weighted(lambda_svc._invoke)
    lambda_svc._execute_function = _measured(lambda_svc._execute_function)
    lambda_svc._emit_lambda_metrics = lambda *_, **__: None
    lambda_svc._xray_trace_id_for_invocation = _trace_of_invocation


def _weighted(original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def invoke(
        name: str,
        event: Any,
        headers: Json,
        path_qualifier: str | None = None,
        query_params: Json | None = None,
    ) -> Any:
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

    return invoke


def _measured(original: Callable[[Json, Any], Json]) -> Callable[[Json, Any], Json]:
    def execute(function: Json, event: Any) -> Json:
        config = function.get("config") or function
        if lambda_svc._function_config_scope_mismatch(config):
            return original(function, event)  # comes back here in the function's own scope
        arn, version = _invoked_alias.get() or ("", "")
        if arn and config.get("Version") == version and arn.startswith(_unqualified(config)):
            config = {**config, "FunctionArn": arn}
            function = {**function, "config": config}
        started = time.perf_counter()
        result = original(function, event)
        _measure(config, result, time.perf_counter() - started)
        return {**result, "request_id": last_request_id()}

    return execute


def _unqualified(config: Json) -> str:
    return ":".join(str(config["FunctionArn"]).split(":")[:7])


def _measure(config: Json, result: Json, seconds: float) -> None:
    name = config["FunctionName"]
    qualifier = ":".join(str(config["FunctionArn"]).split(":")[7:])
    resource = f"{name}:{qualifier}" if qualifier else name
    sets = [{"FunctionName": name}, {"FunctionName": name, "Resource": resource}]
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


def _trace_of_invocation(config: Json, inbound: str | None = None) -> str:
    exchange = current.get(None)
    root = inbound or (exchange.trace if exchange else "")
    root = root or f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    sampled = (config.get("TracingConfig") or {}).get("Mode") == "Active"
    return f"{root.split(';')[0]};Parent={secrets.token_hex(8)};Sampled={int(sampled)}"
