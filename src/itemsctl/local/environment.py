"""The execution environment of a function: its variables, its log stream, its log lines."""

from __future__ import annotations

import json
import secrets
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from ministack.core import iam_evaluator, lambda_runtime
from ministack.core.iam_evaluator import EvalContext
from ministack.core.lambda_runtime import Worker
from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc

from itemsctl.local import log_stream, metrics
from itemsctl.local.differences import Difference, register

Json = dict[str, Any]

ENVIRONMENT_VARIABLES = register(
    Difference(
        name="environment-variables",
        service="Lambda",
        aws="a function sees the variables that Lambda defines and its own, and nothing else",
        source="https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
        ministack="it sees the emulator's whole environment, and lacks AWS_EXECUTION_ENV, "
        "AWS_LAMBDA_LOG_GROUP_NAME, _HANDLER, TZ and others",
        here="as AWS, plus AWS_ENDPOINT_URL and what the emulator's worker needs",
    )
)
LOG_STREAMS = register(
    Difference(
        name="log-streams",
        service="Lambda",
        aws="every execution environment has one log stream, whose name the context holds",
        source="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html",
        ministack="every invocation makes a stream of its own with another name",
        here="as AWS",
    )
)
JSON_PLATFORM_LINES = register(
    Difference(
        name="json-platform-lines",
        service="Lambda",
        aws="with the JSON log format, START, END and REPORT are JSON records, and so is the "
        "report of an uncaught exception",
        source="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html",
        ministack="text, whatever the format",
        here="as AWS",
    )
)

LOG_PERMISSION = register(
    Difference(
        name="log-permission",
        service="Lambda",
        aws="what a function writes is logged if its role allows logs:CreateLogStream and logs:PutLogEvents on the log "
        "group; a missing group is made if it allows logs:CreateLogGroup",
        source="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html",
        ministack="everything is logged, whatever the role allows",
        here="as AWS",
    )
)

PERMISSIONS_LAST = 5.0

_PASSED_ON = ("PATH", "LANG", "HOME", "TMPDIR", "SYSTEMROOT")
_WORKERS_OWN = ("_LAMBDA_", "_MINISTACK_", "AWS_", "LAMBDA_")

_here = threading.local()


def install() -> None:
    """Give workers Lambda's environment, and their lines one stream each."""
    processes = SimpleNamespace(**vars(subprocess))
    processes.Popen = _popen
    lambda_runtime.subprocess = processes
    Worker._spawn = _spawning(Worker._spawn)
    Worker.invoke = _noting(Worker.invoke)
    lambda_svc._emit_lambda_logs = _write_log


def _spawning(original: Callable[[Any], None]) -> Callable[[Any], None]:
    def spawn(worker: Any) -> None:
        version = worker.config.get("Version", "$LATEST")
        today = datetime.now(UTC).strftime("%Y/%m/%d")
        worker.log_stream = f"{today}/[{version}]{secrets.token_hex(16)}"
        _here.spawned = worker
        started = time.perf_counter()
        original(worker)
        worker.init_seconds = time.perf_counter() - started

    return spawn


def _popen(command: list[str], env: Json | None = None, **options: Any) -> subprocess.Popen[str]:
    worker = getattr(_here, "spawned", None)
    if worker is not None and env is not None:
        env = _variables(worker, env)
        _here.spawned = None
    return subprocess.Popen(command, env=env, **options)


def _variables(worker: Any, env: Json) -> dict[str, str]:
    config = worker.config
    own = (config.get("Environment") or {}).get("Variables") or {}
    kept = {
        name: value for name, value in env.items() if name in _PASSED_ON or name in own or name.startswith(_WORKERS_OWN)
    }
    name = config.get("FunctionName", "")
    kept.update(
        AWS_EXECUTION_ENV=f"AWS_Lambda_{config.get('Runtime', '')}",
        AWS_LAMBDA_FUNCTION_NAME=name,
        AWS_LAMBDA_FUNCTION_VERSION=config.get("Version", "$LATEST"),
        AWS_LAMBDA_INITIALIZATION_TYPE="on-demand",
        AWS_LAMBDA_LOG_GROUP_NAME=_log_group(config),
        AWS_LAMBDA_LOG_STREAM_NAME=worker.log_stream,
        LAMBDA_RUNTIME_DIR="/var/runtime",
        TZ=own.get("TZ", ":UTC"),
        _HANDLER=config.get("Handler", ""),
    )
    return {key: str(value) for key, value in kept.items() if key != "LAMBDA_EXECUTOR"}


def _noting(original: Callable[..., Json]) -> Callable[..., Json]:
    def invoke(worker: Any, event: Any, request_id: str, **options: Any) -> Json:
        _here.worker, _here.result, _here.request_id = worker, {}, request_id
        result = original(worker, event, request_id, **options)
        _here.result = result
        return result

    return invoke


def last_request_id() -> str:
    """The id of the invocation that this thread ran last."""
    return str(getattr(_here, "request_id", ""))


def _log_group(config: Json) -> str:
    chosen = (config.get("LoggingConfig") or {}).get("LogGroup")
    return chosen or f"/aws/lambda/{config.get('FunctionName', '')}"


def _write_log(
    function: Json,
    request_id: str,
    text: str,
    error: bool,
    duration: int,
    **_: Any,
) -> None:
    """Write one invocation's lines: what the platform says, and what the function wrote."""
    config = function.get("config") or function
    worker = getattr(_here, "worker", None)
    result = getattr(_here, "result", {})
    _here.worker = None
    if worker is None:
        return  # refused before any environment was chosen: AWS logs nothing
    trace = result.get("trace") or ""
    written = text.removesuffix(trace).splitlines() if error and trace else text.splitlines()
    now = time.time()
    report = _Report(
        config=config,
        request_id=request_id,
        now=now,
        duration=duration,
        error=error,
        trace=trace,
        result=result,
        init_seconds=worker.init_seconds,
    )
    in_json = (config.get("LoggingConfig") or {}).get("LogFormat") == "JSON"
    lines = report.as_json(written) if in_json else report.as_text(written)
    group = _log_group(config)
    may_log, may_create = _log_permissions(worker, config, group)
    if not may_log:
        return
    log_stream.append(group, worker.log_stream, lines, int(now * 1000), create=may_create)
    for line in written:
        metrics.extract(line)


def _log_permissions(worker: Any, config: Json, group: str) -> tuple[bool, bool]:
    """Whether the role may write to the log group, and make it. Looked up every few seconds."""
    checked_at, may_log, may_create = getattr(worker, "log_permissions", (0.0, False, False))
    if time.monotonic() - checked_at > PERMISSIONS_LAST:
        may_log = all(_allows(config, group, action) for action in ("CreateLogStream", "PutLogEvents"))
        may_create = _allows(config, group, "CreateLogGroup")
        worker.log_permissions = (time.monotonic(), may_log, may_create)
    return may_log, may_create


def _allows(config: Json, group: str, action: str) -> bool:
    """Whether the function's role allows an action on a log group."""
    role, account = config["Role"], get_account_id()
    name = role.rsplit("/", 1)[-1]
    context = EvalContext(
        principal_arn=role,
        principal_type="AssumedRole",
        principal_account=account,
        action=f"logs:{action}",
        resource_arn=f"arn:aws:logs:{get_region()}:{account}:log-group:{group}:log-stream:{name}",
        region=get_region(),
    )
    policies = iam_evaluator._gather_role_policies(name, account)
    return bool(iam_evaluator.evaluate(context, policies).decision == "Allow")


class _Report:
    """The platform's lines around those of one invocation, in either format."""

    def __init__(
        self,
        *,
        config: Json,
        request_id: str,
        now: float,
        duration: int,
        error: bool,
        trace: str,
        result: Json,
        init_seconds: float,
    ) -> None:
        self.version = config.get("Version", "$LATEST")
        self.memory = int(config.get("MemorySize", 128))
        self.memory_used = lambda_svc._probe_peak_memory_mb({"config": config})
        self.request_id, self.duration, self.trace = request_id, max(duration, 1), trace
        self.time = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
        self.time = self.time.replace("+00:00", "Z")
        self.message = str(result.get("error") or "")
        self.timed_out = error and "timed out" in self.message
        self.status = "timeout" if self.timed_out else "error" if error else "success"
        self.init = round(init_seconds * 1000, 2) if result.get("cold_start") else None

    def as_text(self, written: list[str]) -> list[str]:
        lines = [f"START RequestId: {self.request_id} Version: {self.version}", *written]
        if self.trace:
            kind = self.trace.strip().splitlines()[-1]
            lines.append(f"[ERROR] {kind}\n{self.trace}")
        elif self.timed_out:
            lines.append(f"{self.time} {self.request_id} {self.message}")
        init = f"\tInit Duration: {self.init} ms" if self.init else ""
        return [
            *lines,
            f"END RequestId: {self.request_id}",
            (
                f"REPORT RequestId: {self.request_id}\tDuration: {self.duration} ms\t"
                f"Billed Duration: {self.duration} ms\tMemory Size: {self.memory} MB\t"
                f"Max Memory Used: {self.memory_used} MB{init}"
            ),
        ]

    def as_json(self, written: list[str]) -> list[str]:
        start = {"requestId": self.request_id, "version": self.version}
        lines = [self._record("platform.start", start), *written]
        if self.trace:
            kind, _, message = self.trace.strip().splitlines()[-1].partition(": ")
            uncaught = {
                "timestamp": self.time,
                "log_level": "ERROR",
                "errorMessage": message,
                "errorType": kind,
                "requestId": self.request_id,
                "stackTrace": self.trace.splitlines()[1:-1],
            }
            lines.append(json.dumps(uncaught))
        measured: Json = {
            "durationMs": self.duration,
            "billedDurationMs": self.duration,
            "memorySizeMB": self.memory,
            "maxMemoryUsedMB": self.memory_used,
        }
        if self.init:
            measured["initDurationMs"] = self.init
        report = {"requestId": self.request_id, "metrics": measured, "status": self.status}
        return [*lines, self._record("platform.report", report)]

    def _record(self, kind: str, record: Json) -> str:
        return json.dumps({"time": self.time, "type": kind, "record": record})
